"""Looks a store over: pages, values, modes, leftovers, dead runs. Mends what loses nothing."""

from __future__ import annotations

import hashlib
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from ..core.errors import StoreError
from ..core.records import dataclass
from .database import Database
from .interruption import find_dead, settle
from .inventory import digests
from .judged import forget_result
from .layout import MAJOR, Layout
from .migrate import scripts, version
from .objects import TEMPORARY, Objects

STALE_S = 3600.0
"""Age in seconds from which a temporary file is nobody's: a value takes minutes to write at most."""
DAMAGED = ".damaged"
"""Suffix that `repair` gives to an object whose bytes are wrong: kept for who wants to look, found by no name."""


class Kind(StrEnum):
    """What is wrong."""

    PAGES = "pages"
    """SQLite's own check does not hold."""
    SCHEMA = "schema"
    """The schema is not the one this version writes."""
    MISSING = "missing"
    """A value that a row names has no file."""
    ALTERED = "altered"
    """Bytes do not have the digest they are named by."""
    ORPHAN = "orphan"
    """A temporary file whose writer is gone; a result whose attempt is."""
    MODE = "mode"
    """Others can read or write it."""
    DEAD_RUN = "dead run"
    """A run says STARTED and nobody hosts it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong."""

    kind: Kind
    path: Path
    message: str
    remedy: str
    is_mended: bool = False
    """Whether `repair` put it right."""


def examine(layout: Layout, database: Database, *, repair: bool = False) -> list[Finding]:
    """Return everything that is wrong. With `repair`, first mend what can be mended; the only copy is never deleted.

    Raises:
        StoreError: the store cannot be opened at all.
    """
    repair = repair and not database.read_only
    with database.reading() as connection:
        findings = list(_pages(connection, layout))
        if any(finding.kind is Kind.PAGES for finding in findings):
            return [*findings, *_modes(layout, repair)]
        findings += _dead_runs(connection, layout, database, repair)
        findings += _inline_values(connection, layout)
        findings += _named_files(connection, layout)
        findings += _shared_texts(connection, layout)
        findings += _lost_results(connection, layout, database, repair)
    findings += _objects(layout, repair)
    findings += _modes(layout, repair)
    return findings


def _pages(connection: sqlite3.Connection, layout: Layout) -> Iterator[Finding]:
    path = layout.database
    try:
        for (verdict,) in connection.execute("PRAGMA quick_check(20)").fetchall():
            if verdict != "ok":
                yield Finding(kind=Kind.PAGES, path=path, message=verdict, remedy="restore a backup")
        found = version(connection)
    except sqlite3.DatabaseError as error:
        yield Finding(kind=Kind.PAGES, path=path, message=str(error), remedy="restore a backup")
        return
    expected = (MAJOR, scripts()[-1].number)
    if found != expected:
        message = f"its schema is {found[0]}.{found[1]}, this version writes {expected[0]}.{expected[1]}"
        yield Finding(kind=Kind.SCHEMA, path=path, message=message, remedy="nothing to do: both versions can use it")


def _dead_runs(connection: sqlite3.Connection, layout: Layout, database: Database, repair: bool) -> Iterator[Finding]:
    dead = find_dead(connection, layout)
    if dead and repair:
        settle(database, layout)
    for death in dead:
        (run,) = connection.execute("SELECT id FROM run WHERE seq = ?", (death.seq,)).fetchone()
        yield Finding(
            kind=Kind.DEAD_RUN,
            path=layout.database,
            message=f"run {run} is STARTED, but {death.reason}",
            remedy=f"go on with 'graft resume {run}'",
            is_mended=repair,
        )


def _inline_values(connection: sqlite3.Connection, layout: Layout) -> Iterator[Finding]:
    for table in ("artifact", "output"):
        for sha256, data in connection.execute(f"SELECT sha256, bytes FROM {table} WHERE bytes IS NOT NULL"):
            if hashlib.sha256(data).digest() != sha256:
                yield Finding(
                    kind=Kind.ALTERED,
                    path=layout.database,
                    message=f"the stored value {sha256.hex()[:12]} is damaged",
                    remedy="run its step again",
                )


def _named_files(connection: sqlite3.Connection, layout: Layout) -> Iterator[Finding]:
    objects = Objects(layout)
    named = {row[0].hex() for row in connection.execute("SELECT DISTINCT sha256 FROM output WHERE is_file")}
    named -= digests(connection, "evicted")  # by intent: store/cleaning.py
    named |= digests(connection, "state")
    small = {row[0].hex() for row in connection.execute("SELECT sha256 FROM artifact")}
    for (files,) in connection.execute(
        "SELECT value FROM snapshot, json_each(snapshot.files) WHERE typeof(value) = 'text'"
    ):
        named.add(files)
    for sha256 in sorted(named - small):
        with suppress(StoreError):
            if not objects.has(sha256):
                yield Finding(
                    kind=Kind.MISSING,
                    path=objects.path(sha256),
                    message=f"the stored value {sha256[:12]} is missing",
                    remedy="run its step again",
                )


def _shared_texts(connection: sqlite3.Connection, layout: Layout) -> Iterator[Finding]:
    for table in ("graph", "environment", "prints", "basis"):
        for sha256, text in connection.execute(f"SELECT sha256, json FROM {table}"):
            if hashlib.sha256(text.encode()).digest() != sha256:
                yield Finding(
                    kind=Kind.ALTERED,
                    path=layout.database,
                    message=f"the stored {table} {sha256.hex()[:12]} is damaged",
                    remedy="restore a backup",
                )


def _lost_results(
    connection: sqlite3.Connection, layout: Layout, database: Database, repair: bool
) -> Iterator[Finding]:
    lost = connection.execute(
        "SELECT result.run, result.node, result.attempt, path, run.id FROM result JOIN run ON run.seq = result.run"
        " LEFT JOIN attempt ON attempt.run = result.run AND attempt.node = result.node AND attempt.n = result.attempt"
        " WHERE attempt.state IS NOT 'SUCCESS'"
    ).fetchall()
    if lost and repair:
        with database.writing() as writer:
            for run, node, attempt, *_ in lost:
                forget_result(writer, run, node, attempt)
    for *_, path, name in lost:
        yield Finding(
            kind=Kind.ORPHAN,
            path=layout.database,
            message=f"a result of step {path} of run {name}, which no attempt made",
            remedy="graft doctor --repair removes it",
            is_mended=repair,
        )


def _objects(layout: Layout, repair: bool) -> Iterator[Finding]:
    objects = Objects(layout)
    for path in objects.files():
        if path.name.endswith(DAMAGED):
            continue
        if path.name.endswith(TEMPORARY):
            if time.time() - path.stat().st_mtime > STALE_S:
                if repair:
                    path.unlink(missing_ok=True)
                yield Finding(
                    kind=Kind.ORPHAN,
                    path=path,
                    message="a value that was never finished",
                    remedy="graft doctor --repair removes it",
                    is_mended=repair,
                )
            continue
        try:
            is_right = objects.verify(f"{path.parent.name}{path.name}")
        except StoreError:
            yield Finding(kind=Kind.ORPHAN, path=path, message="not one of ours", remedy="move it elsewhere")
            continue
        if not is_right:
            if repair:
                path.rename(path.with_name(f"{path.name}{DAMAGED}"))
            yield Finding(
                kind=Kind.ALTERED,
                path=path,
                message="its bytes are not those it is named by",
                remedy="run its step again; graft doctor --repair sets it aside",
                is_mended=repair,
            )


def _modes(layout: Layout, repair: bool) -> Iterator[Finding]:
    for path in [layout.root, *sorted(layout.root.rglob("*"))]:
        if layout.code in path.parents:
            continue  # nobody else comes as far; Python writes its bytecode there as it likes
        try:
            found = path.lstat()
        except FileNotFoundError:
            continue
        loose = stat.S_IMODE(found.st_mode) & 0o077
        if loose and not stat.S_ISLNK(found.st_mode):
            if repair:
                path.chmod(stat.S_IMODE(found.st_mode) & 0o700)
            yield Finding(
                kind=Kind.MODE,
                path=path,
                message=f"others may use it (mode {stat.S_IMODE(found.st_mode):04o})",
                remedy=f"chmod go= {path}",
                is_mended=repair,
            )
