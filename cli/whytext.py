"""The screens of `graft why`: of one step, and of a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..core.moments import ago
from ..core.reasons import reason_text
from ..core.records import dataclass
from ..core.reusing import Verdict
from ..core.runs import StepRun
from ..core.states import Reason, Status
from ..core.whys import Compared, Group, RunWhy, StepWhy
from .causes import cause_lines, short_text, starred, verdict_text
from .failure import failure_panel, next_commands
from .look import MARKS, Ink, Look
from .table import Cell, Column, table
from .text import clean, plural

NAMES_SHOWN = 3
"""Steps of one line that are named when there are few; more are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What the screens need beside what is told."""

    look: Look
    short: Callable[[str], str]
    """Shortest prefix of a run id that names it."""
    now: float
    here: str = "/"
    """Directory the person stands in."""
    is_full: bool = False
    """Every changed line."""

    def said(self, compared: Compared) -> str:
        """Return an earlier result as "run k3f9 (2m ago)"."""
        when = ago(compared.at, self.now)
        return f"run {self.short(compared.run)}" + (f" ({when})" if when else "")

    def unkept(self, compared: Compared | None) -> str:
        """Return what is said of a result that was not kept; empty for None."""
        if compared is None:
            return ""
        return f"its result in run {self.short(compared.run)} was not kept: what it read changed, or is not known"


def step_why_lines(around: Around, why: StepWhy, step: StepRun) -> list[str]:
    """Return why one step is where it is."""
    look = around.look
    name = look.paint(f"{clean(why.path)}  {around.short(why.run)}", Ink.BOLD)
    state = look.paint(look.state(why.state), MARKS[why.state].ink)
    lines = [f"{state}  {name}{look.dot}{_headline(around, why)}"]
    if why.state is Status.FAILURE and why.error is not None:
        lines = [*failure_panel(look, step, (), around.here), "", f"  {_headline(around, why)}"]
    if why.causes:
        lines.append("")
        for because in why.causes:
            lines += cause_lines(look, because, around.short, is_full=around.is_full)
    elif (note := _no_causes(around, why)) is not None:
        lines.append(f"  {look.paint(note, Ink.DIM)}")
    return lines


def run_why_lines(around: Around, why: RunWhy, pipeline: str) -> list[str]:
    """Return why the steps of a run ran: a line for each reason."""
    look = around.look
    ran = sum(len(group.paths) for group in why.groups)
    head = look.paint(f"{clean(pipeline)}  {around.short(why.run)}", Ink.BOLD)
    lines = [f"{head}{look.dot}{_ran_text(ran, why.total)}"]
    if why.groups:
        heads = [Column(title="STEP", shrinks=True), Column(title="WHY", shrinks=True), Column(title="SINCE", rank=1)]
        lines += ["", *table(look, heads, [_row(around, group) for group in why.groups], indent=2), ""]
    for run, paths in why.reused.items():
        lines.append(look.paint(f"  {plural(len(paths), 'step')} reused from run {around.short(run)}", Ink.DIM))
    for address, paths in why.loaded.items():
        lines.append(look.paint(f"  {plural(len(paths), 'step')} loaded from {clean(address)}", Ink.DIM))
    for group in why.skipped:
        lines.append(look.paint(f"  {_names(look, group.paths)} skipped: {_skipped(group.why)}", Ink.DIM))
    if why.waiting:
        lines.append(look.paint(f"  {plural(len(why.waiting), 'step')} not run yet", Ink.DIM))
    detailed = next((group for group in why.groups if group.why.causes), None)
    if detailed is not None:
        command = f"graft why {around.short(why.run)} {clean(detailed.paths[0])}"
        lines += ["", *next_commands(look, [(command, "with the changed lines, and where values came from")])]
    return lines


def _ran_text(ran: int, total: int) -> str:
    if not ran:
        return f"nothing ran of {plural(total, 'step')}"
    return f"{ran:,} of {plural(total, 'step')} ran"


def _row(around: Around, group: Group) -> list[Cell | str]:
    why, look = group.why, around.look
    text = _reason(around, why)
    ink = (Ink.RED,) if why.state is Status.FAILURE else ()
    since = f"{around.short(why.compared.run)}" if why.compared is not None else ""
    return [Cell(_names(look, group.paths), (MARKS[why.state].ink,)), Cell(text, ink), Cell(since, (Ink.DIM,))]


def _reason(around: Around, why: StepWhy) -> str:
    text = "" if why.verdict is None else short_text(why.verdict, why.detail, why.causes, around.look)
    text = around.unkept(why.unkept) or text
    if why.state is Status.FAILURE:
        failed = f"failed: {clean(why.error.type)}" if why.error is not None else f"failed: {reason_text(why.reason)}"
        return f"{failed}; ran as {text}" if text else failed
    return text or "why it ran is not on record"


def _names(look: Look, paths: Sequence[str]) -> str:
    if len(paths) <= NAMES_SHOWN:
        return ", ".join(clean(path) for path in paths)
    families = {starred(path) for path in paths}
    named = f"{clean(next(iter(families)))}, " if len(families) == 1 else ""
    return f"{named}{plural(len(paths), 'step')}"


def _headline(around: Around, why: StepWhy) -> str:
    if why.loaded is not None:
        return f"loaded from {clean(why.loaded)}"
    if why.reused is not None:
        return f"reused from {around.said(why.reused)}"
    if why.state is Status.SKIPPED:
        return f"skipped: {_skipped(why)}"
    if why.verdict is None:
        return "it has not run yet" if why.state is Status.PENDING else "why it ran is not on record"
    since = ""
    if why.compared is not None:
        what = "its last success" if why.state is Status.FAILURE else "its last result"
        since = f" since {what}, of {around.said(why.compared)}" if why.causes else ""
    ran = "it ran: " if why.state is not Status.STARTED else "it runs: "
    return f"{ran}{around.unkept(why.unkept) or verdict_text(why.verdict, why.detail)}{since}"


def _skipped(why: StepWhy) -> str:
    names = ", ".join(clean(path) for path in why.blocked_by[:NAMES_SHOWN])
    if why.reason == Reason.BRANCH and why.branch is not None:
        return f"its branch was not taken, as '{clean(why.branch)}' was chosen"
    text = reason_text(why.reason) or "it was not to be run"
    return f"{text}: {names}" if names else text


def _no_causes(around: Around, why: StepWhy) -> str | None:
    """Return what is said of a step without causes."""
    if why.held:
        told = ", ".join(_held(kind, count) for kind, count in why.held.items())
        return f"what it depends on is what it was: {told}"
    if why.state is Status.FAILURE and why.compared is not None:
        return f"nothing it depends on is known to differ from its last success, of {around.said(why.compared)}"
    if why.compared is not None and why.verdict in (Verdict.FORCED, Verdict.DAMAGED, Verdict.SOURCE, Verdict.EXPIRED):
        return f"nothing else differs from its last result, of {around.said(why.compared)}"
    return None


def _held(kind: str, count: int) -> str:
    return kind if kind == "code" else plural(count, kind)
