"""Turns a run whose host died into an INTERRUPTED one; the only change that readers may make."""

from __future__ import annotations

import sqlite3
from collections import Counter

from ..core.events import RunFinished
from ..core.ids import RunId
from ..core.records import dataclass
from ..core.states import Status
from .convert import counts_text
from .database import Database
from .facttext import facts_text
from .judged import index_results
from .layout import Layout
from .liveness import Holder, describe_death, is_held, this_process

KEEP_NEWEST = (
    "INSERT INTO newest SELECT run.project, run.pipeline, path.value, step.run, step.node, step.shown, step.dispatched"
    " FROM json_each(?) AS path CROSS JOIN step ON step.run = ? AND step.node = path.key"
    " CROSS JOIN run ON run.seq = step.run"
    " WHERE step.state IN ('SUCCESS', 'CACHED') AND run.runner <> 'mock' AND run.origin <> 'verify'"
    " ON CONFLICT DO UPDATE SET run = excluded.run, node = excluded.node, attempt = excluded.attempt, at = excluded.at"
    " WHERE excluded.at >= newest.at"
)
"""Parameters: JSON array of the paths of the graph as it was compiled, run.seq. CROSS JOIN keeps the order: one look-up
a path.

What grew is left out: a new run has other items, so nothing of it can take them but through the composite's end; and
10,000 items would cost the end of every run 40 ms. What a mock run made up is nothing that a later run should build on,
nor what a check of an older run made again.
"""
_GRAPH_PATHS = (
    "SELECT json_group_array(json_extract(node.value, '$.path'))"
    " FROM run JOIN graph ON graph.seq = run.graph, json_each(graph.json, '$.nodes') AS node WHERE run.seq = ?"
)
_LAST_SIGN = "SELECT max(at) FROM event WHERE seq = (SELECT max(seq) FROM event WHERE run = ?)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """A run that says STARTED and whose lock nobody holds."""

    seq: int
    lease: int
    reason: str
    last_sign: float | None
    """Wall time of its last event."""


def death_of(connection: sqlite3.Connection, seq: int) -> Death | None:
    """Return the death of a run whose lock is free (or the caller's own); None when it does not say STARTED."""
    row = connection.execute(
        "SELECT lease, host, boot, pid, pid_started FROM run WHERE seq = ? AND state = 'STARTED'", (seq,)
    ).fetchone()
    if row is None:
        return None
    lease, host, boot, pid, pid_started = row
    here = this_process()
    holder = Holder(host=host or here.host, boot=boot, pid=pid or 0, pid_started=pid_started)
    return Death(
        seq=seq,
        lease=lease,
        reason=describe_death(holder, here),
        last_sign=connection.execute(_LAST_SIGN, (seq,)).fetchone()[0],
    )


def find_dead(connection: sqlite3.Connection, layout: Layout, seq: int | None = None) -> list[Death]:
    """Return the STARTED runs (or one of them) that no living process hosts."""
    which = "" if seq is None else " AND seq = ?"
    rows = connection.execute(
        f"SELECT seq, id FROM run WHERE state = 'STARTED'{which}", () if seq is None else (seq,)
    ).fetchall()
    # The row is read again after the lock: a run may end between the two looks.
    found = [death_of(connection, run) for run, name in rows if not is_held(layout.lock(RunId(name)))]
    return [death for death in found if death is not None]


def settle(database: Database, layout: Layout, seq: int | None = None) -> dict[int, Death]:
    """Write INTERRUPTED for dead runs and return those that could not be written: the store is read-only."""
    with database.reading() as connection:
        dead = find_dead(connection, layout, seq)
    if not dead or database.read_only:
        return {death.seq: death for death in dead}
    with database.writing() as connection:
        for death in dead:
            interrupt(connection, death)
    return {}


def interrupt(connection: sqlite3.Connection, death: Death) -> bool:
    """Make a dead run and what was at work in it INTERRUPTED, inside a transaction; False: somebody else did."""
    at = death.last_sign or 0.0
    changed = connection.execute(
        "UPDATE run SET state = 'INTERRUPTED', reason = ?, finished = ?"
        " WHERE seq = ? AND state = 'STARTED' AND lease = ?",
        (death.reason, at, death.seq, death.lease),
    )
    if changed.rowcount == 0:
        return False
    interrupt_steps(connection, death.seq)
    connection.execute(KEEP_NEWEST, (connection.execute(_GRAPH_PATHS, (death.seq,)).fetchone()[0], death.seq))
    index_results(connection, death.seq)
    facts = facts_text([RunFinished(state=Status.INTERRUPTED, reason=None, at=at)])
    connection.execute("INSERT INTO event (run, at, facts) VALUES (?, ?, ?)", (death.seq, at, facts))
    return True


def interrupt_steps(connection: sqlite3.Connection, seq: int) -> None:
    """End the live attempts of a run and count its steps anew."""
    connection.execute(
        "INSERT INTO attempt (run, node, n, state, dispatched)"
        " SELECT run, node, attempts, 'INTERRUPTED', dispatched FROM step WHERE run = ? AND state = 'STARTED'",
        (seq,),
    )
    connection.execute(
        "UPDATE step SET state = 'INTERRUPTED', reason = NULL, shown = attempts WHERE run = ? AND state = 'STARTED'",
        (seq,),
    )
    count_steps(connection, seq)


def count_steps(connection: sqlite3.Connection, seq: int) -> None:
    """Count the steps of a run by state anew."""
    states = Counter(state for (state,) in connection.execute("SELECT state FROM step WHERE run = ?", (seq,)))
    connection.execute("UPDATE run SET counts = ? WHERE seq = ?", (counts_text(states), seq))
