"""The log of a run or of one step, read on a thread into a book; follows as long as somebody looks."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock
from time import monotonic

from ...core.errors import InvalidError
from ...core.ids import RunId
from ...core.ports import LogChunk, LogTail
from ...core.records import dataclass, field
from ...core.workspace import Workspace
from ..logbook import Filter, LogBook

SLICE_S = 0.25
"""A log is read so long at once: of gigabytes the beginning is there to be looked at while the rest comes."""


@dataclass(slots=True)
class RunLog:
    """What was read so far of one log."""

    run: RunId
    step: str | None
    """Path of the step; None: of all."""
    attempt: int | None = None
    """Only of this attempt; None: of all, by time."""
    filtered: Filter | None = None
    """The lines that are shown; None: all."""
    book: LogBook = field(default_factory=LogBook)
    tail: LogTail | None = None
    is_finished: bool = False
    is_behind: bool = False
    """There is more on disk than was read."""
    _left: Iterator[LogChunk] | None = None
    _lock: Lock = field(default_factory=Lock)
    """Two threads may be asked to read on; one does at a time."""

    def read_on(self, space: Workspace, *, is_over: bool) -> int:
        """Read what came, for a moment, and return how many lines that made; for a thread.

        Args:
            space: to read from.
            is_over: nothing more will come, so lines without their end are shown too.

        Raises:
            StoreError: the log cannot be read.
            InvalidError: the filter is a regular expression that takes too long; it is taken away.
        """
        with self._lock:
            if self.tail is None:
                self.tail = space.follow_logs(self.run, self.step, self.attempt)
            count = self.book.add(self._moment(self.tail))
            if is_over and not self.is_behind and not self.is_finished:
                self.is_finished = True
                count += self.book.finish()
            filtered = self.filtered
            if filtered is not None and self.is_filtering:
                ends = monotonic() + SLICE_S
                try:
                    self.book.narrow(filtered, lambda: filtered is not self.filtered or monotonic() > ends)
                except InvalidError:
                    self.filtered = None if filtered is self.filtered else self.filtered
                    raise
                count = max(1, count)
            return count

    @property
    def is_filtering(self) -> bool:
        """Tell whether there are lines that the filter has not seen."""
        return self.filtered is not None and self.filtered.seen < len(self.book)

    def _moment(self, tail: LogTail) -> Iterator[LogChunk]:
        """Yield what can be read at once; the next call goes on where this one ends."""
        ends = monotonic() + SLICE_S
        if self._left is None:
            self._left = tail.fresh()
        self.is_behind = True
        for chunk in self._left:
            yield chunk
            if monotonic() > ends:
                return
        self._left, self.is_behind = None, False
