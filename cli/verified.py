"""What `graft verify` says: what came out otherwise, what was not run again and why, and what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ..core.document import SCHEMA
from ..core.states import Status
from ..core.verification import Checked, Level, Mark, Outcome, Verification
from .card import MARKED
from .failure import next_commands
from .look import Ink, Look
from .table import Cell, Column, table
from .text import clean, plural

SHOWN = 40
"""Rows of steps that did not hold, and lines of reasons for skipping."""
_INKS = {Level.DIFFERENT: Ink.RED, Level.EQUAL: Ink.YELLOW, Level.IDENTICAL: Ink.GREEN}
_ADVICE = (
    "set the seeds (random, numpy, torch); sort what comes from a set or a directory;",
    "keep times, process ids and addresses out of results; cache=False if it is meant so",
)


def verified_document(found: Verification) -> dict[str, Any]:
    """Return the document of `graft --json verify`."""
    return {
        "schema": SCHEMA,
        "run": found.run,
        "again": found.again,
        "holds": found.is_good,
        "cancelled": found.is_cancelled,
        "hash_seed": found.hash_seed,
        "jobs": found.jobs,
        "counts": {outcome.value: len(found.of(outcome)) for outcome in Outcome},
        "steps": [_step_document(step) for step in found.steps],
    }


def marked_document(marked: Mapping[str, Mark]) -> dict[str, Any]:
    """Return steps that were seen to be non-deterministic, as an entry of a document; nothing when there are none."""
    found = {path: {"outputs": list(mark.outputs), "run": mark.run} for path, mark in marked.items()}
    return {"nondeterministic": found} if found else {}


def verified_lines(look: Look, found: Verification, pipeline: str, short: str, took: str) -> list[str]:
    """Return the screen of a check.

    Args:
        found: what came of it.
        pipeline: its name.
        short: shortest prefix of the run's id.
        took: how long it lasted, as text.
    """
    ran = [step for step in found.steps if step.outcome is not Outcome.SKIPPED]
    lines = [_title(look, found, ran, pipeline, short, took)]
    if ran:
        before = f" instead of {found.jobs_before}" if found.jobs != found.jobs_before else ""
        how = f"each on its recorded inputs and code, backwards, PYTHONHASHSEED={found.hash_seed}, {found.jobs} at once"
        lines.append(look.paint(f"  {how}{before}", Ink.DIM))
    rows = [row for step in ran for row in _rows(look, step)]
    if rows:
        heads = [Column(title="STEP", shrinks=True), Column(title="OUTPUT", shrinks=True), Column(title="NOW")]
        lines += ["", *table(look, [*heads, Column(title="", shrinks=True)], rows[:SHOWN])]
        if len(rows) > SHOWN:
            lines.append(look.said(f"… {len(rows) - SHOWN:,} more: --json has all"))
    lines += _skipped(look, found)
    if any(step.is_marked for step in found.steps):
        marked = list(dict.fromkeys(step.family or step.path for step in found.steps if step.is_marked))
        lines += ["", f"marked as {MARKED}: {clean(', '.join(marked[:8]))}{look.said(', …') if marked[8:] else ''}"]
        lines += [look.paint(f"  {each}", Ink.DIM) for each in _ADVICE]
    return lines + _next(look, found)


def _title(look: Look, found: Verification, ran: Sequence[Checked], pipeline: str, short: str, took: str) -> str:
    if found.is_cancelled:
        status, ink = Status.CANCELLED, Ink.YELLOW
    elif not ran:
        status, ink = Status.SKIPPED, Ink.YELLOW
    else:
        status, ink = (Status.SUCCESS, Ink.GREEN) if found.is_good else (Status.FAILURE, Ink.RED)
    counts = Counter(_word(step) for step in ran)
    told = ", ".join(f"{count:,} {word}" for word, count in counts.items()) if ran else "nothing was run again"
    ended = f"{plural(len(ran), 'step')} again: {told}" if ran else told
    state = look.paint(look.state(status), ink, Ink.BOLD)
    return f"{state}  {clean(pipeline)}  {short}{look.dot}{ended}{look.dot}{took}"


def _word(step: Checked) -> str:
    if step.outcome is not Outcome.HELD:
        return step.outcome.value.lower()
    is_equal = any(each.level is Level.EQUAL for each in step.outputs)
    return "equal in value" if is_equal else "identical"


def _rows(look: Look, step: Checked) -> Iterator[list[Cell | str]]:
    if step.outcome is Outcome.FAILED:
        yield [step.path, "", Cell("FAILED", (Ink.RED,)), step.detail or ""]
    shown = step.path
    for each in step.outputs:
        if each.level is Level.IDENTICAL:
            continue
        said = "the same values in other bytes" if each.level is Level.EQUAL else each.detail or "other bytes"
        more = f"; {step.detail}" if step.detail and each.level is Level.DIFFERENT else ""
        yield [shown, each.name, Cell(each.level.value, (_INKS[each.level],)), look.said(f"{said}{more}")]
        shown = ""


def _skipped(look: Look, found: Verification) -> Iterator[str]:
    reasons: dict[str, list[str]] = {}
    for step in found.of(Outcome.SKIPPED):
        reasons.setdefault(step.detail or "", []).append(step.family or step.path)
    if reasons:
        yield ""
        yield look.paint("not run again", Ink.DIM)
    for why, paths in list(reasons.items())[:SHOWN]:
        names = list(dict.fromkeys(paths))
        more = look.said(f", … {len(names) - 4:,} more") if len(names) > 4 else ""
        yield f"  {clean(', '.join(names[:4]))}{more}: {clean(look.said(why))}"


def _next(look: Look, found: Verification) -> list[str]:
    odd = found.of(Outcome.DIFFERENT)
    commands = []
    if odd and found.again is not None:
        path, again = clean(odd[0].path), found.again[:8]
        output = next((each.name for each in odd[0].outputs if each.level is Level.DIFFERENT), "")
        commands.append((f"graft output {found.run[:8]} {path}:{output}", "what it was"))
        commands.append((f"graft output {again} {path}:{output}", "what it is now"))
    if failed := found.of(Outcome.FAILED):
        commands.append((f"graft logs {str(found.again)[:8]} {clean(failed[0].path)}", "all it wrote now"))
    return ["", *next_commands(look, commands)] if commands else []


def _step_document(step: Checked) -> dict[str, Any]:
    return {
        "path": step.path,
        "outcome": step.outcome.value,
        "detail": step.detail,
        "marked": step.is_marked,
        "outputs": [asdict(each) | {"level": each.level.value} for each in step.outputs],
    }
