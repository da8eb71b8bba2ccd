"""The log of a run or of one step, read on a thread into a book; follows as long as somebody looks."""

from __future__ import annotations

from ...core.ids import RunId
from ...core.ports import LogTail
from ...core.records import dataclass, field
from ...core.workspace import Workspace
from ..logbook import Filter, LogBook


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

    def read_on(self, space: Workspace, *, is_over: bool) -> int:
        """Read what came and return how many lines that made; for a thread.

        Args:
            space: to read from.
            is_over: nothing more will come, so lines without their end are shown too.

        Raises:
            StoreError: the log cannot be read.
        """
        if self.tail is None:
            self.tail = space.follow_logs(self.run, self.step, self.attempt)
        count = self.book.add(self.tail.fresh())
        if is_over and not self.is_finished:
            self.is_finished = True
            count += self.book.finish()
        if self.filtered is not None and self.filtered.seen < len(self.book):
            filtered = self.filtered
            self.book.narrow(filtered, lambda: filtered is not self.filtered)
            count = max(1, count)
        return count
