"""The write side of one run: groups of facts and their projection, each group one transaction under the run's lease."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ..core.errors import ConflictError, StoreError
from ..core.events import CancelRequested, Fact, GenerationCommitted, RunFinished, RunStarted
from ..core.states import Status
from .convert import counts_text
from .database import Durability, transaction
from .facttext import encode, facts_text
from .failures import explain
from .interruption import KEEP_NEWEST
from .liveness import RunLock
from .projection import Projection

_HOLD = "UPDATE run SET counts = ? WHERE seq = ? AND lease = ?"
_START = (
    "UPDATE run SET state = 'STARTED', reason = NULL, started = coalesce(started, ?), finished = NULL"
    " WHERE seq = ? AND state IN ('PENDING', 'FAILURE', 'CANCELLED', 'INTERRUPTED')"
)
_FINISH = "UPDATE run SET state = ?, reason = ?, finished = ? WHERE seq = ? AND state IN ('PENDING', 'STARTED')"
_TRAINED = "UPDATE run SET lineage = ?, generation = ? WHERE seq = ? AND state = 'STARTED'"
_EVENT = "INSERT INTO event (run, at, facts) VALUES (?, ?, ?)"
_REQUESTS = "SELECT seq, at, is_hard FROM request WHERE run = ? AND handled = 0 AND seq > ? ORDER BY seq"


class StoredRunLog:
    """`RunLog` on SQLite. Holds a connection and the run's lock; one thread at a time uses it."""

    def __init__(
        self,
        *,
        connection: sqlite3.Connection,
        path: Path,
        lock: RunLock,
        seq: int,
        lease: int,
        originals: Sequence[str],
        projection: Projection,
        durability: Durability,
    ) -> None:
        self._connection = connection
        self._path = path
        self._lock = lock
        self._seq = seq
        self._lease = lease
        self._originals = originals
        """Paths of the graph as it was compiled, by their numbers."""
        self._projection = projection
        self._durability = durability
        self._version = -1
        self._last_request = 0
        self._is_closed = False

    def append(self, facts: Sequence[Fact]) -> None:
        """Commit facts and their projection in one transaction; the group that ends the run survives power loss.

        Raises:
            ConflictError: the lease is lost, or a fact does not follow from the state its step is in.
            StoreError: the store cannot be written; nothing of the group is.
        """
        if not facts:
            return
        if self._is_closed:
            raise ConflictError("this run was given up: its log is closed")
        kinds = set(map(type, facts))
        is_full = RunFinished in kinds and self._durability is Durability.NORMAL
        try:
            with transaction(self._connection, self._path, is_full=is_full):
                self._write(facts, is_border=not kinds.isdisjoint((RunStarted, RunFinished)))
        except StoreError as error:
            if isinstance(error.__cause__, sqlite3.IntegrityError):
                raise ConflictError("an attempt of this run was recorded twice") from error
            raise
        self._projection.keep()

    def requests(self) -> Sequence[CancelRequested]:
        """Return cancel requests that came since the last call; 3 us when no other connection committed.

        Raises:
            StoreError: the store cannot be read.
        """
        try:
            (version,) = self._connection.execute("PRAGMA data_version").fetchone()
            if version == self._version:
                return []
            rows = self._connection.execute(_REQUESTS, (self._seq, self._last_request)).fetchall()
        except sqlite3.Error as error:
            raise explain(error, self._path) from error
        self._version = version
        if rows:
            self._last_request = rows[-1][0]
        return [CancelRequested(at=at, is_hard=bool(is_hard)) for _, at, is_hard in rows]

    def close(self) -> None:
        """Give up the run: release its lock. Safe to call twice."""
        if self._is_closed:
            return
        self._is_closed = True
        with suppress(sqlite3.Error):
            # What waits in the log goes into the file, if nobody reads it just now.
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        self._connection.close()
        self._lock.release()

    def _write(self, facts: Sequence[Fact], *, is_border: bool) -> None:
        connection, projection = self._connection, self._projection
        projection.write(connection, facts)
        held = connection.execute(_HOLD, (counts_text(projection.counts), self._seq, self._lease))
        if held.rowcount != 1:
            raise ConflictError("another process has taken this run over", "see who with 'graft show'")
        for fact in facts if is_border else ():
            if isinstance(fact, RunStarted):
                self._change_run(_START, (fact.at, self._seq), "start")
            elif isinstance(fact, GenerationCommitted):
                self._change_run(_TRAINED, (fact.lineage, fact.number, self._seq), "commit a generation")
            elif isinstance(fact, RunFinished):
                self._change_run(_FINISH, (fact.state, fact.reason, fact.at, self._seq), "end")
                connection.execute(KEEP_NEWEST, (encode(self._originals), self._seq))
                connection.execute("UPDATE request SET handled = 1 WHERE run = ? AND handled = 0", (self._seq,))
        connection.execute(_EVENT, (self._seq, facts[-1].at, facts_text(facts)))

    def _change_run(self, sql: str, values: tuple[object, ...], verb: str) -> None:
        if self._connection.execute(sql, values).rowcount != 1:
            state = self._connection.execute("SELECT state FROM run WHERE seq = ?", (self._seq,)).fetchone()[0]
            raise ConflictError(f"a run that is {Status(state)} cannot {verb}")
