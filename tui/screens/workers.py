"""Who executes: the processes of live runs on this machine, and what each is at."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from ...core.errors import GraftError
from ...core.ports import RunQuery
from ...core.quantities import duration_text, size_text
from ...core.records import dataclass
from ...core.runs import Run, StepRun
from ...core.states import Status
from ...core.text import plural
from ...core.workspace import Workspace
from ..keys import bindings
from ..processes import Usage, usages
from ..tones import Line, Tone
from ..widgets.grid import Column, Grid
from ..widgets.rows import ListRows
from .deeds import RunDeeds
from .runlines import Moment, short, state_span

SHOWN = 100
"""Live runs, and running steps of each, that are listed."""
LARGE = 5000
"""Steps of a run above which those that run are not looked for: reading 10,000 takes 0.1 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A live run's host, or below it one step that runs."""

    run: Run
    step: StepRun | None = None
    usage: Usage | None = None
    """None: of another machine, or a step."""

    @property
    def id(self) -> tuple[str, str]:
        """Return what names the row for good."""
        return self.run.id, "" if self.step is None else self.step.path


class WorkersScreen(RunDeeds):
    """The list; what can be done to a run can be done from here."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("run.logs")]
    HINTS = ("row.open", "run.cancel", "run.kill", "run.logs", "back")

    def __init__(self) -> None:
        super().__init__()
        self.moment = Moment()
        self._found: list[Work] | None = None

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
        """Return where one is, and how much works."""
        live = [each for each in self._found or () if each.step is None]
        told = f"{plural(len(live), 'live run')}, {plural(len(self._found or ()) - len(live), 'running step')}"
        return [("Workers", Tone.BOLD)], [(told, Tone.DIM)]

    def status(self) -> tuple[Line, Line]:
        """Return what this machine serves."""
        labels = ", ".join(f"{name} x{count}" for name, count in self.bridge.labels.items())
        return [(f"this machine: {os.cpu_count()} cpus, labels default{', ' + labels if labels else ''}", Tone.DIM)], ()

    def _nothing(self) -> Sequence[Line]:
        if self._found is None:
            return []
        return [
            [],
            [("  No worker.", Tone.BOLD), (f"  The {self.bridge.runner} runner starts them on demand,", Tone.TEXT)],
            [("  and ends them with the run. Nothing runs now.", Tone.TEXT)],
            [],
            [("    n", Tone.KEY), (" in the list of runs starts one", Tone.DIM)],
        ]

    def _columns(self) -> list[Column[Work]]:
        glyphs = self.graft.glyphs
        return [
            Column(title="STATE", width=11, cell=lambda each: [state_span(_state(each), glyphs)]),
            Column(title="RUN", width=6, cell=lambda each: [(short(each.run) if each.step is None else "", Tone.KEY)]),
            Column(title="WHAT", width=18, share=3, cell=_what),
            Column(title="TIME", width=7, is_right=True, cell=self._time),
            Column(title="HOST", width=12, share=1, rank=3, cell=lambda each: _host(each)),
            Column(title="PROCESS", width=8, is_right=True, rank=2, cell=_process),
            Column(title="ALL OF IT", width=12, rank=4, cell=_count),
            Column(title="MEMORY", width=8, is_right=True, rank=1, cell=_memory),
            Column(title="CPU", width=8, is_right=True, rank=5, cell=_cpu),
        ]

    def on_mount(self) -> None:
        """Give the list the focus."""
        self.grid.focus()

    async def reload(self) -> None:
        """Read the runs that go on, their running steps, and what their processes hold."""
        self.moment.now = self.bridge.now()
        self._found = await self.ask(_read)
        rows: ListRows[Work] = ListRows(self._found, lambda each: each.id)
        self.grid.replace_rows(rows)

    def tick(self) -> None:
        """Let the time go on, and look at the processes again."""
        self.moment.now = self.bridge.now()
        if self._found:
            self.stale()

    def _time(self, each: Work) -> Line:
        since = each.run.started if each.step is None else each.step.started
        return [] if since is None else [(duration_text(max(0.0, self.moment.now - since)), Tone.TEXT)]

    def subject(self) -> Run | None:
        """Return the run at the cursor."""
        return None if self.grid.current is None else self.grid.current.run

    def subject_step(self) -> str | None:
        """Return the step at the cursor."""
        each = self.grid.current
        return None if each is None or each.step is None else each.step.path

    def on_grid_opened(self, event: Grid.Opened) -> None:
        """Open the run."""
        event.stop()
        if (run := self.subject()) is not None:
            self.graft.open_run(run)

    def action_logs(self) -> None:
        """Open its log."""
        if (run := self.subject()) is not None:
            self.graft.open_run(run, "logs", self.subject_step())


def _read(space: Workspace) -> list[Work]:
    runs = space.runs(RunQuery(states=(Status.STARTED,), with_children=True, limit=SHOWN))
    here = socket.gethostname()
    held = usages([run.pid for run in runs if run.pid is not None and run.host == here])
    found: list[Work] = []
    for run in runs:
        found.append(Work(run=run, usage=held.get(run.pid) if run.pid is not None else None))
        if sum(run.counts.values()) <= LARGE:
            steps = [step for step in _steps(space, run) if step.state is Status.STARTED]
            found += [Work(run=run, step=step) for step in steps[:SHOWN]]
    return found


def _steps(space: Workspace, run: Run) -> Sequence[StepRun]:
    try:
        return space.steps(run.id)
    except GraftError:
        return ()


def _state(each: Work) -> Status:
    return each.run.state if each.step is None else each.step.state


def _what(each: Work) -> Line:
    if each.step is None:
        return [(each.run.pipeline, Tone.BOLD)]
    return [(f"  {each.step.path}", Tone.TEXT)]


def _host(each: Work) -> Line:
    return [] if each.step is not None else [(each.run.host or "unknown", Tone.DIM)]


def _process(each: Work) -> Line:
    return [] if each.step is not None or each.run.pid is None else [(str(each.run.pid), Tone.DIM)]


def _count(each: Work) -> Line:
    return [] if each.usage is None else [(plural(each.usage.processes, "process"), Tone.DIM)]


def _memory(each: Work) -> Line:
    return [] if each.usage is None else [(size_text(each.usage.memory), Tone.TEXT)]


def _cpu(each: Work) -> Line:
    return [] if each.usage is None else [(duration_text(each.usage.cpu_s), Tone.DIM)]
