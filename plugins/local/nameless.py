"""Files without a name, for what processes say that nobody may hear any more."""

from __future__ import annotations

import os
from typing import IO

_FOLDERS = ("TMPDIR", "TEMP", "TMP")
"""Variables that say where temporary files go, in the order in which `tempfile` asks them."""


def nameless_file() -> IO[bytes]:
    """Return a file open for reading and writing that is gone when nobody has it open.

    As `tempfile.TemporaryFile` makes one, whose import takes 1 ms of every command; that is asked where this fails.
    """
    folder = next((found for name in _FOLDERS if (found := os.environ.get(name))), "/tmp")
    try:
        descriptor = os.open(folder, os.O_RDWR | os.O_TMPFILE | os.O_CLOEXEC, 0o600)
    except (AttributeError, OSError):  # no Linux; no such directory, or a file system that knows no such files
        import tempfile

        return tempfile.TemporaryFile()
    return os.fdopen(descriptor, "w+b")
