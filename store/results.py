"""Results of earlier runs, found by what they depend on; and what was decided of steps that ran."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from collections.abc import Iterable, Sequence
from operator import itemgetter

from ..core.artifacts import MetricPoint, Output
from ..core.contents import Files, UnreadableFiles
from ..core.errors import MissingError
from ..core.ids import RunId
from ..core.keys import Basis, Evidence, basis_from_json, evidence_from_text
from ..core.reusing import Judgement, Result, Verdict
from .convert import METRIC_COLUMNS, Row, metric_from_row, outputs_from_rows
from .database import Database
from .graphs import Graphs
from .interruption import settle
from .judged import INDEX_S, mark_of, pipeline_mark, prefix_of
from .layout import Layout
from .objects import Objects

_NAME = 9
"""Column of `_FIND` from which on it has those of an output."""
NEWEST = 8
"""Results handed out for one key."""

# Prefixes are looked up and whole keys compared here: SQLite 3.40 cannot make blobs of JSON. One statement, as a second
# one for the outputs would have to be given (run, node, attempt) of each result. CROSS JOIN keeps the order of loops,
# and with it all outputs of a result together and in their order.
_FIND = (
    "SELECT result.run, result.node, result.attempt, result.key, result.at, run.id, result.path, seen, metrics,"
    " name, role, output.sha256, output.size, serializer,"
    " CASE WHEN is_file THEN NULL ELSE coalesce(output.bytes, artifact.bytes) END"
    " FROM json_each(?) AS wanted CROSS JOIN result_key ON result_key.prefix = wanted.value"
    " CROSS JOIN result"
    " ON result.run = result_key.run AND result.node = result_key.node AND result.attempt = result_key.attempt"
    " CROSS JOIN run ON run.seq = result.run"
    " LEFT JOIN output"
    " ON output.run = result.run AND output.node = result.node AND output.attempt = result.attempt"
    " LEFT JOIN artifact ON artifact.sha256 = output.sha256 AND output.bytes IS NULL AND NOT is_file"
)
_METRICS = f"SELECT {METRIC_COLUMNS} FROM metric WHERE run = ? AND node = ? AND attempt = ? ORDER BY position"
_JUDGEMENT = "SELECT verdict, detail, evidence FROM judgement WHERE run = ? AND node = ?"
_KEPT = "SELECT seen FROM result WHERE run = ? AND node = ? AND key = ? ORDER BY attempt DESC LIMIT 1"
_PLACED = (
    "SELECT result_place.place, result_place.run, node, attempt, run.created, run.id"
    " FROM json_each(?) AS wanted CROSS JOIN result_place ON result_place.place = wanted.value"
    " CROSS JOIN run ON run.seq = result_place.run WHERE run.project = ? AND run.pipeline = ?"
)
_STOOD = (
    "SELECT evidence, key, path FROM result JOIN judgement ON judgement.run = result.run"
    " AND judgement.node = result.node WHERE result.run = ? AND result.node = ? AND attempt = ?"
)
_age = itemgetter(4, 5, 3)
"""Created, id and attempt, of a row of `_PLACED`."""


class StoredResults:
    """`Results` on SQLite and object files; any thread may use it."""

    def __init__(self, layout: Layout, database: Database, objects: Objects, graphs: Graphs, files: Files) -> None:
        self._layout = layout
        self._database = database
        self._objects = objects
        self._graphs = graphs
        self._files = files
        self._settled = float("-inf")
        """When dead runs were looked for last."""

    def find(self, keys: Sequence[str]) -> dict[str, list[Result]]:
        """Return results by key, the newest first, at most 8 each; keys without any are absent.

        Raises:
            StoreError: the store cannot be read.
        """
        wanted = {bytes.fromhex(key): key for key in keys}
        found: dict[str, list[Result]] = {}
        self._settle()
        with self._database.reading() as connection:
            rows = connection.execute(_FIND, (json.dumps(list({prefix_of(key) for key in wanted})),)).fetchall()
            for first, outputs in _by_attempt(rows):
                key = wanted.get(first[3])
                if key is not None:
                    result = Result(
                        run=RunId(first[5]),
                        node=first[6],
                        at=first[4],
                        seen=_seen(first[7]),
                        outputs=tuple(outputs),
                        metrics=_metrics(connection, first[:3]) if first[8] else (),
                    )
                    found.setdefault(key, []).append(result)
        for results in found.values():
            if len(results) > 1:
                results.sort(key=lambda result: result.at, reverse=True)
                del results[NEWEST:]
        return found

    def damaged(self, results: Sequence[Result]) -> list[str | None]:
        """Return for each result what of its stored outputs is missing or not what was written; None: it is whole.

        Raises:
            StoreError: what is known of files cannot be read.
        """
        stored = {out.ref.sha256 for result in results for out in result.outputs if out.ref.inline is None}
        names = {str(self._objects.path(sha256)): sha256 for sha256 in stored}
        digests, reasons = self._read(names) if names else ({}, {})
        return [_first_damage(result.outputs, digests, reasons) for result in results]

    def judgement(self, run: RunId, node: str) -> Judgement | None:
        """Return what was decided of a step when it last ran in a run; None: nothing is on record.

        Raises:
            MissingError: no such run, or no such step in it.
            StoreError: the store cannot be read.
        """
        with self._database.reading() as connection:
            row = connection.execute("SELECT seq, graph FROM run WHERE id = ?", (run,)).fetchone()
            if row is None:
                raise MissingError(f"there is no run {run}", "'graft ls' lists them")
            connection.execute("BEGIN")
            try:
                number = self._graphs.of(connection, *row).index.get(node)
                if number is None:
                    raise MissingError(f"run {run} has no step '{node}'")
                found = connection.execute(_JUDGEMENT, (row[0], number)).fetchone()
                if found is None:
                    return None
                verdict, detail, text = found
                evidence = None if text is None else _evidence(connection, text)
                kept = None
                if text is not None:
                    key = hashlib.sha256(text.encode()).digest()
                    kept = connection.execute(_KEPT, (row[0], number, key)).fetchone()
            finally:
                connection.execute("COMMIT")
        return Judgement(
            verdict=Verdict(verdict),
            detail=detail,
            evidence=evidence,
            seen=_seen(kept[0]) if kept else {},
            is_kept=kept is not None,
        )

    def earlier(
        self, project: str, pipeline: str, places: Sequence[str], *, before: RunId | None = None
    ) -> dict[str, tuple[RunId, str]]:
        """Return by place the newest run and path whose kept result stood there; else absent.

        With `before`, only of runs created before that one.

        Raises:
            StoreError: the store cannot be read.
        """
        where = pipeline_mark(project, pipeline)
        wanted: dict[int, set[str]] = {}
        for place in places:
            wanted.setdefault(mark_of(where, place), set()).add(place)
        found: dict[str, tuple[RunId, str]] = {}
        with self._database.reading() as connection:
            limit = before and connection.execute("SELECT created, id FROM run WHERE id = ?", (before,)).fetchone()
            rows = connection.execute(_PLACED, (json.dumps(list(wanted)), project, pipeline)).fetchall()
            rows.sort(key=_age, reverse=True)
            for mark, seq, node, attempt, created, run in rows:
                if wanted[mark] and (before is None or (limit and (created, run) < limit)):
                    text, key, path = connection.execute(_STOOD, (seq, node, attempt)).fetchone()
                    # One whose step was judged again since, and then failed, is passed over: its evidence is gone.
                    if text is not None and hashlib.sha256(text.encode()).digest() == key:
                        place = json.loads(text)[1]
                        if place in wanted[mark]:
                            wanted[mark].remove(place)
                            found[place] = RunId(run), path
        return found

    def _settle(self) -> None:
        """Index what runs left that died, as it may serve; as often as runs that live index theirs."""
        now = time.monotonic()
        if now - self._settled >= INDEX_S:
            settle(self._database, self._layout)
            self._settled = now

    def _read(self, names: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
        """Return by digest asked for the digest of what is in the object file, and why others cannot be read."""
        reasons: dict[str, str] = {}
        try:
            found = self._files.digests(list(names))
        except UnreadableFiles as problem:
            reasons = {names[path]: reason for path, reason in problem.reasons.items()}
            found = dict(problem.digests)
        return {names[path]: digest for path, digest in found.items() if digest is not None}, reasons


def _by_attempt(rows: Sequence[Row]) -> Iterable[tuple[Row, list[Output]]]:
    """Return the first row of each attempt with all its outputs; rows have the columns of `_FIND`."""
    found: list[tuple[Row, list[Output]]] = []
    outputs = iter(outputs_from_rows([row[_NAME:] for row in rows if row[_NAME] is not None]))
    attempt: Row = ()
    own: list[Output] = []
    for row in rows:
        if row[:3] != attempt:  # those of one come together
            attempt, own = row[:3], []
            found.append((row, own))
        if row[_NAME] is not None:  # None: it has no outputs
            own.append(next(outputs))
    return found


def _metrics(connection: sqlite3.Connection, attempt: Row) -> tuple[MetricPoint, ...]:
    return tuple(metric_from_row(row) for row in connection.execute(_METRICS, attempt))


def _seen(text: str | None) -> dict[str, str | None]:
    return {} if text is None else json.loads(text)


def _evidence(connection: sqlite3.Connection, text: str) -> Evidence | None:
    """Return evidence as stored; None where a newer version of keys wrote it."""

    def basis(digest: str) -> Basis:
        (document,) = connection.execute("SELECT json FROM basis WHERE sha256 = ?", (bytes.fromhex(digest),)).fetchone()
        return basis_from_json(json.loads(document))

    try:
        return evidence_from_text(text, basis)
    except ValueError:
        return None


def _first_damage(outputs: Sequence[Output], digests: dict[str, str], reasons: dict[str, str]) -> str | None:
    for output in outputs:
        if (text := _damage(output, digests, reasons)) is not None:
            return text
    return None


def _damage(output: Output, digests: dict[str, str], reasons: dict[str, str]) -> str | None:
    """Return what is wrong with the stored bytes of an output; None: nothing is."""
    sha256, _, _, inline = output.ref
    if inline is not None:
        is_right = hashlib.sha256(inline).hexdigest() == sha256
        return None if is_right else f"the stored value of '{output.name}' is damaged"
    if sha256 in reasons:
        return f"the stored value of '{output.name}' cannot be read: {reasons[sha256]}"
    found = digests.get(sha256)
    if found is None:
        return f"the stored value of '{output.name}' is missing"
    return None if found == sha256 else f"the stored value of '{output.name}' is damaged"
