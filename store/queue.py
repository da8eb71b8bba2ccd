"""The queue on SQLite: who waits, who works, who is lost. Every change is one transaction that begins as a write."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from typing import TypeAlias

from ..core.demands import DEFAULT_LABEL
from ..core.ids import RunId
from ..core.queue import (
    LOST_AFTER_S,
    MAX_CLAIMS,
    Claim,
    NewSubmission,
    Submission,
    SubmissionState,
    Worker,
    WorkerState,
)
from ..core.states import Status
from .database import Database
from .layout import Layout
from .liveness import is_held, this_process

_FORGOTTEN_S = 86_400.0
"""A lost worker is listed for a day: long enough to be noticed."""
_LIVE = "(boot IS :boot AND beat > :since)"
_SERVED = (
    "NOT EXISTS (SELECT 1 FROM json_each(submission.labels) AS wanted"
    " WHERE wanted.value NOT IN (SELECT value FROM json_each({})))"
)
"""Every label a submission wants is in a JSON array."""
_NEXT = (
    "SELECT seq, run, claims, command, cwd, expect FROM submission WHERE (state = 'WAITING' OR (state = 'TAKEN'"
    f" AND worker IS NOT NULL AND worker NOT IN (SELECT number FROM worker WHERE {_LIVE})))"
    f" AND {_SERVED.format(':labels')} ORDER BY seq"
)
_ORPHANS = (
    "SELECT seq, run, claims, command, cwd, expect FROM submission WHERE state = 'WAITING'"
    f" AND {_SERVED.format(':labels')} AND NOT EXISTS (SELECT 1 FROM worker WHERE {_LIVE} AND drains = 0"
    f" AND {_SERVED.format('worker.labels')}) ORDER BY seq"
)
_Row: TypeAlias = "tuple[int, str, int, str, str, str]"
"""seq, run, claims, command, cwd, expect."""


class StoredQueue:
    """`Queue` on a database.

    Args:
        layout: where the locks of runs are.
        database: of the store.
        now: monotonic seconds, the same for all processes since the machine was started.
    """

    def __init__(self, layout: Layout, database: Database, now: Callable[[], float] = time.monotonic):
        self._layout = layout
        self._database = database
        self._now = now
        self._boot = this_process().boot

    def put(self, new: NewSubmission) -> None:
        """Queue a run."""
        labels = json.dumps(list(new.labels or (DEFAULT_LABEL,)))
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO submission (run, labels, state, command, cwd, expect, created)"
                " VALUES (?, ?, 'WAITING', ?, ?, ?, ?) ON CONFLICT (run) DO UPDATE SET labels = excluded.labels,"
                " state = 'WAITING', worker = NULL, claims = 0, command = excluded.command, cwd = excluded.cwd,"
                " expect = excluded.expect",
                (new.run, labels, json.dumps(list(new.command)), new.cwd, new.expect, new.created),
            )

    def claim(self, worker: int) -> Claim | None:
        """Take the oldest submission that fits; see `Queue`."""
        with self._database.writing() as connection:
            mine = connection.execute(
                f"SELECT labels FROM worker WHERE number = :worker AND drains = 0 AND {_LIVE}",
                {"worker": worker, **self._moment()},
            ).fetchone()
            if mine is None:
                return None
            found = connection.execute(_NEXT, {"labels": mine[0], **self._moment()}).fetchall()
            for row in found:
                if self._can_be_taken(connection, row):
                    return _taken(connection, row, worker)
        return None

    def adopt(self, labels: Sequence[str]) -> list[Claim]:
        """Take what nobody else could; see `Queue`."""
        served = {"labels": json.dumps([DEFAULT_LABEL, *labels]), **self._moment()}
        with self._database.reading() as connection:  # nearly always there is none, which takes no lock
            if connection.execute(_ORPHANS, served).fetchone() is None:
                return []
        with self._database.writing() as connection:
            return [
                _taken(connection, row, None)
                for row in connection.execute(_ORPHANS, served).fetchall()
                if self._can_be_taken(connection, row)
            ]

    def finish(self, claim: Claim, *, is_over: bool) -> bool:
        """End a claim; see `Queue`."""
        with self._database.writing() as connection:
            changed = connection.execute(
                "UPDATE submission SET state = ? WHERE run = ? AND state = 'TAKEN' AND claims = ?",
                (SubmissionState.ENDED if is_over else SubmissionState.WAITING, claim.run, claim.number),
            )
            return changed.rowcount == 1

    def submission(self, run: RunId) -> Submission | None:
        """Return how the submission of a run stands."""
        found = self._submissions("run = ?", run)
        return found[0] if found else None

    def waiting(self) -> list[Submission]:
        """Return what waits, oldest first."""
        # One that was cancelled waits for nobody, though it stands in the queue until a worker passes it.
        is_open = "run.state IN (submission.expect, 'STARTED', 'INTERRUPTED')"
        exists = f"EXISTS (SELECT 1 FROM run WHERE run.id = submission.run AND {is_open})"
        return self._submissions(f"state = 'WAITING' AND {exists}")

    def register(self, labels: Sequence[str], slots: int) -> int:
        """Enter this process as a worker; lost ones of long ago are forgotten."""
        here = this_process()
        with self._database.writing() as connection:
            forgotten = {"boot": self._boot, "since": self._now() - _FORGOTTEN_S}
            connection.execute(
                f"DELETE FROM worker WHERE NOT {_LIVE} AND number NOT IN"
                " (SELECT worker FROM submission WHERE state = 'TAKEN' AND worker IS NOT NULL)",
                forgotten,
            )
            number: int = connection.execute(
                "INSERT INTO worker (host, boot, pid, labels, slots, beat, started) VALUES (?, ?, ?, ?, ?, ?, ?)"
                " RETURNING number",
                (here.host, here.boot, here.pid, json.dumps(list(labels)), slots, self._now(), time.time()),
            ).fetchone()[0]
            return number

    def beat(self, worker: int, *, is_draining: bool) -> bool:
        """Give a sign of life; see `Queue`."""
        with self._database.writing(is_full=False) as connection:
            changed = connection.execute(
                f"UPDATE worker SET beat = :now, drains = :drains WHERE number = :worker AND {_LIVE}",
                {"now": self._now(), "drains": is_draining, "worker": worker, **self._moment()},
            )
            return changed.rowcount == 1

    def leave(self, worker: int) -> None:
        """Take a worker off the list."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM worker WHERE number = ?", (worker,))

    def workers(self) -> list[Worker]:
        """Return the workers by number."""
        now = self._now()
        with self._database.reading() as connection:
            if not _has_tables(connection):
                return []
            rows = connection.execute(
                "SELECT worker.number, host, boot, pid, worker.labels, slots, drains, beat, started,"
                " (SELECT json_group_array(run) FROM submission WHERE state = 'TAKEN' AND worker = worker.number)"
                " FROM worker ORDER BY worker.number"
            ).fetchall()
        return [self._worker(row, now) for row in rows]

    def _worker(self, row: tuple[object, ...], now: float) -> Worker:
        number, host, boot, pid, labels, slots, drains, beat, started, runs = row
        is_live = boot == self._boot and float(beat) > now - LOST_AFTER_S  # type: ignore[arg-type]
        state = (WorkerState.DRAINING if drains else WorkerState.LIVE) if is_live else WorkerState.LOST
        return Worker(
            number=int(number),  # type: ignore[call-overload]
            host=str(host),
            pid=int(pid),  # type: ignore[call-overload]
            labels=tuple(json.loads(str(labels))),
            slots=int(slots),  # type: ignore[call-overload]
            state=state,
            runs=tuple(RunId(run) for run in json.loads(str(runs))),
            beat_age_s=max(0.0, now - float(beat)) if boot == self._boot else time.time() - float(started),  # type: ignore[arg-type]
            started=float(started),  # type: ignore[arg-type]
        )

    def _moment(self) -> dict[str, object]:
        return {"boot": self._boot, "since": self._now() - LOST_AFTER_S}

    def _submissions(self, where: str, *values: object) -> list[Submission]:
        with self._database.reading() as connection:
            if not _has_tables(connection):
                return []
            rows = connection.execute(
                f"SELECT run, labels, state, worker, claims, created FROM submission WHERE {where} ORDER BY seq", values
            ).fetchall()
        return [
            Submission(
                run=RunId(run),
                labels=tuple(json.loads(labels)),
                state=SubmissionState(state),
                worker=worker,
                claims=claims,
                created=created,
            )
            for run, labels, state, worker, claims, created in rows
        ]

    def _can_be_taken(self, connection: sqlite3.Connection, submission: _Row) -> bool:
        """Tell whether nobody has a run; one that is over, or took too many workers with it, leaves the queue."""
        seq, run, claims, _, _, expect = submission
        if is_held(self._layout.lock(RunId(run))):
            return False  # its worker was lost, and the process that hosts it goes on
        row = connection.execute("SELECT state FROM run WHERE id = ?", (run,)).fetchone()
        # STARTED with a free lock: its host died, and the next one finds it INTERRUPTED.
        if row is None or row[0] not in (expect, "STARTED", "INTERRUPTED"):
            connection.execute("UPDATE submission SET state = 'ENDED' WHERE seq = ?", (seq,))
            return False
        if claims >= MAX_CLAIMS:
            connection.execute("UPDATE submission SET state = 'GIVEN_UP' WHERE seq = ?", (seq,))
            return False
        return True


def _taken(connection: sqlite3.Connection, submission: _Row, worker: int | None) -> Claim:
    seq, run, claims, command, cwd, expect = submission
    connection.execute(
        "UPDATE submission SET state = 'TAKEN', worker = ?, claims = ? WHERE seq = ?", (worker, claims + 1, seq)
    )
    return Claim(
        run=RunId(run),
        worker=worker,
        number=claims + 1,
        command=tuple(json.loads(command)),
        cwd=cwd,
        expect=Status(expect),
    )


def _has_tables(connection: sqlite3.Connection) -> bool:
    """Tell whether there is a queue: a store of an earlier version, which may only be read, has none."""
    return connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'submission'").fetchone() is not None
