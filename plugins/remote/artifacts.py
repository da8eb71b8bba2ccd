"""A directory that both sides see (a network file system, a volume), where values are exchanged by their digest."""

from __future__ import annotations

import os
import shutil

from ...core.errors import StoreError
from ...worker.blobs import object_path


class ArtifactFolder:
    """Content-addressed files, laid out as the store's objects. Written whole or not at all, by anybody, at any time.

    Args:
        folder: absolute directory; made when something is put into it.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def get(self, digest: str) -> bytes | None:
        """Return the bytes of a digest; None when they are not there."""
        try:
            with open(object_path(self._folder, digest), "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None
        except OSError as problem:
            raise StoreError(f"a value cannot be fetched: {problem.strerror}", file=self._folder) from problem

    def put(self, digest: str, path: str) -> None:
        """Copy a file here under its digest, unless it is there: then it counts as written now, for who cleans by age.

        Raises:
            StoreError: it cannot be written.
        """
        target = object_path(self._folder, digest)
        if _touched(target):
            return
        fresh = f"{target}.{os.getpid()}-{os.urandom(4).hex()}"
        try:
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copyfile(path, fresh)
            os.replace(fresh, target)
        except OSError as problem:
            raise StoreError(f"a value cannot be handed over: {problem.strerror}", file=self._folder) from problem

    def put_bytes(self, digest: str, data: bytes) -> None:
        """Write bytes under their digest, unless they are there; as `put`."""
        target = object_path(self._folder, digest)
        if _touched(target):
            return
        fresh = f"{target}.{os.getpid()}-{os.urandom(4).hex()}"
        try:
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(fresh, "wb") as file:
                file.write(data)
            os.replace(fresh, target)
        except OSError as problem:
            raise StoreError(f"a value cannot be handed over: {problem.strerror}", file=self._folder) from problem


def _touched(path: str) -> bool:
    """Tell whether a file is there, which is as good as new from now on."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    except OSError:  # it is somebody else's: only its owner may say when it was written
        return os.path.exists(path)
    return True
