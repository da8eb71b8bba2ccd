"""Why a step is where it is, over the screen of its run: what it depends on that changed, with the changed lines."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from ...core.causewords import cause_note, cause_text, verdict_text
from ...core.keys import CauseKind
from ...core.moments import ago
from ...core.reasons import reason_text
from ...core.runs import Run
from ...core.states import Status
from ...core.text import clean, plural
from ...core.whys import Because, Compared, RunWhy, StepWhy
from ...core.workspace import Workspace
from ..glyphs import Glyphs
from ..tones import Line, Span, Tone
from .dialog import Dialog
from .runlines import SHORT, state_span

MOST = 200
"""Changed lines of one cause that are shown."""
NAMED = 4


class Why(Dialog[None]):
    """The answer, to be scrolled."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("w,q,enter", "back", "close")]

    def __init__(self, run: Run, step: str, lines: Sequence[Line]) -> None:
        super().__init__()
        self._run, self._step, self._lines = run, step, lines

    def draw(self) -> None:
        """Show the answer and the command that gives it."""
        command = f"graft why {self._run.id[:SHORT]} {shlex.quote(self._step)}"
        lines = [*self._lines, [], [("$ ", Tone.DIM), (command, Tone.CYAN)]]
        keys: list[Span] = [("esc", Tone.KEY), (" close", Tone.DIM)]
        self.show([("why  ", Tone.DIM), (self._step, Tone.BOLD)], lines, keys)


def why_lines(space: Workspace, run: Run, step: str, glyphs: Glyphs) -> list[Line]:
    """Return why a step is where it is, of a composite why the steps inside are; for a thread.

    Raises:
        GraftError: it cannot be read.
    """
    told = space.inquiry.why(run.id, step)
    now = space.parts.clock()
    return _inside(told, glyphs) if isinstance(told, RunWhy) else step_lines(told, glyphs, now)


def step_lines(why: StepWhy, glyphs: Glyphs, now: float) -> list[Line]:
    """Return why one step is where it is, with everything that changed."""
    lines: list[Line] = [[state_span(why.state, glyphs), (f"  {headline(why, now)}", Tone.TEXT)]]
    for because in why.causes:
        lines += [[], *because_lines(because, glyphs)]
    if not why.causes and (note := _unchanged(why, now)):
        lines += [[], [(note, Tone.DIM)]]
    return lines


def headline(why: StepWhy, now: float) -> str:
    """Return the answer in one line."""
    if why.reused is not None:
        return f"reused from {_said(why.reused, now)}"
    if why.state is Status.SKIPPED:
        names = ", ".join(clean(path) for path in why.blocked_by[:NAMED])
        text = reason_text(why.reason) or "it was not to be run"
        return f"skipped: {text}{f': {names}' if names else ''}"
    if why.verdict is None:
        return "it has not run yet" if why.state is Status.PENDING else "why it ran is not on record"
    since = ""
    if why.compared is not None and why.causes:
        what = "its last success" if why.state is Status.FAILURE else "its last result"
        since = f" since {what}, of {_said(why.compared, now)}"
    return f"{'it runs' if why.state is Status.STARTED else 'it ran'}: {verdict_text(why.verdict, why.detail)}{since}"


def because_lines(because: Because, glyphs: Glyphs) -> list[Line]:
    """Return one cause with its changed lines."""
    arrow = "->" if glyphs.is_ascii else "→"
    kind = because.cause.kind
    text = cause_text(because, arrow=arrow, more=glyphs.ellipsis).removeprefix(f"{kind.value} ")
    note = cause_note(because, lambda run: run[:SHORT], arrow=arrow)
    head: list[Span] = [(f"{kind.value:<9}  ", Tone.DIM), (text, Tone.BOLD)]
    lines: list[Line] = [[*head, (f"  {note}" if note else "", Tone.DIM)]]
    if kind is CauseKind.CODE and not because.hunks:
        lines.append([("  (its lines are not on record)", Tone.DIM)])
    changed: list[Line] = []
    for hunk in because.hunks:
        changed.append([(f"  @@ line {hunk.new} @@", Tone.CYAN)])
        changed += [[(f"  {line}", {"-": Tone.RED, "+": Tone.GREEN}.get(line[0], Tone.DIM))] for line in hunk.lines]
    if len(changed) > MOST:
        changed = [*changed[:MOST], [(f"  {plural(len(changed) - MOST, 'more line')}", Tone.DIM)]]
    return lines + changed


def _inside(why: RunWhy, glyphs: Glyphs) -> list[Line]:
    lines: list[Line] = []
    for group in (*why.groups, *why.skipped):
        names = ", ".join(clean(path) for path in group.paths[:NAMED])
        more = f" and {len(group.paths) - NAMED:,} more" if len(group.paths) > NAMED else ""
        lines += [[state_span(group.why.state, glyphs), (f"  {names}{more}", Tone.BOLD)]]
        lines += [[(f"  {headline(group.why, 0.0).partition(' since')[0]}", Tone.TEXT)], []]
    for run, paths in why.reused.items():
        lines.append([(f"{plural(len(paths), 'step')} reused from run {run[:SHORT]}", Tone.CYAN)])
    if why.waiting:
        lines.append([(f"{plural(len(why.waiting), 'step')} not run yet", Tone.DIM)])
    return lines or [[("nothing inside has run", Tone.DIM)]]


def _unchanged(why: StepWhy, now: float) -> str:
    if why.held:
        told = ", ".join(kind if kind == "code" else plural(count, kind) for kind, count in why.held.items())
        return f"what it depends on is what it was: {told}"
    if why.compared is not None and why.state is Status.FAILURE:
        return f"nothing it depends on is known to differ from its last success, of {_said(why.compared, now)}"
    return ""


def _said(compared: Compared, now: float) -> str:
    when = ago(compared.at, now)
    return f"run {compared.run[:SHORT]}{f' ({when})' if when else ''}"
