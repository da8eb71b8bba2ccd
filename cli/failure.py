"""The panel of a failed step: what was raised, where in the user's code, with which inputs, and what to do next."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from shlex import quote

from ..core.document import root_failures
from ..core.loglines import Lines
from ..core.place import seen_from
from ..core.ports import LogChunk
from ..core.quantities import duration_text
from ..core.reasons import reason_text
from ..core.runs import Frame, StepError, StepRun
from ..core.states import Reason, Status
from .look import Ink, Look
from .text import clean, columns, cut, pad

FRAMES = 5
"""Innermost frames of the user's code that are shown."""
LOG_LINES = 10
MESSAGE_LINES = 6
_TAIL_BYTES = 64 * 1024


def failure_panel(look: Look, step: StepRun, log: Sequence[str], here: str) -> list[str]:
    """Return the lines that explain why a step failed.

    Args:
        log: last lines of what the step wrote, as `tail` returns them.
        here: directory the person stands in, which files are named from.
    """
    error = step.error or StepError(type=step.reason or "failed", message="")
    lines = _title(look, step, error)
    lines += _frames(look, error.frames[-FRAMES:], here)
    lines += _inputs(look, error)
    if log:
        lines += [look.paint("  last lines of its log", Ink.DIM)]
        lines += [_fit(look, f"    {line}") for line in log]
    return lines


def next_commands(look: Look, commands: Sequence[tuple[str, str]]) -> list[str]:
    """Return commands with what they do, under a heading."""
    width = max(columns(command) for command, _ in commands)
    lines = [f"  {pad(command, width)}  {look.paint(what, Ink.DIM)}" for command, what in commands]
    return [look.paint("next", Ink.DIM), *lines]


def log_command(short: str, steps: Sequence[StepRun]) -> list[tuple[str, str]]:
    """Return the command that shows all that the first failed step wrote; nothing when none failed."""
    failed = root_failures(steps)[:1]
    return [(f"graft logs {short} {quote(clean(step.path))}", "all it wrote") for step in failed]


def debug_command(short: str, steps: Sequence[StepRun]) -> list[tuple[str, str]]:
    """Return the command that opens a debugger in the first failed step; nothing when none failed by itself."""
    failed = [step for step in root_failures(steps) if step.reason != Reason.INSIDE][:1]
    return [(f"graft debug {short} {quote(clean(step.path))}", "the step again, in a debugger") for step in failed]


def tail(chunks: Iterable[LogChunk], count: int = LOG_LINES) -> list[str]:
    """Return the last lines of captured output, clean; what graftline itself said is left out."""
    kept: deque[LogChunk] = deque()
    size = 0
    for chunk in chunks:
        if chunk.stream == "system":
            continue
        kept.append(chunk)
        size += len(chunk.data)
        while size - len(kept[0].data) > _TAIL_BYTES:
            size -= len(kept.popleft().data)
    joined = Lines()
    found = [line for chunk in kept for line in joined.take(chunk)]
    found += joined.rest()
    return [clean(line.text) for line in found[-count:]]


def _title(look: Look, step: StepRun, error: StepError) -> list[str]:
    told = [reason_text(step.reason)]
    told += [f"attempt {step.attempts}"] if step.attempts > 1 else []
    told += [f"after {duration_text(step.seconds)}"] if step.seconds is not None else []
    state = look.state(Status.FAILURE)
    name = _fit(look, clean(step.path), columns(state) + 2)
    head = f"{look.paint(state, Ink.RED)}  {look.paint(name, Ink.BOLD)}"
    facts = _fit(look, ", ".join(text for text in told if text), columns(state) + columns(name) + 4)
    message = clean(error.message, keep_lines=True).strip().split("\n")
    first = f"{clean(error.type)}: {message[0]}" if message[0] else clean(error.type)
    shown = [first, *message[1:MESSAGE_LINES]]
    if len(message) > MESSAGE_LINES:
        shown.append(look.said(f"… {len(message) - MESSAGE_LINES} more lines"))
    return [
        f"{head}  {look.paint(facts, Ink.DIM)}".rstrip(),
        *(look.paint(_fit(look, f"  {s}"), Ink.RED) for s in shown),
    ]


def _frames(look: Look, frames: Sequence[Frame], here: str) -> list[str]:
    lines = []
    for frame in frames:
        lines.append(_fit(look, f"  {clean(seen_from(here, frame.file))}:{frame.line} in {clean(frame.function)}"))
        if frame.code:
            lines.append(_fit(look, f"      {clean(frame.code)}"))
    return lines


def _inputs(look: Look, error: StepError) -> list[str]:
    if not error.inputs:
        return []
    width = max(columns(clean(name)) for name in error.inputs)
    lines = [look.paint("  inputs", Ink.DIM)]
    lines += [_fit(look, f"    {pad(clean(name), width)}  {clean(what)}") for name, what in error.inputs.items()]
    return lines


def _fit(look: Look, text: str, taken: int = 0) -> str:
    """Cut a text to what a line has left after `taken` columns."""
    return cut(text, max(0, look.width - taken), ellipsis=look.ellipsis)
