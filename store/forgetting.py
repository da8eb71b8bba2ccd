"""Rows of what goes: whole runs, results whose values go, and what nothing refers to any more afterwards."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable
from typing import TypeAlias

from .inventory import snapshot_files
from .judged import drop_index, forget_result

_OF_RUN = (
    "metric",
    "output",
    "attempt",
    "judgement",
    "result",
    "step",
    "growth",
    "event",
    "request",
    "newest",
)
"""Tables with a column `run` that is a run's number."""
_SHARED = ("graph", "environment", "prints")
"""Tables whose rows runs name by their number, in a column of that name."""

_LOOKED_THROUGH = 1_000_000
"""Rows of steps up to which it is looked for texts and small values that nobody names any more: some 3 s, in which
nobody else can write. There are few of them, and those of other runs come again."""

Maker: TypeAlias = tuple[int, int, int]
"""Run, node and attempt."""


def forget_run(connection: sqlite3.Connection, seq: int) -> None:
    """Delete a run and all that is its own; what it shares with others stays for `forget_unshared`."""
    drop_index(connection, seq)
    for table in _OF_RUN:
        connection.execute(f"DELETE FROM {table} WHERE run = ?", (seq,))
    connection.execute("DELETE FROM run_tag WHERE id = (SELECT id FROM run WHERE seq = ?)", (seq,))
    connection.execute("DELETE FROM run WHERE seq = ?", (seq,))


def makers_of(connection: sqlite3.Connection, digests: Collection[str]) -> list[Maker]:
    """Return the attempts that returned one of these objects. One pass, as `output` has no index by digest."""
    wanted = {bytes.fromhex(each) for each in digests}
    rows = connection.execute("SELECT run, node, attempt, sha256 FROM output WHERE is_file")
    return sorted({(run, node, attempt) for run, node, attempt, sha256 in rows if sha256 in wanted})


def forget_values(connection: sqlite3.Connection, digests: Iterable[str], makers: Iterable[Maker], at: float) -> None:
    """Note that values are given up, and take them from what later runs look among for results and inputs."""
    for each in makers:
        forget_result(connection, *each)
        connection.execute("DELETE FROM newest WHERE (run, node, attempt) = (?, ?, ?)", each)
    connection.executemany(
        "INSERT OR REPLACE INTO evicted VALUES (?, ?)", [(bytes.fromhex(each), at) for each in digests]
    )


def forget_unshared(connection: sqlite3.Connection) -> tuple[int, int]:
    """Delete shared rows that no run names any more; return how many, and their bytes.

    The last row of a table stays in any case: its number would be given again, and processes remember by number.
    """
    count = size = 0
    for table in _SHARED:
        where = (
            f"seq NOT IN (SELECT {table} FROM run WHERE {table} IS NOT NULL) AND seq < (SELECT max(seq) FROM {table})"
        )
        count, size = _added(connection, f"{table} WHERE {where}", "json", (count, size))
    named = "(SELECT code FROM run WHERE code IS NOT NULL UNION SELECT code FROM attempt WHERE code IS NOT NULL)"
    count, size = _added(connection, f"snapshot WHERE key NOT IN {named}", "files", (count, size))
    if connection.execute("SELECT count(*) FROM step").fetchone()[0] > _LOOKED_THROUGH:
        return count, size
    bases = {
        json.loads(text)[2] for (text,) in connection.execute("SELECT evidence FROM judgement WHERE evidence > ''")
    }
    count, size = _pruned(connection, "basis", "json", (bytes.fromhex(each) for each in bases), (count, size))
    inline = {row[0] for row in connection.execute("SELECT sha256 FROM output WHERE bytes IS NULL AND NOT is_file")}
    sources = {bytes.fromhex(each) for files in snapshot_files(connection).values() for each in files if each}
    return _pruned(connection, "artifact", "bytes", inline | sources, (count, size))


def _added(connection: sqlite3.Connection, source: str, column: str, so_far: tuple[int, int]) -> tuple[int, int]:
    count, size = connection.execute(f"SELECT count(*), coalesce(sum(length({column})), 0) FROM {source}").fetchone()
    connection.execute(f"DELETE FROM {source}")
    return so_far[0] + count, so_far[1] + size


def _pruned(
    connection: sqlite3.Connection, table: str, column: str, needed: Iterable[bytes], so_far: tuple[int, int]
) -> tuple[int, int]:
    """Delete the rows of a table whose digests nobody needs."""
    kept = set(needed)
    rows = connection.execute(f"SELECT seq, sha256, length({column}) FROM {table} ORDER BY seq").fetchall()
    loose = [(seq, size) for seq, sha256, size in rows[:-1] if sha256 not in kept]
    connection.executemany(f"DELETE FROM {table} WHERE seq = ?", [(seq,) for seq, _ in loose])
    return so_far[0] + len(loose), so_far[1] + sum(size for _, size in loose)
