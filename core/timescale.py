"""From moments to columns: time in which nothing went on is folded, and where the marks of the axis stand."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from statistics import median

from .named import NamedTuple
from .quantities import duration_text
from .records import dataclass

LONG = 10
"""A gap that lasts so many times the usual bar is folded."""
LEAST_PART = 0.1
"""Of the whole; shorter gaps stay: folding them would win no room."""
FOLD = 5
"""Columns a folded gap takes."""
_STEPS = (
    *(base * 10.0**power for power in range(-3, 1) for base in (1, 2, 5)),
    *(15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 14400.0, 21600.0, 43200.0),
    *(86400.0 * days for days in (1, 2, 7, 14, 30, 90, 365)),
)
"""Seconds from one mark of the axis to the next that people can count in."""
APART = 9
"""Columns at least from one mark of the axis to the next."""


class Stretch(NamedTuple):
    """A piece of time."""

    start: float
    end: float


def merged(spans: Iterable[tuple[float, float]]) -> list[Stretch]:
    """Return spans in order, those that touch as one."""
    found: list[Stretch] = []
    for start, end in sorted(spans):
        if found and start <= found[-1].end:
            found[-1] = Stretch(found[-1].start, max(end, found[-1].end))
        else:
            found.append(Stretch(start, end))
    return found


def stretches(spans: Sequence[tuple[float, float]]) -> tuple[Stretch, ...]:
    """Return the time that is worth showing: gaps much longer than the usual span divide it."""
    busy = merged(spans)
    if not busy:
        return ()
    usual = median(end - start for start, end in spans)
    least = max(LONG * usual, LEAST_PART * (busy[-1].end - busy[0].start))
    found = [busy[0]]
    for one in busy[1:]:
        if one.start - found[-1].end > least:
            found.append(one)
        else:
            found[-1] = Stretch(found[-1].start, one.end)
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A mark of the axis."""

    column: int
    text: str


class Scale:
    """Where moments stand in a chart.

    Args:
        pieces: time that is shown, in order.
        width: columns of the chart.
        window: part of the chart that is shown, from 0 to 1: more than all of it is drawn wider than `width`.
    """

    def __init__(self, pieces: Sequence[Stretch], width: int, window: tuple[float, float] = (0.0, 1.0)) -> None:
        self.width = max(1, width)
        self.pieces = tuple(pieces) or (Stretch(0.0, 0.0),)
        low, high = window
        whole = self.width / max(1e-9, high - low)
        fold = min(float(FOLD), whole / (2 * len(self.pieces)))
        room = whole - fold * (len(self.pieces) - 1)
        total = sum(piece.end - piece.start for piece in self.pieces)
        # Pieces of no time at all still have a column each, where there is room for that.
        least = min(1.0, room / len(self.pieces))
        spare = room - least * len(self.pieces)
        self._lefts: list[float] = []
        self._rooms: list[float] = []
        left = -low * whole
        for piece in self.pieces:
            length = (piece.end - piece.start) / total if total else 1 / len(self.pieces)
            self._lefts.append(left)
            self._rooms.append(least + spare * length)
            left += self._rooms[-1] + fold
        self._fold = fold
        self._starts = [piece.start for piece in self.pieces]

    def position(self, at: float) -> float:
        """Return where a moment stands, in columns from the left of the chart; inside a fold, its end."""
        index = max(0, bisect_right(self._starts, at) - 1)
        piece = self.pieces[index]
        length = piece.end - piece.start
        part = 0.0 if length <= 0 else (min(at, piece.end) - piece.start) / length
        return self._lefts[index] + self._rooms[index] * max(0.0, part)

    def cells(self, start: float, end: float) -> tuple[int, int]:
        """Return the first column of a span and the one after its last: at least one, inside the chart if any is."""
        left, right = self.position(start), self.position(end)
        if right < 0 or left > self.width + 1e-6:  # the last moment may be a rounding error beyond
            return 0, 0
        first = max(0, min(int(left), self.width - 1))
        return first, max(first + 1, min(round(right), self.width))

    @property
    def folds(self) -> list[Tick]:
        """Return where time is folded, and how much of it."""
        found = []
        for at, (before, after) in enumerate(zip(self.pieces, self.pieces[1:], strict=False)):
            column = round(self._lefts[at] + self._rooms[at])
            if 0 <= column < self.width:
                found.append(Tick(column=column, text=_short(after.start - before.end)))
        return found

    @property
    def ticks(self) -> list[Tick]:
        """Return the marks of the axis: each piece counts from its own start."""
        found: list[Tick] = []
        shown = sum(piece.end - piece.start for piece in self.pieces)
        columns = sum(self._rooms)
        step = next((each for each in _STEPS if shown and each * columns / shown >= APART), _STEPS[-1])
        for piece in self.pieces:
            count = int((piece.end - piece.start) / step)
            first = max(0, int((self._time_at(0.0, piece) - piece.start) / step)) if count > self.width else 0
            for at in range(first, min(count, first + self.width) + 1):
                column = int(self.position(piece.start + at * step) + 1e-6)
                text = _axis_text(at * step, step)
                if column >= 0 and column + len(text) <= self.width and self._has_room(found, column):
                    found.append(Tick(column=column, text=text))
        return found

    def _has_room(self, found: Sequence[Tick], column: int) -> bool:
        return not found or column > found[-1].column + len(found[-1].text)

    def _time_at(self, column: float, piece: Stretch) -> float:
        index = self.pieces.index(piece)
        wide = self._rooms[index]
        part = (column - self._lefts[index]) / wide if wide else 0.0
        return piece.start + max(0.0, part) * (piece.end - piece.start)


def _short(seconds: float) -> str:
    """Return the largest unit of a duration: "3d", "2h"."""
    for unit, letter in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= unit:
            return f"{int(seconds // unit)}{letter}"
    return f"{seconds:.0f}s"


def _axis_text(seconds: float, step: float) -> str:
    """Return a mark as short as the distance to the next allows."""
    if seconds < step / 2:
        return "0s"
    if seconds < 0.9995 and step < 1:
        return f"{seconds * 1000:.0f}ms"
    if seconds < 60 and step < 1:
        return f"{seconds:.2f}".rstrip("0").rstrip(".") + "s"
    text = duration_text(float(round(seconds)))
    for end in ("m00s", "h00m", "d00h"):
        if text.endswith(end):
            return text[:-3]
    return text.replace(".0s", "s")
