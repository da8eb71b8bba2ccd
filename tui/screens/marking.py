"""Runs that were marked in a list, and what is done to all of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType

from ...core.errors import GraftError
from ...core.ids import RunId
from ...core.ports import RunQuery
from ...core.runs import Run
from ...core.states import Status
from ...core.text import plural
from ...core.workspace import Workspace
from ..bridge import begin
from ..keys import bindings
from ..tones import Line, Tone
from ..widgets.grid import Grid
from .deeds import RunDeeds
from .runlines import SHORT

NAMED = 12
"""Runs that a question names."""
EARLIER = 20
"""Runs among which the one before is looked for."""


class Marking(RunDeeds):
    """A list of runs with marks."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("runs.mark", "runs.compare")]

    def __init__(self) -> None:
        super().__init__()
        self.marked: dict[RunId, Run] = {}
        """In the order they were marked."""

    @property
    def grid(self) -> Grid[Run]:
        """Return the list."""
        return self.query_one("#list", Grid)

    def is_marked(self, run: Run) -> bool:
        """Tell whether a run is marked."""
        return run.id in self.marked

    def reason_against(self, key_id: str) -> str:
        """Say why something cannot be done now; empty: it can."""
        if key_id in ("run.cancel", "run.kill") and self.marked:
            return super().reason_against("run.marked")
        if key_id == "runs.compare" and len(self.marked) > 8:
            return f"{len(self.marked)} runs are marked; at most 8 are compared"
        return super().reason_against(key_id)

    def action_mark(self) -> None:
        """Mark the run at the cursor, or take its mark, and go on to the next."""
        run = self.grid.current
        if run is None:
            return
        if self.marked.pop(run.id, None) is None:
            self.marked[run.id] = run
        self.grid.action_move(1)
        self.grid.refresh()
        self.show_bars()

    def forget_marks(self) -> bool:
        """Take all marks; False: there were none."""
        had, self.marked = bool(self.marked), {}
        self.grid.refresh()
        self.show_bars()
        return had

    def action_cancel(self) -> None:
        """Stop all that are marked, after a question; else the run at the cursor."""
        if self.marked:
            self._stop_marked(is_hard=False)
        else:
            super().action_cancel()

    def action_kill(self) -> None:
        """Kill all that are marked, after a question; else the run at the cursor."""
        if self.marked:
            self._stop_marked(is_hard=True)
        else:
            super().action_kill()

    def _stop_marked(self, *, is_hard: bool) -> None:
        if reason := self.reason_against("run.kill"):
            self.say(reason, Tone.YELLOW)
            return
        runs = list(self.marked)
        flag = " --kill" if is_hard else ""
        lines: list[Line] = [
            [(f"  {self.marked[run].id[:SHORT]}  {self.marked[run].pipeline}", Tone.TEXT)] for run in runs[:NAMED]
        ]
        lines += [[(f"  and {len(runs) - NAMED:,} more", Tone.DIM)]] if len(runs) > NAMED else []

        def answered(answer: bool | None) -> None:
            if answer:
                self.forget_marks()
                self.do(
                    lambda space: _cancel_all(space, runs, is_hard=is_hard), f"graft cancel {runs[0][:SHORT]}{flag} …"
                )

        from .dialog import Confirm

        verb = "Kill" if is_hard else "Stop"
        command = f"graft cancel RUN{flag}   for each"
        self.app.push_screen(Confirm(f"{verb} {plural(len(runs), 'run')}?", lines, command), answered)

    def action_compare(self) -> None:
        """Compare the marked runs, oldest first; of one, with the one before it."""
        if reason := self.reason_against("runs.compare"):
            self.say(reason, Tone.YELLOW)
            return
        begin(self, self._compare, "compare")

    async def _compare(self) -> None:
        chosen = sorted(self.marked.values(), key=lambda run: run.created)
        current = self.grid.current
        if len(chosen) < 2 and (only := chosen[0] if chosen else current) is not None:
            try:
                before = await self.ask(lambda space: _before(space, only))
            except GraftError as error:
                self.complain(error)
                return
            chosen = [before, only] if before is not None else []
        if len(chosen) < 2:
            self.say("no earlier run of its pipeline; space marks runs, 2 to 8 are compared", Tone.YELLOW)
            return
        from .compare import Compare

        self.app.push_screen(Compare([run.id for run in chosen]))


def _before(space: Workspace, run: Run) -> Run | None:
    query = RunQuery(
        project=run.project, pipeline=run.pipeline, before=(run.created, run.id), with_children=True, limit=EARLIER
    )
    runs = space.runs(query)
    return next((each for each in runs if each.state.is_final), None)


def _cancel_all(space: Workspace, runs: Sequence[RunId], *, is_hard: bool) -> str:
    states = [space.cancel(run, is_hard=is_hard) for run in runs]
    asked = sum(not state.is_final for state in states)
    over = sum(state.is_final and state is not Status.CANCELLED for state in states)
    told = [f"{asked} asked to stop" if asked else "", f"{over} were over" if over else ""]
    told += [f"{len(runs) - asked - over} cancelled" if len(runs) > asked + over else ""]
    return ", ".join(each for each in told if each)
