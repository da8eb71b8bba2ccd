"""Moves the steps of a run to their numbers in another graph: a retry runs changed code, or lets a map grow anew."""

from __future__ import annotations

import sqlite3

from .graphs import Numbered
from .interruption import count_steps
from .judged import drop_index, index_results

_TABLES = ("metric", "output", "attempt", "judgement", "result", "step")
"""Tables keyed by (run, node), those that refer to another first."""


def renumber(connection: sqlite3.Connection, run: int, old: Numbered, new: Numbered) -> None:
    """Rewrite node numbers and growth: steps that stay keep all they have, new ones are PENDING, removed ones go.

    Args:
        connection: in a write transaction.
        run: seq of a run that nobody hosts.
        old: its graph as stored.
        new: the graph it gets.
    """
    if old.paths == new.paths and old.graph.growth == new.graph.growth:
        return
    connection.execute("PRAGMA defer_foreign_keys = ON")
    drop_index(connection, run)
    write_growth(connection, run, new)
    for number, path in enumerate(old.paths):
        target = new.index.get(path)
        if target != number:
            _move(connection, run, number, target)
    for table in (*_TABLES, "newest"):
        connection.execute(f"UPDATE {table} SET node = -1 - node WHERE run = ? AND node < 0", (run,))
    index_results(connection, run)
    fresh = [number for number, path in enumerate(new.paths) if path not in old.index]
    connection.executemany(
        "INSERT INTO step (run, node, state) VALUES (?, ?, 'PENDING')", [(run, number) for number in fresh]
    )
    count_steps(connection, run)


def write_growth(connection: sqlite3.Connection, run: int, new: Numbered) -> None:
    """Write how the graph of a run has grown, in place of what stood there."""
    connection.execute("DELETE FROM growth WHERE run = ?", (run,))
    rows = [(run, seq, node, size) for seq, (node, size) in enumerate(new.growth_rows())]
    connection.executemany("INSERT INTO growth VALUES (?, ?, ?, ?)", rows)


def _move(connection: sqlite3.Connection, run: int, number: int, target: int | None) -> None:
    """Park a step below zero, so that no two share a key on the way; None: remove it."""
    for table in (*_TABLES, "newest"):
        if target is None:
            connection.execute(f"DELETE FROM {table} WHERE run = ? AND node = ?", (run, number))
        else:
            connection.execute(f"UPDATE {table} SET node = ? WHERE run = ? AND node = ?", (-1 - target, run, number))
