"""Where one is in a graph: a cell for some nodes of one rank each, what is drawn of it brighter. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from ..core.records import dataclass
from ..core.scoping import Scope, Scoping
from ..core.signs import MARKS, WORST_FIRST
from ..core.states import Status
from .glyphs import Glyphs
from .tones import TONE_OF, Line, Span, Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class MiniMap:
    """The map, and what a click on it means."""

    lines: tuple[Line, ...]
    nodes: Mapping[tuple[int, int], str]
    """By row and column the first node there."""


def minimap(
    scoping: Scoping,
    scope: Scope,
    states: Mapping[str, Status],
    node: str | None,
    glyphs: Glyphs,
    size: tuple[int, int],
) -> MiniMap:
    """Return a map of a graph.

    Args:
        scoping: the whole graph.
        scope: what of it is drawn.
        states: by path.
        node: the selected one.
        glyphs: to draw with.
        size: columns and rows there are.
    """
    ranks = scoping.ranks()
    width, height = size
    tallest = max((len(names) for names in ranks), default=1)
    cells: dict[tuple[int, int], list[str]] = {}
    for at, names in enumerate(ranks):
        column = at if len(ranks) <= width else at * width // len(ranks)
        for place, name in enumerate(names):
            row = place if tallest <= height else place * height // tallest
            cells.setdefault((row, column), []).append(name)
    whole = Scope(nodes=(), edges=(), members=scoping.members)
    lines: list[Line] = []
    for row in range(min(height, tallest)):
        line: list[Span] = []
        for column in range(min(width, len(ranks))):
            names = cells.get((row, column), [])
            line.append(_cell(names, whole, scope, states, node, glyphs))
        lines.append(line)
    return MiniMap(lines=tuple(lines), nodes={place: names[0] for place, names in cells.items()})


def _cell(
    names: list[str], whole: Scope, scope: Scope, states: Mapping[str, Status], node: str | None, glyphs: Glyphs
) -> Span:
    if not names:
        return " ", Tone.RULE
    if node in names:
        return ("@" if glyphs.is_ascii else "◉"), Tone.KEY
    found = {whole.worst(name, states) for name in names}
    worst = next(status for status in WORST_FIRST if status in found)
    is_drawn = any(name in scope.members for name in names)
    if worst in (Status.FAILURE, Status.STARTED, Status.INTERRUPTED):
        return glyphs.sign(worst), TONE_OF[MARKS[worst].ink]
    if glyphs.is_ascii:
        return ("o" if is_drawn else "."), Tone.TEXT if is_drawn else Tone.DIM
    return ("▪" if is_drawn else "·"), TONE_OF[MARKS[worst].ink] if is_drawn else Tone.DIM
