"""`Files` in memory: a work tree that is a dict, with a clock that only moves when told."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Sequence

from graftline.core.clutter import is_clutter
from graftline.core.contents import UnreadableFiles


class MemoryFiles:
    """Contents by absolute path."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}
        self.changed: dict[str, float] = {}
        """When a path was last written or deleted."""
        self.locked: set[str] = set()
        """Paths that cannot be read."""
        self.now = 0.0

    def write(self, path: str, data: bytes) -> None:
        """Write a file."""
        self.contents[path] = data
        self.changed[path] = self.now

    def delete(self, path: str) -> None:
        """Delete a file."""
        del self.contents[path]
        self.changed[path] = self.now

    def digests(self, paths: Sequence[str]) -> dict[str, str | None]:
        """Return the digests as the port says."""
        found = {path: self._digest(path) for path in paths if path not in self.locked}
        if reasons := {path: "permission denied" for path in paths if path in self.locked}:
            raise UnreadableFiles(reasons, found)
        return found

    def expand(self, globs: Sequence[str], root: str) -> list[str]:
        """Return the files as the port says."""
        found: set[str] = set()
        for pattern in map(posixpath.normpath, globs):
            whole = posixpath.join(root, pattern)
            if not re.search(r"[*?\[]", pattern) and not self._below(whole):
                found.add(pattern)
            found |= {self._named(path, pattern, root) for path in self.contents if self._fits(path, whole, root)}
        return sorted(found)

    def changed_since(self, paths: Sequence[str], at: float) -> list[str]:
        """Return the changed ones as the port says."""
        return [path for path in paths if self.changed.get(path, -1.0) >= at]

    def _digest(self, path: str) -> str | None:
        if path in self.contents:
            return hashlib.sha256(self.contents[path]).hexdigest()
        if names := self._below(path):
            return hashlib.sha256(repr(sorted(names)).encode()).hexdigest()
        return None

    def _below(self, folder: str) -> set[str]:
        inside = [path[len(folder) + 1 :] for path in self.contents if path.startswith(f"{folder}/")]
        return {each.partition("/")[0] for each in inside if not is_clutter(each.split("/"))}

    @staticmethod
    def _named(path: str, pattern: str, root: str) -> str:
        return path if pattern.startswith("/") else path[len(root) + 1 :]

    @staticmethod
    def _fits(path: str, pattern: str, root: str) -> bool:
        if is_clutter(path[len(root) + 1 :].split("/")):
            return False
        pieces = {"**/": "(?:[^/.][^/]*/)*", "**": "(?:[^/.][^/]*/)*[^/.][^/]*", "*": "(?![.])[^/]*", "?": "[^/]"}
        parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
        wanted = "".join(pieces.get(part) or re.escape(part) for part in parts)
        return re.fullmatch(f"{wanted}(/.*)?", path) is not None
