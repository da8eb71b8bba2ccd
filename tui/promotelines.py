"""A promotion as lines: what was looked at before it, and how far both runs agree after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

from ..core.agreement import Agreed, Agreement
from ..core.promotion import Check, PromotionPlan, Standing, Subject
from ..core.quantities import size_text
from ..core.states import Status
from ..core.text import clean, plural
from ..core.verification import Compared, Level
from .glyphs import Glyphs
from .tones import Line, Tone, padded

_WORDS = {Standing.GOOD: "ok", Standing.NOTED: "note", Standing.UNKNOWN: "unknown", Standing.BAD: "no"}
_TONES = {
    Standing.GOOD: Tone.GREEN,
    Standing.NOTED: Tone.YELLOW,
    Standing.UNKNOWN: Tone.YELLOW,
    Standing.BAD: Tone.RED,
}
_LEVELS = {Level.IDENTICAL: Tone.GREEN, Level.EQUAL: Tone.YELLOW, Level.DIFFERENT: Tone.RED}
_SIGN = 10
"""Columns of sign and word."""
_SUBJECT = 11
SHOWN = 200
"""Outputs that are listed: what is different of more than that stands in the document of the command."""


def sign(standing: Standing, glyphs: Glyphs) -> str:
    """Return the sign and the word of how a look came out."""
    known = {Standing.GOOD: Status.SUCCESS, Standing.BAD: Status.FAILURE}.get(standing)
    mark = glyphs.sign(known) if known is not None else "?" if standing is Standing.UNKNOWN else "!"
    return f"{mark} {_WORDS[standing]}"


def runner_line(checks: Sequence[Check], glyphs: Glyphs) -> Line:
    """Return how a runner is, as it stands beside its name."""
    check = next(each for each in checks if each.subject is Subject.RUNNER)
    told = check.told.partition(": ")[2] or check.told
    return [padded(sign(check.standing, glyphs), _SIGN, _TONES[check.standing]), (told, Tone.TEXT)]


def plan_lines(plan: PromotionPlan, glyphs: Glyphs, width: int) -> list[Line]:
    """Return what was looked at; of the runner, which stands in the list, only what is wrong with it."""
    lines: list[Line] = []
    for check in plan.checks:
        if check.subject is not Subject.RUNNER or check.standing is Standing.BAD:
            is_waived = check.standing is Standing.BAD and check not in plan.obstacles
            lines += _check_lines(check, glyphs, width, is_waived=is_waived)
    if plan.packed is not None and plan.is_good:
        told = f"sends {size_text(plan.packed.size_bytes)} at the start"
        if plan.traffic is not None and plan.traffic.size_bytes:
            told += f", then up to {size_text(plan.traffic.size_bytes)} of values"
        lines += [[], [(told, Tone.DIM)]]
    return lines


def agreement_lines(found: Agreement, glyphs: Glyphs, *, is_reading: bool) -> list[Line]:
    """Return how far a run agrees with its parent.

    Args:
        found: as far as it is known.
        glyphs: to draw with.
        is_reading: values are being compared that are not known yet.
    """
    counts = glyphs.dot.join(f"{count:,} {level.lower()}" for level, count in found.counts().items())
    title: Line = [("compared", Tone.TITLE), (f"  with {found.old[:6]} on {clean(found.old_runner)}", Tone.DIM)]
    if is_reading:
        told = f"{plural(found.unread, 'value')} of other bytes: reading them {glyphs.ellipsis}"
        return [title, [(told, Tone.YELLOW)]]
    state = Status.SUCCESS if found.is_good else Status.FAILURE
    word = f"{glyphs.sign(state)} {'agrees' if found.is_good else 'differs'}"
    tone = Tone.GREEN if found.is_good else Tone.RED
    verdict: Line = [(word, tone), (f"  {counts or 'nothing to compare'}  rtol {found.rtol:g}", Tone.TEXT)]
    lines: list[Line] = [title, verdict, *_first(found), []]
    rows = list(_rows(found.steps))
    return lines + rows[:SHOWN] + ([[(glyphs.ellipsis, Tone.DIM)]] if len(rows) > SHOWN else [])


def _check_lines(check: Check, glyphs: Glyphs, width: int, *, is_waived: bool) -> Iterator[Line]:
    room = max(20, width - _SIGN - _SUBJECT)
    blank = " " * (_SIGN + _SUBJECT)
    told = wrap(clean(check.told), room) or [""]
    yield [
        padded(sign(check.standing, glyphs), _SIGN, _TONES[check.standing]),
        padded(check.subject, _SUBJECT, Tone.DIM),
        (told[0], Tone.TEXT),
    ]
    for line in [*told[1:], *(part for each in check.details for part in wrap(clean(each), room))]:
        yield [(blank, Tone.DIM), (line, Tone.TEXT)]
    if check.standing is Standing.BAD:
        remedy = "goes on all the same (f)" if is_waived else check.remedy or ""
        for line in wrap(clean(remedy), room):
            yield [(blank, Tone.DIM), (line, Tone.DIM)]


def _first(found: Agreement) -> Iterator[Line]:
    first = found.first
    if first is not None:
        named = next((each for each in first.outputs if each.level is Level.DIFFERENT), None)
        what = first.path if named is None else f"{first.path}:{named.name}"
        why = (first.detail if named is None else named.detail) or "other bytes"
        yield [("first difference  ", Tone.DIM), (what, Tone.BOLD), (f"  {why}", Tone.TEXT)]


def _rows(steps: Sequence[Agreed]) -> Iterator[Line]:
    """Yield outputs; those of the items of a map that agree as one row of each level."""
    folded: dict[tuple[str, str, Level], int] = {}
    for step in steps:
        for each in step.outputs if step.family is not None else ():
            key = step.family or "", each.name, each.level
            folded[key] = folded.get(key, 0) + 1
    for step in steps:
        if step.detail is not None:
            yield [padded(step.path, 24), (step.detail, Tone.DIM)]
        for each in step.outputs:
            if step.family is None or each.level is Level.DIFFERENT:
                yield _row(step.path, each, each.detail or "")
            elif count := folded.pop((step.family, each.name, each.level), 0):
                yield _row(step.family, each, plural(count, "item"))


def _row(path: str, output: Compared, told: str) -> Line:
    return [
        padded(path, 24),
        padded(output.name, 16),
        padded(output.level.value, 11, _LEVELS[output.level]),
        (told, Tone.DIM),
    ]
