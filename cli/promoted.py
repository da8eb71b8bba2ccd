"""What `graft promote` says: what was looked at, and then how far both runs agree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from ..core.agreement import Agreed, Agreement
from ..core.document import SCHEMA
from ..core.promotion import Check, PromotionPlan, Standing
from ..core.quantities import size_text
from ..core.records import replace
from ..core.states import Status
from ..core.text import plural
from ..core.verification import Compared, Level
from .failure import next_commands
from .look import MARKS, Ink, Look
from .table import Cell, Column, table
from .text import clean

SHOWN = 40
"""Rows of outputs; what is different is never left out for what is not."""
WORDS = {Standing.GOOD: "ok", Standing.NOTED: "note", Standing.UNKNOWN: "unknown", Standing.BAD: "no"}
_INKS = {
    Standing.GOOD: Ink.GREEN,
    Standing.NOTED: Ink.YELLOW,
    Standing.UNKNOWN: Ink.YELLOW,
    Standing.BAD: Ink.RED,
}
_STATES = {Standing.GOOD: Status.SUCCESS, Standing.BAD: Status.FAILURE}
_LEVELS = {Level.DIFFERENT: Ink.RED, Level.EQUAL: Ink.YELLOW, Level.IDENTICAL: Ink.GREEN}


def plan_document(plan: PromotionPlan) -> dict[str, Any]:
    """Return what was looked at, as `promotion` of a document."""
    packed, passing = plan.packed, plan.traffic
    return {
        "run": plan.request.run,
        "from": plan.runner,
        "to": plan.request.to,
        "provider": plan.provider,
        "steps": plan.steps,
        "holds": plan.is_good,
        "sends": {
            "bundle_bytes": None if packed is None else packed.size_bytes,
            "files": [] if packed is None else list(packed.files),
            "value_bytes": None if passing is None else passing.size_bytes,
            "limit_bytes": plan.health.limit_bytes,
        },
        "checks": [asdict(each) for each in plan.checks],
    }


def agreement_document(found: Agreement) -> dict[str, Any]:
    """Return how far two runs agree, as `agreement` of a document."""
    return {
        "old": found.old,
        "new": found.new,
        "old_runner": found.old_runner,
        "new_runner": found.new_runner,
        "rtol": found.rtol,
        "holds": found.is_good,
        "counts": found.counts(),
        "unread": found.unread,
        "first": None if found.first is None else _first_document(found.first),
        "steps": [
            {
                "path": step.path,
                "level": step.level,
                "detail": step.detail,
                "outputs": [asdict(each) for each in step.outputs],
            }
            for step in found.steps
        ],
    }


def whole_document(**parts: dict[str, Any]) -> dict[str, Any]:
    """Return parts as one document."""
    return {"schema": SCHEMA, **parts}


def plan_lines(look: Look, plan: PromotionPlan, short: str) -> list[str]:
    """Return what was looked at, a line each, with what to do below what is bad."""
    arrow = look.said("→")
    title = f"promote {clean(plan.pipeline)}  {short}  {plan.runner} {arrow} {plan.request.to} ({plan.provider})"
    lines = [f"{look.paint(title, Ink.BOLD)}{look.dot}{plural(plan.steps, 'step')}"]
    for each in plan.checks:
        lines += _check_lines(look, each, is_waived=each.standing is Standing.BAD and each not in plan.obstacles)
    return [*lines, *_sends(look, plan)]


def agreement_lines(look: Look, found: Agreement, shorts: tuple[str, str]) -> list[str]:
    """Return the table of outputs, what is different first of all.

    Args:
        look: of the terminal.
        found: how far the runs agree.
        shorts: shortest prefixes of both ids.
    """
    heads = [
        Column(title="STEP", shrinks=True),
        Column(title="OUTPUT", shrinks=True),
        Column(title=found.old_runner.upper()),
        Column(title=found.new_runner.upper()),
        Column(title="AGREES"),
        Column(title="", shrinks=True),
    ]
    rows = list(_rows(found.steps))
    shown = _chosen(rows)
    lines = _verdict(look, found)
    if rows:
        lines += ["", *table(look, heads, [_cells(look, *row) for row in shown])]
    if len(rows) > len(shown):
        lines.append(look.said(f"… {len(rows) - len(shown):,} more: --json has all"))
    first = found.first
    if first is not None and first.outputs:
        name = next(each.name for each in first.outputs if each.level is Level.DIFFERENT)
        commands = [
            (f"graft output {shorts[0]} {clean(first.path)}:{name}", f"what it is on {found.old_runner}"),
            (f"graft output {shorts[1]} {clean(first.path)}:{name}", f"what it is on {found.new_runner}"),
            (f"graft diff {shorts[0]} {shorts[1]}", "code, data, environment, metrics"),
        ]
        lines += ["", *next_commands(look, commands)]
    return lines


def _check_lines(look: Look, check: Check, *, is_waived: bool) -> Iterator[str]:
    status = _STATES.get(check.standing)
    glyph = look.glyph(status) if status is not None else "?" if check.standing is Standing.UNKNOWN else "!"
    word = f"{glyph} {WORDS[check.standing]}"
    yield f"  {look.paint(f'{word:<10}', _INKS[check.standing])}{check.subject:<10} {clean(look.said(check.told))}"
    for line in check.details:
        yield f"{'':<23}{clean(look.said(line))}"
    if check.standing is Standing.BAD and is_waived:
        yield f"{'':<23}{look.paint('goes on all the same: --force', Ink.DIM)}"
    elif check.standing is Standing.BAD and check.remedy:
        yield f"{'':<23}{look.paint(clean(look.said(check.remedy)), Ink.DIM)}"


def _sends(look: Look, plan: PromotionPlan) -> Iterator[str]:
    if plan.packed is not None and plan.is_good:
        told = f"  sends {size_text(plan.packed.size_bytes)} at the start"
        if plan.traffic is not None and plan.traffic.size_bytes:
            told += f", then up to {size_text(plan.traffic.size_bytes)} of values as steps take them"
        yield look.paint(told, Ink.DIM)


def _verdict(look: Look, found: Agreement) -> list[str]:
    state = Status.SUCCESS if found.is_good else Status.FAILURE
    counts = ", ".join(f"{count:,} {level.lower()}" for level, count in found.counts().items()) or "nothing to compare"
    word = f"{look.glyph(state)} {'agrees' if found.is_good else 'differs'}"
    runners = f"{found.old_runner} and {found.new_runner}"
    facts = look.dot.join((clean(runners), counts, f"rtol {found.rtol:g}"))
    lines = [f"{look.paint(word, MARKS[state].ink, Ink.BOLD)}  {facts}"]
    first = found.first
    if first is not None:
        named = [each for each in first.outputs if each.level is Level.DIFFERENT]
        what = f":{named[0].name}" if named else ""
        why = named[0].detail or "other bytes" if named else first.detail or ""
        lines.append(f"  first difference  {look.paint(clean(first.path + what), Ink.BOLD)}  {clean(why)}")
    if found.unread:
        lines.append(f"  {plural(found.unread, 'value')} of other bytes: not compared as values")
    return lines


def _rows(steps: Sequence[Agreed]) -> Iterator[tuple[str, Compared | None, str]]:
    """Yield outputs with what they are of; those of a map that agree, a row for all items of one level."""
    folded: dict[tuple[str, str, Level], int] = {}
    for step in steps:
        for each in step.outputs:
            if step.family is not None and each.level is not Level.DIFFERENT:
                key = step.family, each.name, each.level
                folded[key] = folded.get(key, 0) + 1
    for step in steps:
        if step.detail is not None:
            yield step.path, None, step.detail
        shown = step.path
        for each in step.outputs:
            if step.family is None or each.level is Level.DIFFERENT:
                yield shown, each, each.detail or ""
                shown = ""
            elif count := folded.pop((step.family, each.name, each.level), 0):
                yield step.family, replace(each, old=None, new=None), plural(count, "item")


def _chosen(rows: Sequence[tuple[str, Compared | None, str]]) -> list[tuple[str, Compared | None, str]]:
    if len(rows) <= SHOWN:
        return list(rows)
    wanted = [row for row in rows if row[1] is not None and row[1].level is not Level.IDENTICAL][:SHOWN]
    return [row for at, row in enumerate(rows) if row in wanted or at < SHOWN - len(wanted)]


def _cells(look: Look, path: str, output: Compared | None, detail: str) -> list[Cell | str]:
    if output is None:
        return [path, "", "", "", Cell(look.dash, (Ink.DIM,)), detail]
    digests = [(each or "")[:8] or look.dash for each in (output.old, output.new)]
    return [path, output.name, *digests, Cell(output.level.value, (_LEVELS[output.level],)), look.said(detail)]


def _first_document(step: Agreed) -> dict[str, Any]:
    named = [each for each in step.outputs if each.level is Level.DIFFERENT]
    output = named[0].name if named else None
    return {"step": step.path, "output": output, "detail": named[0].detail if named else step.detail}
