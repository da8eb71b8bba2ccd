"""`Changes` in memory: a queue of sets that a test puts in."""

from __future__ import annotations

import queue
from collections.abc import Mapping

from graftline.core.changes import ChangeSet


class MemoryChanges:
    """Tells what it was told."""

    def __init__(self, note: str | None = None) -> None:
        self.note = note
        self._known: dict[str, str] = {}
        self._queue: queue.Queue[ChangeSet | None] = queue.Queue()
        self._is_closed = False

    def save(self, path: str, digest: str) -> None:
        """Let a file have this content from now on."""
        before, self._known[path] = self._known.get(path), digest
        if before is None:
            self._queue.put(ChangeSet(added=(path,), digests={path: digest}))
        elif before != digest:
            self._queue.put(ChangeSet(modified=(path,), digests={path: digest}))

    def delete(self, path: str) -> None:
        """Let a file be gone."""
        if self._known.pop(path, None) is not None:
            self._queue.put(ChangeSet(deleted=(path,), digests={}))

    def wait(self, timeout_s: float | None) -> ChangeSet | None:
        """Return the next set as the port says."""
        if self._is_closed:
            return None
        try:
            return self._queue.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def written(self, files: Mapping[str, str]) -> None:
        """Take files as known."""
        self._known |= files

    def close(self) -> None:
        """Let `wait` return."""
        self._is_closed = True
        self._queue.put(None)
