"""Captured output as lines: chunks are cut where the pipe cut them, people read lines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from .ports import LogChunk
from .records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line of one attempt."""

    node: str
    attempt: int
    stream: str
    at: float
    """Wall time its first byte was captured."""
    text: str


class Lines:
    """Joins the chunks of each attempt and stream into lines."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int, str], tuple[float, bytes]] = {}

    def take(self, chunk: LogChunk) -> Iterator[LogLine]:
        """Yield the lines that this chunk completes."""
        key = (chunk.node, chunk.attempt, chunk.stream)
        at, rest = self._open.pop(key, (chunk.at, b""))
        *complete, last = (rest + chunk.data).split(b"\n")
        for line in complete:
            yield _line(key, at, line)
            at = chunk.at
        if last:
            self._open[key] = (at, last)

    def rest(self) -> Iterator[LogLine]:
        """Yield what has no line feed yet; for when nothing more comes."""
        for key, (at, text) in self._open.items():
            yield _line(key, at, text)
        self._open.clear()


class Unseen:
    """Filters what was read before when a log is read again and again."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, int, str], int] = {}

    def of(self, chunks: Iterator[LogChunk]) -> Iterator[LogChunk]:
        """Yield the chunks that no earlier call yielded."""
        met: dict[tuple[str, int, str], int] = {}
        for chunk in chunks:
            key = (chunk.node, chunk.attempt, chunk.stream)
            met[key] = met.get(key, 0) + 1
            if met[key] > self._seen.get(key, 0):
                self._seen[key] = met[key]
                yield chunk


def clock_text(at: float) -> str:
    """Return the time of day with milliseconds, in the person's time zone."""
    return datetime.fromtimestamp(at).strftime("%H:%M:%S.%f")[:-3]


def _line(key: tuple[str, int, str], at: float, text: bytes) -> LogLine:
    node, attempt, stream = key
    return LogLine(node=node, attempt=attempt, stream=stream, at=at, text=text.decode("utf-8", "backslashreplace"))
