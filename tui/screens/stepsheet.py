"""Everything about one step: why it failed and where, what went in and came out, its numbers, its attempts."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from ...core.causewords import cause_text
from ...core.document import metrics_of, roll_up
from ...core.folding import Row
from ...core.moments import ago, local
from ...core.place import seen_from
from ...core.quantities import duration_text, size_text
from ...core.reasons import reason_text
from ...core.records import dataclass
from ...core.runs import Attempt, Frame, Snapshot, StepError, StepRun
from ...core.signs import MARKS
from ...core.states import Status
from ...core.text import clean, cut, metric_text
from ...core.undeclared import GUARD_ROLE
from ...core.whys import StepWhy
from ..glyphs import Glyphs
from ..tones import TONE_OF, Line, Span, Tone
from .runlines import state_span, value_lines

FRAMES = 6
"""Innermost frames of the user's code that are shown."""
AROUND = 3
"""Lines of source before and after the one that failed."""
SPARKS = 40
"""Columns of a sparkline."""
CAUSES = 8
"""Differences from the last success that are named."""
VALUE = 28
"""Columns of a value before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFacts:
    """What is read of a step when somebody looks at it."""

    step: StepRun
    attempts: Sequence[Attempt] = ()
    snapshot: Snapshot | None = None
    """The recorded code, of a step that failed; None: not read."""
    root: str = "/"
    """Project root, which files are named from."""
    why: StepWhy | None = None
    """Of a step that failed: what differs from its last success; None: not known."""
    waits: tuple[str, ...] = ()
    """Of a step that has not begun: paths of those it waits for still."""
    now: float = 0.0
    """Wall time."""


def step_sheet(facts: StepFacts, glyphs: Glyphs, state: Status) -> list[Line]:
    """Return the lines of a step; a failure comes first."""
    step = facts.step
    told = [reason_text(step.reason)]
    told += [f"attempt {step.attempts}"] if step.attempts > 1 else []
    told += [f"reused from {step.cached_from[:6]}"] if step.cached_from else []
    lines: list[Line] = [
        [state_span(state, glyphs), (f"  {step.path}", Tone.BOLD)],
        [(glyphs.dot.join(text for text in told if text), Tone.DIM)],
    ]
    if step.error is not None and step.state is Status.FAILURE:
        lines += error_lines(step.error, facts, glyphs)
        lines += _part("since its last success", _changed(facts, glyphs))
    lines += _part("planned, waiting for", [[(f"  {path}", Tone.TEXT)] for path in facts.waits])
    lines += _cost_lines(step)
    lines += _part("parameters", value_lines(step.params))
    lines += _part("needs", [[(f"  {need}", Tone.TEXT)] for need in step.needs[:20]])
    lines += _part("outputs", _output_lines(step))
    lines += _part("metrics", metric_sheet([step], glyphs))
    lines += _part("attempts", [_attempt_line(each, glyphs) for each in facts.attempts if len(facts.attempts) > 1])
    return lines


def family_sheet(row: Row, members: Sequence[StepRun], glyphs: Glyphs) -> list[Line]:
    """Return the lines of a folded family: where its members stand, how long they took, which failed."""
    counts = Counter(step.state for step in members)
    lines: list[Line] = [[(f"{row.path}", Tone.BOLD), (f"  {glyphs.times}{len(members):,}", Tone.DIM)], []]
    for status in Status:
        if counts[status]:
            lines.append([state_span(status, glyphs), (f"  {counts[status]:,}", Tone.TEXT)])
    seconds = sorted(step.seconds for step in members if step.seconds is not None)
    if seconds:
        middle = seconds[len(seconds) // 2]
        shown = f"{duration_text(seconds[0])} {glyphs.dot.strip()} {duration_text(middle)}"
        shown += f" {glyphs.dot.strip()} {duration_text(seconds[-1])}"
        lines += [[], [("shortest, median, longest  ", Tone.DIM), (shown, Tone.TEXT)]]
    for step in [step for step in members if step.state is Status.FAILURE][:10]:
        cause = step.error.type if step.error is not None else reason_text(step.reason)
        lines += [[], [state_span(Status.FAILURE, glyphs), (f"  {step.path}", Tone.BOLD)], [(cause, Tone.RED)]]
    lines += [[], [("enter", Tone.KEY), (" shows or hides its members", Tone.DIM)]]
    return lines


def error_lines(error: StepError, facts: StepFacts, glyphs: Glyphs) -> list[Line]:
    """Return what was raised, where, with the source around it, and with which inputs."""
    message = clean(error.message, keep_lines=True).strip().split("\n")
    first = f"{clean(error.type)}: {message[0]}" if message[0] else clean(error.type)
    lines: list[Line] = [[], [(first, Tone.RED)], *[[(text, Tone.RED)] for text in message[1:]]]
    frames = error.frames[-FRAMES:][::-1]
    for at, frame in enumerate(frames):
        place = f"{seen_from(facts.root, frame.file)}:{frame.line}"
        lines += [[], [(f"  {place}", Tone.BOLD), (f" in {frame.function}", Tone.DIM)]]
        around = _source(frame, facts) if at == 0 else []
        lines += [_source_line(number, text, frame.line, glyphs) for number, text in around] or [
            [(f"      {frame.code}", Tone.TEXT)]
        ]
    if frames:
        lines += [[], [("  e", Tone.KEY), (" opens the line in your editor", Tone.DIM)]]
    if not frames and error.traceback:
        lines += [[], *[[(f"  {text}", Tone.DIM)] for text in clean(error.traceback, keep_lines=True).split("\n")]]
    return lines + _part("inputs", value_lines(error.inputs))


def metric_sheet(steps: Sequence[StepRun], glyphs: Glyphs) -> list[Line]:
    """Return a line for each metric: its last value, and how it went there."""
    found: Mapping[str, object] = roll_up(steps) if len(steps) != 1 else metrics_of(steps[0])
    histories: dict[str, list[float]] = {}
    for step in steps:
        for point in step.metrics:
            if isinstance(point.value, int | float) and not isinstance(point.value, bool):
                histories.setdefault(point.key, []).append(float(point.value))
    width = max((len(clean(name)) for name in found), default=0)
    lines: list[Line] = []
    for name, value in found.items():
        numbers = histories.get(name, [])
        if isinstance(value, list):
            numbers = [float(each) for each in value if isinstance(each, int | float)]
        text = cut(metric_text(value), VALUE, ellipsis=glyphs.ellipsis)
        line: list[Span] = [(f"  {clean(name):<{width}}  ", Tone.DIM), (f"{text:<12}", Tone.BOLD)]
        if len(numbers) > 1:
            line += [(f"  {sparkline(numbers, glyphs, SPARKS)}", Tone.CYAN)]
            line += [(f"  {len(numbers):,} values, {min(numbers):.4g} to {max(numbers):.4g}", Tone.DIM)]
        lines.append(line)
    return lines


def sparkline(numbers: Sequence[float], glyphs: Glyphs, width: int) -> str:
    """Return numbers as a line of bars; of more than fit, the last of each stretch. What is no number is a blank."""
    if len(numbers) > width:
        numbers = [numbers[(at + 1) * len(numbers) // width - 1] for at in range(width)]
    finite = [number for number in numbers if math.isfinite(number)]
    if not finite:
        return ""
    low, high = min(finite), max(finite)
    top = len(glyphs.bars) - 1
    scale = top / (high - low) if high > low else 0.0
    return "".join(
        glyphs.bars[round((number - low) * scale) if scale else top // 2] if math.isfinite(number) else " "
        for number in numbers
    )


def _changed(facts: StepFacts, glyphs: Glyphs) -> list[Line]:
    """Return what differs from the last success, a line each; `w` shows the changed lines."""
    why = facts.why
    if why is None or why.compared is None:
        return []
    arrow = "->" if glyphs.is_ascii else "→"
    lines: list[Line] = [
        [(f"  {cause_text(each, arrow=arrow, more=glyphs.ellipsis)}", Tone.YELLOW)] for each in why.causes[:CAUSES]
    ]
    if not lines:
        lines.append([("  nothing it depends on is known to differ", Tone.DIM)])
    said = f"  run {why.compared.run[:6]} {ago(why.compared.at, facts.now)}"
    return [*lines, [(said, Tone.DIM), ("  w", Tone.KEY), (" shows the lines", Tone.DIM)]]


def _cost_lines(step: StepRun) -> list[Line]:
    facts: dict[str, str] = {}
    if step.started is not None:
        facts["started"] = local(step.started)
    if step.seconds is not None:
        facts["took"] = duration_text(step.seconds)
    if step.cpu_seconds is not None:
        facts["cpu"] = duration_text(step.cpu_seconds)
    if step.peak_bytes is not None:
        facts["memory"] = size_text(step.peak_bytes)
    return [[], *[[(f"  {name:<8}  ", Tone.DIM), (text, Tone.TEXT)] for name, text in facts.items()]] if facts else []


def _output_lines(step: StepRun) -> list[Line]:
    return [
        [
            (f"  {output.name}", Tone.BOLD),
            (f"  {output.ref.serializer}  {size_text(output.ref.size)}  {output.ref.sha256[:10]}", Tone.DIM),
        ]
        for output in step.outputs[:50]
        if output.role not in ("metric", GUARD_ROLE)
    ]


def _attempt_line(attempt: Attempt, glyphs: Glyphs) -> Line:
    mark = MARKS[attempt.state]
    cause = attempt.error.type if attempt.error is not None else reason_text(attempt.reason)
    return [
        (f"  {attempt.n}  ", Tone.DIM),
        (f"{glyphs.of(mark)} {mark.word:<11}", TONE_OF[mark.ink]),
        (f"  {duration_text(attempt.seconds):>6}  ", Tone.TEXT),
        (cause, Tone.DIM),
    ]


def _part(title: str, lines: Sequence[Line]) -> list[Line]:
    return [[], [(title, Tone.TITLE)], *lines] if lines else []


def _source(frame: Frame, facts: StepFacts) -> list[tuple[int, str]]:
    """Return the lines around one, as the run recorded them; nothing when the code is not at hand."""
    snapshot = facts.snapshot
    if snapshot is None:
        return []
    name = seen_from(facts.root, frame.file)
    data = snapshot.contents.get(snapshot.files.get(name, ""))
    if data is None:
        return []
    lines = data.decode("utf-8", "replace").split("\n")
    first, last = max(1, frame.line - AROUND), min(len(lines), frame.line + AROUND)
    return [(number, lines[number - 1]) for number in range(first, last + 1)]


def _source_line(number: int, text: str, here: int, glyphs: Glyphs) -> Line:
    is_here = number == here
    return [
        (f"  {glyphs.cursor if is_here else ' '} {number:>4} {glyphs.wall} ", Tone.RED if is_here else Tone.RULE),
        (text, Tone.BOLD if is_here else Tone.DIM),
    ]
