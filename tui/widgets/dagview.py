"""The drawing of a run's graph: live colours, a selected step, panning, three sizes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip

from ...core.layout.drawing import Hit
from ...core.layout.label import cells
from ...core.layout.sketch import Orientation
from ...core.records import replace
from ...core.scoping import Scope
from ...core.signs import MARKS
from ...core.states import Status
from ..keys import bindings
from ..picture import Picture, View, Zoom
from ..tones import TONE_OF, Palette, Tone
from .lines import Lines

BEFORE_AND_AFTER = ("left", "right")


class DagView(Lines, can_focus=True):
    """Paints a picture; the screen makes a new one when the view or the graph changes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("graph.left", "graph.right", "graph.up", "graph.down", "row.open", "row.top", "row.end"),
        *bindings("graph.in", "graph.out", "graph.turn", "graph.focus", "graph.wider", "graph.closer"),
        *bindings("graph.fold", "graph.unfold", "graph.map", "graph.export"),
    ]
    DEFAULT_CSS = "DagView { height: 1fr; scrollbar-size: 1 1; }"

    class Moved(Message):
        """Another node is selected."""

    class Opened(Message):
        """The selected node was opened."""

    class Looked(Message):
        """A person wants to see it in another way: a new picture is needed."""

    class Asked(Message):
        """A person wants something of the part it is in: `map`, `export`."""

        def __init__(self, what: str) -> None:
            super().__init__()
            self.what = what

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id)
        self._palette: Palette | None = None
        self._picture: Picture | None = None
        self._states: Mapping[str, Status] = {}
        self.view = View()
        self.node: str | None = None
        """The selected node."""

    @property
    def scope(self) -> Scope | None:
        """Return what of the graph is drawn; None: nothing yet."""
        return None if self._picture is None else self._picture.scope

    def looked(self, *, width: int) -> View:
        """Return how a person wants to see it, for a width."""
        return replace(self.view, width=width)

    @property
    def steps(self) -> tuple[str, ...]:
        """Return the paths of the steps that the selected node stands for."""
        if self._picture is None or self.node is None:
            return ()
        return self._picture.scope.members.get(self.node, ())

    def show(self, picture: Picture, states: Mapping[str, Status], step: str | None) -> None:
        """Paint a picture; a step that is in it is selected, else what was."""
        is_first = self._picture is None
        self._picture, self._states = picture, states
        scope = picture.scope
        wanted = scope.node_of(step) if step is not None else None
        if wanted is not None:
            self.node = wanted
        elif self.node not in scope.members:
            self.node = scope.focus or next(iter(scope.nodes), None)
        self.virtual_size = Size(picture.drawing.width + 1, picture.drawing.height)
        if is_first or wanted is not None:
            self.call_after_refresh(self._into_sight)  # it may have been shown just now, and have no size yet
        self.refresh()

    def palette_changed(self, palette: Palette) -> None:
        """Draw with other colours."""
        self._palette = palette
        self.refresh()

    # -- keys and mouse --------------------------------------------------------------------------------------------

    def action_walk(self, way: str) -> None:
        """Select what is next that way: along the edges where the flow goes that way, else what is nearest."""
        found = self._next(way)
        if found is not None:
            self._select(found)

    def action_top(self) -> None:
        """Select the first node."""
        if self._picture is not None and self._picture.scope.nodes:
            self._select(self._picture.scope.nodes[0])

    def action_end(self) -> None:
        """Select the last node."""
        if self._picture is not None and self._picture.scope.nodes:
            self._select(self._picture.scope.nodes[-1])

    def action_open(self) -> None:
        """Open the selected step; a family that is drawn at the border of a focus moves the focus."""
        self.post_message(self.Opened())

    def action_scale(self, by: int) -> None:
        """Draw larger or smaller."""
        self._look(zoom=Zoom(max(Zoom.HEAT, min(Zoom.BOXES, self.view.zoom + by))))

    def action_turn(self) -> None:
        """Let it flow the other way."""
        is_down = self.view.orientation is Orientation.TB
        self._look(orientation=Orientation.LR if is_down else Orientation.TB)

    def action_focus_here(self) -> None:
        """Draw what is near the selected node alone; or everything again."""
        self._look(focus=None if self.view.focus is not None else self.node, radius=None)

    def action_radius(self, by: int) -> None:
        """Draw more or less around the focus."""
        self._look(focus=self.view.focus or self.node, radius=max(1, (self.view.radius or 2) + by))

    def action_fold(self, is_folded: bool) -> None:
        """Fold items and iterations, or unfold them."""
        self._look(is_folded=is_folded)

    def action_minimap(self) -> None:
        """Show or hide where one is."""
        self.post_message(self.Asked("map"))

    def action_export(self) -> None:
        """Write the drawing to a file."""
        self.post_message(self.Asked("export"))

    def select(self, node: str) -> None:
        """Select a node; one that is not drawn becomes the focus."""
        if self._picture is not None and node in self._picture.scope.members:
            self._select(node)
        else:
            self._look(focus=node, radius=None)

    @property
    def text(self) -> str:
        """Return the drawing as it stands there."""
        return "" if self._picture is None else "\n".join(self._picture.drawing.rows) + "\n"

    def on_click(self, event: events.Click) -> None:
        """Select what is clicked; a double click opens it."""
        if self._picture is None:
            return
        column, row = event.x + self.scroll_offset.x, event.y + self.scroll_offset.y
        for hit, name in self._picture.spots.get(row, ()):
            if hit.column <= column < hit.column + hit.width:
                self._select(name)
                if event.chain == 2:
                    self.action_open()
                return

    def _look(self, **changes: object) -> None:
        self.view = replace(self.view, **changes)  # type: ignore[arg-type] # fields of View, by the actions above
        self.post_message(self.Looked())

    def _select(self, node: str) -> None:
        self.node = node
        self._into_sight()
        self.refresh()
        self.post_message(self.Moved())

    def _next(self, way: str) -> str | None:
        if self._picture is None or self.node is None:
            return None
        hits, node = self._picture.drawing.hits, self.node
        here = hits[node]
        is_down = self._flows_down()
        along = {"left": -1, "right": 1} if not is_down else {"up": -1, "down": 1}
        if way in along:
            edges = self._picture.scope.edges
            linked = [two for one, two in edges if one == node] if along[way] > 0 else []
            linked += [one for one, two in edges if two == node] if along[way] < 0 else []
            if linked:
                return min(linked, key=lambda name: _distance(here, hits[name]))
        ahead = [name for name, hit in hits.items() if _is_that_way(way, here, hit)]
        return min(ahead, key=lambda name: _way(way, here, hits[name]), default=None)

    def _flows_down(self) -> bool:
        return self._picture is not None and self._picture.is_down

    def _into_sight(self) -> None:
        if self._picture is None or self.node is None or self.node not in self._picture.drawing.hits:
            return
        hit = self._picture.drawing.hits[self.node]
        region = Region(max(0, hit.column - 2), hit.row, hit.width + 4, hit.height)
        self.scroll_to_region(region, animate=False, force=True, immediate=True)

    # -- drawing ---------------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """Draw one row: edges in the colour of rules, each node in that of its state."""
        width = self.room.width
        across, down = self.scroll_offset
        row = y + down
        if self._palette is None or self._picture is None:
            return Strip.blank(width, self.ground)
        drawing = self._picture.drawing
        if row >= drawing.height:
            return Strip.blank(width, self.ground)
        split = cells(drawing.rows[row].ljust(drawing.width))
        rule = self._palette.style(Tone.RULE)
        segments, at = [], 0
        for hit, name in self._picture.spots.get(row, ()):
            segments.append(Segment("".join(split[at : hit.column]), rule))
            at = hit.column + hit.width
            segments.append(Segment("".join(split[hit.column : at]), self._look_of(name, self._palette)))
        segments.append(Segment("".join(split[at:]), rule))
        line = Strip(segments).crop_extend(across, across + width, None)
        return line.apply_style(self.ground)

    def _look_of(self, name: str, palette: Palette) -> Style:
        assert self._picture is not None
        style = palette.style(TONE_OF[MARKS[self._picture.scope.worst(name, self._states)].ink])
        if name == self.node:
            return style + (Style(reverse=True) if self.has_focus else palette.cursor)
        return style


def _distance(one: Hit, two: Hit) -> int:
    return 2 * abs(one.row - two.row) + abs(one.column - two.column)


def _is_that_way(way: str, here: Hit, there: Hit) -> bool:
    return {
        "up": there.row < here.row,
        "down": there.row > here.row,
        "left": there.column + there.width <= here.column,
        "right": there.column >= here.column + here.width,
    }[way]


def _way(way: str, here: Hit, there: Hit) -> int:
    """Return how far something is, what is aside counting three times."""
    rows, columns = abs(here.row - there.row), abs(here.column - there.column)
    return columns + 6 * rows if way in BEFORE_AND_AFTER else 2 * rows + 3 * columns
