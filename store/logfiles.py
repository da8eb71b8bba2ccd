"""Captured output of a run: the log files of its workers, merged by time."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from ..core.ids import RunId
from ..core.ports import LogBlock, LogChunk
from ..worker.logformat import LOG_SUFFIX, LogEntry, iter_entries, iter_records
from .failures import explain_os
from .layout import Layout
from .logblocks import blocks

PIECE = 1 << 20
"""Bytes a chunk has at most: a longer record comes in several."""


class LogFiles:
    """`Logs` on the files under `logs/<run>/`."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def read(self, run: RunId, node: str | None = None, attempt: int | None = None) -> Iterator[LogChunk]:
        """Yield what was captured so far, by time; of all steps when `node` is None.

        Holds one piece in memory, whatever the size of the files. A record that is not whole yet is left out.

        Raises:
            StoreError: a file cannot be read.
        """
        directory = self._layout.logs(run)
        files = _files(directory)
        merged = heapq.merge(*(_wanted(file, node, attempt) for file in files), key=lambda found: found[0].at)
        try:
            with ExitStack() as stack:
                opened = {file: stack.enter_context(file.open("rb")) for file in files}
                for entry, path in merged:
                    yield from _chunks(opened[path], entry)
        except OSError as error:
            raise explain_os(error, directory) from error

    def follow(self, run: RunId, node: str | None = None, attempt: int | None = None) -> FollowedLog:
        """Return what reads on where it stopped."""
        return FollowedLog(self._layout.logs(run), node, attempt)

    def blocks(self, run: RunId, node: str | None = None, attempt: int | None = None) -> Iterator[LogBlock]:
        """Yield the same in large blocks, each of one attempt and stream.

        Raises:
            StoreError: a file cannot be read.
        """
        directory = self._layout.logs(run)
        try:
            yield from blocks(_files(directory), node, attempt)
        except OSError as error:
            raise explain_os(error, directory) from error


class FollowedLog:
    """`LogTail` on the files of one run. Remembers of each file where it stopped; an index is of no use for that."""

    def __init__(self, directory: Path, node: str | None, attempt: int | None) -> None:
        self._directory = directory
        self._node = node
        self._attempt = attempt
        self._ends: dict[Path, int] = {}

    def fresh(self) -> Iterator[LogChunk]:
        """Yield what was captured since the last call, by time; at the first call everything.

        Raises:
            StoreError: a file cannot be read.
        """
        files = _files(self._directory)
        try:
            with ExitStack() as stack:
                grown = {
                    file: stack.enter_context(file.open("rb"))
                    for file in files
                    if file.stat().st_size > self._ends.get(file, 0)
                }
                merged = heapq.merge(*(self._entries(*each) for each in grown.items()), key=lambda found: found[0].at)
                for entry, path in merged:
                    yield from _chunks(grown[path], entry)
        except OSError as error:
            raise explain_os(error, self._directory) from error

    def _entries(self, path: Path, file: BinaryIO) -> Iterator[tuple[LogEntry, Path]]:
        for entry in iter_records(file, self._ends.get(path, 0)):
            self._ends[path] = entry.end
            if self._node in (None, entry.node) and self._attempt in (None, entry.attempt):
                yield entry, path


def _files(directory: Path) -> list[Path]:
    return sorted(directory.glob(f"*{LOG_SUFFIX}")) if directory.is_dir() else []


def _chunks(file: BinaryIO, entry: LogEntry) -> Iterator[LogChunk]:
    left = entry.length
    while left:
        file.seek(entry.end - left)
        data = file.read(min(left, PIECE))
        if not data:
            return
        left -= len(data)
        yield LogChunk(node=entry.node, attempt=entry.attempt, stream=entry.stream, at=entry.at, data=data)


def _wanted(path: Path, node: str | None, attempt: int | None) -> Iterator[tuple[LogEntry, Path]]:
    for entry in iter_entries(path):
        if node in (None, entry.node) and attempt in (None, entry.attempt):
            yield entry, path
