"""Rows of what was decided of steps, and of results that may serve again."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from typing import Any

from ..core.canonical import canonical
from ..core.errors import ConflictError
from ..core.events import Fact, ResultKept, RunFinished, StepJudged

INDEX_S = 0.1
"""Least time between two batches of index rows: fast steps get a few large ones, slow steps are found at once."""

BASIS = "INSERT INTO basis (sha256, json) VALUES (?, ?) ON CONFLICT DO NOTHING"
JUDGEMENT = "INSERT OR REPLACE INTO judgement VALUES (?, ?, ?, ?, ?)"
RESULT = "INSERT INTO result VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
BY_KEY = "INSERT INTO result_key VALUES (?, ?, ?, ?)"
BY_PLACE = "INSERT INTO result_place VALUES (?, ?, ?, ?)"
_INDEXES = (("result_key", "prefix"), ("result_place", "place"))
_EVIDENCE = "SELECT evidence FROM judgement WHERE run = ? AND node = ?"

_Rows = dict[str, list[tuple[Any, ...]]]


def prefix_of(key: bytes) -> int:
    """Return the part of a key that is indexed."""
    return int.from_bytes(key[:4], "big")


def mark_of(pipeline: int, place: str) -> int:
    """Return what stands for a place in the index, given what stands for its pipeline; several may have one."""
    return zlib.crc32(place.encode(), pipeline)


def pipeline_mark(project: str, pipeline: str) -> int:
    """Return what stands for a pipeline."""
    return zlib.crc32(f"{project}\0{pipeline}\0".encode())


def index_results(connection: sqlite3.Connection, run: int) -> None:
    """Index all results of a run whose writer is gone."""
    for table, number in _INDEXES:
        connection.execute(
            f"INSERT OR IGNORE INTO {table} SELECT {number}, run, node, attempt FROM result WHERE run = ? ORDER BY 1",
            (run,),
        )


def drop_index(connection: sqlite3.Connection, run: int) -> None:
    """Undo `index_results`."""
    for table, number in _INDEXES:
        connection.execute(
            f"DELETE FROM {table} WHERE ({number}, run, node, attempt)"
            f" IN (SELECT {number}, run, node, attempt FROM result WHERE run = ?)",
            (run,),
        )


def forget_result(connection: sqlite3.Connection, run: int, node: int, attempt: int) -> None:
    """Remove what says that a result may serve again."""
    row = (run, node, attempt)
    for table, number in _INDEXES:
        connection.execute(
            f"DELETE FROM {table} WHERE ({number}, run, node, attempt)"
            f" IN (SELECT {number}, run, node, attempt FROM result WHERE run = ? AND node = ? AND attempt = ?)",
            row,
        )
    connection.execute("DELETE FROM result WHERE run = ? AND node = ? AND attempt = ?", row)


class Judged:
    """What one run's steps depend on, as its only writer knows it."""

    def __init__(self, run: int, pipeline: int) -> None:
        """Begin with the run's seq and its `pipeline_mark`."""
        self._run = run
        self._pipeline = pipeline
        self._keys: dict[int, tuple[bytes, int] | None] = {}
        """Key and mark of the place by node; None: no key could be made."""
        self._bases: set[str] = set()
        """Digests that are stored for certain."""
        self._waiting: list[tuple[int, int, int, int]] = []
        """Results that are stored and not indexed: prefix, mark, node, attempt."""
        self._indexed = float("-inf")
        """When the last batch was."""
        self._new_bases: set[str] = set()
        self._new: list[tuple[int, int, int, int]] = []
        self._batch: float | None = None
        """When what waits was written, by the facts that are being committed; None: it was not."""

    def begin(self) -> None:
        """Take what came since `keep` as not committed."""
        self._new_bases, self._new, self._batch = set(), [], None

    def keep(self) -> None:
        """Take what came as committed."""
        self._bases |= self._new_bases
        if self._batch is None:
            self._waiting += self._new
        else:
            self._waiting, self._indexed = [], self._batch
        self.begin()

    def judge(self, fact: StepJudged, node: int, rows: _Rows) -> None:
        """Add the row of a judgement."""
        evidence = fact.evidence
        if evidence is None:
            self._keys[node] = text = None
        else:
            text, digest = evidence.text, evidence.basis.digest
            self._keys[node] = bytes.fromhex(evidence.key), mark_of(self._pipeline, evidence.place)
            if digest not in self._bases and digest not in self._new_bases:
                self._new_bases.add(digest)
                rows[BASIS].append((bytes.fromhex(digest), canonical(evidence.basis.to_json())))
        rows[JUDGEMENT].append((self._run, node, fact.verdict.value, fact.detail, text))

    def result(self, connection: sqlite3.Connection, fact: ResultKept, node: int, metrics: int, rows: _Rows) -> None:
        """Add the row of a result that may serve again.

        Args:
            connection: in the transaction.
            fact: which.
            node: number of its step.
            metrics: how many values it logged.
            rows: where it goes.

        Raises:
            ConflictError: nobody said what it depends on.
        """
        known = self._keys[node] if node in self._keys else self._read(connection, node)
        if known is None:
            raise ConflictError(f"step '{fact.node}' has no key, so its result cannot be kept")
        key, mark = known
        prefix, attempt = prefix_of(key), fact.attempt
        seen = canonical(dict(fact.seen)) if fact.seen else None
        rows[RESULT].append((self._run, node, attempt, fact.node, key, prefix, mark, fact.at, metrics, seen))
        self._new.append((prefix, mark, node, attempt))

    def index(self, last: Fact, rows: _Rows) -> None:
        """Add the index rows of what waits, unless a batch was written a moment before; `last` fact of its commit."""
        if not (self._new or self._waiting) or (last.at - self._indexed < INDEX_S and type(last) is not RunFinished):
            return
        run, waiting = self._run, [*self._waiting, *self._new]
        rows[BY_KEY] += sorted([(prefix, run, node, attempt) for prefix, _, node, attempt in waiting])
        rows[BY_PLACE] += sorted([(mark, run, node, attempt) for _, mark, node, attempt in waiting])
        self._batch = last.at

    def _read(self, connection: sqlite3.Connection, node: int) -> tuple[bytes, int] | None:
        """Return what an earlier host of the run has judged."""
        row = connection.execute(_EVIDENCE, (self._run, node)).fetchone()
        if row is None or row[0] is None:
            return None
        return hashlib.sha256(row[0].encode()).digest(), mark_of(self._pipeline, json.loads(row[0])[1])
