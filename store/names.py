"""How people name a run: id, prefix, `@last`, tag; and how it is shown to them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Mapping

from ..core.errors import MissingError
from ..core.ids import RunId, is_run_id
from ..core.ports import RunQuery
from ..core.states import Status
from .interruption import Death
from .listing import page

SHORTEST = 4
"""Characters of the shortest prefix."""
FAILED = (Status.FAILURE, Status.INTERRUPTED)
"""What `@last-failed` looks for: the states for which a command exits with 1."""
_LAST = r"@last(-failed)?(?:~(\d{1,6}))?"
_CANDIDATES = 5
_KNOWN = 500
"""Newest runs and tags that a near miss is looked for among."""


def find_run(connection: sqlite3.Connection, text: str, project: str | None, dead: dict[int, Death]) -> RunId:
    """Return the run a text names.

    Raises:
        MissingError: nothing fits, with the nearest; or the prefix is ambiguous, with the candidates.
    """
    if text.startswith("@"):
        return _find_last(connection, text, project, dead)
    candidates = _with_prefix(connection, text) if len(text) >= SHORTEST and _is_prefix(text) else []
    if len(candidates) == 1:
        return candidates[0]
    if len(candidates) > 1:
        shown = ", ".join(sorted(short_ids(connection, candidates[:_CANDIDATES]).values()))
        more = ", ..." if len(candidates) > _CANDIDATES else ""
        raise MissingError(f"'{text}' could be several runs: {shown}{more}", "write more of the id")
    tagged = page(connection, RunQuery(project=project, tag=text, with_children=True, limit=1), dead)
    if tagged:
        return tagged[0].id
    raise MissingError(f"there is no run '{text}'{_nearest(connection, text, project)}", _hint(text))


def short_ids(connection: sqlite3.Connection, runs: Iterable[RunId]) -> Mapping[RunId, str]:
    """Return for each run the shortest prefix, of at least 4 characters, that no other run has: two look-ups each."""
    found = {}
    for run in runs:
        length = SHORTEST
        for sql in ("SELECT max(id) FROM run WHERE id < ?", "SELECT min(id) FROM run WHERE id > ?"):
            (neighbour,) = connection.execute(sql, (run,)).fetchone()
            while neighbour is not None and neighbour[:length] == run[:length]:
                length += 1
        found[run] = run[:length]
    return found


def _find_last(connection: sqlite3.Connection, text: str, project: str | None, dead: dict[int, Death]) -> RunId:
    match = re.fullmatch(_LAST, text)
    if match is None:
        raise MissingError(f"there is no run '{text}'", "write @last, @last~1 or @last-failed")
    back = int(match[2] or 0)
    found = page(connection, RunQuery(project=project, states=FAILED if match[1] else None, limit=back + 1), dead)
    if len(found) > back:
        return found[back].id
    what = "failed run" if match[1] else "run"
    where = f" of project '{project}'" if project else ""
    if not found:
        raise MissingError(f"there is no {what}{where} yet", "'graft ls --all-projects' lists those of other projects")
    raise MissingError(f"there is no {text}: only {len(found)} {what}{'s' * (len(found) > 1)}{where}")


def _is_prefix(text: str) -> bool:
    return len(text) <= 16 and is_run_id(text.ljust(16, "a"))


def _with_prefix(connection: sqlite3.Connection, text: str) -> list[RunId]:
    """Return runs whose id begins with the text, few at most; a range, so that the index of ids serves."""
    rows = connection.execute(
        "SELECT id FROM run WHERE id >= ? AND id < ? ORDER BY id LIMIT ?", (text, f"{text}~", _CANDIDATES + 1)
    )
    return [RunId(run) for (run,) in rows]


def _nearest(connection: sqlite3.Connection, text: str, project: str | None) -> str:
    query = RunQuery(project=project, with_children=True, limit=_KNOWN)
    known = page(connection, query, {})
    names = {run.id[: max(len(text), SHORTEST)]: run.id for run in known} | {
        tag: tag for run in known for tag in run.tags
    }
    from difflib import get_close_matches  # for a name that fits nothing: 1 ms of every list

    close = get_close_matches(text, names, n=1, cutoff=0.6)
    return f"; did you mean '{close[0]}'?" if close else ""


def _hint(text: str) -> str:
    short = len(text) < SHORTEST and _is_prefix(text)
    return f"a prefix of an id has at least {SHORTEST} characters" if short else "'graft ls' lists the runs"
