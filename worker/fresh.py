"""Imports of the user's code that never take bytecode of an older text.

Python takes a `.pyc` whose note of the source's time, in whole seconds, and size are right. A second save within one
second, or an edit whose time was set back, then runs as the old code, and its result would be kept under the new one.
Here bytecode of the user's own modules counts only when it was written after the last change of the source, by ctime,
which nobody can set back. The check is one `stat` for each module: 2 us.
"""

from __future__ import annotations

import os
import sys
from importlib.machinery import (
    BYTECODE_SUFFIXES,
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    SourceFileLoader,
    SourcelessFileLoader,
)
from typing import Any

from .ownership import is_installed


class FreshLoader(SourceFileLoader):
    """Loads a module from source, or from bytecode that is younger than the source."""

    def get_data(self, path: str) -> bytes:
        """Return the bytes of a file.

        Raises:
            OSError: it cannot be read; or it is bytecode, and not known to be of this source.
        """
        if path.endswith(".pyc"):
            source, written = os.stat(self.path), os.stat(path)
            if written.st_mtime_ns <= max(source.st_mtime_ns, source.st_ctime_ns):
                raise OSError("older than its source")
        return super().get_data(path)


def _hook(path: str) -> Any:
    if is_installed(os.path.abspath(path)):
        raise ImportError("an installed package: the usual way is right", path=path)
    return _find(path)


_find = FileFinder.path_hook(
    (ExtensionFileLoader, EXTENSION_SUFFIXES),
    (FreshLoader, SOURCE_SUFFIXES),
    (SourcelessFileLoader, BYTECODE_SUFFIXES),
)


def install() -> None:
    """Import the user's modules so from now on in this process. A second call changes nothing."""
    if _hook not in sys.path_hooks:
        sys.path_hooks.insert(0, _hook)
        sys.path_importer_cache.clear()
