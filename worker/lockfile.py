"""`graftline.lock` on disk: read whole, written whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress

from ..core.config import LOCK_FILE
from ..core.errors import InvalidError


class ProjectLock:
    """Implements `LockFile`."""

    def read(self, root: str) -> str | None:
        """Return its text; None: there is none.

        Raises:
            InvalidError: it cannot be read.
        """
        path = os.path.join(root, LOCK_FILE)
        try:
            with open(path, encoding="utf-8", newline="") as file:
                return file.read().replace("\r\n", "\n")  # a checkout with Windows' line ends
        except FileNotFoundError:
            return None
        except OSError as problem:
            raise InvalidError(f"the lock cannot be read: {problem.strerror}", file=path) from problem
        except UnicodeDecodeError as problem:
            hint = "delete it, then 'graft lock' writes it anew; git has the last one"
            raise InvalidError("the lock is no UTF-8 text", hint, file=path, line=1) from problem

    def write(self, root: str, text: str) -> bool:
        """Write it, whole or not at all; return whether anything changed.

        Raises:
            InvalidError: it cannot be written.
        """
        if self.read(root) == text:
            return False
        path = os.path.join(root, LOCK_FILE)
        part = os.path.join(root, f".{LOCK_FILE}.{os.getpid()}.part")
        try:
            with open(part, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
        except OSError as problem:
            raise InvalidError(f"the lock cannot be written: {problem.strerror}", file=path) from problem
        finally:
            with suppress(FileNotFoundError):
                os.unlink(part)
        return True
