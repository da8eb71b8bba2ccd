"""What can be asked about one step of a run, and done with it: why it ran, and the step again in a debugger."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from typing import ClassVar

from textual.app import SuspendNotSupported
from textual.binding import BindingType

from ...core.errors import GraftError
from ...core.roles import ANY
from ...core.runs import Run
from ...core.states import Status
from ...core.workspace import Workspace
from ..bridge import begin
from ..keys import bindings
from ..tones import Line, Tone
from .deeds import RunDeeds

DEBUGGED = "a step of a family: enter shows its members, one of them can be debugged"


class StepDeeds(RunDeeds):
    """A screen with a run and one of its steps at hand."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("step.why", "step.debug")]

    def reason_against(self, key_id: str) -> str:
        """Say why something cannot be done now; empty: it can."""
        if key_id not in ("step.why", "step.debug"):
            return super().reason_against(key_id)
        step = self.subject_step()
        if step is None:
            return "there is no step here"
        if ANY in step.split("/"):
            return "it stands for several steps: enter shows them"
        return ""

    def action_why(self) -> None:
        """Show why the step at hand is where it is."""
        run, step = self.may("step.why"), self.subject_step()
        if run is None or step is None:
            return

        async def work() -> None:
            from .why import Why, why_lines  # 25 ms with what answers, for this key alone

            def read(space: Workspace) -> Sequence[Line]:
                return why_lines(space, run, step, self.graft.glyphs)

            try:
                lines = await self.ask(read)
            except GraftError as error:
                self.complain(error)
                return
            self.app.push_screen(Why(run, step, lines))

        begin(self, work, "why")

    def action_debug(self) -> None:
        """Run the step again in a debugger, which takes the terminal until it is left."""
        run, step = self.may("step.debug"), self.subject_step()
        if run is None or step is None:
            return
        command = debug_command(run, step, self.bridge.store)
        try:
            with self.app.suspend():
                sys.stdout.write(f"$ graft debug {run.id[:6]} {shlex.quote(step)}\n")
                sys.stdout.flush()
                code = subprocess.run(command, check=False).returncode
                if code not in (0, 1, 130):
                    input("enter goes back to graftline ")
        except (OSError, EOFError, SuspendNotSupported) as error:
            self.say(f"the debugger could not be opened: {error}", Tone.RED)
            return
        said = {0: "it succeeded this time", 1: "it failed again", 130: "the debugger was left"}
        self.say(said.get(code, f"graft debug ended with {code}"), Tone.GREEN if code == 0 else Tone.YELLOW)
        self.stale()


def debug_command(run: Run, step: str, store: str) -> list[str]:
    """Return the command line that debugs a step, with the Python that runs this.

    Args:
        run: the step is of.
        step: its path.
        store: directory of the store's version, which the child cannot know when the store was given as an option.
    """
    home = os.path.dirname(store.rstrip("/"))  # each version of a store has a directory of its own in it
    entry = [] if run.state in (Status.FAILURE, Status.INTERRUPTED) else ["--break"]
    return [sys.executable, "-m", __package__.partition(".")[0], "--store", home, "debug", run.id, step, *entry]
