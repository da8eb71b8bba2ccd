"""Who executes: workers of the store and what they have, processes of other live runs, and what waits for a worker."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from ...core.quantities import duration_text, size_text
from ...core.queue import WorkerState
from ...core.runs import Run
from ...core.text import plural
from ..keys import bindings
from ..tones import Line, Tone
from ..widgets.grid import Column, Grid
from ..widgets.rows import ListRows
from ..workrows import Work, Working, read
from .deeds import RunDeeds
from .runlines import Moment, short, state_span

_TONES = {WorkerState.LIVE: Tone.GREEN, WorkerState.DRAINING: Tone.YELLOW, WorkerState.LOST: Tone.RED}


class WorkersScreen(RunDeeds):
    """The list; what can be done to a run can be done from here."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("run.logs")]
    HINTS = ("row.open", "run.cancel", "run.kill", "run.logs", "back")

    def __init__(self) -> None:
        super().__init__()
        self.moment = Moment()
        self._found: Working | None = None

    def body(self) -> ComposeResult:
        """Show the list alone."""
        with Container(id="body"):
            yield Grid[Work](
                self._columns(), lambda each: each.id, glyphs=self.graft.glyphs, empty=self._nothing, id="list"
            )

    @property
    def grid(self) -> Grid[Work]:
        """Return the list."""
        return self.query_one("#list", Grid)

    def crumbs(self) -> tuple[Line, Line]:
        """Return where one is, and how much works and waits."""
        found = self._found or Working()
        told = [plural(count, "worker")] if (count := found.count(workers=True)) else []
        told += [plural(found.count(), "live run"), plural(found.count(steps=True), "running step")]
        told += [f"{count} waiting"] if (count := found.count(waiting=True)) else []
        return [("Workers", Tone.BOLD)], [(", ".join(told), Tone.DIM)]

    def status(self) -> tuple[Line, Line]:
        """Return what this machine serves, and what workers do."""
        labels = ", ".join(f"{name} x{count}" for name, count in self.bridge.labels.items())
        left = f"this machine: {os.cpu_count()} cpus, labels default{', ' + labels if labels else ''}"
        served = (self._found or Working()).labels if self._found and self._found.count(workers=True) else {}
        told = ", ".join(f"{name} by {count}" for name, count in served.items())
        return [(left, Tone.DIM)], [(f"served: {told}", Tone.DIM)] if told else ()

    def _nothing(self) -> Sequence[Line]:
        if self._found is None:
            return []
        return [
            [],
            [("  No worker.", Tone.BOLD), (f"  The {self.bridge.runner} runner starts them on demand,", Tone.TEXT)],
            [("  and ends them with the run. Nothing runs now, and nothing waits.", Tone.TEXT)],
            [],
            [("    n", Tone.KEY), (" in the list of runs starts one", Tone.DIM)],
            [("    graft worker --label gpu", Tone.KEY), ("  takes what is submitted for that label", Tone.DIM)],
        ]

    def _columns(self) -> list[Column[Work]]:
        return [
            Column(title="STATE", width=11, cell=self._state),
            Column(title="RUN", width=6, cell=_number),
            Column(title="WHAT", width=38, share=3, cell=_what),
            Column(title="TIME", width=7, is_right=True, cell=self._time),
            Column(title="BEAT", width=6, is_right=True, rank=4, cell=_beat),
            Column(title="HOST", width=12, share=1, rank=3, cell=_host),
            Column(title="PROCESS", width=8, is_right=True, rank=2, cell=_process),
            Column(title="ALL OF IT", width=12, rank=5, cell=_count),
            Column(title="MEMORY", width=8, is_right=True, rank=1, cell=_memory),
            Column(title="CPU", width=8, is_right=True, rank=6, cell=_cpu),
        ]

    def on_mount(self) -> None:
        """Give the list the focus."""
        self.grid.focus()

    async def reload(self) -> None:
        """Read the runs that go on, their running steps, and what their processes hold."""
        self.moment.now = self.bridge.now()
        self._found = await self.ask(read)
        rows: ListRows[Work] = ListRows(self._found.rows, lambda each: each.id)
        self.grid.replace_rows(rows)

    def tick(self) -> None:
        """Let the time go on, and look at the processes again."""
        self.moment.now = self.bridge.now()
        if self._found and self._found.rows:
            self.stale()

    def _state(self, each: Work) -> Line:
        if each.worker is not None:
            state = each.worker.state
            return [(f"  {state.upper() if state is WorkerState.LOST else state.value}", _TONES[state])]
        assert each.run is not None
        text, tone = state_span(each.run.state if each.step is None else each.step.state, self.graft.glyphs)
        return [(text, Tone.YELLOW if each.unserved else tone)]

    def _time(self, each: Work) -> Line:
        since = _since(each)
        return [] if since is None else [(duration_text(max(0.0, self.moment.now - since)), Tone.TEXT)]

    def subject(self) -> Run | None:
        """Return the run at the cursor; of a worker the first it has."""
        at_hand = self.grid.current
        if at_hand is None or at_hand.worker is None:
            return None if at_hand is None else at_hand.run
        its = at_hand.worker.runs
        rows = self._found.rows if self._found is not None else ()
        return next((each.run for each in rows if each.run is not None and each.run.id in its), None)

    def subject_step(self) -> str | None:
        """Return the step at the cursor."""
        each = self.grid.current
        return None if each is None or each.step is None else each.step.path

    def on_grid_opened(self, event: Grid.Opened) -> None:
        """Open the run; a worker opens the first of those it has."""
        event.stop()
        if (run := self.subject()) is not None:
            self.graft.open_run(run)
        else:
            self.say("this worker has nothing to do now", Tone.DIM)

    def action_logs(self) -> None:
        """Open its log."""
        if (run := self.subject()) is not None:
            self.graft.open_run(run, "logs", self.subject_step())


def _since(each: Work) -> float | None:
    if each.worker is not None:
        return each.worker.started
    if each.waiting is not None:
        return each.waiting.created
    assert each.run is not None
    return each.run.started if each.step is None else each.step.started


def _number(each: Work) -> Line:
    if each.worker is not None:
        return [(f"#{each.worker.number}", Tone.BOLD)]
    return [(short(each.run), Tone.KEY)] if each.run is not None and each.step is None else []


def _what(each: Work) -> Line:
    indent = "  " * each.depth
    if each.worker is not None:
        taken = f"  {len(each.worker.runs)} of {plural(each.worker.slots, 'run')}"
        return [(", ".join(each.worker.labels), Tone.BOLD), (taken, Tone.DIM)]
    assert each.run is not None
    if each.step is not None:
        return [(f"{indent}  {each.step.path}", Tone.TEXT)]
    named: Line = [(f"{indent}{each.run.pipeline}", Tone.BOLD)]
    if each.waiting is None:
        return named
    wanted = (f"  for {', '.join(each.waiting.labels)}", Tone.TEXT)
    nobody = f"  nobody serves {', '.join(each.unserved)}" if each.unserved else ""
    return [*named, wanted, (nobody, Tone.YELLOW)]


def _host(each: Work) -> Line:
    if each.worker is not None:
        return [(each.worker.host, Tone.DIM)]
    if each.run is None or each.step is not None or each.waiting is not None:
        return []
    return [(each.run.host or "unknown", Tone.DIM)]


def _process(each: Work) -> Line:
    if each.worker is not None:
        return [(str(each.worker.pid), Tone.DIM)]
    has_none = each.run is None or each.step is not None or each.run.pid is None
    return [] if has_none or each.run is None else [(str(each.run.pid), Tone.DIM)]


def _beat(each: Work) -> Line:
    if each.worker is None:
        return []
    is_lost = each.worker.state is WorkerState.LOST
    return [(duration_text(each.worker.beat_age_s), Tone.RED if is_lost else Tone.DIM)]


def _count(each: Work) -> Line:
    return [] if each.usage is None else [(plural(each.usage.processes, "process"), Tone.DIM)]


def _memory(each: Work) -> Line:
    return [] if each.usage is None else [(size_text(each.usage.memory), Tone.TEXT)]


def _cpu(each: Work) -> Line:
    return [] if each.usage is None else [(duration_text(each.usage.cpu_s), Tone.DIM)]
