"""The log pump: reads what workers write to descriptors 1 and 2 and keeps it, attempt by attempt.

Runs in the guardian, so that what a step printed before it crashed, or before the runner was killed, is kept. A step
that floods its output is held back by the full pipe: nothing here grows with what it writes.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Mapping

from ...worker.capture import Marker, encode_marker, parse_marker
from ...worker.secrets import Masker
from .logfile import LogFile

TAIL_BYTES = 1024 * 1024
"""Held in memory for an attempt over its cap, hence small."""
_READ_BYTES = 64 * 1024
"""Linux's default pipe size: more is not there to be read."""
_NOBODY = Marker(0, "")


class Source:
    """Both streams of one worker."""

    def __init__(
        self,
        *,
        path: str,
        nonce: bytes,
        secrets: Mapping[str, str],
        cap_bytes: int,
        warn: Callable[[str], None],
    ) -> None:
        self.file = LogFile(path, warn)
        self.cap_bytes = cap_bytes
        self.streams = tuple(_Stream(self, name, nonce, secrets) for name in ("stdout", "stderr"))
        self._accounts: dict[int, _Account] = {}

    def write(self, stream: _Stream, data: bytes) -> None:
        """Keep output of the attempt the stream is at."""
        account = self._accounts.get(stream.position)
        if account is None:
            account = self._accounts[stream.position] = _Account(self.file, stream.marker(), self.cap_bytes)
        account.write(stream.name, data)

    def settle(self) -> None:
        """Finish the attempts that both streams have left behind."""
        oldest = min(stream.position for stream in self.streams)
        for position in [each for each in self._accounts if each < oldest]:
            self._accounts.pop(position).finish()
        if all(stream.is_over for stream in self.streams):
            for account in self._accounts.values():
                account.finish()
            self._accounts.clear()
            self.file.close()


class _Account:
    """What one attempt has written: its head goes to the file at once, its tail when it is over."""

    def __init__(self, file: LogFile, marker: Marker, cap_bytes: int) -> None:
        self._file = file
        self._marker = marker
        self._tail_bytes = min(TAIL_BYTES, cap_bytes // 2)
        self._head_left = cap_bytes - self._tail_bytes
        self._tail: deque[tuple[str, float, bytes]] = deque()
        self._tail_size = 0
        self._cut = 0

    def write(self, stream: str, data: bytes) -> None:
        now = time.time()
        head, data = data[: self._head_left], data[self._head_left :]
        if head:
            self._head_left -= len(head)
            self._append(stream, now, head)
        if data:
            self._tail.append((stream, now, data))
            self._tail_size += len(data)
            while self._tail_size - len(self._tail[0][2]) >= self._tail_bytes:
                dropped = len(self._tail.popleft()[2])
                self._tail_size -= dropped
                self._cut += dropped

    def finish(self) -> None:
        if self._cut:
            note = b"\n[graftline: %d bytes cut here; an attempt keeps its first and last output]\n" % self._cut
            self._append("system", time.time(), note)
        for stream, at, data in self._tail:
            self._append(stream, at, data)
        self._tail.clear()

    def _append(self, stream: str, at: float, data: bytes) -> None:
        if self._marker.attempt:
            self._file.append(self._marker.node, self._marker.attempt, stream, at, data)
        else:  # a worker's own start: its traceback when it cannot work at all
            self._file.append("", 0, "system", at, data)


class _Stream:
    """One pipe: cuts at markers, masks, and says which attempt the bytes belong to."""

    def __init__(self, source: Source, name: str, nonce: bytes, secrets: Mapping[str, str]) -> None:
        self.name = name
        self.position = 0
        """Markers seen; both streams of a worker get the same markers in the same order."""
        self.is_over = False
        self._source = source
        # Asked of `encode_marker`, so that the form of a marker is known in one file only.
        self._opening = encode_marker(nonce, Marker(0, "")).removesuffix(b"0 \n")
        self._masker = Masker(secrets) if secrets else None
        self._line = b""
        self._rest = b""

    def marker(self) -> Marker:
        """Return the marker seen last."""
        return parse_marker(self._opening + self._line + b"\n") if self._line else _NOBODY

    def feed(self, data: bytes) -> None:
        """Take in what was read. An attempt that wrote nothing costs a split and a partition: 0.5 us."""
        first, *pieces = (self._rest + data).split(self._opening)
        self._rest = b""
        if not pieces:
            first = self._hold(first)
        if first:
            self._write(first)
        for number, piece in enumerate(pieces, start=1):
            line, newline, output = piece.partition(b"\n")
            if not newline:
                if number == len(pieces):
                    self._rest = self._opening + piece
                    return
                self._write(self._opening + piece)  # no marker after all: those are written whole
                continue
            self._leave()
            self._line = line
            self.position += 1
            if number == len(pieces):
                output = self._hold(output)
            if output:
                self._write(output)

    def end(self) -> None:
        """Take in the end of the stream."""
        if self._rest:
            self._write(self._rest)
            self._rest = b""
        self._leave()
        self.is_over = True

    def _write(self, data: bytes) -> None:
        shown = self._masker.feed(data) if self._masker else data
        if shown:
            self._source.write(self, shown)

    def _leave(self) -> None:
        if self._masker and (held := self._masker.flush()):
            self._source.write(self, held)

    def _hold(self, data: bytes) -> bytes:
        """Keep back an end that may be the beginning of a marker; return what comes before it."""
        first = self._opening[:1]
        start = data.find(first, max(0, len(data) - len(self._opening) + 1))
        while start >= 0 and not self._opening.startswith(data[start:]):
            start = data.find(first, start + 1)
        if start < 0:
            return data
        self._rest = data[start:]
        return data[:start]


class Pump:
    """All pipes of one guardian."""

    def __init__(self) -> None:
        self._pipes: dict[int, tuple[Source, _Stream]] = {}

    def add(self, source: Source, descriptors: list[int]) -> None:
        """Read a worker's pipes (stdout, stderr) from now on; they are closed at their end."""
        for descriptor, stream in zip(descriptors, source.streams, strict=True):
            os.set_blocking(descriptor, False)
            self._pipes[descriptor] = (source, stream)

    @property
    def descriptors(self) -> list[int]:
        """Return the pipes that are open."""
        return list(self._pipes)

    def read(self, descriptor: int) -> int:
        """Read once from a pipe; return the bytes got, 0 when nothing is there, -1 when it has ended and is closed."""
        source, stream = self._pipes[descriptor]
        try:
            data = os.read(descriptor, _READ_BYTES)
        except BlockingIOError:
            return 0
        if data:
            stream.feed(data)
            source.settle()
            return len(data)
        del self._pipes[descriptor]
        os.close(descriptor)
        stream.end()
        source.settle()
        return -1

    def close(self) -> None:
        """End every stream, also those whose writer lives on."""
        for descriptor, (source, stream) in list(self._pipes.items()):
            os.close(descriptor)
            stream.end()
            source.settle()
        self._pipes.clear()
