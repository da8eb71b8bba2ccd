"""Recorded outputs: of a run, the newest of a pipeline, and their bytes, never handed out unverified."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from ..core.artifacts import ArtifactRef, Output
from ..core.errors import MissingError, StoreError
from ..core.ids import RunId
from .convert import OUTPUT_COLUMNS, output_from_row
from .database import Database
from .graphs import Graphs
from .history import in_definition_order, outputs_by_node
from .objects import Objects

_NEWEST = (
    f"SELECT {OUTPUT_COLUMNS} FROM newest"
    " JOIN output ON output.run = newest.run AND output.node = newest.node AND output.attempt = newest.attempt"
    " LEFT JOIN artifact ON artifact.sha256 = output.sha256 AND output.bytes IS NULL AND NOT is_file"
    " WHERE newest.project = ? AND newest.pipeline = ? AND newest.path = ? ORDER BY position"
)


class StoredOutputs:
    """`Outputs` on SQLite and object files; any thread may use it."""

    def __init__(self, database: Database, objects: Objects, graphs: Graphs) -> None:
        self._database = database
        self._objects = objects
        self._graphs = graphs

    def of_run(self, run: RunId) -> dict[str, tuple[Output, ...]]:
        """Return by path the outputs of each step whose state is good; empty for one that keeps nothing.

        Raises:
            MissingError: no such run.
        """
        with self._database.reading() as connection:
            row = connection.execute("SELECT seq, graph FROM run WHERE id = ?", (run,)).fetchone()
            if row is None:
                raise MissingError(f"there is no run {run}", "'graft ls' lists them")
            connection.execute("BEGIN")
            try:
                found = self._graphs.of(connection, *row)
                good = connection.execute(
                    "SELECT node FROM step WHERE run = ? AND state IN ('SUCCESS', 'CACHED')", (row[0],)
                ).fetchall()
                outputs = outputs_by_node(connection, row[0]) if good else {}
            finally:
                connection.execute("COMMIT")
        if not good:  # it has not begun, as each run that is taken up for the first time
            return {}
        numbers = {number for (number,) in good}
        return {
            node.path: tuple(outputs.get(number, ()))
            for number, node in in_definition_order(found)
            if number in numbers
        }

    def newest(self, project: str, pipeline: str, paths: Sequence[str]) -> dict[str, tuple[RunId, tuple[Output, ...]]]:
        """Return by path the run and outputs of the newest good attempt in any ended run of the pipeline.

        Paths that never succeeded are absent.
        """
        found: dict[str, tuple[RunId, tuple[Output, ...]]] = {}
        with self._database.reading() as connection:
            for path in paths:
                rows = connection.execute(_NEWEST, (project, pipeline, path)).fetchall()
                known = connection.execute(
                    "SELECT run.id FROM newest JOIN run ON run.seq = newest.run"
                    " WHERE newest.project = ? AND newest.pipeline = ? AND path = ?",
                    (project, pipeline, path),
                ).fetchone()
                if known is not None:
                    found[path] = RunId(known[0]), tuple(output_from_row(row) for row in rows)
        return found

    def read(self, ref: ArtifactRef) -> bytes:
        """Return the stored bytes, verified against the digest.

        Raises:
            StoreError: missing or damaged.
        """
        data = ref.inline
        if data is None and not self._objects.has(ref.sha256):
            with self._database.reading() as connection:
                row = connection.execute(
                    "SELECT bytes FROM artifact WHERE sha256 = ?", (bytes.fromhex(ref.sha256),)
                ).fetchone()
                data = row[0] if row else None
        if data is None:
            if at := self.given_up([ref]):
                from ..core.givenup import GivenUp  # with clocks 2 ms, of which few commands tell

                raise GivenUp(ref.sha256, at[ref.sha256])
            return self._objects.read(ref.sha256)
        if hashlib.sha256(data).hexdigest() != ref.sha256:
            raise StoreError(f"the stored value {ref.sha256[:12]} is damaged (inline)", "run its step again")
        return data

    def given_up(self, refs: Iterable[ArtifactRef]) -> dict[str, float]:
        """Return by sha256 the wall time at which a value was deleted to free space, of those that are not there."""
        with self._database.reading() as connection:
            if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'evicted'").fetchone() is None:
                return {}  # a store of an earlier version that may only be read
            if connection.execute("SELECT 1 FROM evicted LIMIT 1").fetchone() is None:
                return {}
            found: dict[str, float] = {}
            for sha256 in {ref.sha256 for ref in refs if ref.inline is None}:
                row = connection.execute("SELECT at FROM evicted WHERE sha256 = ?", (bytes.fromhex(sha256),)).fetchone()
                if row is not None and not self._objects.has(sha256):
                    found[sha256] = row[0]
            return found

    def keep(self, data: bytes) -> str:
        """Store bytes as an object file and return their sha256.

        Raises:
            StoreError: they cannot be written.
        """
        return self._objects.write(data)

    def export(self, ref: ArtifactRef) -> str:
        """Return the absolute path of a file with the stored bytes; an inline value is written to one first.

        Raises:
            StoreError: the bytes are missing or damaged, or cannot be written.
        """
        if not self._objects.has(ref.sha256):
            self._objects.write(self.read(ref))
        return str(self._objects.path(ref.sha256))
