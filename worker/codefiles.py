"""Compare the project's source files that this process imported with those the run was planned with."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping

_PACKAGES = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")


class CodeFiles:
    """Looks at modules as they appear. Sticky: once other code is loaded, every later attempt here may run it."""

    __slots__ = ("_count", "_planned", "_root", "_seen", "is_changed")

    def __init__(self, root: str, planned: Mapping[str, str]) -> None:
        """Start with what is imported now.

        Args:
            root: absolute project root.
            planned: relative path -> sha256; empty: nothing was planned, nothing is compared.
        """
        self._root = os.path.join(root, "")
        self._planned = planned
        self._seen: set[str] = set()
        self._count = 0
        self.is_changed = False
        """True when a project file was imported whose content is not the planned one, or that was not planned."""

    def look(self) -> bool:
        """Check modules that are new since the last look, and return `is_changed`. One `len()` when there is none."""
        if len(sys.modules) != self._count and self._planned:
            self._count = len(sys.modules)
            for name in sys.modules.keys() - self._seen:
                self._seen.add(name)
                if not self.is_changed and not name.startswith("graftline"):
                    self.is_changed = self._differs(sys.modules.get(name))
        return self.is_changed

    def look_at(self, file: str) -> None:
        """Check one source file that runs without being imported: a script."""
        if self._planned and not self.is_changed:
            self.is_changed = self._file_differs(file)

    def _differs(self, module: object) -> bool:
        file = getattr(module, "__file__", None)
        return isinstance(file, str) and file.endswith(".py") and self._file_differs(file)

    def _file_differs(self, file: str) -> bool:
        if not file.startswith(self._root) or any(part in file for part in _PACKAGES):
            return False
        relative = file[len(self._root) :].replace(os.sep, "/")
        try:
            with open(file, "rb") as source:
                digest = hashlib.file_digest(source, "sha256").hexdigest()
        except OSError:
            return True
        return self._planned.get(relative) != digest
