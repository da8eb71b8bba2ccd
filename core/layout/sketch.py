"""One connected part of a graph turned into lines and boxes, in cells of its own.

The only place that knows both orientations: all the rest speaks of "along the flow" and "across it".
"""

from collections.abc import Sequence
from enum import Enum

from graftline.core.layout.order import order
from graftline.core.layout.place import place
from graftline.core.layout.rank import Edge, rank
from graftline.core.layout.route import Channel, route
from graftline.core.layout.trunk import Layered, split_edges
from graftline.core.records import dataclass, field


class Orientation(Enum):
    """Where the flow goes."""

    LR = "LR"
    """From left to right."""
    TB = "TB"
    """From top to bottom."""


class NodeStyle(Enum):
    """How a node is drawn."""

    CHIP = "chip"
    """The label alone, on one row."""
    BOX = "box"
    """The label in a frame, on three rows."""

    @property
    def height(self) -> int:
        """Rows of a node."""
        return 1 if self is NodeStyle.CHIP else 3

    @property
    def padding(self) -> int:
        """Columns of a node beside those of its label."""
        return 2 if self is NodeStyle.CHIP else 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A straight line of cells, both ends included."""

    vertical: bool
    at: int
    """The column of a vertical line, the row of a horizontal one."""
    first: int
    last: int


@dataclass(slots=True, kw_only=True)
class Sketch:
    """Lines and boxes; every pair is (row, column)."""

    downward: bool
    """Whether the flow, and so the arrowheads, go down."""
    height: int = 0
    width: int = 0
    lines: list[Line] = field(default_factory=list)
    joints: list[tuple[int, int]] = field(default_factory=list)
    arrows: list[tuple[int, int]] = field(default_factory=list)
    boxes: dict[int, tuple[int, int, int, int]] = field(default_factory=dict)
    """Row, column, height and width of each node."""

    def along(self, across: int, first: int, last: int) -> None:
        """Add a line that follows the flow."""
        self.lines.append(Line(vertical=self.downward, at=across, first=first, last=last))
        self._grow(last, across)

    def across(self, along: int, first: int, last: int) -> None:
        """Add a line square to the flow."""
        self.lines.append(Line(vertical=not self.downward, at=along, first=first, last=last))
        self._grow(along, last)

    def cell(self, along: int, across: int) -> tuple[int, int]:
        """Return the row and column of a place given by the flow."""
        return (along, across) if self.downward else (across, along)

    def _grow(self, along: int, across: int) -> None:
        row, column = self.cell(along, across)
        self.height, self.width = max(self.height, row + 1), max(self.width, column + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    """The measures that differ between the orientations and the styles."""

    node_gap: int
    """Blank cells between two neighbours of one layer."""
    line_gap: int
    """Blank cells between two lines of one layer."""
    pitch: int
    """Cells from one track to the next: cells are twice as high as wide, so columns need two."""
    straight: int
    """Cells of a channel without a track."""
    margin: int
    """Cells of a channel before the first track."""


_SCALES = {
    (Orientation.LR, NodeStyle.CHIP): _Scale(node_gap=1, line_gap=0, pitch=2, straight=3, margin=1),
    (Orientation.LR, NodeStyle.BOX): _Scale(node_gap=0, line_gap=0, pitch=2, straight=3, margin=1),
    (Orientation.TB, NodeStyle.CHIP): _Scale(node_gap=1, line_gap=1, pitch=1, straight=1, margin=0),
    (Orientation.TB, NodeStyle.BOX): _Scale(node_gap=2, line_gap=1, pitch=1, straight=1, margin=0),
}


def sketch(
    members: Sequence[int],
    edges: Sequence[Edge],
    sizes: Sequence[tuple[int, int]],
    *,
    orientation: Orientation,
    style: NodeStyle,
) -> Sketch:
    """Lay out one connected part.

    Args:
        members: the names of its nodes in the result.
        edges: pairs of places in `members`.
        sizes: height and width of each member.
    """
    downward = orientation is Orientation.TB
    scale = _SCALES[orientation, style]
    graph = split_edges(rank(len(members), edges), edges)
    layers = order(graph)
    lengths = [height if downward else width for height, width in sizes]
    breadths = [width if downward else height for height, width in sizes]
    where = _positions(graph, layers, breadths, scale)
    result = Sketch(downward=downward)
    start = 0
    for layer in layers:
        length = max(lengths[item] for item in layer if graph.is_node(item))
        for item in layer:
            if graph.is_node(item):
                left = where[item] - breadths[item] // 2
                _add_box(result, members[item], start, left, lengths[item], breadths[item])
            else:
                result.along(where[item], start, start + length - 1)
        ends = {where[item]: start + (lengths[item] if graph.is_node(item) else length) - 1 for item in layer}
        channel = route([(where[item], where[down]) for item in layer for down in graph.downs[item]])
        heads = {where[down] for item in layer for down in graph.downs[item] if graph.is_node(down)}
        start = _add_channel(result, channel, ends, heads, start + length, scale)
    return result


def _positions(graph: Layered, layers: list[list[int]], breadths: Sequence[int], scale: _Scale) -> list[int]:
    """Return the middle of each item across the flow, 0 being the first cell in use."""

    def before(item: int) -> int:
        return breadths[item] // 2 if graph.is_node(item) else 0

    def after(item: int) -> int:
        return breadths[item] - 1 - breadths[item] // 2 if graph.is_node(item) else 0

    def spacing(left: int, right: int) -> int:
        nodes = graph.is_node(left) or graph.is_node(right)
        return after(left) + (scale.node_gap if nodes else scale.line_gap) + 1 + before(right)

    where = place(graph, layers, spacing)
    first = min(at - before(item) for item, at in enumerate(where))
    return [at - first for at in where]


def _add_box(result: Sketch, name: int, along: int, across: int, length: int, breadth: int) -> None:
    row, column = result.cell(along, across)
    height, width = result.cell(length, breadth)
    result.boxes[name] = (row, column, height, width)
    result.height, result.width = max(result.height, row + height), max(result.width, column + width)


def _add_channel(
    result: Sketch, channel: Channel, ends: dict[int, int], heads: set[int], start: int, scale: _Scale
) -> int:
    """Draw the wires of a channel that begins at `start`; return where the next layer begins."""
    if not channel.wires:
        return start
    tracks = channel.track_count
    stop = start + (scale.margin * 2 + (tracks - 1) * scale.pitch + 2 if tracks else scale.straight)

    def place_of(track: int) -> int:
        return start + scale.margin + track * scale.pitch

    # A lane begins on the track that leads into it.
    ends = ends | {
        row: place_of(wire.track)
        for wire in channel.wires
        if wire.track is not None
        for row in channel.lanes.intersection(wire.net.targets)
    }
    for wire in channel.wires:
        rows = wire.net.rows
        at = stop if wire.track is None else place_of(wire.track)
        for row in wire.net.sources:
            result.along(row, ends[row], min(at, stop - 1))
        for row in wire.net.targets:
            if row not in channel.lanes:
                result.along(row, min(at, stop - 1), stop - 1 if row in heads else stop)
            if row in heads:
                result.arrows.append(result.cell(stop - 1, row))
        if wire.track is not None:
            result.across(at, min(rows), max(rows))
            result.joints.extend(result.cell(at, row) for row in rows)
    return stop
