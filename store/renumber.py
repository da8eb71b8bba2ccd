"""Moves the steps of a run to their positions in another graph, when a retry runs changed code."""

from __future__ import annotations

import sqlite3

from ..core.graph import Graph
from .interruption import count_steps

_TABLES = ("metric", "output", "attempt", "step")
"""Tables keyed by (run, node), those that refer to another first."""


def renumber(connection: sqlite3.Connection, run: int, old: Graph, new: Graph) -> None:
    """Rewrite node positions: steps that stay keep all they have, new ones are PENDING, removed ones go.

    Args:
        connection: in a write transaction.
        run: seq of a run that nobody hosts.
        old: its graph as stored.
        new: the graph it gets.
    """
    if [node.path for node in old.nodes] == [node.path for node in new.nodes]:
        return
    connection.execute("PRAGMA defer_foreign_keys = ON")
    for position, node in enumerate(old.nodes):
        _move(connection, run, position, new.index.get(node.path))
    for table in (*_TABLES, "newest"):
        connection.execute(f"UPDATE {table} SET node = -1 - node WHERE run = ? AND node < 0", (run,))
    fresh = [position for position, node in enumerate(new.nodes) if node.path not in old.index]
    connection.executemany(
        "INSERT INTO step (run, node, state) VALUES (?, ?, 'PENDING')", [(run, position) for position in fresh]
    )
    count_steps(connection, run)


def _move(connection: sqlite3.Connection, run: int, position: int, target: int | None) -> None:
    """Park a step below zero, so that no two share a key on the way; None: remove it."""
    for table in (*_TABLES, "newest"):
        if target is None:
            connection.execute(f"DELETE FROM {table} WHERE run = ? AND node = ?", (run, position))
        else:
            connection.execute(f"UPDATE {table} SET node = ? WHERE run = ? AND node = ?", (-1 - target, run, position))
