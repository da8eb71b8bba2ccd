"""Content-addressed files: large values and functions pickled by value, named by the sha256 of their bytes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ..core.errors import StoreError
from ..worker.reclaiming import reclaim
from .failures import explain_os
from .layout import Layout, make_private

TEMPORARY = ".tmp"
"""Suffix of a file that is being written; one left by a crash is an orphan."""
_CHUNK = 1 << 20


class Objects:
    """The object files of one store. A name never stands before all of its bytes are on disk."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def path(self, sha256: str) -> Path:
        """Return where the object is, or would be."""
        return self._layout.object(sha256)

    def has(self, sha256: str) -> bool:
        """Tell whether the object is there; its bytes are not looked at."""
        return self.path(sha256).is_file()

    def reclaim(self, sha256: str) -> bool:
        """Tell whether the object is there, and count it as written now: who asks is about to name it in a row.

        Until that row is committed the age of the file is all that keeps it from being cleaned away.
        """
        return reclaim(str(self._layout.objects), str(self.path(sha256)))

    def write(self, data: bytes) -> str:
        """Store bytes and return their digest; bytes that are stored already are not written again.

        Raises:
            StoreError: they cannot be written.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        target = self.path(sha256)
        if self.reclaim(sha256) and self._holds(target, len(data)):
            return sha256
        if not target.parent.is_dir():
            make_private(target.parent)
            _sync_directory(target.parent.parent)
        temporary = target.with_name(f"{target.name}.{os.urandom(4).hex()}{TEMPORARY}")
        try:
            _write_synced(temporary, data)
            temporary.rename(target)
            _sync_directory(target.parent)
        except OSError as error:
            with suppress(OSError):
                temporary.unlink()
            raise explain_os(error, target) from error
        return sha256

    def read(self, sha256: str) -> bytes:
        """Return the bytes, verified.

        Raises:
            StoreError: missing, unreadable or damaged.
        """
        path = self.path(sha256)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise StoreError(f"the stored value {sha256[:12]} is missing ({path})", "run its step again") from None
        except OSError as error:
            raise explain_os(error, path) from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise StoreError(f"the stored value {sha256[:12]} is damaged ({path})", "run its step again")
        return data

    def verify(self, sha256: str) -> bool:
        """Tell whether the file is there and its bytes are right; reads it in pieces."""
        digest = hashlib.sha256()
        try:
            with self.path(sha256).open("rb") as file:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
        except OSError:
            return False
        return digest.hexdigest() == sha256

    def files(self) -> Iterator[Path]:
        """Yield every file under the objects directory, temporary ones too."""
        for directory in sorted(self._layout.objects.iterdir()) if self._layout.objects.is_dir() else ():
            if directory.is_dir():
                yield from sorted(directory.iterdir())

    @staticmethod
    def _holds(target: Path, size: int) -> bool:
        """Tell whether the object is stored. One of another length is damage: it is written anew."""
        try:
            return target.stat().st_size == size
        except OSError:
            return False


def _write_synced(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with open(descriptor, "wb", buffering=0) as file:
        os.fchmod(file.fileno(), 0o600)
        view = memoryview(data)
        while view:
            view = view[file.write(view) or 0 :]
        os.fsync(file.fileno())


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
