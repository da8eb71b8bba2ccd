"""The home screen: every run, newest first, live; beside it the one at the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from ...core.errors import GraftError, InvalidError
from ...core.ids import RunId
from ...core.listings import Spread
from ...core.ports import RunQuery
from ...core.records import replace
from ...core.runfilter import run_query
from ...core.runs import Run
from ...core.states import Status
from ..bridge import begin
from ..keys import bindings
from ..paging import RunPages
from ..tones import Line, Span, Tone
from ..widgets.grid import Grid
from ..widgets.rows import ListRows
from ..widgets.sheet import Sheet
from .past import GROUPED, read_past, read_pipelines
from .runlines import read_sheet, run_sheet
from .runview import VIEWS, RunView

if TYPE_CHECKING:
    from textual.widgets import Input

    from ..lookingup import LookingUp

WITH_PAST = 120
"""Columns from which what pipelines did lately has room."""


class Runs(RunView):
    """The list of runs."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("filter", "runs.all", "runs.active", "runs.failed", "runs.cycle", "runs.projects", "runs.sort"),
        *bindings("run.logs", "run.new", "runs.pipelines", "places.watch"),
    ]
    PLACEHOLDER = "failed  pipeline=NAME  tag=NAME  since=2d  any text"
    HINTS = ("row.open", "run.new", "run.retry", "run.cancel", "run.logs", "filter")

    def __init__(self) -> None:
        super().__init__()
        self._pages: RunPages | None = None
        self._pipelines: list[Run] | None = None
        """The newest run of each, in the view of pipelines; None: not read."""
        self._turn = 0
        """Counts the lists one has asked for: what was read for an earlier one is not shown any more."""
        self._shown: RunId | None = None
        """Run the sheet is of."""

    def body(self) -> ComposeResult:
        """Put the filter above the list, and the sheet beside or below it."""
        self.recall()
        with Container(id="body"):
            yield Grid[Run](
                self.columns(),
                lambda run: run.id,
                glyphs=self.graft.glyphs,
                empty=self._nothing,
                marked=self.is_marked,
                id="list",
            )
            yield Sheet(id="detail")

    # -- what is shown ---------------------------------------------------------------------------------------------

    def crumbs(self) -> tuple[Line, Line]:
        """Return the tabs and the filter; on the right how many runs there are."""
        left: list[Span] = [("Runs", Tone.BOLD)]
        for number, view in enumerate(VIEWS, start=1):
            is_on = view == self.view
            left += [(f"   {number} ", Tone.KEY), (view, Tone.BOLD if is_on else Tone.DIM)]
        if self.filter:
            left += [("   / ", Tone.KEY), (self.filter, Tone.YELLOW)]
        if self.is_everywhere:
            left += [("   all projects", Tone.CYAN)]
        pages = self._pages
        if self._pipelines is not None:
            return left, [(f"{len(self._pipelines):,} of the newest {GROUPED:,} runs", Tone.DIM)]
        if pages is None or not len(pages):
            return left, []
        count = f"{self.grid.cursor + 1:,} of {len(pages):,}{'' if pages.is_whole else '+'}"
        order = "oldest first" if pages.is_reversed else ""
        return left, [(f"{order}  {count}", Tone.DIM)]

    def status(self) -> tuple[Line, Line]:
        """Return what has come in above what one sees."""
        news = self.grid.news
        left: list[Span] = [(f"{self.graft.glyphs.up} {news:,} new   gg shows them   ", Tone.CYAN)] if news else []
        if self.marked:
            left += [(f"{self.graft.glyphs.marked} {len(self.marked):,} marked", Tone.YELLOW)]
            left += [("   d compares, x stops, esc forgets them", Tone.DIM)]
        return left, ([("read-only", Tone.YELLOW)] if self.graft.outside.is_read_only else [])

    def _nothing(self) -> Sequence[Line]:
        if self._pipelines is None and (self._pages is None or not self._pages.is_whole):
            return []
        if self.filter or self.view != "all":
            return [[], [("  no run fits", Tone.BOLD), ("   esc shows all", Tone.DIM)]]
        return [
            [],
            [("  No run yet.", Tone.BOLD), ("  In a directory with a pipeline:", Tone.DIM)],
            [],
            [
                ("    n", Tone.KEY),
                ("                         starts one here, with a form for its parameters", Tone.DIM),
            ],
            [("    graft run", Tone.CYAN), ("                 runs pipeline.py", Tone.DIM)],
            [("    graft run steps.py:name", Tone.CYAN), ("   runs a pipeline of another file", Tone.DIM)],
            [("    graft job sh 'make'", Tone.CYAN), ("       runs one command", Tone.DIM)],
            [],
            [("  ctrl+a", Tone.KEY), (" shows the runs of all projects", Tone.DIM)],
        ]

    async def reload(self) -> None:
        """Read the pages one sees; learn the length of the list when it is a new one."""
        self.moment.now = self.bridge.now()
        if self.view == "pipelines":
            await self._reload_pipelines()
        elif self._pages is None:
            pages, turn = RunPages(self._read_runs, self._read_spread, self._query()), self._turn
            await pages.load(0, self.size.height)
            if turn != self._turn:
                return
            if not len(pages) and not (self.filter or self.is_everywhere) and self.view == "all":
                await self._look_elsewhere(pages)
            pages.is_reversed = self.is_reversed
            self._pages = pages
            self.grid.set_rows(pages)
            await self.wait_for_refresh()  # rows first: the rest is on threads, and takes the interpreter from them
            await pages.measure()
            self.grid.rows_changed()
        else:
            self._pages.invalidate()
            await self._pages.load(*self.grid.in_sight)
            self.grid.rows_changed()
        if not self.has_generations and any(run.lineage for run in self.grid.seen()):
            self.has_generations = True
            self.set_columns()
        await self._show_run(is_stale=True)
        await self._read_past()

    async def _read_past(self) -> None:
        """Read what the pipelines one sees did lately, where a column shows it."""
        seen = self.grid.seen()
        if (
            seen
            and not {"LAST 20", "LEFT"} <= self.hidden
            and self.view != "pipelines"
            and self.size.width >= WITH_PAST
        ):
            self.past.take(await self.ask(lambda space: read_past(space, seen)))
            self.grid.refresh_changed()

    async def _reload_pipelines(self) -> None:
        query, turn = replace(self._query(), limit=GROUPED), self._turn
        newest, last, counts = await self.ask(lambda space: read_pipelines(space, query))
        if turn != self._turn:
            return
        self.past.counts = counts
        self.past.take(last)
        is_first, self._pipelines = self._pipelines is None, newest
        rows: ListRows[Run] = ListRows(newest, lambda run: f"{run.project}/{run.pipeline}")
        if is_first:
            self.grid.set_rows(rows)
        else:
            self.grid.replace_rows(rows)

    async def _look_elsewhere(self, pages: RunPages) -> None:
        """Show the runs of all projects when this one has none yet: better than an empty list."""
        everywhere = replace(pages.query, project=None)
        if await self._read_runs(replace(everywhere, limit=1)):
            self.is_everywhere, pages.query = True, everywhere
            self.set_columns()
            pages.invalidate()
            await pages.load(0, self.size.height)

    def _query(self) -> RunQuery:
        project = None if self.is_everywhere else self.bridge.project
        return run_query(self.filter, RunQuery(project=project, states=VIEWS[self.view]), self.bridge.now())

    async def _read_runs(self, query: RunQuery) -> list[Run]:
        return await self.ask(lambda space: space.runs(query))

    async def _read_spread(self, query: RunQuery, every: int) -> Spread:
        return await self.ask(lambda space: space.spread(query, every))

    async def _show_run(self, *, is_stale: bool = False) -> None:
        """Show the run at the cursor in the sheet, where there is one."""
        sheet = self.query_one("#detail", Sheet)
        run = self.grid.current
        if run is None or not sheet.display:
            self._shown = None
            if run is None:
                sheet.show([])  # else what it shows stays for when there is room again, behind a dialog for instance
            return
        is_new = run.id != self._shown
        if not is_new and run.state.is_final and not is_stale:
            return
        self._shown = run.id
        steps, spec = await self.ask(lambda space: read_sheet(space, run))
        if self._shown == run.id:
            lines = run_sheet(run, steps, spec, self.graft.glyphs, self.bridge.now(), max(20, sheet.size.width - 2))
            sheet.show(lines, is_new=is_new)

    def tick(self) -> None:
        """Let the time of running runs go on."""
        self.moment.now = self.bridge.now()
        if any(run.state is Status.STARTED for run in self.grid.seen()):
            self.grid.refresh_changed()
        self.show_bars()

    # -- events ----------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Give the list the focus."""
        self.grid.focus()

    def on_grid_moved(self, event: Grid.Moved) -> None:
        """Show the run the cursor came to, once it rests."""
        event.stop()
        self.show_bars()
        begin(self, self._rest, "rest")

    async def _rest(self) -> None:
        try:
            await self._show_run()
        except GraftError as error:
            self.complain(error)

    def on_grid_wanted(self, event: Grid.Wanted) -> None:
        """Read the rows that have come into sight."""
        event.stop()
        begin(self, self._load, "rows")

    async def _load(self) -> None:
        pages = self._pages
        if pages is None:
            return
        try:
            await pages.load(*self.grid.in_sight)
        except GraftError as error:
            self.complain(error)
        if pages is self._pages and self.view != "pipelines":
            self.grid.rows_changed()
            self.show_bars()

    def on_grid_opened(self, event: Grid.Opened) -> None:
        """Open a run; of a pipeline all its runs."""
        event.stop()
        run = self.grid.current
        if self.view == "pipelines" and run is not None:
            self.show_filtered(f"pipeline={run.pipeline}")
        else:
            self._open("steps")

    def on_resize(self) -> None:
        """Show the sheet's run when the sheet has just got room."""
        self.call_after_refresh(lambda: begin(self, self._rest, "rest"))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Tell at once whether the filter can be understood."""
        try:
            run_query(event.value, RunQuery(), self.bridge.now())
        except InvalidError as error:
            self.complain(error)

    def check_filter(self, text: str) -> None:
        """Refuse a filter that means nothing."""
        run_query(text, RunQuery(), self.bridge.now())

    def filter_changed(self) -> None:
        """Read the list that is meant now."""
        self._begin_anew()

    # -- actions ---------------------------------------------------------------------------------------------------

    def subject(self) -> Run | None:
        """Return the run at the cursor."""
        return self.grid.current

    def action_back(self) -> None:
        """Close the field, then drop the filter, then the view; never quit."""
        if self.close_filter():
            return
        if self.forget_marks():
            self.say("marks are forgotten", Tone.DIM)
        elif self.filter or self.view != "all":
            self.filter, self.view = "", "all"
            self._begin_anew()
        else:
            self.say("q quits; runs go on", Tone.DIM)

    def action_show(self, view: str) -> None:
        """Show all, active or failed runs."""
        self.view = view
        self._begin_anew()

    def action_cycle(self) -> None:
        """Show the next view."""
        names = [view for view in VIEWS if view != "pipelines"]
        at = names.index(self.view) if self.view in names else -1
        self.action_show(names[(at + 1) % len(names)])

    def action_projects(self) -> None:
        """Change between this project and all."""
        self.is_everywhere = not self.is_everywhere
        self.set_columns()
        self._begin_anew()

    def action_sort(self) -> None:
        """Turn the list over."""
        if self._pages is not None and self.view != "pipelines":
            self._pages.is_reversed = self.is_reversed = not self._pages.is_reversed
            self.grid.set_rows(self._pages)
            self.show_bars()
            self.remember()

    def action_new(self) -> None:
        """Describe a new run."""
        if reason := self.reason_against("run.new"):
            self.say(reason, Tone.YELLOW)
            return
        from .newrun import NewRun  # the first paint needs it not

        self.app.push_screen(NewRun())

    def action_logs(self) -> None:
        """Open a run at its log."""
        self._open("logs")

    def _open(self, tab: str) -> None:
        run = self.grid.current
        if run is not None:
            self.graft.open_run(run, tab)

    def looking_up(self) -> LookingUp:
        """Return that the logs of the runs that are listed are searched."""
        from ..lookingup import LookingUp  # as all that the first paint need not wait for

        project = None if self.is_everywhere else self.bridge.project
        return LookingUp(filter=self.filter, states=VIEWS[self.view], project=project)

    def show_filtered(self, text: str, *, is_everywhere: bool = False) -> None:
        """Show the runs that a filter means, of this project or of all.

        Raises:
            InvalidError: it means nothing.
        """
        run_query(text, RunQuery(), self.bridge.now())
        self.filter, self.view = text, "all"
        if is_everywhere != self.is_everywhere:
            self.is_everywhere = is_everywhere
            self.set_columns()
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._pages, self._pipelines, self._shown = None, None, None
        self._turn += 1
        self.set_columns()
        self.remember()
        self.show_bars()
        self.stale()
        begin(self, self._first, "first")

    async def _first(self) -> None:
        """Read the new list now: a person who changes the view does not wait for the pace of reading."""
        try:
            await self.reload()
        except GraftError as error:
            self.complain(error)
        self.show_bars()
