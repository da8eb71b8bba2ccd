"""The picture of a graph in terminal cells: the public door of this room.

The steps are those of Sugiyama, Tagawa, Toda (1981): rank, order, place, route; then paint.
"""

from collections.abc import Mapping, Sequence

from graftline.core.layout.label import columns, fit
from graftline.core.layout.pack import components, shelve
from graftline.core.layout.paint import Canvas, GlyphSet
from graftline.core.layout.sketch import NodeStyle, Orientation, Sketch, sketch
from graftline.core.records import dataclass

__all__ = ["Drawing", "Hit", "NodeStyle", "Orientation", "draw"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """Where a node is drawn: a rectangle in cells."""

    row: int
    column: int
    height: int
    width: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A drawn graph."""

    rows: tuple[str, ...]
    """Lines of text without blanks at the end."""
    hits: Mapping[str, Hit]
    """The rectangle of every node; a chip has a blank column on each side of its label."""
    width: int
    """Terminal columns of the picture, the blank column after a chip included."""
    height: int
    crossings: int
    """Cells in which two lines cross."""


def draw(
    nodes: Sequence[str],
    edges: Sequence[tuple[str, str]],
    labels: Mapping[str, str],
    *,
    orientation: Orientation = Orientation.LR,
    style: NodeStyle = NodeStyle.CHIP,
    ascii: bool = False,  # noqa: A002 - the plain word for it, and nobody calls ascii() here
    max_label: int = 24,
) -> Drawing:
    """Draw a graph; the same input always gives the same picture.

    Lines never flow backwards, so every edge can be read from the picture alone. Edges given twice and
    edges from a node to itself are left out. A node without a label shows its name.

    Args:
        nodes: names in definition order, which decides what comes first on the screen.
        edges: pairs of source and target.
        labels: the text for each node; control characters are replaced.
        max_label: columns after which a label is cut, 1 or more.

    Raises:
        ValueError: an edge names an unknown node, or the edges hold a cycle.
    """
    index = {node: at for at, node in enumerate(dict.fromkeys(nodes))}
    pairs = _pairs(index, edges)
    ellipsis = "~" if ascii else "…"
    texts = [fit(labels.get(node, node), max_label, ellipsis=ellipsis) for node in index]
    sizes = [(style.height, columns(text) + style.padding) for text in texts]
    sketches = [
        sketch(members, inner, [sizes[node] for node in members], orientation=orientation, style=style)
        for members, inner in components(len(index), pairs)
    ]
    canvas = Canvas(GlyphSet.ASCII if ascii else GlyphSet.UNICODE)
    spots: dict[int, Hit] = {}
    for (row, column), part in zip(shelve(sketches, orientation, style), sketches, strict=True):
        _paint(canvas, part, row, column, texts, style, spots)
    rows = canvas.rows()
    return Drawing(
        rows=rows,
        hits={node: spots[at] for node, at in index.items()},
        width=canvas.width,
        height=len(rows),
        crossings=canvas.crossings,
    )


def _pairs(index: Mapping[str, int], edges: Sequence[tuple[str, str]]) -> list[tuple[int, int]]:
    unknown = [name for edge in edges for name in edge if name not in index]
    if unknown:
        raise ValueError(f"an edge names {unknown[0]!r}, which is not a node")
    distinct = dict.fromkeys((index[source], index[target]) for source, target in edges)
    return [(source, target) for source, target in distinct if source != target]


def _paint(
    canvas: Canvas,
    part: Sketch,
    row: int,
    column: int,
    texts: Sequence[str],
    style: NodeStyle,
    spots: dict[int, Hit],
) -> None:
    """Put one part of the graph on the canvas, and note where its nodes are."""
    for line in part.lines:
        if line.vertical:
            canvas.vertical(column + line.at, row + line.first, row + line.last)
        else:
            canvas.horizontal(row + line.at, column + line.first, column + line.last)
    for at, across in part.joints:
        canvas.join(row + at, column + across)
    for at, across in part.arrows:
        canvas.arrow(row + at, column + across, down=part.downward)
    for node, (top, left, height, width) in part.boxes.items():
        spots[node] = Hit(row=row + top, column=column + left, height=height, width=width)
        if style is NodeStyle.BOX:
            canvas.frame(row + top, column + left, height, width)
            canvas.write(row + top + 1, column + left + 1, f" {texts[node]} ")
        else:
            canvas.write(row + top, column + left, f" {texts[node]} ")
