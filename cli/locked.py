"""What `graft lock --check` and `graft plan --locked` say: what is not as `graftline.lock` has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..core.config import LOCK_FILE
from ..core.document import SCHEMA
from ..core.locks import Difference, LockedPipeline, LockPart
from ..core.requests import RunRequest
from ..core.states import Status
from ..core.workspace import Workspace
from .failure import next_commands
from .look import Ink, Look, look_of
from .options import Options
from .printer import put, put_document
from .table import Cell, Column, table
from .text import clean, plural

DOES_NOT_HOLD = 5
SHOWN = 60
"""Differences that are listed; --json has all."""
_DIGESTS = frozenset({LockPart.CODE, LockPart.CALL, LockPart.FILE, LockPart.OUTPUT})
"""Parts whose old and new are digests, which tell a person nothing."""
_WORDS = {LockPart.CALL: "how it is called"}


def check_lock(
    space: Workspace, options: Options, request: RunRequest, *, with_outputs: bool = False, has_exit_code: bool = True
) -> int:
    """Compare a pipeline with its lock and say what differs; return 5 when something does, else 0.

    Args:
        space: of the pipeline's project.
        options: of the command.
        request: the pipeline, and its parameters.
        with_outputs: also compare results that this machine has.
        has_exit_code: False: return 0 whatever came out.
    """
    now, found = space.locking.check(request, with_outputs=with_outputs)
    if options.is_json:
        put_document(_document(now, found))
    else:
        put(_lines(look_of(is_plain=options.is_plain), now, found))
    return DOES_NOT_HOLD if found and has_exit_code else 0


def difference_lines(look: Look, found: Sequence[Difference], count: int) -> list[str]:
    """Return a table of differences; `count` is how many steps the pipeline has."""
    heads = [Column(title="WHAT"), Column(title="NAME", shrinks=True), Column(title="LOCKED", shrinks=True, rank=1)]
    heads += [Column(title="NOW", shrinks=True), Column(title="STEPS", shrinks=True)]
    lines = table(look, heads, [_row(look, each, count) for each in found[:SHOWN]])
    return [*lines, look.said(f"… {len(found) - SHOWN:,} more")] if len(found) > SHOWN else lines


def unknown_lines(look: Look, locked: LockedPipeline) -> list[str]:
    """Return a line for each step whose code cannot be locked."""
    return [
        f"  {look.paint('warning', Ink.YELLOW)}  {clean(path)} is not locked: {clean(step.unknown)}"
        for path, step in locked.steps.items()
        if step.unknown is not None
    ]


def difference_documents(found: Sequence[Difference]) -> list[dict[str, Any]]:
    """Return differences ready for `json.dumps`."""
    return [
        {"part": each.part.value, "name": each.name, "old": each.old, "new": each.new, "steps": list(each.steps)}
        for each in found
    ]


def _document(now: LockedPipeline, found: Sequence[Difference]) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "pipeline": now.name,
        "holds": not found,
        "differences": difference_documents(found),
        "unknown": {path: step.unknown for path, step in now.steps.items() if step.unknown is not None},
    }


def _lines(look: Look, now: LockedPipeline, found: Sequence[Difference]) -> list[str]:
    count = len(now.steps)
    if not found:
        sound = look.paint(look.state(Status.SUCCESS), Ink.GREEN, Ink.BOLD)
        lines = [f"{sound}  {clean(now.name)}{look.dot}{plural(count, 'step')} as {LOCK_FILE} has them"]
        return lines + unknown_lines(look, now)
    state = look.paint(look.state(Status.FAILURE), Ink.RED, Ink.BOLD)
    title = f"{state}  {clean(now.name)}{look.dot}{plural(len(found), 'difference')} from {LOCK_FILE}"
    lines = [title, "", *difference_lines(look, found, count), *unknown_lines(look, now)]
    commands = [
        (f"graft lock {clean(now.target)}", "lock it as it is now"),
        (f"git log -p {LOCK_FILE}", "who locked it"),
    ]
    return [*lines, "", *next_commands(look, commands)]


def _row(look: Look, each: Difference, count: int) -> list[Cell | str]:
    if each.part is LockPart.STEP or each.part in _DIGESTS:
        old = ""
        now = "new" if each.old is None else "gone" if each.new is None else "changed"
        now = "missing" if each.part is LockPart.FILE and each.new == "missing" else now
    else:
        old, now = each.old or "", "gone" if each.new is None else each.new
    ink = Ink.RED if now in ("gone", "missing") else Ink.YELLOW
    few = ", ".join(each.steps[:3]) + (look.said(f", … {len(each.steps) - 3} more") if len(each.steps) > 3 else "")
    steps = f"all {count}" if len(each.steps) == count and count > 3 else few
    return [_WORDS.get(each.part, each.part.value), each.name, look.said(old), Cell(look.said(now), (ink,)), steps]
