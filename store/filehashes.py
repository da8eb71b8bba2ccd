"""Digests of files in the work tree, with a memo of those that cannot have changed: git's racy rule.

A size and times that are equal prove nothing for a file that was written a moment before it was read: a second write
within one tick of the clock leaves them equal. So what is younger than a margin is read each time and not noted.
Times can be set back (`touch -d`), but the kernel then sets ctime, which nobody can set.

Source: "racy-git", Documentation/technical of git.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from ..core.clutter import is_clutter_file, is_clutter_folder
from ..core.contents import UnreadableFiles
from ..core.errors import StoreError
from ..core.named import NamedTuple
from .database import Database
from .fileglobs import expand

MARGIN_NS = 2_000_000_000
"""A file must be older than this when it is read for its digest to be noted; FAT keeps times to 2 s."""
TICK_S = 0.02
"""Times of files lag behind the clock by up to one tick of the kernel: 4 or 10 ms."""
KEEP_DAYS = 30
MAX_ENTRIES = 200_000
"""Rows kept, of 150 bytes each; those asked for longest ago go first."""
TRIES = 3
"""Times a file is read that changes under the reader."""

_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG)
_DAY_S = 86_400
_LOOK_UP = (
    "SELECT file_digest.path, device, inode, size, mtime_ns, ctime_ns, sha256, seen FROM json_each(?)"
    " CROSS JOIN file_digest ON file_digest.path = json_each.value"
)


class _Signature(NamedTuple):
    """What is equal when a file is the same one, unwritten."""

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int


class _Unreadable(Exception):
    """One file cannot be read; the text says why."""


class FileHashes:
    """`Files` on the file system and one table; any thread may use it, several processes at once too."""

    def __init__(self, database: Database, clock: Callable[[], int] = time.time_ns) -> None:
        """Begin; `clock` gives wall nanoseconds."""
        self._database = database
        self._clock = clock
        self._is_pruned = False

    def digests(self, paths: Sequence[str]) -> dict[str, str | None]:
        """Return the content of each path as `Files.digests` says.

        Raises:
            UnreadableFiles: some are there and cannot be read, or change all the time.
            StoreError: the memo cannot be read.
        """
        found: dict[str, str | None] = dict.fromkeys(paths)
        reasons: dict[str, str] = {}
        signatures: dict[str, _Signature] = {}
        for path in found:
            try:
                status = os.stat(path)
                if stat.S_ISREG(status.st_mode):
                    signatures[path] = _signature(status)
                elif stat.S_ISDIR(status.st_mode):
                    found[path] = _directory(path)
                else:
                    reasons[path] = "it is no file and no directory"
            except (OSError, ValueError) as problem:
                _note(problem, path, reasons)
        known, used = self._known(signatures)
        fresh: dict[str, tuple[_Signature, str]] = {}
        for path in signatures:
            try:
                found[path] = known.get(path) or self._read(path, fresh)
            except (OSError, _Unreadable) as problem:
                _note(problem, path, reasons)
        self._keep(fresh, used)
        if reasons:
            raise UnreadableFiles(reasons, {path: each for path, each in found.items() if path not in reasons})
        return found

    def expand(self, globs: Sequence[str], root: str) -> list[str]:
        """Return the files that globs name, as `Files.expand` says."""
        return expand(globs, root)

    def changed_since(self, paths: Sequence[str], at: float) -> list[str]:
        """Return the files that may have changed since, as `Files.changed_since` says."""
        limit = int((at - TICK_S) * 1e9)
        return [path for path in paths if _last_change(path) >= limit]

    def _known(self, signatures: dict[str, _Signature]) -> tuple[dict[str, str], list[str]]:
        """Return the digests that hold, and the paths whose row was not asked for today yet."""
        if not signatures:
            return {}, []
        today = self._today()
        known, used = {}, []
        asked = json.dumps(list(signatures))
        with self._database.reading() as connection:
            for path, *signature, sha256, seen in connection.execute(_LOOK_UP, (asked,)):
                if tuple(signature) == signatures[path]:
                    known[path] = sha256.hex()
                    if seen != today:
                        used.append(path)
        return known, used

    def _read(self, path: str, fresh: dict[str, tuple[_Signature, str]]) -> str:
        """Return the digest of a file's bytes, and note it if it may be trusted later."""
        for _ in range(TRIES):
            begun = self._clock()
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a fifo may stand there by now
            with open(descriptor, "rb", buffering=0) as file:
                before = os.fstat(file.fileno())
                if not stat.S_ISREG(before.st_mode):
                    raise _Unreadable("it is no file any more")
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                signature = _signature(os.fstat(file.fileno()))
            if signature == _signature(before):
                if max(signature.mtime_ns, signature.ctime_ns) + MARGIN_NS < begun:
                    fresh[path] = signature, digest
                return digest
        raise _Unreadable("it changes while it is read")

    def _keep(self, fresh: dict[str, tuple[_Signature, str]], used: Sequence[str]) -> None:
        """Write what is new and that rows are in use, in one transaction; what cannot be noted is read again."""
        today = self._today()
        rows = [
            (path, *signature, bytes.fromhex(digest), today)
            for path, (signature, digest) in fresh.items()
            if _is_text(path)
        ]
        if self._database.read_only or not (rows or used):
            return
        with suppress(StoreError), self._database.writing(is_full=False) as connection:
            connection.executemany("INSERT OR REPLACE INTO file_digest VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
            connection.execute(
                "UPDATE file_digest SET seen = ? WHERE path IN (SELECT value FROM json_each(?))",
                (today, json.dumps(list(used))),
            )
            if not self._is_pruned:  # once a process: to count 200,000 rows takes 3 ms
                connection.execute("DELETE FROM file_digest WHERE seen < ?", (today - KEEP_DAYS,))
                connection.execute(
                    "DELETE FROM file_digest WHERE path IN (SELECT path FROM file_digest ORDER BY seen"
                    " LIMIT max(0, (SELECT count(*) FROM file_digest) - ?))",
                    (MAX_ENTRIES,),
                )
                self._is_pruned = True

    def _today(self) -> int:
        return self._clock() // (_DAY_S * 1_000_000_000)


def _signature(status: os.stat_result) -> _Signature:
    # An inode is unsigned 64 bit, SQLite's integers are signed.
    return _Signature(
        status.st_dev,
        status.st_ino if status.st_ino < 1 << 63 else status.st_ino - (1 << 64),
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )


def _directory(path: str) -> str:
    """Return the digest of the names in a directory."""
    names = []
    with os.scandir(path) as entries:
        for entry in entries:
            is_folder = entry.is_dir()
            if not (is_clutter_folder(entry.name) if is_folder else is_clutter_file(entry.name)):
                names.append(os.fsencode(entry.name) + (b"/" if is_folder else b""))
    return hashlib.sha256(b"directory\0" + b"\0".join(sorted(names))).hexdigest()


def _note(problem: Exception, path: str, reasons: dict[str, str]) -> None:
    """Note why a file cannot be read; one that is not there has no reason, nor has a name that no file can have."""
    if isinstance(problem, ValueError) or (isinstance(problem, OSError) and problem.errno in _ABSENT):
        return
    reasons[path] = ((problem.strerror if isinstance(problem, OSError) else None) or str(problem)).lower()


def _last_change(path: str) -> int:
    """Return when a file last changed, in nanoseconds; of one that is missing, the nearest directory that is there."""
    while True:
        try:
            status = os.stat(path)
        except (OSError, ValueError):
            if path in ("/", ""):
                return 0
            path = os.path.dirname(path)
        else:
            return max(status.st_mtime_ns, status.st_ctime_ns)


def _is_text(path: str) -> bool:
    """Tell whether SQLite can hold the path: names that are no UTF-8 come with lone surrogates."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
