"""One run: its steps as a table, what is at hand beside it, and the parts that are opened by their keys.

Parts are imported and mounted when they are first opened: a person who looks at the steps does not pay for the chart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import BindingType
from textual.containers import Container
from textual.widget import AwaitMount

from ...core.errors import GraftError
from ...core.folding import Row
from ...core.quantities import duration_text
from ...core.reasons import awaited_text
from ...core.runs import Run
from ...core.states import Status
from ..bridge import begin
from ..keys import bindings
from ..tones import Line, Span, Tone, length
from ..widgets.grid import Grid
from ..widgets.rows import ListRows
from ..widgets.sheet import Sheet
from .part import Part
from .rundetail import Details
from .runlines import Moment, progress, short, state_span, took
from .stepdeeds import StepDeeds
from .steplist import StepColumns, Told, is_family, opened, read_run, row_key

if TYPE_CHECKING:
    from ..lookingup import Place

TABS = {"steps": "1", "graph": "2", "gantt": "3", "logs": "4", "metrics": "5", "artifacts": "6", "info": "7"}
"""The parts of the screen, and their keys."""
PARTS = {
    "graph": "graphpart:GraphPart",
    "gantt": "ganttpart:GanttPart",
    "logs": "logpart:LogPart",
    "metrics": "metricpart:MetricPart",
    "artifacts": "artifactpart:ArtifactPart",
    "info": "factpart:FactPart",
}
"""Where each is; the steps are the screen's own."""


class RunScreen(StepDeeds):
    """The screen of one run."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("tab.steps", "tab.graph", "tab.gantt", "tab.logs", "tab.metrics", "tab.artifacts", "tab.info"),
        *bindings("tab.next", "tab.previous", "run.logs", "problem.next", "problem.previous", "pane.zoom"),
        *bindings("row.open"),
    ]

    def __init__(self, run: Run, tab: str = "steps") -> None:
        super().__init__()
        self.run = run
        self.tab_shown = tab
        self.moment = Moment()
        self.told: Told | None = None
        """The run as it was last read."""
        self.step: str | None = None
        """Path of the step at hand; of a family with `*`."""
        self.log_of_step = False
        """The log is of the step at hand, not of the whole run."""
        self._opens_soon = False
        """Enter was pressed before there was a row to open."""
        self.log_place: Place | None = None
        """A line that the log is opened at, once it was read; None: at its end."""
        self._cells: StepColumns | None = None
        self._parts: dict[str, Part] = {}
        self._mounting: dict[str, AwaitMount | AwaitComplete] = {}
        self._details = Details(self)

    def hint_ids(self) -> Sequence[str]:
        """Return what is offered in the part that is shown."""
        if self.has_class("-detail"):
            return ("back", "edit", "run.retry", "step.why", "copy", "run.logs")
        if self.tab_shown == "steps":
            return ("row.open", "problem.next", "run.retry", "step.why", "run.cancel", "run.logs")
        part = self._parts.get(self.tab_shown)
        return Part.HINTS if part is None else part.HINTS

    def body(self) -> ComposeResult:
        """Put the steps and the sheet beside them; the parts come when they are opened."""
        glyphs = self.graft.glyphs
        cells = self._cells = StepColumns(glyphs, self.moment)
        with Container(id="body"):
            with Container(id="list"):
                yield Grid(cells.columns, row_key, glyphs=glyphs, empty=self._nothing, id="steps")
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
        awaited = awaited_text(run, self.bridge.now())
        bar: list[Span] = [(awaited, Tone.YELLOW)] if awaited else progress(run, glyphs)
        room = self.size.width - length(left) - 3
        # What says least gives way first: the names of the other parts, then the bar, then all but the one shown.
        for more, right in (
            (bar, self._tabs(named=True)),
            (bar[-1:], self._tabs(named=True)),
            (bar, self._tabs(named=False)),
            (bar[-1:], self._tabs(named=False)),
        ):
            if length(more) + length(right) <= room:
                return [*left, *more], right
        return left, self._tabs(named=False)

    def _tabs(self, *, named: bool) -> list[Span]:
        found: list[Span] = []
        for tab, key in TABS.items():
            is_on = tab == self.tab_shown
            found += [(f" {key}", Tone.KEY), (f" {tab} " if named or is_on else "", Tone.BOLD if is_on else Tone.DIM)]
        return found

    def status(self) -> tuple[Line, Line]:
        """Return what the part that is shown has to say of itself."""
        part = self._parts.get(self.tab_shown)
        if part is not None:
            return part.status()
        live = self._details.usage_line()
        return live, ()

    def _nothing(self) -> Sequence[Line]:
        return [] if self.told is None else [[], [("  This run has no steps.", Tone.DIM)]]

    async def reload(self) -> None:
        """Read the run and show the part that is looked at."""
        self.moment.now = self.bridge.now()
        before, run = self.told, self.run.id
        told = await self.ask(lambda space: read_run(space, run, before))
        self.told, self.run = told, told.run
        assert self._cells is not None
        self._cells.show(told)
        if before is None:
            self._begin(told)
            if self._opens_soon and self.tab_shown == "steps" and self.query_one("#steps", Grid).current is not None:
                self.query_one("#steps", Grid).action_open()
        else:
            self.query_one("#steps", Grid).replace_rows(self._rows(told))
        await self._show_part()

    def _begin(self, told: Told) -> None:
        """Put the cursor on what a person looks for: the step that was named, else the first failure, else work."""
        grid = self.query_one("#steps", Grid)
        grid.set_rows(self._rows(told))
        if self.step is not None and grid.go_to_key(self.step):
            return  # it was asked for
        for wanted in (Status.FAILURE, Status.STARTED):
            for row in told.rows:
                if self._cells is not None and not row.role.is_composite and self._cells.line(row).state is wanted:
                    grid.go_to_key(row.path)
                    return

    def action_open(self) -> None:
        """Open what the cursor will be on: a person who presses enter twice does not wait for the screen between."""
        self._opens_soon = self.told is None

    def asked_again(self, tab: str) -> None:
        """Show a part of the run that is on the screen already; the second enter may come before the screen does."""
        if self.told is None:
            self.action_open()
        elif tab != self.tab_shown:
            self.action_tab(tab)

    def _rows(self, told: Told) -> ListRows[Row]:
        assert self._cells is not None
        return ListRows(opened(told, self._cells.open_rows), row_key)

    async def _show_part(self) -> None:
        part = await self._opened_part()
        if self.told is None:
            return
        if part is not None:
            await part.show(self.told)
        if self.has_sheet:
            await self._details.show()

    async def _opened_part(self) -> Part | None:
        """Return the part that is shown, mounted; None: the steps."""
        name = self.tab_shown
        if name not in PARTS:
            return None
        if name not in self._parts:
            module, _, kind = PARTS[name].partition(":")
            part = getattr(import_module(f".{module}", __package__), kind)(name, self.graft.glyphs)
            self._parts[name] = part
            self._mounting[name] = self.query_one("#list", Container).mount(part)
        await self._mounting[name]
        self.recolour()
        if self.tab_shown == name:
            self._show_tab()
        return self._parts[name]

    @property
    def part(self) -> Part | None:
        """Return the part that is shown; None: the steps, or it is not there yet."""
        return self._parts.get(self.tab_shown)

    @property
    def has_sheet(self) -> bool:
        """Tell whether what is at hand has a sheet beside the part."""
        part = self.part
        return self.tab_shown == "steps" or (part is not None and part.HAS_DETAIL)

    def row_at_hand(self) -> Row | None:
        """Return the row of the step at hand, wherever the cursor is."""
        part, told = self.part, self.told
        if part is not None and part.HAS_DETAIL:
            row = part.row(told) if told is not None else None
        else:
            row = self.query_one("#steps", Grid).current
        if isinstance(row, Row):
            self.step = row.path
            if self._cells is not None and self._cells.look_from(row):
                self.query_one("#steps", Grid).refresh_changed()
            return row
        return None

    # -- events and actions ----------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Show the part that was asked for."""
        self._show_tab()

    def tick(self) -> None:
        """Let the time of running steps go on."""
        self.moment.now = self.bridge.now()
        if self.run.state is Status.STARTED and self.tab_shown == "steps":
            self.query_one("#steps", Grid).refresh_changed()
            self._details.sample()
        if self.part is not None:
            self.part.tick()
        self.show_bars()

    def subject(self) -> Run | None:
        """Return the run."""
        return self.run

    def subject_step(self) -> str | None:
        """Return the step at hand."""
        return self.step

    def sought_text(self) -> str:
        """Return what is looked for in the part that is shown."""
        return "" if self.part is None else self.part.sought_text()

    def copies(self) -> Mapping[str, tuple[str, str]]:
        """Return what else can be copied in the part that is shown."""
        return {} if self.part is None else self.part.copies()

    def on_grid_moved(self, event: Grid.Moved) -> None:
        """Show the details of the row the cursor came to."""
        event.stop()
        self.rest_soon()

    def rest_soon(self) -> None:
        """Show the details of what is at hand, soon."""
        begin(self, self._rest, "rest")

    async def _rest(self) -> None:
        try:
            if self.has_sheet:  # else the cursor of a list that is not shown would say which step is at hand
                await self._details.show()
        except GraftError as error:
            self.complain(error)

    def on_grid_opened(self, event: Grid.Opened) -> None:
        """Open or shut a family; show the details of a step alone."""
        event.stop()
        row = event.grid.current
        if isinstance(row, Row) and is_family(row) and self._cells is not None and self.told is not None:
            self._cells.open_rows ^= {row.path}
            event.grid.replace_rows(self._rows(self.told))
        else:
            self.open_detail()

    def on_resize(self) -> None:
        """Draw for the new width."""
        if self.told is not None:
            self.moved()

    def action_tab(self, tab: str) -> None:
        """Show a part."""
        self.row_at_hand()
        self.remove_class("-detail")
        self.tab_shown = tab
        self._show_tab()
        begin(self, self._open_part, "part")

    async def _open_part(self) -> None:
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
        self.row_at_hand()
        self.log_of_step = self.step is not None
        self.action_tab("logs")

    def action_problem(self, by: int) -> None:
        """Go to the next step that failed, or the one before; in a log to the next line that tells of an error."""
        if self.part is not None and self.part.problem(by):
            return
        grid, told, cells = self.query_one("#steps", Grid), self.told, self._cells
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
        elif self.has_sheet:
            self.open_detail()

    def action_back(self) -> None:
        """Go back inside the part, then close the details, then the screen."""
        if self.has_class("-detail"):
            self.remove_class("-detail")
            self._show_tab()
        elif self.part is not None and self.part.back():
            self.show_bars()
        else:
            super().action_back()

    def open_detail(self) -> None:
        """Give the details all the room."""
        self.add_class("-detail")
        self.query_one("#detail", Sheet).focus()
        self.call_after_refresh(self.rest_soon)
        self.show_bars()

    def _show_tab(self) -> None:
        self.query_one("#steps", Grid).display = self.tab_shown == "steps"
        for name, part in self._parts.items():
            part.display = name == self.tab_shown
        shown = self.part
        self.set_class(not self.has_sheet, "-list")
        self.set_class(shown is not None and shown.IS_WIDE, "-graph")
        if not self.has_class("-detail"):
            self._take_focus(shown)
        self.show_bars()

    def _take_focus(self, part: Part | None) -> None:
        """Give the keys to what is shown, unless something in it has them: its search field, say."""
        if self.tab_shown == "steps":
            self.query_one("#steps", Grid).focus()
        elif part is not None and part.is_mounted and not part.has_focus_within:
            part.target.focus()
