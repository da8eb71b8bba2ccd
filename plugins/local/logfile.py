"""Appends captured output to one worker's log file and its index, and survives what happens to files.

Source of the format: worker/logformat.py.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from ...worker.logformat import INDEX_SUFFIX, LOG_SUFFIX, LogEntry, encode_index, encode_record

_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC


class LogFile:
    """An append-only log. A step never fails because its output cannot be kept: one warning, then it goes on."""

    def __init__(self, path: str, warn: Callable[[str], None]) -> None:
        self._path = path
        self._warn = warn
        self._has_warned = False
        self._lost = 0
        self._descriptor = self._index = -1
        self._size = 0

    def append(self, node: str, attempt: int, stream: str, at: float, data: bytes) -> None:
        """Append one record and its index line."""
        try:
            self._reopen()
            if self._lost:
                note = b"[graftline: %d bytes of output lost here; the log could not be written]\n" % self._lost
                self._write(node, attempt, "system", at, note)
                self._lost = 0
            self._write(node, attempt, stream, at, data)
        except OSError as problem:
            self._lost += len(data)
            if not self._has_warned:
                self._has_warned = True
                self._warn(f"log {self._path} cannot be written: {problem.strerror}; the step goes on without it")

    def close(self) -> None:
        """Close both files. Safe to call twice."""
        for descriptor in (self._descriptor, self._index):
            if descriptor >= 0:
                os.close(descriptor)
        self._descriptor = self._index = -1

    def _write(self, node: str, attempt: int, stream: str, at: float, data: bytes) -> None:
        record = encode_record(node, attempt, stream, at, data)
        start, self._size = self._size, self._size + len(record)
        try:
            _write_all(self._descriptor, record)
        except OSError:
            self._size = os.fstat(self._descriptor).st_size  # part of it may stand there; readers step over it
            raise
        entry = LogEntry(node, attempt, stream, at, start + len(record) - len(data), len(data))
        _write_all(self._index, encode_index(entry))

    def _reopen(self) -> None:
        """Open the files, or open them anew when somebody deleted the log."""
        if self._descriptor >= 0 and os.fstat(self._descriptor).st_nlink:
            return
        if self._descriptor >= 0:
            self._warn(f"log {self._path} was deleted while a step wrote to it; what it held is lost")
        self.close()
        self._descriptor = os.open(self._path, _FLAGS, 0o600)
        self._index = os.open(self._path.removesuffix(LOG_SUFFIX) + INDEX_SUFFIX, _FLAGS, 0o600)
        self._size = os.fstat(self._descriptor).st_size


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
