"""Which of the paths an attempt touched are the project's: not Python's, not the store's, not an editor's."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

from ..core.clutter import is_clutter_file, is_clutter_folder

_SYSTEM = ("/proc/", "/sys/", "/dev/", "/etc/", "/usr/", "/lib/", "/lib64/", "/bin/", "/sbin/", "/run/", "/var/lib/")
_PACKAGES = frozenset({"site-packages", "dist-packages"})


class Sorter:
    """Sorts absolute, normal paths; what it learns of a directory serves for all files in it.

    Args:
        root: absolute project root.
        cwd: where attempts start; the project's too.
        objects: the store's directory of object files; when it lies in a `v1`, all of that is the store's.
    """

    __slots__ = ("_folders", "_inside", "_root", "_skipped")

    def __init__(self, root: str, cwd: str, objects: str) -> None:
        store = os.path.dirname(objects)
        own = store if os.path.basename(store)[:1] == "v" and os.path.basename(store)[1:].isdigit() else objects
        self._root = os.path.join(root, "")
        self._inside = (self._root, os.path.join(cwd, ""))
        self._skipped = (os.path.join(own, ""), *_pythons(self._root))
        self._folders: dict[str, bool | None] = {}

    def files(self, paths: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the project's files, relative to the root where they are below it, and those elsewhere; sorted."""
        inside, outside = [], []
        known = self._folders
        cut = len(self._root)
        for path in paths:
            folder, _, name = path.rpartition("/")
            if folder not in known:
                known[folder] = self._look(f"{folder}/")
            verdict = known[folder]
            if verdict is None or is_clutter_file(name):
                continue
            if verdict:
                inside.append(path[cut:] if path.startswith(self._root) else path)
            else:
                outside.append(path)
        return tuple(sorted(inside)), tuple(sorted(outside))

    def told(self, paths: Iterable[str]) -> tuple[str, ...]:
        """Return all of these, relative to the root where they are below it."""
        cut = len(self._root)
        return tuple(path[cut:] or "./" if path.startswith(self._root) else path for path in paths)

    def folders(self, paths: Iterable[str]) -> tuple[str, ...]:
        """Return the project's directories, relative to the root where they are below it; the root itself is `.`."""
        found = [path for path in paths if self._look(f"{path}/")]
        return tuple(
            sorted((f"{path}/"[len(self._root) : -1] or ".") if self._is_below(path) else path for path in found)
        )

    def _is_below(self, path: str) -> bool:
        return f"{path}/".startswith(self._root)

    def _look(self, folder: str) -> bool | None:
        """Tell whether files of a directory, given with a slash, are the project's; None: they are nobody's data."""
        if folder.startswith(self._skipped):
            return None
        for inside in self._inside:
            if folder.startswith(inside):
                parts = folder[len(inside) :].split("/")[:-1]
                is_foreign = any(is_clutter_folder(part) or part in _PACKAGES for part in parts)
                return None if is_foreign else True
        return None if folder.startswith(_SYSTEM) else False


def _pythons(root: str) -> list[str]:
    """Return where Python and what is installed into it lie; not a prefix such as /usr/local that the project is in."""
    prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix}
    places = [os.path.join(place, "") for place in prefixes]
    return [os.path.join(os.path.dirname(os.__file__), ""), *(each for each in places if not root.startswith(each))]
