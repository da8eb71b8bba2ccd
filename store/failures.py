"""SQLite's and the system's errors as one sentence with the path and the remedy."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

from ..core.errors import StoreError

_FULL = "no space left on the disk of {path}", "free some space; an interrupted run goes on with 'graft resume'"
_READ_ONLY = "cannot write in the store at {path}", "make it writable, or use another store with --store DIR"
_DAMAGED = "{path} is not a graftline store, or it is damaged", "see 'graft doctor', or restore a backup"
_DISK = "the disk of {path} gives errors ({name})", "check the disk; nothing that was reported is touched"
_BUSY = (
    "another process has kept the store {path} locked for {wait:.0f} s",
    "look for a stopped graft process (ctrl+Z) and continue or end it",
)
_MESSAGES = {
    "SQLITE_FULL": _FULL,
    "SQLITE_READONLY": _READ_ONLY,
    "SQLITE_CANTOPEN": _READ_ONLY,
    "SQLITE_PERM": _READ_ONLY,
    "SQLITE_AUTH": _READ_ONLY,
    "SQLITE_NOTADB": _DAMAGED,
    "SQLITE_CORRUPT": _DAMAGED,
    "SQLITE_BUSY": _BUSY,
    "SQLITE_LOCKED": _BUSY,
    "SQLITE_IOERR": _DISK,
    "SQLITE_IOERR_SHMSIZE": _FULL,  # the shared-memory file beside the database could not grow
}
BUSY_S = 10.0
"""Seconds a connection waits for a lock before it gives up."""


def explain(error: sqlite3.Error, path: Path) -> StoreError:
    """Return what a database error means for the person; chain it with `raise ... from`."""
    name = getattr(error, "sqlite_errorname", None) or type(error).__name__
    primary = "_".join(name.split("_")[:2])  # SQLITE_READONLY_DIRECTORY -> SQLITE_READONLY
    message, hint = _MESSAGES.get(name) or _MESSAGES.get(
        primary, ("the store {path} does not answer as it should: {error}", "see 'graft doctor'")
    )
    return StoreError(message.format(path=path, name=name, wait=BUSY_S, error=error), hint)


def explain_os(error: OSError, path: Path) -> StoreError:
    """Return what a file error means for the person; chain it with `raise ... from`."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        message, hint = _FULL
    elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        message, hint = _READ_ONLY
    else:
        return StoreError(f"cannot use {path}: {error.strerror}", "see 'graft doctor'")
    return StoreError(message.format(path=path), hint)
