"""The one place that opens connections: busy_timeout first, WAL, foreign keys, immediate write transactions.

Why nobody else may: a deferred transaction that reads and then writes fails with "database is locked" whatever its
timeout, and a read-modify-write outside one transaction loses updates silently (337 of 400 when it was tried).
"""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from itertools import chain
from pathlib import Path

from ..core.errors import StoreError
from .failures import BUSY_S, explain, explain_os
from .layout import Layout

WAL_PAGES = 3000
"""Pages of write-ahead log before a commit moves them into the file: 12 MB. Fewer copy hot pages more often."""


class Durability(Enum):
    """What a commit of steps survives. Ends of runs are always FULL."""

    NORMAL = "NORMAL"
    """The death of the process; power loss may take the last commits."""
    FULL = "FULL"
    """Power loss."""


class Database:
    """One SQLite file. Connections are lent and taken back, so that threads which come and go leave none open."""

    def __init__(self, layout: Layout, *, read_only: bool = False, durability: Durability = Durability.NORMAL):
        self.path = layout.database
        self.read_only = read_only
        self.durability = durability
        self._lock = threading.Lock()
        self._readers: list[sqlite3.Connection] = []
        self._writers: list[sqlite3.Connection] = []
        self._is_closed = False
        # A result of `execute()` that is dropped takes its store with it: from 3.13 on SQLite warns of connections
        # that nobody closed, which is an error in many a test suite.
        weakref.finalize(self, _close_all, self._readers, self._writers).atexit = False

    def connect(self) -> sqlite3.Connection:
        """Return a new connection that may write, in autocommit mode; the caller closes it.

        Raises:
            StoreError: it cannot be opened.
        """
        self.check_writable()
        return self._connect(f"{self.path.as_uri()}?mode=rw")

    def take_writer(self) -> sqlite3.Connection:
        """Return a connection as `connect` does, one that was opened before where one is idle: 0.6 ms.

        Raises:
            StoreError: it cannot be opened.
        """
        return self._take(self._writers) or self.connect()

    def check_writable(self) -> None:
        """Refuse to go on in a store that was opened to be read.

        Raises:
            StoreError: it was.
        """
        if self.read_only:
            raise StoreError(
                f"cannot write in the store at {self.path.parent.parent}: it is open for reading only",
                "make it writable, or use another store with --store DIR",
            )

    def connect_reader(self) -> sqlite3.Connection:
        """Return a new connection that only reads; the caller closes it.

        Raises:
            StoreError: it cannot be opened.
        """
        if not self.read_only:
            connection = self.connect()
            connection.execute("PRAGMA query_only = ON")
            return connection
        try:
            return self._connect(f"{self.path.as_uri()}?mode=ro")
        except StoreError:
            # SQLite cannot make its -shm file in a directory we may not write; without a log the file stands alone.
            log = self.path.with_name(f"{self.path.name}-wal")
            if log.exists() and log.stat().st_size:
                raise
            return self._connect(f"{self.path.as_uri()}?mode=ro&immutable=1")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection that only reads.

        Raises:
            StoreError: the store cannot be read.
        """
        connection = self._take(self._readers) or self.connect_reader()
        try:
            yield connection
        except sqlite3.Error as error:
            raise explain(error, self.path) from error
        finally:
            self._give_back(self._readers, connection)

    @contextmanager
    def writing(self, *, is_full: bool = True) -> Iterator[sqlite3.Connection]:
        """Lend a connection in a write transaction: committed at the end, rolled back on any exception.

        Raises:
            StoreError: the store cannot be written.
        """
        connection = self.take_writer()
        try:
            with transaction(connection, self.path, is_full=is_full and self.durability is Durability.NORMAL):
                yield connection
        finally:
            self._give_back(self._writers, connection)

    def close_idle(self) -> None:
        """Close the connections that nobody has just now."""
        with self._lock:
            for connection in (*self._readers, *self._writers):
                connection.close()
            self._readers.clear()
            self._writers.clear()

    def close(self) -> None:
        """Close every connection; those that are lent when they come back. Safe to call twice."""
        self._is_closed = True
        self.close_idle()

    def _take(self, idle: list[sqlite3.Connection]) -> sqlite3.Connection | None:
        with self._lock:
            return idle.pop() if idle else None

    def _give_back(self, idle: list[sqlite3.Connection], connection: sqlite3.Connection) -> None:
        with self._lock:
            if self._is_closed:
                connection.close()
            else:
                idle.append(connection)

    def _connect(self, uri: str) -> sqlite3.Connection:
        try:
            # check_same_thread: lent to one thread at a time, but not always to the same.
            connection = sqlite3.connect(
                uri, uri=True, isolation_level=None, check_same_thread=False, cached_statements=256
            )
        except sqlite3.Error as error:
            raise explain(error, self.path) from error
        try:
            connection.execute(f"PRAGMA busy_timeout = {BUSY_S * 1000:.0f}")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
            connection.execute(f"PRAGMA synchronous = {self.durability.value}")
            connection.execute("SELECT 1 FROM sqlite_schema").fetchone()  # opening is lazy: fail here, not later
        except sqlite3.Error as error:
            connection.close()
            raise explain(error, self.path) from error
        return connection


@contextmanager
def transaction(connection: sqlite3.Connection, path: Path, *, is_full: bool = False) -> Iterator[None]:
    """Run a block in one immediate write transaction; `is_full` makes a NORMAL one's commit survive power loss.

    Raises:
        StoreError: the database cannot be written; nothing of the block is.
    """
    try:
        if is_full:
            connection.execute("PRAGMA synchronous = FULL")  # has no effect inside a transaction
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:  # a full disk may have rolled back already
                    connection.execute("ROLLBACK")
                raise
        finally:
            if is_full:
                connection.execute("PRAGMA synchronous = NORMAL")
    except sqlite3.Error as error:
        raise explain(error, path) from error


def create_file(path: Path) -> None:
    """Make an empty database file of mode 0600 before SQLite would make one under the umask; one that exists stays.

    Its -wal and -shm files get the same mode.

    Raises:
        StoreError: it cannot be made.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        return
    except OSError as error:
        raise explain_os(error, path) from error
    os.fchmod(descriptor, 0o600)
    os.close(descriptor)


def _close_all(*idle: list[sqlite3.Connection]) -> None:
    for connection in chain.from_iterable(idle):
        connection.close()
