"""A run's log files in large blocks, for searching: what one attempt wrote to one stream stands together.

One thread of Python passes 2 us over each record: 100 MB/s where steps write lines of 200 bytes one by one, as fast as
the disk where they write more at once. A block at a time is in memory, and one file is open, whatever there is of them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from heapq import heapify, heappop, heappush
from itertools import count
from pathlib import Path
from typing import BinaryIO

from ..core.ports import LogBlock
from ..worker.logformat import LogEntry, iter_records

BLOCK = 1 << 20
"""Bytes of a file that are read at once."""
_HEADER = re.compile(rb"\x1e([^\t\n]*:\d+\t[^\t\n]+)\t(\d+\.?\d*)\t(\d+)(?:\t[^\n]*)?\n")
"""A header as it is written; any other is left to `iter_records`, which passes over damage."""


def blocks(files: list[Path], node: str | None, attempt: int | None) -> Iterator[LogBlock]:
    """Yield what files hold, by the time each block begins.

    Raises:
        OSError: a file cannot be read.
    """
    number = count()  # so that files are never compared
    heap = [(found.at, next(number), path, 0) for path in files if (found := _record(path, 0)) is not None]
    heapify(heap)
    while heap:
        _, _, path, position = heappop(heap)
        with path.open("rb", buffering=0) as file:
            block = _Block(node, attempt)
            end = block.take(os.pread(file.fileno(), BLOCK, position))
            if end:
                yield from block.blocks()
                position += end
            elif (entry := next(iter_records(file, position), None)) is not None:
                yield from _long(file, entry) if block.is_wanted(entry.node, entry.attempt) else ()
                position = entry.end
        later = _record(path, position)
        if later is not None:
            heappush(heap, (later.at, next(number), path, position))


class _Block:
    """The whole records of one block, those of each attempt and stream together."""

    def __init__(self, node: str | None, attempt: int | None) -> None:
        self._node = node
        self._attempt = attempt
        self._found: dict[bytes, tuple[list[bytes], list[int], list[float]] | None] = {}
        """By the part of the header that names the source; None: it is not wanted."""

    def is_wanted(self, node: str, attempt: int) -> bool:
        """Tell whether a source was asked for."""
        return self._node in (None, node) and self._attempt in (None, attempt)

    def take(self, buffer: bytes) -> int:
        """Take the whole records at the beginning of some bytes and return how many bytes these are."""
        position, found, match = 0, self._found, _HEADER.match
        sizes: dict[bytes, int] = {}
        while (header := match(buffer, position)) is not None:
            source, at, length = header.groups()
            start = header.end()
            end = start + int(length)
            if end > len(buffer):
                break
            if source not in found:
                node, attempt, _ = _source(source)
                found[source] = ([], [], []) if self.is_wanted(node, attempt) else None
                sizes[source] = 0
            kept = found[source]
            if kept is not None and end > start:
                kept[0].append(buffer[start:end])
                kept[1].append(sizes[source])
                kept[2].append(float(at))
                sizes[source] += end - start
            position = end
        return position

    def blocks(self) -> Iterator[LogBlock]:
        """Yield what was taken and wanted."""
        for source, kept in self._found.items():
            if kept is not None and kept[0]:
                node, attempt, stream = _source(source)
                pieces, starts, times = kept
                data = b"".join(pieces)
                yield LogBlock(node=node, attempt=attempt, stream=stream, data=data, starts=starts, times=times)


def _source(text: bytes) -> tuple[str, int, str]:
    named, _, stream = text.decode("utf-8", "surrogateescape").partition("\t")
    node, _, attempt = named.rpartition(":")
    return node, int(attempt), stream


def _record(path: Path, position: int) -> LogEntry | None:
    """Return the first whole record at or after an offset."""
    with path.open("rb") as file:
        return next(iter_records(file, position), None)


def _long(file: BinaryIO, entry: LogEntry) -> Iterator[LogBlock]:
    """Yield one record, in pieces where it is longer than a block."""
    position = entry.offset
    while position < entry.end:
        data = os.pread(file.fileno(), min(BLOCK, entry.end - position), position)
        if not data:
            return
        yield LogBlock(
            node=entry.node, attempt=entry.attempt, stream=entry.stream, data=data, starts=(0,), times=(entry.at,)
        )
        position += len(data)
