"""A directory that several processes write to: files come into being whole, once, and are verified when read."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from typing import Any

from ...core.errors import StoreError

_DIGEST = frozenset("0123456789abcdef")


class Directory:
    """One directory on disk. Any thread or process may use it at once.

    Args:
        root: absolute path; made when something is first written. Who may read it is said by the umask: a registry is
            to be shared, unlike a store.
    """

    def __init__(self, root: str) -> None:
        self.root = root

    def names(self, *parts: str) -> list[str]:
        """Return the names in a directory below, sorted, without half-written files; empty when it is not there."""
        try:
            return sorted(each for each in os.listdir(os.path.join(self.root, *parts)) if not _is_part(each))
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise self._unusable(error) from error

    def document(self, *parts: str) -> dict[str, Any] | None:
        """Return a JSON file below; None when it is not there.

        Raises:
            StoreError: it cannot be read, or is no JSON object.
        """
        path = os.path.join(self.root, *parts)
        try:
            with open(path, "rb") as file:
                found = json.loads(file.read())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable(error) from error
        except ValueError as error:
            raise StoreError(f"{path} is damaged: {error}", "restore the registry from a copy") from error
        if not isinstance(found, dict):
            raise StoreError(f"{path} is damaged: it holds no object", "restore the registry from a copy")
        return found

    def create(self, document: Mapping[str, Any], *parts: str) -> bool:
        """Write a JSON file that is not there yet, whole; return False, and change nothing, when it is.

        Raises:
            StoreError: it cannot be written.
        """
        text = json.dumps(document, indent=1, sort_keys=True, allow_nan=False) + "\n"
        return self._link(text.encode(), os.path.join(self.root, *parts))

    def keep(self, data: bytes, sha256: str) -> None:
        """Store bytes under their digest; nothing when they are there already.

        Raises:
            StoreError: they are not what the digest says, or cannot be written.
        """
        if hashlib.sha256(data).hexdigest() != sha256:
            raise StoreError(f"what was to be stored as {sha256[:12]} is something else", "it was damaged on the way")
        path = self.object_path(sha256)
        if not self._link(data, path) and self._digest(path) != sha256:
            # Damaged by whatever: the right bytes are at hand, so they take its place.
            os.replace(self._written(data, path), path)

    def has(self, sha256: str) -> bool:
        """Tell whether there is an object of that digest; it may be damaged."""
        return os.path.isfile(self.object_path(sha256))

    def read(self, sha256: str) -> bytes:
        """Return an object's bytes, verified.

        Raises:
            StoreError: missing, or not what its digest says.
        """
        path = self.object_path(sha256)
        try:
            # O_NOFOLLOW: a link that somebody put here could name any file of the machine.
            with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
                data = file.read()
        except OSError as error:
            raise StoreError(f"the registry lacks {sha256[:12]}: {error.strerror}", f"looked in {path}") from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise StoreError(f"{path} is not what was stored", "it was changed or damaged; nothing of it was loaded")
        return data

    def object_path(self, sha256: str) -> str:
        """Return where an object of that digest is or would be.

        Raises:
            StoreError: it is no sha256.
        """
        if len(sha256) != 64 or not _DIGEST.issuperset(sha256):
            raise StoreError(f"{sha256!r} is no sha256")
        return os.path.join(self.root, "objects", sha256[:2], sha256[2:])

    def prune(self, named: Set[str], *, is_plan: bool) -> tuple[int, int]:
        """Delete objects that are not named, and half-written files; return how many, and their bytes.

        Args:
            named: digests of what stays.
            is_plan: only count. Else the caller holds `writing`.

        Raises:
            StoreError: the directory cannot be written.
        """
        count = size = 0
        for folder, _, names in os.walk(self.root):
            above, last = os.path.split(folder)
            is_of_objects = os.path.basename(above) == "objects" and os.path.dirname(above) == self.root
            for name in names:
                is_object = is_of_objects and _DIGEST.issuperset(last + name) and len(last + name) == 64
                if not (_is_part(name) or (is_object and last + name not in named)):
                    continue
                path = os.path.join(folder, name)
                try:
                    size += os.lstat(path).st_size
                    if not is_plan:
                        os.unlink(path)
                except FileNotFoundError:
                    continue
                except OSError as error:
                    raise self._unusable(error) from error
                count += 1
        return count, size

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the lock that writers take turns by. The kernel frees it when a writer dies.

        Raises:
            StoreError: the directory cannot be written.
        """
        try:
            os.makedirs(self.root, exist_ok=True)
            handle = os.open(os.path.join(self.root, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise self._unusable(error) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _link(self, data: bytes, path: str) -> bool:
        """Write a file whole under its name, unless that is taken; tell whether it was written."""
        if os.path.lexists(path):
            return False
        try:
            written = self._written(data, path)
            try:
                os.link(written, path)
            except FileExistsError:
                return False
            finally:
                os.unlink(written)
            _sync_directory(os.path.dirname(path))
        except OSError as error:
            raise self._unusable(error) from error
        return True

    def _written(self, data: bytes, path: str) -> str:
        folder = os.path.dirname(path)
        os.makedirs(folder, exist_ok=True)
        for name in filter(_is_part, os.listdir(folder)):
            # Of a writer that was killed: who writes holds the lock, so nobody is at it.
            os.unlink(os.path.join(folder, name))
        written = os.path.join(folder, f".{secrets.token_hex(8)}.part")
        with open(os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        return written

    def _digest(self, path: str) -> str | None:
        with contextlib.suppress(OSError), open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
        return None

    def _unusable(self, error: OSError) -> StoreError:
        return StoreError(f"the registry {self.root} cannot be used: {error.strerror or error}")


def _is_part(name: str) -> bool:
    return name.startswith(".") and name.endswith(".part")


def _sync_directory(path: str) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
