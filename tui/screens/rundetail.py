"""The sheet beside the parts of a run: the step at hand, read as the cursor rests on it; and what the run uses now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.errors import GraftError
from ...core.ids import RunId
from ...core.quantities import size_text
from ...core.runs import StepRun
from ...core.states import Status
from ...core.whys import StepWhy
from ...core.workspace import Workspace
from ..bridge import begin
from ..tones import Line, Span, Tone
from ..usage import Usage, sampled
from ..widgets.sheet import Sheet
from .steplist import is_family
from .stepsheet import SPARKS, StepFacts, family_sheet, sparkline, step_sheet

if TYPE_CHECKING:
    from .run import RunScreen  # the screen has one of these

SAMPLES = 60
"""Seconds of what a run uses that are drawn."""


class Details:
    """What stands in the sheet."""

    def __init__(self, page: RunScreen) -> None:
        self._page = page
        self._shown: tuple[str, Status] | None = None
        self._whys: dict[tuple[str, int], StepWhy | None] = {}
        """By path and attempt: what differs from a failed step's last success is worked out once."""
        self.usage: list[Usage] = []

    async def show(self) -> None:
        """Show what is at hand.

        Raises:
            GraftError: it cannot be read.
        """
        page = self._page
        sheet, told = page.query_one("#detail", Sheet), page.told
        part = page.part
        row = page.row_at_hand()
        if told is None or not sheet.display:
            return
        if part is not None and await part.fill(told, sheet):
            return
        if row is None:
            return
        glyphs = page.graft.glyphs
        step = told.step(row.members[0])
        if is_family(row) or step is None:
            members = [told.by_path[path] for path in row.members if path in told.by_path]
            sheet.show(family_sheet(row, members, glyphs), is_new=self._is_new(row.path, Status.PENDING))
            return
        state = told.lines.states[step.path]
        facts = await self._read(step)
        if page.step == step.path:
            sheet.show(step_sheet(facts, glyphs, state), is_new=self._is_new(step.path, state))

    async def _read(self, step: StepRun) -> StepFacts:
        page = self._page
        assert page.told is not None
        run, told = page.run.id, page.told
        root = told.spec.target.root if told.spec is not None else "/"
        path, has_failed = step.path, step.state is Status.FAILURE and step.error is not None
        waits = tuple(need for need in step.needs if not _is_done(told.step(need)))
        known = self._whys

        def read(space: Workspace) -> StepFacts:
            attempts = space.attempts(run, path).get(path, ())
            snapshot = space.snapshot(run) if has_failed else None
            key = (path, step.attempts)
            if has_failed and key not in known:
                known[key] = _why(space, run, path)
            return StepFacts(
                step=step,
                attempts=attempts,
                snapshot=snapshot,
                root=root,
                why=known.get(key),
                waits=waits if step.state is Status.PENDING else (),
                now=space.parts.clock(),
            )

        return await page.ask(read)

    def _is_new(self, path: str, state: Status) -> bool:
        is_new = self._shown is None or self._shown[0] != path
        self._shown = (path, state)
        return is_new

    # -- what it uses now ------------------------------------------------------------------------------------------

    def sample(self) -> None:
        """Look at the processes of the run, on a thread."""
        pid, host = self._page.run.pid, self._page.run.host
        if pid is None:
            return

        async def work() -> None:
            found = await self._page.ask(lambda _: sampled(pid, host))
            if found is None:
                self.usage.clear()
            else:
                self.usage = [*self.usage[-SAMPLES:], found]

        begin(self._page, work, "usage")

    def usage_line(self) -> Line:
        """Return processors and memory that the processes of a run use now, and how that went; nothing when over."""
        page = self._page
        if len(self.usage) < 2 or page.run.state is not Status.STARTED:
            return ()
        glyphs = page.graft.glyphs
        cpu = [
            (two.cpu_s - one.cpu_s) / max(0.01, two.at - one.at)
            for one, two in zip(self.usage, self.usage[1:], strict=False)
        ]
        memory = [float(each.rss_bytes) for each in self.usage[1:]]
        room = max(4, min(SPARKS, (page.size.width - 50) // 2))
        line: list[Span] = [
            ("cpu ", Tone.DIM),
            (f"{max(0.0, cpu[-1]):.1f} ", Tone.BOLD),
            (sparkline([0.0, *cpu], glyphs, room)[1:], Tone.CYAN),
            ("  memory ", Tone.DIM),
            (f"{size_text(int(memory[-1]))} ", Tone.BOLD),
            (sparkline([0.0, *memory], glyphs, room)[1:], Tone.CYAN),
            (f"  {self.usage[-1].processes} processes", Tone.DIM),
        ]
        return line


def _is_done(step: StepRun | None) -> bool:
    return step is None or step.state.is_good or step.state is Status.SKIPPED


def _why(space: Workspace, run: RunId, path: str) -> StepWhy | None:
    """Return what differs from a step's last success; None: it is not known."""
    try:
        told = space.inquiry.why(run, path)
    except GraftError:
        return None
    return told if isinstance(told, StepWhy) else None
