"""One run: its steps as a table and as a drawing, its log, its numbers, where it is from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.widget import Widget
from textual.widgets import Input

from ...core.errors import GraftError
from ...core.folding import Row
from ...core.quantities import duration_text
from ...core.runs import Run
from ...core.scoping import Scoping
from ...core.states import Status
from ...core.workspace import Workspace
from ..bridge import begin
from ..keys import bindings
from ..picture import Picture, picture
from ..tones import Line, Span, Tone
from ..widgets.dagview import DagView
from ..widgets.grid import Grid
from ..widgets.logview import LogView
from ..widgets.rows import ListRows
from ..widgets.sheet import Sheet
from .logpart import LOG_S, LogPart
from .runlines import Moment, fact_lines, progress, short, state_span, took
from .steplist import StepColumns, Told, is_family, opened, read_run, row_key
from .stepsheet import StepFacts, family_sheet, metric_sheet, step_sheet

TABS = {"steps": "1", "graph": "2", "logs": "4", "metrics": "5", "info": "7"}
"""The parts of the screen, and their keys; 3 and 6 are kept for the Gantt and the artifacts."""
WITH_DETAIL = ("steps", "graph")


class RunScreen(LogPart):
    """The screen of one run."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("tab.steps", "tab.graph", "tab.logs", "tab.metrics", "tab.info", "tab.next", "tab.previous"),
        *bindings("run.logs", "problem.next", "problem.previous", "pane.zoom"),
    ]

    def __init__(self, run: Run, tab: str = "steps") -> None:
        super().__init__()
        self.run = run
        self.tab_shown = tab
        self.moment = Moment()
        self._told: Told | None = None
        self._cells: StepColumns | None = None
        self._scopings: dict[bool, Scoping] = {}
        self._detailed: tuple[str, Status] | None = None

    def hint_ids(self) -> Sequence[str]:
        """Return what is offered in the part that is shown."""
        if self.has_class("-detail"):
            return ("back", "edit", "run.retry", "copy", "run.logs")
        return {
            "steps": ("row.open", "problem.next", "run.retry", "run.cancel", "run.logs", "copy"),
            "graph": ("row.open", "graph.focus", "graph.in", "graph.out", "graph.turn", "problem.next"),
            "logs": ("log.follow", "log.search", "log.next", "log.step", "log.times", "copy"),
        }.get(self.tab_shown, ("tab.next", "run.retry", "run.cancel", "copy"))

    def body(self) -> ComposeResult:
        """Put the parts over each other, and the details beside or below."""
        glyphs = self.graft.glyphs
        cells = self._cells = StepColumns(glyphs, self.moment)
        yield Input(id="search", placeholder="find in the log", select_on_focus=False)
        with Container(id="body"):
            with Container(id="list"):
                yield Grid(cells.columns, row_key, glyphs=glyphs, empty=self._nothing, id="steps")
                yield DagView(id="graph")
                yield LogView(glyphs, empty=self.no_log, id="logs")
                yield Sheet(id="metrics")
                yield Sheet(id="info")
            yield Sheet(id="detail")

    # -- what is shown ---------------------------------------------------------------------------------------------

    def crumbs(self) -> tuple[Line, Line]:
        """Return the run and how it stands; on the right the parts."""
        glyphs, run = self.graft.glyphs, self.run
        left: list[Span] = [
            ("Runs › " if not glyphs.is_ascii else "Runs > ", Tone.DIM),
            (short(run), Tone.KEY),
            (f"  {run.pipeline}  ", Tone.BOLD),
            state_span(run.state, glyphs),
            (f"  {duration_text(took(run, self.bridge.now()))}  ", Tone.TEXT),
        ]
        if self.size.width >= 110:
            left += progress(run, glyphs)
        right: list[Span] = []
        for tab, key in TABS.items():
            is_on = tab == self.tab_shown
            named = is_on or self.size.width >= 100  # narrower, the others are their keys alone
            right += [(f"  {key}", Tone.KEY), (f" {tab}" if named else "", Tone.BOLD if is_on else Tone.DIM)]
        return left, right

    def status(self) -> tuple[Line, Line]:
        """Return what the part that is shown has to say of itself."""
        glyphs = self.graft.glyphs
        if self.tab_shown == "logs":
            return self.log_status()
        if self.tab_shown == "graph":
            graph = self.query_one("#graph", DagView)
            view_of = graph.view
            said = [f"{view_of.zoom.name.lower()}"]
            scope = graph.scope
            if scope is not None and len(scope.nodes) < scope.total:
                said.append(f"{len(scope.nodes)} of {scope.total:,} around {scope.focus}; f shows all that can be read")
            return [(glyphs.dot.join(said), Tone.DIM)], ()
        return (), ()

    def _nothing(self) -> Sequence[Line]:
        return [] if self._told is None else [[], [("  This run has no steps.", Tone.DIM)]]

    async def reload(self) -> None:
        """Read the run and show the part that is looked at."""
        self.moment.now = self.bridge.now()
        before, run = self._told, self.run.id
        told = await self.ask(lambda space: read_run(space, run, before))
        if before is None or told.spec is not before.spec:
            self._scopings.clear()
        self._told, self.run = told, told.run
        assert self._cells is not None
        self._cells.show(told)
        if before is None:
            self._begin(told)
        else:
            self.query_one("#steps", Grid).replace_rows(self._rows(told))
        await self._show_part()

    def _begin(self, told: Told) -> None:
        """Put the cursor on what a person looks for: the first failure, else the first step at work."""
        grid = self.query_one("#steps", Grid)
        grid.set_rows(self._rows(told))
        for wanted in (Status.FAILURE, Status.STARTED):
            for row in told.rows:
                if self._cells is not None and not row.role.is_composite and self._cells.line(row).state is wanted:
                    grid.go_to_key(row.path)
                    return

    def _rows(self, told: Told) -> ListRows[Row]:
        assert self._cells is not None
        return ListRows(opened(told, self._cells.open_rows), row_key)

    async def _show_part(self) -> None:
        told = self._told
        if told is None:
            return
        glyphs = self.graft.glyphs
        if self.tab_shown == "graph":
            await self._draw(told)
        elif self.tab_shown == "logs":
            await self.read_log()
        elif self.tab_shown == "metrics":
            lines: list[Line] = [[], *metric_sheet(told.steps, glyphs)]
            empty: list[Line] = [
                [],
                [("  No numbers yet. A step tells one by ", Tone.DIM), ('graftline.metric("auc", 0.9)', Tone.CYAN)],
            ]
            self.query_one("#metrics", Sheet).show(lines if len(lines) > 1 else empty)
        elif self.tab_shown == "info":
            facts = fact_lines(told.run, told.spec, glyphs, self.bridge.now())
            self.query_one("#info", Sheet).show([[], *facts])
        if self.tab_shown in WITH_DETAIL:
            await self._show_detail()

    # -- details of a step -----------------------------------------------------------------------------------------

    async def _show_detail(self) -> None:
        sheet, told = self.query_one("#detail", Sheet), self._told
        row = self._row_at_hand()
        if told is None or row is None or not sheet.display:
            return
        glyphs = self.graft.glyphs
        step = told.step(row.members[0])
        if is_family(row) or step is None:
            members = [step for step in told.steps if step.path in set(row.members)]
            sheet.show(family_sheet(row, members, glyphs), is_new=self._is_new(row.path, Status.PENDING))
            return
        state = told.lines.states[step.path]
        run, root = self.run.id, told.spec.target.root if told.spec is not None else "/"
        path, has_failed = step.path, step.state is Status.FAILURE and step.error is not None

        def read(space: Workspace) -> StepFacts:
            attempts = space.attempts(run, path).get(path, ())
            snapshot = space.snapshot(run) if has_failed else None
            return StepFacts(step=step, attempts=attempts, snapshot=snapshot, root=root)

        facts = await self.ask(read)
        if self.step == path:
            sheet.show(step_sheet(facts, glyphs, state), is_new=self._is_new(path, state))

    def _is_new(self, path: str, state: Status) -> bool:
        is_new = self._detailed is None or self._detailed[0] != path
        self._detailed = (path, state)
        return is_new

    def _row_at_hand(self) -> Row | None:
        """Return the row of the step at hand, wherever the cursor is."""
        if self.tab_shown == "graph":
            steps = self.query_one("#graph", DagView).steps
            if not steps:
                return None
            node = self.query_one("#graph", DagView).node or steps[0]
            self.step = steps[0] if len(steps) == 1 else node
            told = self._told
            role = told.composites.role(steps[0]) if told is not None else None
            return Row(path=self.step, label=node, depth=0, role=role, members=steps) if role is not None else None
        row = self.query_one("#steps", Grid).current
        self.step = None if row is None else row.path
        return row if isinstance(row, Row) else None

    # -- drawing ---------------------------------------------------------------------------------------------------

    async def _draw(self, told: Told) -> None:
        graph, view = told.graph, self.query_one("#graph", DagView)
        if graph is None:
            return
        glyphs, states = self.graft.glyphs, told.lines.states
        wanted = view.looked(width=view.size.width)

        def work(_: Workspace) -> Picture:
            scoping = self._scopings.get(wanted.is_folded)
            if scoping is None:
                scoping = self._scopings[wanted.is_folded] = Scoping(graph, is_folded=wanted.is_folded)
            return picture(scoping, states, wanted, glyphs)

        is_first = view.node is None
        drawn = await self.ask(work)
        view.show(drawn, states, self.step if is_first else None)

    def on_dag_view_looked(self) -> None:
        """Draw it in the way that is wanted now."""
        begin(self, self._redraw, "draw")

    async def _redraw(self) -> None:
        if self._told is not None:
            await self._draw(self._told)
            self.show_bars()

    def on_dag_view_moved(self) -> None:
        """Show the details of the step that was selected."""
        begin(self, self._rest, "rest")

    def on_dag_view_opened(self) -> None:
        """Show the details alone."""
        self._open_detail()

    # -- events and actions ----------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Show the part that was asked for."""
        self._show_tab()
        self.set_interval(LOG_S, self.poll_log)

    def on_unmount(self) -> None:
        """Give the log up."""
        self.close_log()

    def tick(self) -> None:
        """Let the time of running steps go on."""
        self.moment.now = self.bridge.now()
        if self.run.state is Status.STARTED and self.tab_shown == "steps":
            self.query_one("#steps", Grid).refresh()
        self.show_bars()

    def subject(self) -> Run | None:
        """Return the run."""
        return self.run

    def subject_step(self) -> str | None:
        """Return the step at hand."""
        return self.step

    def on_grid_moved(self, event: Grid.Moved) -> None:
        """Show the details of the row the cursor came to."""
        event.stop()
        begin(self, self._rest, "rest")

    async def _rest(self) -> None:
        try:
            await self._show_detail()
        except GraftError as error:
            self.complain(error)

    def on_grid_opened(self, event: Grid.Opened) -> None:
        """Open or shut a family; show the details of a step alone."""
        event.stop()
        row = event.grid.current
        if isinstance(row, Row) and is_family(row) and self._cells is not None and self._told is not None:
            self._cells.open_rows ^= {row.path}
            event.grid.replace_rows(self._rows(self._told))
        else:
            self._open_detail()

    def on_resize(self) -> None:
        """Draw for the new width."""
        if self._told is not None:
            self.stale()

    def action_tab(self, tab: str) -> None:
        """Show a part."""
        self.remove_class("-detail")
        self.tab_shown = tab
        self._show_tab()
        begin(self, self._part, "part")

    async def _part(self) -> None:
        try:
            await self._show_part()
        except GraftError as error:
            self.complain(error)
        self.show_bars()

    def action_next_tab(self, by: int) -> None:
        """Show the part beside."""
        names = list(TABS)
        self.action_tab(names[(names.index(self.tab_shown) + by) % len(names)])

    def action_logs(self) -> None:
        """Show the log of the step at hand."""
        self._row_at_hand()
        self.log_of_step = self.step is not None
        self.action_tab("logs")

    def action_problem(self, by: int) -> None:
        """Go to the next step that failed, or the one before."""
        grid, told, cells = self.query_one("#steps", Grid), self._told, self._cells
        if told is None or cells is None:
            return
        shown = opened(told, cells.open_rows)
        bad = [at for at, row in enumerate(shown) if cells.line(row).state is Status.FAILURE]
        later = [at for at in bad if (at > grid.cursor if by > 0 else at < grid.cursor)]
        if not later:
            self.say("no other step failed" if bad else "no step failed", Tone.YELLOW)
            return
        if self.tab_shown != "steps":
            self.action_tab("steps")
        grid.go_to(later[0] if by > 0 else later[-1])

    def action_zoom(self) -> None:
        """Give the details all the room, or back."""
        if self.has_class("-detail"):
            self.action_back()
        elif self.tab_shown in WITH_DETAIL:
            self._open_detail()

    def action_back(self) -> None:
        """Close the search, then the details, then the screen."""
        if self.query_one("#search", Input).has_class("-open"):
            self.close_search()
        elif self.tab_shown == "logs" and self.forget_search():
            self.show_bars()
        elif self.has_class("-detail"):
            self.remove_class("-detail")
            self._show_tab()
        else:
            super().action_back()

    def _open_detail(self) -> None:
        self.add_class("-detail")
        self.query_one("#detail", Sheet).focus()
        self.call_after_refresh(self._rest_soon)
        self.show_bars()

    def _rest_soon(self) -> None:
        begin(self, self._rest, "rest")

    def _show_tab(self) -> None:
        for tab in TABS:
            self.query_one(f"#{tab}", Widget).display = tab == self.tab_shown
        self.set_class(self.tab_shown not in WITH_DETAIL, "-list")
        self.set_class(self.tab_shown == "graph", "-graph")
        self.query_one(f"#{self.tab_shown}", Widget).focus()
        self.show_bars()
