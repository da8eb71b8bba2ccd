"""The lines of a log on disk: read once, found by number, searched whole. Memory holds 20 bytes a line, not the text.

The captured files are merged by time and hold headers between the pieces; this is the same text as lines, in a
temporary file that is gone when it is closed.
"""

from __future__ import annotations

import re
import tempfile
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias

from ..core.loglines import Lines, LogLine
from ..core.logmatch import Sought
from ..core.ports import LogChunk
from ..core.records import dataclass, field
from ..core.text import clean, columns

if TYPE_CHECKING:
    from ..core.typedpattern import Step

LONGEST = 64 * 1024
"""Bytes of a line that are shown; the rest is told as a number."""
PIECE = 4 << 20
"""Bytes a search reads at once."""
KEPT_BACK = 1 << 18
"""Characters of lines that wait to be written together: as records they take ten times their length."""
NAMED = 24
"""Columns of a step's name before its lines."""
BLOCK = 65536
"""Lines at most that it reads at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One line of the log."""

    text: str
    """As it was written, escape sequences and all; at most `LONGEST` bytes."""
    left_out: int
    """Bytes that are not shown."""
    source: tuple[str, int, str]
    """Step, attempt and stream it is from."""
    at: float
    """Wall time."""


_Lines: TypeAlias = "Callable[[bytes], Iterator[Step]]"


def source_name(source: tuple[str, int, str]) -> str:
    """Return how a line says where it is from: the step, and the attempt from the second on."""
    node, attempt, _ = source
    return clean(node) + (f":{attempt}" if attempt > 1 else "")


@dataclass(slots=True)
class Filter:
    """The lines of a book that have what is sought."""

    sought: Sought
    numbers: array[int] = field(default_factory=lambda: array("Q"))
    """In order."""
    seen: int = 0
    """Lines that were looked at."""


class LogBook:
    """Lines by number. One thread adds; any thread reads."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(buffering=0, prefix="graft-log-")  # noqa: SIM115 - closed by `close`
        self._lock = Lock()
        self._lines = Lines()
        self._ends = array("Q", [0])
        self._times = array("d")
        self._sources: list[tuple[str, int, str]] = []
        self._source_of = array("I")
        self._numbers: dict[tuple[str, int, str], int] = {}
        self._name_width = 0
        self.rules: list[int] = []
        """Numbers of the lines with which another attempt of the step before them begins."""

    def __len__(self) -> int:
        return len(self._times)

    @property
    def name_width(self) -> int:
        """Return the columns that the names of the steps fill, at most `NAMED`."""
        return self._name_width

    def add(self, chunks: Iterable[LogChunk]) -> int:
        """Take what was captured and return how many lines that made; lines without their end are kept back."""
        before = len(self)
        waiting: list[LogLine] = []
        size = 0
        for chunk in chunks:
            for line in self._lines.take(chunk):
                waiting.append(line)
                size += len(line.text)
            if size > KEPT_BACK:
                self._write(waiting)
                waiting, size = [], 0
        self._write(waiting)
        return len(self) - before

    def finish(self) -> int:
        """Take the lines that never got their end: nothing more comes."""
        before = len(self)
        self._write(list(self._lines.rest()))
        return len(self) - before

    def line(self, number: int) -> Shown:
        """Return a line by its number, from 0."""
        with self._lock:
            start, end = self._ends[number], self._ends[number + 1] - 1
            self._file.seek(start)
            data = self._file.read(min(end - start, LONGEST))
        return Shown(
            text=data.decode("utf-8", "backslashreplace"),
            left_out=end - start - len(data),
            source=self._sources[self._source_of[number]],
            at=self._times[number],
        )

    def find(
        self,
        sought: Sought | re.Pattern[bytes],
        start: int,
        *,
        is_back: bool = False,
        is_over: Callable[[], bool] = lambda: False,
    ) -> int | None:
        """Return the number of the next line, from `start` on, that has what is sought.

        Args:
            sought: to be found; of a pattern of bytes any match.
            start: number of the line to begin with.
            is_back: go to smaller numbers.
            is_over: asked now and then; True: give up.

        Raises:
            InvalidError: a regular expression takes too long in a line, or did before.
        """
        lines = _lines(sought)
        count = len(self)
        numbers = range(min(start, count - 1), -1, -1) if is_back else range(max(0, start), count)
        position = 0
        while position < len(numbers) and not is_over():
            last = self._reach(numbers, position)
            block = range(min(numbers[position], numbers[last]), max(numbers[position], numbers[last]) + 1)
            found, _ = self._found_in(lines, block, is_over, is_back=is_back)
            if found:
                return found[-1] if is_back else found[0]
            position = last + 1
        return None

    def number_of(self, source: tuple[str, int, str], at: float, nth: int) -> int | None:
        """Return the number of the `nth` line, from 0, that a source began at a time; None: it is not there."""
        place, found = -1, None
        wanted = self._numbers.get(source)
        while wanted is not None and nth >= 0:
            try:
                place = self._times.index(at, place + 1)  # in C, 10 ns a line
            except ValueError:
                break
            if self._source_of[place] == wanted:
                found, nth = place, nth - 1
        return found

    def narrow(self, filtered: Filter, is_over: Callable[[], bool] = lambda: False) -> int:
        """Add the lines that a filter has not seen yet, and return how many of them it keeps.

        Args:
            filtered: to go on with.
            is_over: asked now and then; True: leave the rest to the next call.

        Raises:
            InvalidError: a regular expression takes too long in a line, or did before.
        """
        lines, before = _lines(filtered.sought), len(filtered.numbers)
        while filtered.seen < len(self) and not is_over():
            numbers = range(filtered.seen, len(self))
            block = range(numbers[0], numbers[self._reach(numbers, 0)] + 1)
            found, seen = self._found_in(lines, block, is_over, every=True)
            filtered.numbers.extend(found)
            filtered.seen = seen
        return len(filtered.numbers) - before

    def close(self) -> None:
        """Give the file up."""
        self._file.close()

    def _reach(self, numbers: range, position: int) -> int:
        """Return the position of the last line that fits into one piece with the one at a position."""
        first = self._ends[numbers[position]]
        last, end = position, min(len(numbers), position + BLOCK)
        while last + 1 < end and abs(self._ends[numbers[last + 1]] - first) < PIECE:
            last += 1
        return last

    def _found_in(
        self, lines: _Lines, block: range, is_over: Callable[[], bool], *, is_back: bool = False, every: bool = False
    ) -> tuple[list[int], int]:
        """Return the numbers of lines that match, and the number before which all were looked at.

        Args:
            lines: finds them in bytes.
            block: lines that fit into one piece.
            is_over: asked now and then; True: stop there.
            is_back: the last of them is asked for.
            every: all are; else the first is enough.
        """
        start, end = self._ends[block[0]], self._ends[block[-1] + 1]
        with self._lock:
            self._file.seek(start)
            data = self._file.read(end - start - 1)
        found: list[int] = []
        for step in lines(data):
            if isinstance(step, int):
                if is_over():
                    return found, bisect_left(self._ends, start + step, block[0], block[-1] + 2)
                continue
            number = bisect_right(self._ends, start + step[0], block[0], block[-1] + 1) - 1
            if not found or found[-1] != number:
                found.append(number)
            if not (every or is_back):
                break
        return found, block[-1] + 1

    def _write(self, lines: list[LogLine]) -> None:
        if not lines:
            return
        texts = [line.text.replace("\n", " ").encode("utf-8", "backslashreplace") + b"\n" for line in lines]
        with self._lock:
            end = self._ends[-1]
            self._file.seek(end)
            self._file.write(b"".join(texts))
            for line, text in zip(lines, texts, strict=True):
                end += len(text)
                before = self._sources[self._source_of[-1]] if self._source_of else None
                if before is not None and before[0] == line.node and before[1] != line.attempt:
                    self.rules.append(len(self._times))
                self._source_of.append(self._number((line.node, line.attempt, line.stream)))
                self._ends.append(end)
                self._times.append(line.at)

    def _number(self, source: tuple[str, int, str]) -> int:
        if source not in self._numbers:
            self._numbers[source] = len(self._sources)
            self._sources.append(source)
            self._name_width = min(NAMED, max(self._name_width, columns(source_name(source))))
        return self._numbers[source]


def _lines(sought: Sought | re.Pattern[bytes]) -> _Lines:
    """Return what finds where lines, or places in them, are that have what is sought."""
    if isinstance(sought, Sought):
        return sought.lines
    return lambda data: (match.span() for match in sought.finditer(data))
