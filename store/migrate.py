"""Brings the schema of a store up to date: numbered scripts, forward only, each with its record in one transaction.

`PRAGMA user_version` is the schema major, the highest number in `migration` the minor. A newer minor only added tables
or columns, so it is read and written as it is; a newer major is refused before a byte is written.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from ..core.errors import StoreError
from ..core.records import dataclass
from .database import Database, create_file, transaction
from .failures import BUSY_S, explain, explain_os
from .layout import MAJOR, Layout, check_private

APPLICATION_ID = 0x47524654
""""GRFT": tells a graftline store from any other SQLite file."""


_looking = threading.Lock()
_looked_at: set[tuple[int, int]] = set()
"""Device and inode of each database whose header this process has read."""


@dataclass(frozen=True, slots=True)
class Script:
    """One migration."""

    number: int
    name: str
    sql: str


def scripts() -> list[Script]:
    """Return the migrations that come with this version, in order."""
    found = []
    for file in Path(__file__).with_name("migrations").iterdir():  # importlib.resources costs 5 ms
        number, _, name = file.name.removesuffix(".sql").partition("_")
        if file.name.endswith(".sql"):
            found.append(Script(int(number), name, file.read_text(encoding="utf-8")))
    return sorted(found, key=lambda script: script.number)


def version(connection: sqlite3.Connection) -> tuple[int, int]:
    """Return major and minor of a store; (0, 0) for an empty file.

    Raises:
        sqlite3.Error: not a database.
    """
    major = connection.execute("PRAGMA user_version").fetchone()[0]
    if not major:
        return 0, 0
    minor = connection.execute("SELECT max(number) FROM migration").fetchone()[0] if major == MAJOR else 0
    return major, minor or 0


def prepare(layout: Layout, database: Database, known: Sequence[Script] | None = None) -> None:
    """Create the store or bring it up to date; at most one process does it, others wait.

    Raises:
        StoreError: a newer major, another program's file, unwritable, or damaged.
    """
    layout.check()
    known = scripts() if known is None else known
    is_there = layout.database.exists() and bool(layout.database.stat().st_size)
    is_current = False
    try:
        is_current = is_there and _is_current(database, known)
    finally:
        if database.read_only or not is_current:
            database.close_idle()  # what was seen of the file may not be so in a moment
    if is_current:
        return
    if database.read_only:
        if not layout.database.exists():
            raise StoreError(f"there is no store at {layout.directory}", "any 'graft run' makes one")
        return
    layout.create()
    with _alone(layout.root / "migrate.lock"):
        create_file(layout.database)
        check_private(layout.database)
        if not _is_current(database, known):
            database.close_idle()
            _upgrade(database, layout.database, known)


def back_up(connection: sqlite3.Connection, target: Path) -> None:
    """Write a consistent copy of the database to a new file of mode 0600 and verify it.

    Raises:
        StoreError: it cannot be written, or the copy does not hold.
    """
    with suppress(FileNotFoundError):
        target.unlink()
    create_file(target)
    try:
        connection.execute("VACUUM INTO ?", (str(target),))
        copy = sqlite3.connect(f"{target.as_uri()}?mode=ro", uri=True)
        try:
            verdict = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
        finally:
            copy.close()
    except sqlite3.Error as error:
        raise explain(error, target) from error
    if verdict != "ok":
        raise StoreError(f"the backup {target} does not hold: {verdict}", "check the disk, then try again")


def _is_current(database: Database, known: Sequence[Script]) -> bool:
    """Tell whether nothing is to do; refuse what this version may not touch."""
    _refuse_newer_header(database.path)
    with database.reading() as connection:  # the first that asks for one gets the same: 1 ms
        found = version(connection)
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    _refuse_newer(found[0], database.path)
    if tables and application != APPLICATION_ID:
        raise StoreError(f"{database.path} is another program's database", "use another store with --store DIR")
    return found[0] == MAJOR and found[1] >= known[-1].number


def _refuse_newer_header(path: Path) -> None:
    """Refuse a newer file before SQLite opens it; each file once in a process, before the first connection to it.

    Closing any descriptor of a file drops all locks this process has on it, those of SQLite's connections too (POSIX).
    Another process that closes its own then takes itself for the last one and deletes the log that ours still write:
    the database is damaged. Source: "How To Corrupt An SQLite Database File", section 2.2.
    """
    found = path.stat()
    with _looking:
        if (found.st_dev, found.st_ino) in _looked_at:
            return  # its version is asked for through SQLite in any case
        _refuse_newer(_header_version(path), path)
        _looked_at.add((found.st_dev, found.st_ino))


def _header_version(path: Path) -> int:
    """Return `user_version` as the file's header has it: opening a database can already write beside it.

    Source: SQLite "Database File Format", section 1.3: 4 bytes at offset 60, big-endian.
    """
    with path.open("rb") as file:
        return int.from_bytes(file.read(64)[60:], "big")


def _refuse_newer(major: int, path: Path) -> None:
    if major > MAJOR:
        raise StoreError(
            f"the store {path} was written by a newer graftline (schema {major}, this one knows {MAJOR})",
            "upgrade graftline, or use another store with --store DIR",
        )


def _upgrade(database: Database, path: Path, known: Sequence[Script]) -> None:
    connection = database.connect()
    try:
        major, minor = version(connection)
        if major:
            back_up(connection, path.with_name(f"{path.name}.before-{MAJOR}.{known[-1].number}"))
        else:
            connection.execute("PRAGMA journal_mode = WAL")
        with transaction(connection, path, is_full=True):
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {MAJOR}")
            for script in known:
                if script.number > minor:
                    _apply(connection, script)
    except sqlite3.Error as error:
        raise explain(error, path) from error
    finally:
        connection.close()


def _apply(connection: sqlite3.Connection, script: Script) -> None:
    """Execute a script statement by statement: `executescript` would commit the transaction it stands in."""
    statement = ""
    for line in script.sql.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""
    connection.execute("INSERT INTO migration VALUES (?, ?, ?)", (script.number, script.name, time.time()))


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold a lock file, waiting for whoever has it as long as for any lock of the store."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise explain_os(error, path) from error
    deadline = time.monotonic() + BUSY_S * 6  # a backup of some GB comes first
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise StoreError(
                        f"another process keeps {path} locked", "it upgrades the store; try again"
                    ) from None
                time.sleep(0.01)
        yield
    finally:
        os.close(descriptor)
