"""What can be done to a run, from the list and from its own screen alike; each says the command that does the same."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from textual.app import SuspendNotSupported
from textual.binding import BindingType

from ...core.document import root_failures
from ...core.errors import GraftError
from ...core.ids import RunId
from ...core.requests import RetryRequest
from ...core.runs import Frame, Run, StepRun
from ...core.states import Status
from ...core.workspace import Workspace
from ..keys import bindings
from ..tones import Line, Tone
from .page import Page

if TYPE_CHECKING:
    from ...core.promotion import PromotionPlan  # 20 ms that the first paint need not wait for
    from ..lookingup import LookingUp

OLD_S = 600.0
"""Seconds of work after which a cancel asks first."""
CHANGING = frozenset({"run.retry", "run.rerun", "run.promote", "run.cancel", "run.kill", "run.marked", "run.new"})
CHANGING |= {"places.watch"}
"""Ids of keys that start or stop something."""
RETRIED = (Status.FAILURE, Status.CANCELLED, Status.INTERRUPTED)


class RunDeeds(Page):
    """A screen with a run at hand."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("run.retry", "run.rerun", "run.promote", "run.cancel", "run.kill", "copy", "edit", "found.look"),
    ]

    def subject(self) -> Run | None:
        """Return the run at hand."""
        raise NotImplementedError

    def subject_step(self) -> str | None:
        """Return the path of the step at hand; None: there is none."""
        return None

    async def failed_step(self) -> StepRun | None:
        """Return the step whose failure is at hand; None: nothing failed."""
        run = self.subject()
        if run is None:
            return None
        steps = await self.ask(lambda space: space.steps(run.id))
        at_hand = [step for step in steps if step.path == self.subject_step() and step.error is not None]
        found = at_hand or (root_failures(steps) if run.state is not Status.SUCCESS else [])
        return found[0] if found else None

    def reason_against(self, key_id: str) -> str:
        """Say why something cannot be done now; empty: it can."""
        if self.graft.outside.is_read_only and key_id in CHANGING:
            return "this UI only looks: it was opened with --read-only"
        run = self.subject()
        if not key_id.startswith(("run.", "copy", "edit")) or key_id in ("run.new", "run.marked"):
            return ""
        if run is None:
            return "there is no run here"
        if key_id in ("run.cancel", "run.kill") and run.state.is_final:
            return "the run is over"
        if key_id == "run.retry" and run.state not in RETRIED:
            return "the run goes on" if not run.state.is_final else "nothing failed; ctrl+r runs it again"
        if key_id == "run.promote" and not run.state.is_final:
            return "the run goes on"
        return ""

    def copies(self) -> Mapping[str, tuple[str, str]]:
        """Return what else can be copied where one is: key -> what it is and the text."""
        return {}

    def looking_up(self) -> LookingUp:
        """Return which logs are searched from here, and for what."""
        from ..lookingup import LookingUp  # as all that the first paint need not wait for

        return LookingUp(text=self.sought_text(), project=self.bridge.project)

    def sought_text(self) -> str:
        """Return what is looked for here already, as it is typed."""
        return ""

    def action_find_lines(self) -> None:
        """Search the logs of the runs there are."""
        from .foundlines import FoundLines

        self.app.push_screen(FoundLines(self.looking_up()))

    def may(self, key_id: str) -> Run | None:
        """Return the run when something can be done to it; else say why not."""
        reason = self.reason_against(key_id)
        if reason:
            self.say(reason, Tone.YELLOW)
            return None
        return self.subject()

    # -- cancel ----------------------------------------------------------------------------------------------------

    def action_cancel(self) -> None:
        """Stop the run; work older than ten minutes is not thrown away without a question."""
        run = self.may("run.cancel")
        if run is None:
            return
        worked = self.bridge.now() - (run.started or self.bridge.now())
        if worked < OLD_S:
            self._cancel(run.id, is_hard=False)
            return
        lines: list[Line] = [
            [("It has worked for more than ten minutes. Finished steps keep their results.", Tone.TEXT)]
        ]
        self._ask_first(run, "Stop", lines, is_hard=False)

    def action_kill(self) -> None:
        """Stop the run without grace, after a question."""
        run = self.may("run.kill")
        if run is not None:
            lines: list[Line] = [[("Running steps are killed at once; they cannot clean up.", Tone.TEXT)]]
            self._ask_first(run, "Kill", lines, is_hard=True)

    def _ask_first(self, run: Run, verb: str, lines: list[Line], *, is_hard: bool) -> None:
        command = f"graft cancel {run.id[:6]}{' --kill' if is_hard else ''}"
        question = f"{verb} {run.id[:6]}  {run.pipeline}?"

        def answered(answer: bool | None) -> None:
            if answer:
                self._cancel(run.id, is_hard=is_hard)

        from .dialog import Confirm

        self.app.push_screen(Confirm(question, lines, command), answered)

    def _cancel(self, run: RunId, *, is_hard: bool) -> None:
        def call(space: Workspace) -> str:
            state = space.cancel(run, is_hard=is_hard)
            said = "asked to stop" if not state.is_final else f"is {state.value.lower()}"
            return f"{run[:6]} {said}"

        self.do(call, f"graft cancel {run[:6]}{' --kill' if is_hard else ''}")

    # -- again -----------------------------------------------------------------------------------------------------

    def action_retry(self) -> None:
        """Continue the run, after a look at what that means."""
        run = self.may("run.retry")
        if run is None:
            return

        def answered(request: RetryRequest | None) -> None:
            if request is not None:
                self.do(lambda space: f"{space.submit_retry(request)[:6]} goes on", dialog.command)

        from .retry import Retry

        dialog = Retry(self.bridge, self.graft.glyphs, run, self.subject_step())
        self.app.push_screen(dialog, answered)

    def action_rerun(self) -> None:
        """Start the run's frozen specification anew."""
        run = self.may("run.rerun")
        if run is None:
            return
        lines: list[Line] = [[("A new run with the same code, parameters and runner; this one stays.", Tone.TEXT)]]

        def call(space: Workspace) -> str:
            created = space.launch(space.rerun(run.id, origin="ui"))
            return f"{created[:6]} started"

        def answered(answer: bool | None) -> None:
            if answer:
                self.do(call, f"graft rerun {run.id[:6]}")

        from .dialog import Confirm

        self.app.push_screen(
            Confirm(f"Run {run.id[:6]}  {run.pipeline} again?", lines, f"graft rerun {run.id[:6]}"), answered
        )

    def action_promote(self) -> None:
        """Run it on another runner, after a look at everything that takes."""
        run = self.may("run.promote")
        if run is None:
            return

        def answered(plan: PromotionPlan | None) -> None:
            if plan is not None:
                self.do(lambda space: f"{space.launch(space.promoting.create(plan))[:6]} started", dialog.command)

        from .promote import Promote

        dialog = Promote(self.bridge, self.graft.glyphs, run)
        self.app.push_screen(dialog, answered)

    # -- copy and edit ---------------------------------------------------------------------------------------------

    async def action_copy(self) -> None:
        """Choose what to copy to the clipboard."""
        run = self.may("copy")
        if run is None:
            return
        try:
            failed = await self.failed_step()
        except GraftError as error:
            self.complain(error)
            return
        step = self.subject_step()
        choices = {"i": ("run id", str(run.id)), "c": ("command", f"graft show {run.id[:6]}")}
        if step is not None:
            choices["p"] = ("step", step)
            choices["l"] = ("log command", f"graft logs {run.id[:6]} {shlex.quote(step)}")
        if failed is not None and failed.error is not None:
            choices["t"] = ("traceback", failed.error.traceback or failed.error.message)
        choices |= self.copies()

        def answered(text: str | None) -> None:
            if text is not None:
                self.app.copy_to_clipboard(text)
                self.say("copied", Tone.GREEN)

        from .dialog import Choose

        self.app.push_screen(Choose("Copy", choices), answered)

    async def action_edit(self) -> None:
        """Open the failing line in the editor that the environment names."""
        if self.may("edit") is None:
            return
        try:
            failed = await self.failed_step()
        except GraftError as error:
            self.complain(error)
            return
        frames: tuple[Frame, ...] = failed.error.frames if failed is not None and failed.error is not None else ()
        if not frames:
            self.say("no line of your code is known to have failed here", Tone.YELLOW)
            return
        editor = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
        try:
            with self.app.suspend():
                subprocess.run([*editor, f"+{frames[-1].line}", frames[-1].file], check=False)
        except (OSError, SuspendNotSupported) as error:
            self.say(f"{editor[0]} could not be opened: {error}", Tone.RED)
