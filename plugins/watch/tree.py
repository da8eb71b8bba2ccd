"""What is known of the files of a work tree, and what is different when one looks again: contents decide."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ...core.changes import ChangeSet
from ...core.clutter import is_clutter_file, is_clutter_folder
from ...core.contents import Files, UnreadableFiles
from ...core.named import NamedTuple

EAGER_BYTES = 4 << 20
"""Files up to this size are read when watching begins, so that a touch can be told from a change. Of a larger one the
first touch counts as a change: data of many GB are not read only to be watched."""


class _Known(NamedTuple):
    """A file as it was last looked at."""

    signature: tuple[int, ...] | None
    """Size, times and inode; None: told by the caller, not looked at."""
    digest: str | None
    """None: not read yet."""


class Look(NamedTuple):
    """What one look found."""

    changes: ChangeSet | None
    """None: nothing is different."""
    is_doubtful: bool
    """Something is deleted, or empty, as it is for a moment while an editor saves: look again before it is believed."""


class Tree:
    """The files below a directory, clutter and other virtual environments left out. Links to directories are not
    followed.

    Args:
        root: absolute.
        files: contents of files.
        ignored: absolute directories that are not looked into: the store.
    """

    def __init__(self, root: str, files: Files, ignored: Sequence[str] = ()) -> None:
        self._root = os.path.join(root, "")
        self._files = files
        self._ignored = frozenset(os.path.normpath(each) for each in ignored)
        self._known: dict[str, _Known] = {}
        self._lock = threading.Lock()
        found = dict(self._scan())
        small = [path for path, signature in found.items() if signature[0] <= EAGER_BYTES]
        digests = self._digests(small)
        self._known = {path: _Known(signature, digests.get(path)) for path, signature in found.items()}

    def folders(self) -> list[str]:
        """Return every directory there is now, absolute, the root first; empty when the root is gone."""
        return [folder for folder, _ in self._walk()]

    def is_wanted(self, path: str) -> bool:
        """Tell whether an absolute path may be a file or directory of the tree, by its name alone."""
        if not path.startswith(self._root):
            return f"{path}/" == self._root
        parts = path[len(self._root) :].split("/")
        if any(map(is_clutter_folder, parts)) or is_clutter_file(parts[-1]):
            return False
        return not any(path == each or path.startswith(f"{each}/") for each in self._ignored)

    def written(self, files: Mapping[str, str]) -> None:
        """Take relative path -> sha256 as what is known."""
        with self._lock:
            for path, digest in files.items():
                self._known[self._root + os.path.normpath(path)] = _Known(None, digest)

    def look(self, paths: Iterable[str] | None, *, is_sure: bool) -> Look:
        """Compare files with what was known of them.

        Args:
            paths: absolute; None: all files.
            is_sure: take what is different as known, doubtful or not; else a doubtful look leaves all as it was.
        """
        found = dict(self._scan()) if paths is None else dict(self._status(paths))
        asked = (
            {*found, *self._known}
            if paths is None
            else {path for path in paths if path in self._known or path in found}
        )
        fresh = [
            path for path, signature in found.items() if self._must_read(path, signature, is_told=paths is not None)
        ]
        digests = self._digests(fresh)
        with self._lock:
            return self._compared(asked, found, digests, is_sure=is_sure)

    def _must_read(self, path: str, signature: tuple[int, ...], *, is_told: bool) -> bool:
        """Tell whether a file may be different. Equal times prove nothing of a small file of which there is news."""
        known = self._known.get(path)
        return known is None or known.signature != signature or (is_told and signature[0] <= EAGER_BYTES)

    def _compared(
        self, asked: Iterable[str], found: dict[str, tuple[int, ...]], digests: dict[str, str], *, is_sure: bool
    ) -> Look:
        added, modified, deleted = [], [], []
        is_doubtful = False
        known = dict[str, _Known]()
        for path in asked:
            before = self._known.get(path)
            if path not in found:
                if before is not None:
                    deleted.append(path)
            elif path in digests:
                known[path] = _Known(found[path], digests[path])
                if before is None:
                    added.append(path)
                elif before.digest != digests[path]:
                    modified.append(path)
                    is_doubtful |= not found[path][0]
        is_doubtful |= bool(deleted)
        if is_doubtful and not is_sure:
            return Look(None, True)
        self._known |= known
        for path in deleted:
            del self._known[path]
        if not (added or modified or deleted):
            return Look(None, False)
        return Look(self._set(added, modified, deleted, digests), is_doubtful)

    def _set(self, added: list[str], modified: list[str], deleted: list[str], digests: Mapping[str, str]) -> ChangeSet:
        cut = len(self._root)
        return ChangeSet(
            added=tuple(sorted(path[cut:] for path in added)),
            modified=tuple(sorted(path[cut:] for path in modified)),
            deleted=tuple(sorted(path[cut:] for path in deleted)),
            digests={path[cut:]: digests[path] for path in sorted((*added, *modified))},
        )

    def _digests(self, paths: Sequence[str]) -> dict[str, str]:
        """Return the digests of those that are there and can be read; of one that is being written there is more news
        to come.
        """
        try:
            found = self._files.digests(paths)
        except UnreadableFiles as problem:
            found = problem.digests
        return {path: digest for path, digest in found.items() if digest is not None}

    def _scan(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        for folder, names in self._walk():
            yield from self._status([os.path.join(folder, name) for name in names])

    def _walk(self) -> Iterator[tuple[str, list[str]]]:
        for folder, inner, names in os.walk(self._root):
            inner[:] = [name for name in inner if self._is_ours(folder, name)]
            yield os.path.normpath(folder), [name for name in names if not is_clutter_file(name)]

    def _is_ours(self, folder: str, name: str) -> bool:
        path = os.path.join(folder, name)
        if is_clutter_folder(name) or os.path.normpath(path) in self._ignored or os.path.islink(path):
            return False
        return not os.path.exists(os.path.join(path, "pyvenv.cfg"))

    def _status(self, paths: Iterable[str]) -> Iterator[tuple[str, tuple[int, ...]]]:
        for path in paths:
            try:
                status = os.stat(path)
            except OSError:
                continue
            if stat.S_ISREG(status.st_mode):
                yield path, (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev)
