"""SQL for a page of runs: one index drives each way to list; a page costs the same at ten runs and at a million."""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from itertools import islice
from typing import Any

from ..core.ids import RunId
from ..core.listings import Spread
from ..core.ports import RunQuery
from ..core.records import replace
from ..core.runs import Run
from ..core.states import Status
from .convert import RUN_COLUMNS, Row, run_from_row
from .interruption import Death

_CREATED, _ID, _STATE, _SEQ = 10, 0, 4, -1
"""Positions in `RUN_COLUMNS`."""
_SEARCHED = "run.id || ' ' || run.pipeline || ' ' || run.origin || ' ' || run.tags"


def page(connection: sqlite3.Connection, query: RunQuery, dead: dict[int, Death]) -> list[Run]:
    """Return runs, newest first. `dead` are STARTED runs to show as INTERRUPTED although nobody could write it."""
    if query.states is None:
        rows = connection.execute(*statement(query)).fetchall()
    else:
        rows = _of_states(connection, query, set(query.states), dead)
    return [to_run(row, dead) for row in rows]


def to_run(row: Row, dead: dict[int, Death]) -> Run:
    """Return a run from its row, INTERRUPTED when it is among the dead."""
    death = dead.get(row[_SEQ])
    return run_from_row(row) if death is None else run_from_row(row, death.reason, death.last_sign)


def spread(connection: sqlite3.Connection, query: RunQuery, every: int, dead: Collection[int]) -> Spread:
    """Return how many runs there are and every so many of them; of several states, merged as pages are."""
    whole = replace(query, before=None, limit=-1)
    if query.states is None and query.text is None:
        return _strides(connection, whole, every)
    return _counted(_keys(connection, whole, dead), every)


def _keys(connection: sqlite3.Connection, whole: RunQuery, dead: Collection[int]) -> Iterable[tuple[float, str]]:
    """Yield the keys of all runs of a query."""
    if whole.states is None:
        return connection.execute(*statement(whole, columns="created, id"))
    wanted = set(whole.states) | ({Status.STARTED} if dead and Status.INTERRUPTED in whole.states else set())
    walks = [connection.execute(*statement(whole, state, "created, id, seq, state")) for state in sorted(wanted)]
    merged = heapq.merge(*walks, key=lambda row: (row[0], row[1]), reverse=True)
    states = whole.states
    return (row[:2] for row in merged if (Status.INTERRUPTED if row[2] in dead else row[3]) in states)


def _counted(keys: Iterable[tuple[float, str]], every: int) -> Spread:
    count, marked = 0, []
    for key in keys:
        count += 1
        if not count % every:
            marked.append((key[0], RunId(key[1])))
    return Spread(count=count, keys=tuple(marked))


def _strides(connection: sqlite3.Connection, query: RunQuery, every: int) -> Spread:
    """Have SQLite skip from mark to mark: 14 ms for 100,000 runs, 87 when each key is fetched to be counted.

    Not for a text, which no index knows: runs after the last mark would be looked through twice. What is committed
    meanwhile is newer than the marks behind, so nothing is counted twice.
    """
    keys: list[tuple[float, RunId]] = []
    while True:
        rest = replace(query, before=keys[-1] if keys else None)
        sql, values = statement(rest, columns="created, id")
        found = connection.execute(f"{sql} OFFSET ?", [*values, every - 1]).fetchone()
        if found is None:
            left = connection.execute(f"SELECT count(*) FROM ({sql})", values).fetchone()[0]
            return Spread(count=len(keys) * every + left, keys=tuple(keys))
        keys.append((found[0], RunId(found[1])))


def statement(query: RunQuery, state: Status | None = None, columns: str = RUN_COLUMNS) -> tuple[str, Sequence[Any]]:
    """Return the statement of one page and its values; the index is named, so that no statistics can mislead it."""
    where: list[str] = []
    values: list[Any] = []

    def only(condition: str, *given: object) -> None:
        where.append(condition)
        values.extend(given)

    if query.project is not None:
        only("run.project = ?", query.project)
    if state is not None:
        only("run.state = ?", state)
    if query.pipeline is not None:
        only("run.pipeline = ?", query.pipeline)
    if query.parent is not None:
        only("run.parent = ?", query.parent)
    elif not query.with_children:
        only("run.hidden = 0")
    if query.text is not None:
        # Walks the list until the page is full: 100,000 runs without a hit take 130 ms.
        only(
            "instr(lower(run.id || ' ' || run.pipeline || ' ' || run.origin || ' ' || run.tags), lower(?))", query.text
        )
    order = "run"
    if query.tag is not None:
        order = "run_tag"
        only("run_tag.tag = ?", query.tag)
        source = "run_tag CROSS JOIN run ON run.id = run_tag.id"
    else:
        source = f"run INDEXED BY {_index(query, state)}"
    if query.since is not None:
        only(f"{order}.created >= ?", query.since)
    if query.before is not None:
        only(f"({order}.created, {order}.id) < (?, ?)", *query.before)
    columns = ", ".join(f"run.{name.strip()}" for name in columns.split(","))
    condition = f" WHERE {' AND '.join(where)}" if where else ""
    sql = f"SELECT {columns} FROM {source}{condition} ORDER BY {order}.created DESC, {order}.id DESC LIMIT ?"
    return sql, [*values, query.limit]


def _index(query: RunQuery, state: Status | None) -> str:
    """Return the index to walk: the narrowest that ends in the order of the list."""
    if query.parent is not None:
        return "run_parent"
    if state is not None:
        return "run_state" if query.project is None else "run_project_state"
    if query.pipeline is not None and query.project is not None:
        return "run_pipeline"
    name = "run_newest" if query.project is None else "run_project"
    return f"{name}_all" if query.with_children else name


def _of_states(
    connection: sqlite3.Connection, query: RunQuery, states: Collection[Status], dead: dict[int, Death]
) -> list[Row]:
    """Return a page of several states: one ordered walk each, merged; a walk over all would sort a million rows."""
    wanted = set(states) | ({Status.STARTED} if dead and Status.INTERRUPTED in states else set())
    walks = [connection.execute(*statement(query, state)).fetchall() for state in sorted(wanted)]
    merged = heapq.merge(*walks, key=lambda row: (row[_CREATED], row[_ID]), reverse=True)
    shown = (row for row in merged if (Status.INTERRUPTED if row[_SEQ] in dead else row[_STATE]) in states)
    return list(islice(shown, query.limit))
