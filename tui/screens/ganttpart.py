"""The steps of a run over time, or its workers; zoomed and panned, live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import monotonic
from typing import ClassVar

from textual.app import ComposeResult

from ...core.folding import Row, rows
from ...core.gantt import legend
from ...core.quantities import duration_text
from ...core.runs import Attempt
from ...core.timeline import Timeline, timeline, worker_timeline
from ...core.workspace import Workspace
from ..bridge import begin
from ..glyphs import Glyphs
from ..tones import TONE_OF, Line, Span, Tone
from ..widgets.ganttview import GanttView, Prepared, strokes_of
from .page import SHARE
from .part import Part
from .steplist import MEMBERS_SHOWN, Told

STILL = 4
"""How much rarer it is drawn for the time alone than what is read: then it is not, while anything is read."""


class GanttPart(Part):
    """The chart."""

    HINTS: ClassVar[tuple[str, ...]] = ("row.open", "gantt.in", "gantt.out", "gantt.workers", "problem.next", "copy")
    HAS_DETAIL = True
    IS_WIDE = True

    def __init__(self, name: str, glyphs: Glyphs) -> None:
        super().__init__(name, glyphs)
        self.view = GanttView(glyphs)
        self.open_rows: set[str] = set()
        self.is_folded = True
        self.by_worker = False
        self._attempts: Mapping[str, Sequence[Attempt]] = {}
        self._past: Mapping[str, float] | None = None
        self._line: Timeline | None = None
        self._due = 0.0
        """When it is drawn again though nothing was read, by the monotonic clock."""

    def compose(self) -> ComposeResult:
        """Put the chart there."""
        yield self.view

    @property
    def target(self) -> GanttView:
        """Return the chart."""
        return self.view

    async def show(self, told: Told) -> None:
        """Read the attempts and draw."""
        run, past = told.run, self._past

        def read(space: Workspace) -> tuple[Mapping[str, Sequence[Attempt]], Mapping[str, float]]:
            if past is None and not run.state.is_final:
                return space.attempts(run.id), space.inquiry.past_seconds(run.id)
            return space.attempts(run.id), past or {}

        self._attempts, self._past = await self.page.ask(read)
        await self._draw(told)

    async def _draw(self, told: Told) -> None:
        now, attempts, past = self.page.bridge.now(), self._attempts, self._past

        by_worker = self.by_worker

        def work(_: Workspace) -> tuple[Timeline, Prepared]:
            jobs = 1 if told.spec is None else told.spec.jobs
            if by_worker:
                line = worker_timeline(told.run, attempts, now=now, jobs=jobs)
            else:
                rows = self._rows(told)
                line = timeline(told.run, told.composites, rows, told.steps, attempts, now=now, past=past, jobs=jobs)
            return line, self.view.prepared(line, by_worker=by_worker)

        is_first = self._line is None
        spent = self.page.bridge.spent_s
        line, prepared = await self.page.ask(work)
        self._due = monotonic() + STILL * SHARE * (self.page.bridge.spent_s - spent)
        self._line = line
        self.view.show(line, by_worker=by_worker, prepared=prepared)
        if is_first and self.page.step is not None:
            self.view.go_to_key(self.page.step)

    def _rows(self, told: Told) -> list[Row]:
        if not self.is_folded:
            return rows(told.composites, [step.path for step in told.steps], untaken=told.untaken, is_full=True)
        if told.failed:  # they have rows of their own in the table alone
            folded: Sequence[Row] = rows(told.composites, [step.path for step in told.steps], untaken=told.untaken)
        else:
            folded = told.rows
        found: list[Row] = []
        for row in folded:
            found.append(row)
            if row.path in self.open_rows:
                found += [
                    Row(path=path, label=path, depth=row.depth + 1, role=row.role, members=(path,))
                    for path in row.members[:MEMBERS_SHOWN]
                ]
        return found

    def status(self) -> tuple[Line, Line]:
        """Return what the strokes mean, and when it will be over."""
        line = self._line
        if line is None:
            return (), ()
        told: list[Span] = [
            (text, TONE_OF[ink] if ink is not None else Tone.TEXT)
            for text, ink in legend(strokes_of(self.glyphs), is_ascii=self.glyphs.is_ascii, is_live=line.is_live)
        ]
        right: list[Span] = []
        if line.is_live and line.left_s is not None:
            right = [(f"about {duration_text(line.left_s)} left", Tone.YELLOW)]
        if self.view.is_zoomed:
            right = [*right, (f"  {self.view.zoom_text}", Tone.KEY)]
        return told, right

    def row(self, told: Told) -> Row | None:
        """Return the row at the cursor, of a worker its last step."""
        lane = self.view.lane
        if lane is None or not lane.members:
            return None
        members = lane.members
        if self.by_worker:
            members = members[-1:]
        path = lane.key if len(members) > 1 else members[0]
        return Row(path=path, label=lane.label, depth=lane.depth, role=lane.role, members=members)

    def opened(self) -> bool:
        """Open or shut a family."""
        lane = self.view.lane
        if self.by_worker or lane is None or len(lane.members) < 2:
            return False
        self.open_rows ^= {lane.key}
        self._again()
        return True

    def tick(self) -> None:
        """Let what runs grow; 2,000 steps are drawn anew within 60 ms, which is not for every second."""
        if self._line is not None and self._line.is_live and monotonic() >= self._due:
            self._again()

    def on_gantt_view_moved(self) -> None:
        """Show the details of the row the cursor came to."""
        self.page.rest_soon()

    def on_gantt_view_opened(self) -> None:
        """Open a family, or show the details of a step alone."""
        if not self.opened():
            self.page.open_detail()

    def on_gantt_view_looked(self, event: GanttView.Looked) -> None:
        """Show it in another way."""
        if event.what == "workers":
            self.by_worker = not self.by_worker
        elif event.what in ("fold", "unfold"):
            self.is_folded = event.what == "fold"
            self.open_rows.clear()
        self._again()

    def _again(self) -> None:
        begin(self.page, self._redraw, "draw")

    async def _redraw(self) -> None:
        if self.page.told is not None:
            await self._draw(self.page.told)
            self.page.show_bars()
