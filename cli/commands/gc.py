"""`graft gc`: free what a store need not keep. Says what would go, asks, and says what went."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

from ...core.cleaning import Kind, Plan
from ...core.document import SCHEMA
from ...core.errors import InvalidError
from ...core.garbage import Limits
from ...core.ids import RunId
from ...core.quantities import seconds, size_bytes, size_text
from .. import context
from ..declaring import Option
from ..look import Look, look_of
from ..options import Options
from ..printer import put, put_document, remark
from ..table import Column, table
from ..text import clean, plural

_SHOWN = 12
"""Runs that are named for people; --json has all."""
_WORDS = {
    Kind.RUNS: "records of runs: steps, attempts, events, metrics",
    Kind.VALUES: "values between steps, of runs that are over",
    Kind.UNNAMED: "files that nothing refers to",
    Kind.LOGS: "logs of runs that go or are not on record",
    Kind.CODE: "copies of code that no run has",
    Kind.TEMPORARY: "half-written files of crashes",
    Kind.LOCKS: "lock files of runs that go or are not on record",
    Kind.REGISTRY: "files of the registry that nothing refers to",
    Kind.DATABASE: "holes in the database",
}


def gc(
    options: Options,
    *,
    older_than: Annotated[
        str | None, Option("--older-than", metavar="AGE", help="Of runs that ended so long ago: '30d'.")
    ] = None,
    keep_last: Annotated[
        int | None, Option("--keep-last", min=0, metavar="N", help="But for the newest N runs of each pipeline.")
    ] = None,
    max_bytes: Annotated[
        str | None, Option("--max-bytes", metavar="SIZE", help="Until values take no more than '10GB'.")
    ] = None,
    with_runs: Annotated[bool, Option("--runs", help="Records and logs of these runs too.")] = False,
    plan: Annotated[bool, Option("-n --dry-run --plan", help="Only say what would go.")] = False,
    yes: Annotated[bool, Option("-y --yes", help="Do not ask.")] = False,
) -> int:
    """Free what nobody refers to; with limits, also values that runs can compute again."""
    limits = _limits(older_than, keep_last, max_bytes, with_runs=with_runs)
    keeping = context.housekeeping(options)
    look = look_of(is_plain=options.is_plain)
    found = None
    if plan or not yes:
        found = keeping.plan(limits)
        if not options.is_json:
            put(_lines(look, found))
        if not plan and not found.is_empty:
            _confirm(found)
    if not plan and (found is None or not found.is_empty):
        found = keeping.clean(limits)
        if not options.is_json:
            put(_lines(look, found) if yes else [look.said(_closing(found))])
    assert found is not None
    if options.is_json:
        put_document(_document(found))
    return 0


def _limits(older_than: str | None, keep_last: int | None, max_bytes: str | None, *, with_runs: bool) -> Limits:
    if with_runs and older_than is None and keep_last is None:
        raise InvalidError(
            "--runs deletes records of runs, and nothing says of which", "add --older-than 90d, or --keep-last 100"
        )
    return Limits(
        older_than_s=None if older_than is None else seconds(older_than),
        keep_last=keep_last,
        max_bytes=None if max_bytes is None else size_bytes(max_bytes),
        with_runs=with_runs,
    )


def _confirm(found: Plan) -> None:
    if not sys.stdin.isatty():
        raise InvalidError("nothing was deleted: it was not confirmed", "add -y, or --plan to see what would go")
    remark(f"delete this, {size_text(found.freed)}? [y/N]")
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise KeyboardInterrupt


def _lines(look: Look, found: Plan) -> list[str]:
    lines = []
    if found.parts:
        heads = [
            Column(title="WHAT", shrinks=True),
            Column(title="COUNT", is_right=True),
            Column(title="SIZE", is_right=True),
        ]
        rows = [
            (_WORDS[part.kind], f"{part.count:,}" if part.count else "", size_text(part.size) if part.size else "")
            for part in found.parts
        ]
        lines += table(look, heads, rows)
    if found.losing:
        did = "lost" if found.is_done else "would lose"
        lines.append(f"{plural(len(found.losing), 'run')} {did} values: {_named(look, found.losing)}")
        lines.append(
            "  they are shown as before; 'graft rerun' computes their values again, debug and verify need them"
        )
    if found.runs:
        did = "can" if found.is_done else "could"
        count = plural(len(found.runs), "run")
        lines.append(f"{count} {did} no longer be shown, replayed or retried: {_named(look, found.runs)}")
    if found.waits_for:
        lines.append(f"what runs left stays for now, as runs go on: {_named(look, found.waits_for)}")
    return [look.said(line) for line in (*lines, _closing(found))]


def _closing(found: Plan) -> str:
    total = f"{found.objects:,} object files, {size_text(found.size)}, were there before"
    if found.is_empty:
        return f"nothing to free; the store has {found.objects:,} object files, {size_text(found.size)}"
    if not found.is_done:
        return f"{size_text(found.freed)} would be free; {total.replace('were there before', 'are there')}"
    holes = f"; {size_text(found.holes)} in the database will be used again" if found.holes > 1_000_000 else ""
    return f"freed {size_text(found.freed)}; {total}{holes}"


def _named(look: Look, runs: Sequence[RunId]) -> str:
    names = " ".join(clean(run[:6]) for run in runs[:_SHOWN])
    return f"{names} {look.ellipsis}" if len(runs) > _SHOWN else names


def _document(found: Plan) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "is_done": found.is_done,
        "bytes": found.freed,
        "parts": {str(part.kind): {"count": part.count, "bytes": part.size} for part in found.parts},
        "runs": list(found.runs),
        "losing_values": list(found.losing),
        "waits_for": list(found.waits_for),
        "objects": found.objects,
        "object_bytes": found.size,
        "database_holes": found.holes,
    }
