"""The steps of a run as a drawing, with a map of all of it, and as a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.app import ComposeResult

from ...core.diagrams import dot_source, mermaid_source
from ...core.folding import Row
from ...core.scoping import MOST, Scoping
from ...core.workspace import Workspace
from ..bridge import begin
from ..glyphs import Glyphs
from ..minimap import MiniMap, minimap
from ..picture import Picture, label, picture
from ..tones import Line, Tone
from ..widgets.dagview import DagView
from ..widgets.sheet import Sheet
from .part import Part
from .steplist import Told

MAP = (36, 10)
"""Columns and rows of the map."""


class MapSheet(Sheet, can_focus=False):
    """The map in the corner."""

    DEFAULT_CSS = """
    MapSheet { dock: right; width: 38; height: 12; display: none; border: round $border; background: $surface;
               scrollbar-size: 0 0; }
    MapSheet.-open { display: block; }
    """


class GraphPart(Part):
    """The drawing, and how it is looked at."""

    HINTS: ClassVar[tuple[str, ...]] = (
        "row.open",
        "graph.focus",
        "graph.in",
        "graph.turn",
        "graph.map",
        "problem.next",
    )
    HAS_DETAIL = True
    IS_WIDE = True
    DEFAULT_CSS = "GraphPart { layers: base over; } GraphPart MapSheet { layer: over; }"

    def __init__(self, name: str, glyphs: Glyphs) -> None:
        super().__init__(name, glyphs)
        self.view = DagView()
        self._map_sheet = MapSheet()
        self._map: MiniMap | None = None
        self._scopings: dict[bool, Scoping] = {}
        self._spec: object = None

    def compose(self) -> ComposeResult:
        """Put the map over the drawing."""
        yield self.view
        yield self._map_sheet

    @property
    def target(self) -> DagView:
        """Return the drawing."""
        return self.view

    async def show(self, told: Told) -> None:
        """Draw the graph with its states."""
        if told.spec is not self._spec:
            self._scopings.clear()
            self._spec = told.spec
        graph, view = told.graph, self.view
        if graph is None:
            return
        glyphs, states = self.glyphs, told.lines.states
        wanted = view.looked(width=view.size.width)
        with_map = self._map_sheet.has_class("-open")
        node = view.node

        def work(_: Workspace) -> tuple[Picture, MiniMap | None]:
            scoping = self._scopings.get(wanted.is_folded)
            if scoping is None:
                scoping = self._scopings[wanted.is_folded] = Scoping(graph, is_folded=wanted.is_folded)
            drawn = picture(scoping, states, wanted, glyphs)
            found = minimap(scoping, drawn.scope, states, node, glyphs, MAP) if with_map else None
            return drawn, found

        is_first = view.node is None
        drawn, self._map = await self.page.ask(work)
        view.show(drawn, states, self.page.step if is_first else None)
        if self._map is not None:
            self._map_sheet.show(self._map.lines)

    def status(self) -> tuple[Line, Line]:
        """Return the size, and what is not drawn."""
        said = [f"{self.view.view.zoom.name.lower()}"]
        scope = self.view.scope
        if scope is not None and len(scope.nodes) < scope.total:
            said.append(f"{len(scope.nodes)} of {scope.total:,} around {scope.focus}; f shows all that can be read")
        elif scope is not None and self._is_chained(scope.total):
            said.append("chains of steps that are done are one node each; ) shows all")
        return [(self.glyphs.dot.join(said), Tone.DIM)], ()

    def _is_chained(self, drawn: int) -> bool:
        scoping = self._scopings.get(self.view.view.is_folded)
        return self.view.view.is_folded and scoping is not None and MOST < len(scoping.members) != drawn

    def row(self, told: Told) -> Row | None:
        """Return the node at hand as a row."""
        steps = self.view.steps
        if not steps:
            return None
        node = self.view.node or steps[0]
        path = steps[0] if len(steps) == 1 else node
        return Row(path=path, label=node, depth=0, role=told.composites.role(steps[0]), members=steps)

    def copies(self) -> Mapping[str, tuple[str, str]]:
        """Return the drawing as text, and its source for other programs."""
        if self.view.scope is None:
            return {}
        return {
            "d": ("drawing", self.view.text),
            "m": ("Mermaid", self._source(mermaid_source)),
            "g": ("Graphviz DOT", self._source(dot_source)),
        }

    def back(self) -> bool:
        """Close the map."""
        if self._map_sheet.has_class("-open"):
            self._map_sheet.remove_class("-open")
            return True
        return False

    # -- what is asked for -----------------------------------------------------------------------------------------

    def on_dag_view_asked(self, event: DagView.Asked) -> None:
        """Show or hide the map; write a file."""
        if event.what == "map":
            self._map_sheet.toggle_class("-open")
            self._again()
        else:
            self._export()

    def on_click(self, event: events.Click) -> None:
        """Go where the map is clicked."""
        if event.widget is self._map_sheet and self._map is not None:
            # The border takes one cell on each side.
            found = self._map.nodes.get((event.y - 1, event.x - 1))
            if found is not None:
                self.view.select(found)

    def _source(self, write: Callable[..., str]) -> str:
        """Return what is drawn as text for another drawing program."""
        scope, told = self.view.scope, self.page.told
        if scope is None or told is None:
            return ""
        states = told.lines.states
        labels = {node: label(node, scope, states, self.glyphs) for node in scope.nodes}
        kinds = {node: scope.worst(node, states).value.lower() for node in scope.nodes}
        return write(scope.nodes, scope.edges, labels, kinds=kinds)

    def _export(self) -> None:
        """Ask for the form, and write the file into the current directory; what is there is not written over."""
        if self.view.scope is None:
            return
        name = f"{self.page.run.pipeline.replace('/', '-')}-{self.page.run.id[:6]}"
        texts = {
            f"{name}.txt": self.view.text,
            f"{name}.mmd": self._source(mermaid_source),
            f"{name}.dot": self._source(dot_source),
        }
        words = {"t": "text", "m": "Mermaid", "d": "Graphviz"}

        def answered(file: str | None) -> None:
            if file is not None:
                self.page.do(lambda _: _write(Path.cwd() / file, texts[file]))

        from .dialog import Choose

        choices = {key: (word, file) for (key, word), file in zip(words.items(), texts, strict=True)}
        self.app.push_screen(Choose("Write the drawing to", choices), answered)

    def on_dag_view_looked(self) -> None:
        """Draw it in the way that is wanted now."""
        self._again()

    def _again(self) -> None:
        begin(self.page, self._redraw, "draw")

    async def _redraw(self) -> None:
        if self.page.told is not None:
            await self.show(self.page.told)
            self.page.show_bars()

    def on_dag_view_moved(self) -> None:
        """Show the details of the step that was selected."""
        self.page.rest_soon()
        if self._map is not None and self._map_sheet.has_class("-open"):
            self._again()

    def on_dag_view_opened(self) -> None:
        """Show the details alone."""
        self.page.open_detail()


def _write(path: Path, text: str) -> str:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return f"{path.name} is there already; nothing was written"
    except OSError as error:
        return f"{path.name} cannot be written: {error.strerror}"
    return f"wrote {path}"
