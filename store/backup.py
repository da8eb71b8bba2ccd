"""`graft backup`: a copy of a store while runs go on, which is a store itself.

The database is copied as it is at one moment, then every object and log that it names. Objects are written before the
rows that name them, so what the copied rows name is there; that nobody cleans meanwhile is held by a lock. Bytes are
copied, not linked: a hard link would be damaged with the original. File systems that can (btrfs, xfs) share the blocks.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..core.backups import Copied
from ..core.errors import ConflictError, InvalidError
from ..core.ids import is_run_id
from ..core.records import dataclass
from ..worker.blobs import copy_file
from .cleaning import cleaning_lock
from .database import Database
from .doctor import DAMAGED
from .failures import explain, explain_os
from .inventory import digests, names_of, scan
from .layout import Layout, make_private
from .leftovers import size_of
from .liveness import RunLock
from .migrate import back_up
from .objects import TEMPORARY

Tell = Callable[[int, int], None]
"""Is told bytes that are copied, and bytes there are, now and then."""


@dataclass(frozen=True, slots=True)
class _Progress:
    tell: Tell
    total: int

    def at(self, done: int) -> None:
        self.tell(min(done, self.total), self.total)


def back_up_store(layout: Layout, database: Database, target: Path, tell: Tell) -> Copied:
    """Copy a store to a directory that is not there yet, which is there whole or not at all.

    Raises:
        InvalidError: something is there already, or it is inside of the store.
        ConflictError: another process cleans the store.
        StoreError: it cannot be read or written, or the copy does not hold.
    """
    target = target.expanduser().absolute()
    if os.path.lexists(target):
        raise InvalidError(
            f"{target} is there already: a backup replaces nothing", "name a directory that is not there"
        )
    if target.is_relative_to(layout.directory.resolve()) or target.resolve().is_relative_to(layout.directory.resolve()):
        raise InvalidError(f"{target} is inside of the store", "name a directory elsewhere, best on another disk")
    if not target.parent.is_dir():
        raise InvalidError(f"there is no directory {target.parent}", "make it first")
    with _not_cleaned(layout, database):
        fresh = Layout(target.with_name(f".{target.name}.{os.urandom(4).hex()}.part"))
        try:
            copied = _copy(layout, database, fresh, tell)
            os.rename(fresh.directory, target)
            _sync(target.parent)
        except OSError as error:
            raise explain_os(error, target) from error
        finally:
            shutil.rmtree(fresh.directory, ignore_errors=True)
    return copied


def _copy(layout: Layout, database: Database, fresh: Layout, tell: Tell) -> Copied:
    fresh.create()
    connection = database.connect_reader() if database.read_only else database.connect()  # the other only queries
    try:
        back_up(connection, fresh.database)
    finally:
        connection.close()
    named, given_up = _prepared(fresh.database)
    pieces = {sha256: piece.size for sha256, piece in scan(layout)}  # all: texts name some that no column does
    logs = [path for path in sorted((layout.root / "logs").iterdir()) if is_run_id(path.name)]
    progress = _Progress(tell, sum(pieces.values()) + sum(size_of(path) for path in logs))
    done, bad = 0, list(named - pieces.keys() - given_up)
    for sha256, size in pieces.items():
        if not _copy_object(layout.object(sha256), fresh.object(sha256), sha256):
            bad.append(sha256)
        done += size
        progress.at(done)
    for path in logs:
        done += _copy_logs(path, fresh.root / "logs" / path.name)
        progress.at(done)
    _sync_all(fresh.root)
    count = len(pieces) - sum(1 for sha256 in bad if sha256 in pieces)
    return Copied(objects=count, size=size_of(fresh.directory), runs=_runs(fresh.database), damaged=tuple(sorted(bad)))


def _prepared(path: Path) -> tuple[set[str], set[str]]:
    """Make the copied database one that runs can use, and return the objects it names, and those it gave up."""
    try:
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            # A copy has no write-ahead log; a store has one, and nothing asks for it later.
            connection.execute("PRAGMA journal_mode = WAL")
            named = names_of(connection)
            given_up = digests(connection, "evicted")
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise explain(error, path) from error
    return named, given_up


def _copy_object(source: Path, target: Path, sha256: str) -> bool:
    """Copy an object and tell whether the copy is what its name says; one that is not is left out."""
    make_private(target.parent)
    try:
        _copy_file(source, target)
    except FileNotFoundError:
        return False
    with target.open("rb") as copied:  # the copy, not the original: what counts is what can be read later
        is_right = hashlib.file_digest(copied, "sha256").hexdigest() == sha256
    if not is_right:
        target.unlink()
    return is_right


def _copy_logs(source: Path, target: Path) -> int:
    """Copy the logs of a run, as far as they are written; of the last record a part may be missing."""
    make_private(target)
    size = 0
    for path in sorted(source.iterdir()):
        if path.is_file() and not path.name.endswith((TEMPORARY, DAMAGED)):
            size += _copy_file(path, target / path.name)
    return size


def _copy_file(source: Path, target: Path) -> int:
    writing = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with source.open("rb") as old, open(os.open(target, writing, 0o600), "wb", buffering=0) as new:
        size = copy_file(old.fileno(), new.fileno())
    times = source.stat()
    os.utime(target, ns=(times.st_atime_ns, times.st_mtime_ns))
    return size


def _runs(path: Path) -> int:
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    try:
        count: int = connection.execute("SELECT count(*) FROM run").fetchone()[0]
        return count
    finally:
        connection.close()


@contextmanager
def _not_cleaned(layout: Layout, database: Database) -> Iterator[None]:
    if database.read_only:  # nobody else can clean it either, or it is not ours to lock
        yield
        return
    lock = RunLock.take(cleaning_lock(layout))
    if lock is None:
        raise ConflictError("another process cleans this store, or makes a backup of it", "try again when it is done")
    try:
        yield
    finally:
        lock.release()


def _sync_all(path: Path) -> None:
    """Wait until all of a file system is on disk. One call: 50,000 files synced one by one take minutes.

    Raises:
        OSError: some of it could not be written.
    """
    import ctypes  # for one call of one command

    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
        if syncfs is None:  # not Linux
            os.sync()
        elif syncfs(descriptor) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    finally:
        os.close(descriptor)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
