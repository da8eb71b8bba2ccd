"""`graft gc`: says what may go, and deletes it. Rows go first, in transactions; files that nothing names follow.

So a cleaner that is killed leaves files too many and never one too few, and the next one finds them. What it deletes of
runs, it deletes while no run is live, which it looks at inside the transaction: none can begin before the commit, and
what begins then does not find the results that went.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..core.cleaning import Kind, Part, Plan
from ..core.errors import ConflictError
from ..core.garbage import MADE_S, Choice, Holdings, Limits, choose
from ..core.records import dataclass, replace
from ..worker.reclaiming import remove_old
from .database import Database
from .failures import explain_os
from .forgetting import forget_run, forget_unshared, forget_values, makers_of
from .graphs import Graphs
from .interruption import settle
from .inventory import Token, live_runs, take_stock, token
from .layout import Layout
from .leftovers import Found, Leftover, leftovers, of_run, remove
from .liveness import RunLock

_ROWS = 20_000
"""Steps whose rows go in one transaction: some 0.3 s, in which nobody else can write."""
_COMPACTED = 500_000_000
"""Bytes of a database up to which it is written anew without its holes: 5 s, in which nobody else can write. Others
give up after 10 s (store/failures.py)."""
_HOLES = 1_000_000
"""Bytes of holes in the database for which that is worth the while."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Survey:
    """What was found, and what of it goes."""

    held: Holdings
    choice: Choice
    token: Token
    found: tuple[Found, ...]


class Cleaning:
    """Cleans one store."""

    def __init__(self, layout: Layout, database: Database, graphs: Graphs):
        self._layout = layout
        self._database = database
        self._graphs = graphs

    def plan(self, limits: Limits, now: float) -> Plan:
        """Say what would go; changes nothing.

        Raises:
            StoreError: the store cannot be read, or may not be written: then nothing could go.
        """
        self._database.check_writable()
        return _told(self._survey(limits, now))

    def clean(self, limits: Limits, now: float) -> Plan:
        """Delete what may go, and say what went.

        Args:
            limits: how much may stay.
            now: wall time that ages count from.

        Raises:
            ConflictError: another process cleans the store, or makes a backup of it.
            StoreError: the store cannot be written; what is deleted until then stays deleted, and nothing that is
                named is.
        """
        self._database.check_writable()
        with self._alone():
            settle(self._database, self._layout)
            survey = self._survey(limits, now)
            held, choice = survey.held, self._forget(survey, now)
            choice = self._remove_objects(held, choice, now)
            stay = {run.id for run in held.runs.values() if run.seq not in choice.runs}
            found = [each for each in survey.found if _owner(each) not in stay and _removed(each)]
            given_back, holes = self._compact()
        done = _told(replace(survey, choice=choice, found=tuple(found)))
        parts = (*done.parts, Part(kind=Kind.DATABASE, count=0, size=given_back)) if given_back else done.parts
        return replace(done, parts=parts, holes=holes, is_done=True)

    def _survey(self, limits: Limits, now: float) -> _Survey:
        with self._database.reading() as connection:
            connection.execute("BEGIN")
            try:
                mark = token(connection)
                held = take_stock(
                    connection,
                    self._layout,
                    self._graphs,
                    with_values=not limits.is_empty,
                    with_runs=limits.with_runs,
                )
                codes = {key for (key,) in connection.execute("SELECT key FROM snapshot")}
            finally:
                connection.execute("COMMIT")
        choice = choose(held, limits, now)
        found = list(leftovers(self._layout, {run.id for run in held.runs.values()}, codes, now))
        found += [each for seq in sorted(choice.runs) for each in of_run(self._layout, held.runs[seq].id)]
        return _Survey(held=held, choice=choice, token=mark, found=tuple(found))

    def _forget(self, survey: _Survey, now: float) -> Choice:
        """Delete the rows of what goes; return what of it may go on. A run that begins meanwhile ends it."""
        choice, gone = survey.choice, set[int]()
        if choice.values and not self._forget_values(survey, now):
            return self._only(survey, frozenset(), values=())
        for batch in self._batches(sorted(choice.runs)):
            if not self._forget_runs(survey, batch):
                return self._only(survey, frozenset(gone), values=choice.values)
            gone.update(batch)
        if gone:
            with self._database.writing() as connection:
                if self._is_quiet(connection, None):
                    forget_unshared(connection)
        return choice

    def _forget_values(self, survey: _Survey, now: float) -> bool:
        with self._database.reading() as connection:  # it takes long, and holds as long as the token does
            makers = makers_of(connection, survey.choice.values)
        with self._database.writing() as connection:
            if not self._is_quiet(connection, survey.token):
                return False
            forget_values(connection, survey.choice.values, makers, now)
        return True

    def _forget_runs(self, survey: _Survey, batch: Sequence[int]) -> bool:
        locks = [RunLock.take(self._layout.lock(survey.held.runs[seq].id)) for seq in batch]
        try:
            if None in locks:  # somebody takes one up again
                return False
            with self._database.writing() as connection:
                if not self._is_quiet(connection, survey.token):
                    return False
                for seq in batch:
                    forget_run(connection, seq)
            return True
        finally:
            for lock in locks:
                if lock is not None:
                    lock.release()

    def _only(self, survey: _Survey, gone: frozenset[int], *, values: tuple[str, ...]) -> Choice:
        """Return what goes when of all runs only these do: the others go on naming what they named."""
        held = survey.held
        uses = {
            sha256: [use for use in held.uses.get(sha256, ()) if use.run not in gone]
            for sha256 in survey.choice.unnamed
        }
        unnamed = tuple(sha256 for sha256, left in uses.items() if not left)
        with self._database.reading() as connection:
            live = live_runs(connection, self._layout)
        return replace(survey.choice, runs=gone, values=values, unnamed=unnamed, waits_for=tuple(live))

    def _is_quiet(self, connection: sqlite3.Connection, mark: Token | None) -> bool:
        """Tell, inside a write transaction, whether no run is live, and none has written since the survey."""
        return (mark is None or token(connection) == mark) and not live_runs(connection, self._layout)

    def _batches(self, runs: Sequence[int]) -> Iterator[list[int]]:
        with self._database.reading() as connection:
            counted = [
                (seq, connection.execute("SELECT count(*) FROM step WHERE run = ?", (seq,)).fetchone()[0])
                for seq in runs
            ]
        batch: list[int] = []
        steps = 0
        for seq, count in counted:
            if batch and (steps + count > _ROWS or len(batch) >= _ROWS // 100):
                yield batch
                batch, steps = [], 0
            batch.append(seq)
            steps += count
        if batch:
            yield batch

    def _remove_objects(self, held: Holdings, choice: Choice, now: float) -> Choice:
        """Delete object files; return what went. One that somebody asked for meanwhile stays."""
        settled = now - MADE_S
        unnamed = tuple(
            each for each in choice.unnamed if self._remove(each, settled if each in held.uses else choice.before)
        )
        return replace(
            choice, unnamed=unnamed, values=tuple(each for each in choice.values if self._remove(each, settled))
        )

    def _remove(self, sha256: str, before: float) -> bool:
        path = self._layout.object(sha256)
        try:
            return remove_old(str(self._layout.objects), str(path), before)
        except OSError as error:
            raise explain_os(error, path) from error

    def _compact(self) -> tuple[int, int]:
        """Write the database anew when it has holes worth it and nobody uses it; return bytes given back, and left."""
        with self._database.reading() as connection:
            before, holes = _pages(connection)
            is_quiet = not live_runs(connection, self._layout)
        if holes >= max(_HOLES, before // 10) and before - holes <= _COMPACTED and is_quiet:
            connection = self._database.connect()
            try:
                connection.execute("VACUUM")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                after, holes = _pages(connection)
            except sqlite3.OperationalError:  # somebody reads or writes just now: the holes are used again
                return 0, holes
            finally:
                connection.close()
            return max(0, before - after), holes
        return 0, holes

    @contextmanager
    def _alone(self) -> Iterator[None]:
        lock = RunLock.take(cleaning_lock(self._layout))
        if lock is None:
            raise ConflictError(
                "another process cleans this store, or makes a backup of it", "try again when it is done"
            )
        try:
            yield
        finally:
            lock.release()


def cleaning_lock(layout: Layout) -> Path:
    """Return the file that whoever cleans holds, so that nobody makes a backup meanwhile."""
    return layout.root / "clean.lock"


def _pages(connection: sqlite3.Connection) -> tuple[int, int]:
    """Return bytes of the database, and of its holes."""
    size, count, free = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_size", "page_count", "freelist_count")
    )
    return size * count, size * free


def _owner(found: Found) -> str:
    """Return the id of the run it is of; of what is no run's, a name that is none."""
    return found.path.stem if found.kind is Leftover.LOCK else found.path.name


def _removed(found: Found) -> bool:
    try:
        return remove(found)
    except OSError as error:
        raise explain_os(error, found.path) from error


def _told(survey: _Survey) -> Plan:
    held, choice = survey.held, survey.choice
    sizes = {kind: sum(held.pieces[each].size for each in digests) for kind, digests in _kinds(choice)}
    counts: Counter[Leftover] = Counter()
    bytes_of: Counter[Leftover] = Counter()
    for found in survey.found:
        counts[found.kind] += 1
        bytes_of[found.kind] += found.size
    parts = [
        Part(kind=Kind.RUNS, count=len(choice.runs), size=0),
        *(Part(kind=kind, count=len(digests), size=sizes[kind]) for kind, digests in _kinds(choice)),
        *(Part(kind=_LEFT[kind], count=counts[kind], size=bytes_of[kind]) for kind in Leftover),
    ]
    return Plan(
        parts=tuple(part for part in parts if part.count),
        runs=tuple(held.runs[seq].id for seq in sorted(choice.runs)),
        losing=tuple(held.runs[seq].id for seq in sorted(choice.losing)) if choice.values else (),
        waits_for=tuple(dict.fromkeys(choice.waits_for)),
        objects=len(held.pieces),
        size=sum(piece.size for piece in held.pieces.values()),
    )


def _kinds(choice: Choice) -> tuple[tuple[Kind, tuple[str, ...]], ...]:
    return (Kind.VALUES, choice.values), (Kind.UNNAMED, choice.unnamed)


_LEFT = {
    Leftover.TEMPORARY: Kind.TEMPORARY,
    Leftover.LOGS: Kind.LOGS,
    Leftover.CODE: Kind.CODE,
    Leftover.LOCK: Kind.LOCKS,
}
