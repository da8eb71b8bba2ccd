"""Source files as fingerprints read them: of the user's own code alone, each folder listed once."""

from __future__ import annotations

import hashlib
import os

from .installed import COMPILED
from .ownership import is_installed
from .sourcefile import read_source


class SourceText:
    """Reads sources; asking for a file that is not there costs no system call after the first in its folder."""

    def __init__(self) -> None:
        self._folders: dict[str, frozenset[str]] = {}

    def __call__(self, file: str) -> str | None:
        """Return the text of a Python file; None when there is none, it is installed, or no text.

        Of a compiled module it is a statement with its digest, which binds `__getattr__`: all that is asked of the
        module depends on it.
        """
        folder, _, name = file.rpartition("/")
        if name not in self._names(folder):
            return None
        if name.endswith(COMPILED):
            return f"def __getattr__(name): return {digest_of(file)!r}\n"
        return read_source(file)

    def plain(self, file: str) -> str:
        """Return the text of any file, empty when there is none; what is no UTF-8 is replaced."""
        try:
            with open(file, encoding="utf-8", errors="replace") as source:
                return source.read()
        except OSError:
            return ""

    def _names(self, folder: str) -> frozenset[str]:
        found = self._folders.get(folder)
        if found is None:
            try:
                found = frozenset() if is_installed(folder) else frozenset(os.listdir(folder))
            except OSError:
                found = frozenset()
            self._folders[folder] = found
        return found


def digest_of(file: str) -> str:
    """Return the sha256 of a file's content; empty when it cannot be read."""
    try:
        with open(file, "rb") as source:
            return hashlib.file_digest(source, "sha256").hexdigest()
    except OSError:
        return ""
