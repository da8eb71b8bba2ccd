"""Creates runs, hands out their write side, and takes requests for them."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from collections.abc import Mapping

from ..core.canonical import canonical
from ..core.errors import ConflictError, MissingError
from ..core.events import RunFinished, StepSettled
from ..core.graphtext import graph_text
from ..core.ids import RunId
from ..core.prints import Prints, prints_to_json
from ..core.records import replace
from ..core.runs import RunSpec, Snapshot
from ..core.states import Reason, Status, can_become
from .convert import SPEC_COLUMNS, STATUS, dump, run_to_row, spec_from_row
from .database import Database
from .facttext import facts_text
from .graphs import Graphs, numbered
from .interruption import count_steps, death_of, interrupt, interrupt_steps
from .judged import Judged, pipeline_mark
from .layout import Layout, make_private
from .liveness import Holder, RunLock, describe, is_held, this_process
from .objects import Objects
from .projection import Projection
from .renumber import renumber, write_growth
from .runlog import StoredRunLog

SOURCE_LIMIT = 64 * 1024
"""Bytes up to which a source file of a snapshot is a row: a file costs two syncs, and a first run may have fifty."""


_STEPS = (
    "WITH RECURSIVE number (at) AS (SELECT 0 UNION ALL SELECT at + 1 FROM number WHERE at < ?2)"
    " INSERT INTO step (run, node, state) SELECT ?1, at, 'PENDING' FROM number"
)
"""Parameters: run.seq, number of its last step. Half the time of a statement for each."""
_REVISED = ("graph", "code", "git", "dirty", "remote", "branch", "environment", "prints", "spec", "runner")
"""Columns of a run that a retry with current code may change."""


class StoredRuns:
    """`RunStore` on SQLite."""

    def __init__(self, layout: Layout, database: Database, objects: Objects, graphs: Graphs) -> None:
        self._layout = layout
        self._database = database
        self._objects = objects
        self._graphs = graphs
        self._last: tuple[RunId, tuple[object, ...], RunSpec] | None = None
        """The spec read or written last, and what a retry may have changed of it: one command asks four times, and the
        JSON of 10,000 steps takes 60 ms."""

    def create(self, spec: RunSpec, snapshot: Snapshot | None) -> None:
        """Write a PENDING run with its steps, graph, environment and code snapshot, in one transaction.

        Raises:
            ConflictError: the id is taken.
            StoreError: the store cannot be written.
        """
        large = [] if snapshot is None else [data for data in snapshot.contents.values() if len(data) > SOURCE_LIMIT]
        for data in large:
            self._objects.write(data)
        graph, environment = graph_text(spec.graph), dump(dict(spec.environment))
        with self._database.writing(is_full=False) as connection:
            if connection.execute("SELECT 1 FROM run WHERE id = ?", (spec.id,)).fetchone():
                raise ConflictError(f"there is a run {spec.id} already")
            if snapshot is not None and spec.code.key is not None:
                _keep_snapshot(connection, spec.code.key, snapshot)
            graph_seq = _shared(connection, "graph", graph)
            environment_seq = _shared(connection, "environment", environment)
            row = run_to_row(spec, graph_seq, environment_seq, _shared_prints(connection, spec.prints))
            marks = ", ".join("?" * len(row))
            seq = connection.execute(
                f"INSERT INTO run ({', '.join(row)}) VALUES ({marks})", tuple(row.values())
            ).lastrowid
            connection.executemany(
                "INSERT INTO run_tag VALUES (?, ?, ?)", [(tag, spec.created, spec.id) for tag in sorted(set(spec.tags))]
            )
            assert seq is not None
            if spec.graph.nodes:
                connection.execute(_STEPS, (seq, len(spec.graph.nodes) - 1))
            if spec.graph.growth:
                write_growth(connection, seq, numbered(spec.graph))
        self._graphs.keep(graph_seq, spec.graph)
        self._last = spec.id, tuple(row[name] for name in _REVISED), spec

    def open(self, run: RunId, *, expect: Status | None = None) -> StoredRunLog:
        """Take a run up: lock it, raise its lease, record who hosts it, interrupt what an earlier host left at work.

        Args:
            expect: state it must still be in; a host started for a PENDING run must not take up one that was
                cancelled meanwhile. None: any state that may go to STARTED.

        Raises:
            ConflictError: a living process holds it (named by host and pid), or its state does not allow it.
            MissingError: no such run.
            StoreError: the store cannot be written.
        """
        self._database.check_writable()
        with self._database.reading() as connection:
            seq = _seq_of(connection, run)
            last_request = connection.execute("SELECT coalesce(max(seq), 0) FROM request").fetchone()[0]
        lock = RunLock.take(self._layout.lock(run))
        if lock is None:
            raise ConflictError(f"run {run} is hosted by {self._holder(seq)}", "follow it with 'graft attach'")
        try:
            lease = self._take_over(run, seq, last_request, expect)
            make_private(self._layout.logs(run))
            return self._log(seq, lease, lock)
        except BaseException:
            lock.release()
            raise

    def revise(self, run: RunId, spec: RunSpec, snapshot: Snapshot | None) -> None:
        """Give a run that nobody hosts another graph and code; steps that stay keep all they have.

        Raises:
            ConflictError: a living process holds it.
            MissingError: no such run.
            StoreError: the store cannot be written.
        """
        lock = RunLock.take(self._layout.lock(run))
        if lock is None:
            raise ConflictError(f"run {run} is going on in another process", "follow it with 'graft attach'")
        try:
            graph, environment = graph_text(spec.graph), dump(dict(spec.environment))
            for data in [] if snapshot is None else snapshot.contents.values():
                if len(data) > SOURCE_LIMIT:
                    self._objects.write(data)
            with self._database.writing(is_full=False) as connection:
                seq = _seq_of(connection, run)
                if snapshot is not None and spec.code.key is not None:
                    _keep_snapshot(connection, spec.code.key, snapshot)
                (old,) = connection.execute("SELECT graph FROM run WHERE seq = ?", (seq,)).fetchone()
                renumber(connection, seq, self._graphs.of(connection, seq, old), numbered(spec.graph))
                graph_seq, environment_seq = (
                    _shared(connection, "graph", graph),
                    _shared(connection, "environment", environment),
                )
                row = run_to_row(spec, graph_seq, environment_seq, _shared_prints(connection, spec.prints))
                # What ran so far ran the code the run had until now.
                connection.execute(
                    "UPDATE attempt SET code = (SELECT code FROM run WHERE seq = ?) WHERE run = ? AND code IS NULL",
                    (seq, seq),
                )
                changed = {name: row[name] for name in _REVISED}
                connection.execute(
                    f"UPDATE run SET {', '.join(f'{name} = ?' for name in changed)} WHERE seq = ?",
                    (*changed.values(), seq),
                )
        finally:
            lock.release()

    def request_cancel(self, run: RunId, *, is_hard: bool) -> Status:
        """Ask a live run to stop, or write CANCELLED when nobody hosts it; return the state now.

        Raises:
            MissingError: no such run.
            StoreError: the store cannot be written.
        """
        at = time.time()
        with self._database.writing() as connection:
            seq = _seq_of(connection, run)
            if not is_held(self._layout.lock(run)):
                if death := death_of(connection, seq):
                    interrupt(connection, death)
                return self._cancel_unhosted(connection, seq, at)
            state = _state_of(connection, seq)
            if state is Status.STARTED or can_become(state, Status.STARTED):
                connection.execute(
                    "INSERT INTO request (run, kind, is_hard, at) VALUES (?, 'cancel', ?, ?)", (seq, is_hard, at)
                )
            return state

    def spec(self, run: RunId) -> RunSpec:
        """Return what the run was started from, graph included.

        Raises:
            MissingError: no such run.
            StoreError: the store cannot be read.
        """
        with self._database.reading() as connection:
            seq = _seq_of(connection, run)
            stamp = connection.execute(f"SELECT {', '.join(_REVISED)} FROM run WHERE seq = ?", (seq,)).fetchone()
            graph = self._graphs.of(connection, seq, stamp[0]).graph
            kept = self._last
            if kept is not None and kept[:2] == (run, stamp):
                return kept[2] if kept[2].graph is graph else replace(kept[2], graph=graph)
            row = connection.execute(
                f"SELECT {SPEC_COLUMNS} FROM run JOIN environment ON environment.seq = run.environment"
                " LEFT JOIN prints ON prints.seq = run.prints WHERE run.seq = ?",
                (seq,),
            ).fetchone()
            spec = spec_from_row(row, graph)
        self._last = run, stamp, spec
        return spec

    def snapshot(self, run: RunId) -> Snapshot:
        """Return the recorded code; empty when none was reached.

        Raises:
            MissingError: no such run.
            StoreError: the store cannot be read, or a source file is missing or damaged.
        """
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT files FROM snapshot JOIN run ON run.code = snapshot.key WHERE run.seq = ?",
                (_seq_of(connection, run),),
            ).fetchone()
            files: dict[str, str] = json.loads(row[0]) if row else {}
            return Snapshot(
                files=files, contents={sha256: self._source(connection, sha256) for sha256 in files.values()}
            )

    def _source(self, connection: sqlite3.Connection, sha256: str) -> bytes:
        row = connection.execute("SELECT bytes FROM artifact WHERE sha256 = ?", (bytes.fromhex(sha256),)).fetchone()
        if row is not None and hashlib.sha256(row[0]).hexdigest() == sha256:
            data: bytes = row[0]
            return data
        return self._objects.read(sha256)

    def _take_over(self, run: RunId, seq: int, last_request: int, expect: Status | None) -> int:
        """Raise the lease under the lock and return it."""
        here = this_process()
        with self._database.writing(is_full=False) as connection:
            if death := death_of(connection, seq):
                interrupt(connection, death)
            state = _state_of(connection, seq)
            if expect is not None and state is not expect:
                raise ConflictError(f"run {run} is {state} by now, not {expect}")
            if not can_become(state, Status.STARTED):
                raise ConflictError(f"run {run} is {state} and cannot go on", "start a new one with 'graft rerun'")
            (lease,) = connection.execute(
                "UPDATE run SET lease = lease + 1, host = ?, boot = ?, pid = ?, pid_started = ? WHERE seq = ?"
                " RETURNING lease",
                (here.host, here.boot, here.pid, here.pid_started, seq),
            ).fetchone()
            if lease > 1:  # what was asked of an earlier host is over
                connection.execute(
                    "UPDATE request SET handled = 1 WHERE run = ? AND handled = 0 AND seq <= ?", (seq, last_request)
                )
                interrupt_steps(connection, seq)
        return int(lease)

    def _log(self, seq: int, lease: int, lock: RunLock) -> StoredRunLog:
        connection = self._database.take_writer()
        try:
            graph, counts, *named = connection.execute(
                "SELECT graph, counts, project, pipeline FROM run WHERE seq = ?", (seq,)
            ).fetchone()
            found = self._graphs.of(connection, seq, graph)
            states = _states_of(connection, seq, json.loads(counts))
        except BaseException:
            connection.close()
            raise
        return StoredRunLog(
            connection=connection,
            path=self._database.path,
            lock=lock,
            seq=seq,
            lease=lease,
            originals=found.originals,
            projection=Projection(
                seq, found, states, json.loads(counts), Judged(seq, pipeline_mark(*named)), is_first=lease == 1
            ),
            durability=self._database.durability,
        )

    def _cancel_unhosted(self, connection: sqlite3.Connection, seq: int, at: float) -> Status:
        """Write CANCELLED on a run that nobody hosts, where that is possible; return the state now."""
        state = _state_of(connection, seq)
        if not can_become(state, Status.CANCELLED):
            return state
        connection.execute(
            "UPDATE run SET state = 'CANCELLED', reason = ?, finished = coalesce(finished, ?) WHERE seq = ?",
            (Reason.USER, at, seq),
        )
        pending = self._cancel_pending(connection, seq, at)
        facts = facts_text([*pending, RunFinished(state=Status.CANCELLED, reason=Reason.USER, at=at)])
        connection.execute("INSERT INTO event (run, at, facts) VALUES (?, ?, ?)", (seq, at, facts))
        return Status.CANCELLED

    def _cancel_pending(self, connection: sqlite3.Connection, seq: int, at: float) -> list[StepSettled]:
        (graph,) = connection.execute("SELECT graph FROM run WHERE seq = ?", (seq,)).fetchone()
        paths = self._graphs.of(connection, seq, graph).paths
        pending = connection.execute(
            "UPDATE step SET state = 'CANCELLED', reason = ? WHERE run = ? AND state = 'PENDING' RETURNING node",
            (Reason.USER, seq),
        ).fetchall()
        count_steps(connection, seq)
        return [StepSettled(node=paths[node], state=Status.CANCELLED, reason=Reason.USER, at=at) for (node,) in pending]

    def _holder(self, seq: int) -> str:
        with self._database.reading() as connection:
            host, boot, pid, started = connection.execute(
                "SELECT host, boot, pid, pid_started FROM run WHERE seq = ?", (seq,)
            ).fetchone()
        if pid is None:
            return "another process, which takes it up just now"
        return describe(Holder(host=host, boot=boot, pid=pid, pid_started=started), this_process())


def _seq_of(connection: sqlite3.Connection, run: RunId) -> int:
    row = connection.execute("SELECT seq FROM run WHERE id = ?", (run,)).fetchone()
    if row is None:
        raise MissingError(f"there is no run {run}", "'graft ls' lists them")
    return int(row[0])


def _state_of(connection: sqlite3.Connection, seq: int) -> Status:
    return Status(connection.execute("SELECT state FROM run WHERE seq = ?", (seq,)).fetchone()[0])


def _states_of(connection: sqlite3.Connection, seq: int, counts: Mapping[str, int]) -> list[Status]:
    """Return the states of the steps of a run by their numbers, given how many are in which."""
    if counts.keys() <= {Status.PENDING}:  # a new run: 10 ms for 10,000 steps
        return [Status.PENDING] * counts.get(Status.PENDING, 0)
    rows = connection.execute("SELECT state FROM step WHERE run = ? ORDER BY node", (seq,))
    return [STATUS[state] for (state,) in rows]


def _shared(connection: sqlite3.Connection, table: str, text: str) -> int:
    """Return the row that holds a JSON text, made when it is new."""
    digest = hashlib.sha256(text.encode("ascii")).digest()
    row = connection.execute(f"SELECT seq FROM {table} WHERE sha256 = ?", (digest,)).fetchone()
    if row is None:
        row = connection.execute(
            f"INSERT INTO {table} (sha256, json) VALUES (?, ?) RETURNING seq", (digest, text)
        ).fetchone()
    return int(row[0])


def _shared_prints(connection: sqlite3.Connection, prints: Prints) -> int | None:
    return _shared(connection, "prints", canonical(prints_to_json(prints))) if prints else None


def _keep_snapshot(connection: sqlite3.Connection, key: str, snapshot: Snapshot) -> None:
    files = canonical(dict(snapshot.files))
    connection.execute(
        "INSERT INTO snapshot VALUES (?, ?) ON CONFLICT DO NOTHING",
        (key, files),
    )
    connection.executemany(
        "INSERT INTO artifact (sha256, bytes) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [(bytes.fromhex(sha256), data) for sha256, data in snapshot.contents.items() if len(data) <= SOURCE_LIMIT],
    )
