"""Between who needs an object file that is there already, and who cleans away what nobody names.

Whoever finds the bytes that it would write names them in a row later; until then age alone keeps the file. So it makes
the file young, under a lock of the directory that the cleaner holds as it looks at the age and deletes. The lock of a
process that dies is free.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator

_YOUNG_S = 60.0
"""Age in seconds up to which a file is left as it is: to touch it makes void what is known of its content. Far below
the age from which files are cleaned away (core/garbage.py)."""
_PATIENCE_S = 5.0
"""Seconds the cleaner waits for the lock: others hold it for microseconds, unless they are stopped."""


def reclaim(objects: str, path: str) -> bool:
    """Tell whether an object file is there; from now on it counts as written just now.

    Args:
        objects: directory of the object files.
        path: of one of them.
    """
    try:
        directory = os.open(objects, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        with contextlib.suppress(OSError):  # a network file system without locks: nobody cleans there
            fcntl.flock(directory, fcntl.LOCK_SH)
        try:
            if time.time() - os.stat(path).st_mtime > _YOUNG_S:
                with contextlib.suppress(PermissionError):  # it is somebody else's, who alone may say so
                    os.utime(path)
        except OSError:
            return False
        return True
    finally:
        os.close(directory)


def remove_old(objects: str, path: str, before: float) -> bool:
    """Delete an object file that was last written or reclaimed before a wall time; tell whether it was.

    Raises:
        TimeoutError: a process that was stopped holds the lock.
        OSError: it cannot be deleted.
    """
    with _alone(objects):
        try:
            found = os.stat(path, follow_symlinks=False)
        except FileNotFoundError:
            return False
        if found.st_mtime >= before:
            return False
        os.unlink(path)
        return True


@contextlib.contextmanager
def _alone(objects: str) -> Iterator[None]:
    directory = os.open(objects, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    deadline = time.monotonic() + _PATIENCE_S
    try:
        while True:
            try:
                fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise TimeoutError("another process keeps the object files locked") from None
                time.sleep(0.001)
        yield
    finally:
        os.close(directory)
