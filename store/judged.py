"""Rows of what was decided of steps, and of results that may serve again."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from typing import Any

from ..core.canonical import canonical
from ..core.errors import ConflictError
from ..core.events import ResultKept, StepJudged

BASIS = "INSERT INTO basis (sha256, json) VALUES (?, ?) ON CONFLICT DO NOTHING"
JUDGEMENT = "INSERT OR REPLACE INTO judgement VALUES (?, ?, ?, ?, ?)"
RESULT = "INSERT INTO result VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_EVIDENCE = "SELECT evidence FROM judgement WHERE run = ? AND node = ?"


def prefix_of(key: bytes) -> int:
    """Return the part of a key that is indexed."""
    return int.from_bytes(key[:8], "big", signed=True)


def mark_of(pipeline: int, place: str) -> int:
    """Return what stands for a place in the index, given what stands for its pipeline; several may have one."""
    return zlib.crc32(place.encode(), pipeline)


def pipeline_mark(project: str, pipeline: str) -> int:
    """Return what stands for a pipeline."""
    return zlib.crc32(f"{project}\0{pipeline}\0".encode())


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
        self._fresh: set[str] = set()

    def forget(self) -> None:
        """Take what came since `keep` as not committed."""
        self._fresh = set()

    def keep(self) -> None:
        """Take what came as committed."""
        self._bases |= self._fresh

    def judge(self, fact: StepJudged, node: int, rows: dict[str, list[tuple[Any, ...]]]) -> None:
        """Add the row of a judgement."""
        evidence, text = fact.evidence, None
        self._keys[node] = None
        if evidence is not None:
            text, digest = evidence.text, evidence.basis.digest
            self._keys[node] = bytes.fromhex(evidence.key), mark_of(self._pipeline, evidence.place)
            if digest not in self._bases and digest not in self._fresh:
                self._fresh.add(digest)
                rows[BASIS].append((bytes.fromhex(digest), canonical(evidence.basis.to_json())))
        rows[JUDGEMENT].append((self._run, node, fact.verdict.value, fact.detail, text))

    def kept(self, connection: sqlite3.Connection, fact: ResultKept, node: int, metrics: int) -> tuple[Any, ...]:
        """Return the row of a result that may serve again.

        Args:
            connection: in the transaction.
            fact: which.
            node: number of its step.
            metrics: how many values it logged.

        Raises:
            ConflictError: nobody said what it depends on.
        """
        known = self._keys[node] if node in self._keys else self._read(connection, node)
        if known is None:
            raise ConflictError(f"step '{fact.node}' has no key, so its result cannot be kept")
        key, mark = known
        seen = canonical(dict(fact.seen)) if fact.seen else None
        return self._run, node, fact.attempt, fact.node, key, prefix_of(key), mark, fact.at, metrics, seen

    def _read(self, connection: sqlite3.Connection, node: int) -> tuple[bytes, int] | None:
        """Return what an earlier host of the run has judged."""
        row = connection.execute(_EVIDENCE, (self._run, node)).fetchone()
        if row is None or row[0] is None:
            return None
        return hashlib.sha256(row[0].encode()).digest(), mark_of(self._pipeline, json.loads(row[0])[1])
