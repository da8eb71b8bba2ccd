"""A graph as text in the terminal: which way it flows, how wide it may be, and the colours of states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..core.layout.drawing import Drawing, draw
from ..core.layout.label import cells
from ..core.layout.sketch import NodeStyle, Orientation
from ..core.records import dataclass, field
from ..core.states import Status
from .look import MARKS, Look
from .text import clean

LARGEST = 1000
"""Steps up to which a picture is drawn: above, nobody can read it, and it takes seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What is drawn: a whole graph, or the selected part of one."""

    nodes: Sequence[str]
    edges: Sequence[tuple[str, str]]
    states: Mapping[str, Status]
    """By path, where each step stands; empty when it is not the graph of a run."""
    names: Mapping[str, str] = field(default_factory=dict)
    """By path, what a node is called where its path does not say it well."""

    def labels(self, look: Look) -> dict[str, str]:
        """Return the text of each node: its name or path, after the sign of its state."""
        return {path: self._signed(look, path, clean(self.names.get(path, path))) for path in self.nodes}

    def _signed(self, look: Look, path: str, name: str) -> str:
        return f"{look.glyph(self.states[path])} {name}" if path in self.states else name


def picture(look: Look, part: Part, orientation: Orientation | None, style: NodeStyle) -> Drawing:
    """Draw the graph; flowing to the right unless only flowing down fits the width.

    Args:
        orientation: None: whichever fits.
    """
    first = _drawn(look, part, orientation or Orientation.LR, style)
    if orientation is not None or first.width <= look.width:
        return first
    second = _drawn(look, part, Orientation.TB, style)
    return second if second.width < first.width else first


def coloured(look: Look, drawing: Drawing, states: Mapping[str, Status]) -> list[str]:
    """Return the rows with each label in the colour of its state."""
    rows = list(drawing.rows)
    if not look.has_colour:
        return rows
    spots: dict[int, list[tuple[int, int, Status]]] = {}
    for path, hit in drawing.hits.items():
        if path in states:
            row = hit.row + hit.height // 2
            spots.setdefault(row, []).append((hit.column, hit.width, states[path]))
    for row, hits in spots.items():
        split = cells(rows[row])
        # From the right, so that what was coloured does not move what comes next.
        for column, width, status in sorted(hits, reverse=True):
            label = "".join(split[column : column + width])
            split[column : column + width] = [look.paint(label, MARKS[status].ink)]
        rows[row] = "".join(split)
    return rows


def _drawn(look: Look, part: Part, orientation: Orientation, style: NodeStyle) -> Drawing:
    labels = part.labels(look)
    return draw(part.nodes, part.edges, labels, orientation=orientation, style=style, ascii=look.is_ascii)
