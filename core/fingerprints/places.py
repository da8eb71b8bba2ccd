"""Where the modules of a project lie: from an import to source files, without importing anything."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Sequence

from ..sources import Reader
from .index import Imported, ModuleIndex

_OURS = __name__.partition(".")[0]


def _nowhere(package: str) -> str | None:
    return None


class Places:
    """The source files of a project, found and read once each.

    Args:
        search: Absolute directories modules are looked up in, in order.
        read: Returns the text of a file; None when there is none. Installed packages must not be among what it gives.
            Of a compiled module it is one statement that binds `__getattr__`: any name of it is all of it.
        compiled: Endings of compiled modules, which are looked for after `.py`.
        beyond: Returns the directory of a top-level package that is neither in `search` nor installed: an import hook
            finds it (an editable install).
    """

    def __init__(
        self,
        search: Sequence[str],
        read: Reader,
        *,
        compiled: Sequence[str] = (),
        beyond: Callable[[str], str | None] = _nowhere,
    ):
        self._search = [posixpath.normpath(directory) for directory in search]
        self._read = read
        self._beyond = beyond
        self._endings = ("/__init__.py", ".py", *compiled)
        self._texts: dict[str, str | None] = {}
        self._indexes: dict[str, ModuleIndex] = {}

    def text(self, file: str) -> str | None:
        """Return the text of a file; None when there is no such file."""
        if file not in self._texts:
            self._texts[file] = self._read(file)
        return self._texts[file]

    def index(self, file: str) -> ModuleIndex:
        """Return the statements of a file that exists.

        Raises:
            InvalidError: it is no Python, at file:line.
        """
        if file not in self._indexes:
            self._indexes[file] = ModuleIndex(self.text(file) or "", file)
        return self._indexes[file]

    def binds(self, file: str, name: str) -> bool:
        """Tell whether a file that exists binds a name."""
        index = self.index(file)
        return name in index.statements or name in index.imports

    def file_of(self, base: str) -> str | None:
        """Return the source file of the module at a path without suffix; None: a folder without code, or nothing."""
        for ending in self._endings:
            file = f"{base}{ending}"
            if self.text(file) is not None:
                return file
        return None

    def bases(self, importer: str, imported: Imported) -> list[list[str]]:
        """Return for an import the paths, from the outermost package in, of the modules it may mean.

        One list for each directory where the module, or a submodule of that name, is found; empty: it is not of the
        project. Packages without `__init__.py` are on the paths too.
        """
        parts = imported.module.split(".") if imported.module else []
        if imported.level:
            base = posixpath.dirname(importer)
            for _ in range(imported.level - 1):
                base = posixpath.dirname(base)
            chain = _chain(base, parts)
            return [chain or [base]]
        if parts[0] == _OURS:  # it may lie on the search path as source, and is no code of the project
            return []
        for directory in self._search:
            chain = _chain(directory, parts)
            if self._has(chain, imported.name):
                return [chain]
        found = self._beyond(parts[0])
        if found is not None and self._has(chain := _chain(found, parts), imported.name):
            return [chain]
        return []

    def _has(self, chain: Sequence[str], name: str | None) -> bool:
        if any(self.file_of(base) for base in chain):
            return True
        return name not in (None, "*") and self.file_of(f"{chain[-1]}/{name}") is not None


def _chain(base: str, parts: Sequence[str]) -> list[str]:
    return [posixpath.join(base, *parts[:count]) for count in range(1, len(parts) + 1)]
