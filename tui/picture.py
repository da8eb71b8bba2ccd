"""A run's graph as cells, with the places of its nodes: what the drawing widget paints."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from ..core.layout.drawing import Drawing, Hit, draw
from ..core.layout.sketch import NodeStyle, Orientation
from ..core.records import dataclass, field
from ..core.roles import ANY
from ..core.scoping import MOST, Scope, Scoping
from ..core.states import Status
from ..core.text import clean
from .glyphs import Glyphs

WIDEST = 36
"""Columns of a label."""
HEAT_ROWS = 16
"""Nodes of one rank below each other where each is a sign."""


class Zoom(IntEnum):
    """How large a step is drawn."""

    HEAT = 0
    """One cell: its sign."""
    CHIPS = 1
    """Sign and name on one row."""
    BOXES = 2
    """Sign and name in a frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How a person wants to see the graph."""

    zoom: Zoom = Zoom.CHIPS
    orientation: Orientation | None = None
    """None: to the right, or down where that does not fit and down does."""
    is_folded: bool = True
    focus: str | None = None
    radius: int | None = None
    width: int = 80
    """Columns there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What is drawn."""

    drawing: Drawing
    scope: Scope
    spots: Mapping[int, tuple[tuple[Hit, str], ...]] = field(default_factory=dict)
    """By row, the nodes on it from left to right."""
    is_down: bool = False
    """The flow goes down."""


def picture(scoping: Scoping, states: Mapping[str, Status], view: View, glyphs: Glyphs) -> Picture:
    """Draw a graph as a person wants to see it."""
    if view.zoom is Zoom.HEAT:
        return _placed(_heat(scoping, states, glyphs), _whole(scoping))
    if view.is_folded and len(scoping.members) > MOST:
        # Of a graph that does not fit, what is done and has one way in and out says least.
        scoping = scoping.chained(states, kept={view.focus} if view.focus is not None else ())
    scope = scoping.scope(states, focus=view.focus, radius=view.radius)
    labels = {node: label(node, scope, states, glyphs) for node in scope.nodes}
    style = NodeStyle.BOX if view.zoom is Zoom.BOXES else NodeStyle.CHIP

    def drawn(orientation: Orientation) -> Drawing:
        return draw(
            scope.nodes,
            scope.edges,
            labels,
            orientation=orientation,
            style=style,
            ascii=glyphs.is_ascii,
            max_label=WIDEST,
        )

    orientation = view.orientation or Orientation.LR
    drawing = drawn(orientation)
    if view.orientation is None and drawing.width > view.width:
        other = drawn(Orientation.TB)
        if other.width <= view.width:
            drawing, orientation = other, Orientation.TB
    return _placed(drawing, scope, is_down=orientation is Orientation.TB)


def label(node: str, scope: Scope, states: Mapping[str, Status], glyphs: Glyphs) -> str:
    """Return sign and name of a node; of a family how many there are and where they stand."""
    members = scope.members[node]
    text = f"{glyphs.sign(scope.worst(node, states))} {clean(node).replace(f'/{ANY}', '[*]')}"
    if len(members) > 1:
        tally = scope.tally(node, states)
        text += f" {glyphs.times}{len(members)}"
        if len(tally) > 1:
            text += "".join(f" {glyphs.sign(status)}{count}" for status, count in tally.items())
    before, after = scope.hidden.get(node, (0, 0))
    return (f"‹{before} " if before else "") + text + (f" {after}›" if after else "")


def _whole(scoping: Scoping) -> Scope:
    return Scope(nodes=tuple(scoping.members), edges=scoping.edges, members=scoping.members, total=len(scoping.members))


def _heat(scoping: Scoping, states: Mapping[str, Status], glyphs: Glyphs) -> Drawing:
    """Draw one sign for each node, rank by rank; a rank of many takes several columns."""
    whole = _whole(scoping)
    signs: dict[tuple[int, int], str] = {}
    hits = {}
    left = 0
    for names in scoping.ranks():
        for at, name in enumerate(names):
            row, column = at % HEAT_ROWS, left + at // HEAT_ROWS
            signs[row, column] = glyphs.sign(whole.worst(name, states))
            hits[name] = Hit(row=row, column=column, height=1, width=1)
        left += (len(names) - 1) // HEAT_ROWS + 2
    height = max((row for row, _ in signs), default=-1) + 1
    rows = ["".join(signs.get((row, column), " ") for column in range(left)).rstrip() for row in range(height)]
    return Drawing(rows=tuple(rows), hits=hits, width=max(0, left - 1), height=height, crossings=0)


def _placed(drawing: Drawing, scope: Scope, *, is_down: bool = False) -> Picture:
    spots: dict[int, list[tuple[Hit, str]]] = {}
    for name, hit in drawing.hits.items():
        for row in range(hit.row, hit.row + hit.height):
            spots.setdefault(row, []).append((hit, name))
    placed = {row: tuple(sorted(found, key=lambda each: each[0].column)) for row, found in spots.items()}
    return Picture(drawing=drawing, scope=scope, spots=placed, is_down=is_down)
