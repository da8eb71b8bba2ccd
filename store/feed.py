"""What happened since: facts after a sequence number, and a cheap way to know that there are some."""

from __future__ import annotations

import json
import sqlite3
import threading
import weakref
from typing import Any

from ..core.codec import Document
from ..core.ids import RunId
from ..core.ports import EventRow
from .database import Database
from .failures import explain

_ALL = (
    "SELECT event.seq, run.id, facts FROM event JOIN run ON run.seq = event.run"
    " WHERE event.seq > ? ORDER BY event.seq LIMIT ?"
)
_OF_RUN = (
    "SELECT event.seq, run.id, facts FROM event JOIN run ON run.seq = event.run"
    " WHERE event.run = (SELECT seq FROM run WHERE id = ?) AND event.seq > ? ORDER BY event.seq LIMIT ?"
)


class StoredFeed:
    """`Feed` on SQLite, with a connection of its own: commits of this very process count as news too."""

    def __init__(self, database: Database) -> None:
        self._path = database.path
        self._lock = threading.Lock()
        self._connection = database.connect_reader()
        weakref.finalize(self, self._connection.close).atexit = False

    def version(self) -> int:
        """Return a number that moves whenever another connection commits. Takes some 3 us."""
        return int(self._query("PRAGMA data_version", ())[0][0])

    def events(self, after: int = 0, run: RunId | None = None, limit: int = 1000) -> list[EventRow]:
        """Return single facts after a sequence number, oldest first.

        Facts of one group share their number, so a group is never cut: `limit` is reached, or passed by the rest of the
        last group.
        """
        found: list[EventRow] = []
        while len(found) < limit:
            groups = limit - len(found)
            rows = self._query(_ALL, (after, groups)) if run is None else self._query(_OF_RUN, (run, after, groups))
            for seq, name, facts in rows:
                found.extend(_rows(seq, RunId(name), json.loads(facts)))
                after = seq
                if len(found) >= limit:
                    break
            if len(rows) < groups:
                break
        return found

    def last(self) -> int:
        """Return the sequence number of the newest group; 0 when nothing ever happened. Where a follower begins."""
        return int(self._query("SELECT coalesce(max(seq), 0) FROM event", ())[0][0])

    def close(self) -> None:
        """Close its connection. Safe to call twice."""
        with self._lock:
            self._connection.close()

    def _query(self, sql: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return self._connection.execute(sql, values).fetchall()
            except sqlite3.Error as error:
                raise explain(error, self._path) from error


def _rows(seq: int, run: RunId, facts: list[Document]) -> list[EventRow]:
    return [
        EventRow(
            seq=seq,
            run=run,
            at=fact["at"],
            kind=fact["kind"],
            data={key: value for key, value in fact.items() if key not in ("kind", "at")},
        )
        for fact in facts
    ]
