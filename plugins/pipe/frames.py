"""Frames: what goes through a pipe, both ways. A line of JSON that any version can read, and bytes.

    magic   0x01 "graftline-station " NONCE "\\n"      once, before the first frame of a station
    frame   "GF" u32 u64                              sizes of head and body, in network order
            head: JSON {"kind": ..., ...}, body

A login shell may print before the magic, whatever it likes and without an end of line; after it, nothing may. The nonce
is told on the command line, so that nothing printed by chance is taken for the magic, and the mark before the words
keeps a shell that echoes its command line from being taken for it.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import select
import struct
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from ...core.errors import PluginError
from ...core.named import NamedTuple

BEAT_S = 5.0
"""After so long without anything to say each side says that it is there."""
STATION_SILENCE_S = 30.0
"""A station that hears nothing for so long ends: its host is gone, or cut off."""
HOST_SILENCE_S = 45.0
"""A host that hears nothing for so long takes the connection for lost. More than the station's: that has ended then."""
_HEADER = struct.Struct("!2sIQ")
_SIGN = b"GF"
_READ_BYTES = 1 << 20
_TOGETHER_BYTES = 1 << 16
"""Small frames that wait are written together up to so many bytes: one system call, one packet."""


class Closed(Exception):
    """The other side is gone, or closed the pipe."""


class Silent(Exception):
    """Nothing came for as long as was to be waited."""


class Frame(NamedTuple):
    """One message."""

    kind: str
    head: Mapping[str, Any] = {}
    """Any: what JSON holds."""
    body: bytes = b""


def magic_of(nonce: str) -> bytes:
    """Return what a station writes before its first frame."""
    return b"\x01graftline-station " + nonce.encode("ascii") + b"\n"


def encode(frame: Frame) -> bytes:
    """Return the bytes of a frame."""
    head = json.dumps({**frame.head, "kind": frame.kind}).encode()
    return b"".join((_HEADER.pack(_SIGN, len(head), len(frame.body)), head, frame.body))


class FrameReader:
    """Takes frames from a descriptor. Used by one thread."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._buffer = bytearray()
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)

    def skip_to(self, mark: bytes, timeout_s: float) -> bytes:
        """Read up to the end of a mark; return what stood before it.

        Raises:
            Closed: the pipe ended first.
            Silent: it did not come in time.
        """
        deadline = time.monotonic() + timeout_s
        while (at := self._buffer.find(mark)) < 0:
            self._more(deadline - time.monotonic())
        noise = bytes(self._buffer[:at])
        del self._buffer[: at + len(mark)]
        return noise

    def read(self, silence_s: float) -> Frame:
        """Return the next frame.

        Args:
            silence_s: seconds without a single byte after which it is given up.

        Raises:
            Closed: the pipe ended.
            Silent: nothing came.
            PluginError: what came is no frame.
        """
        self._fill(_HEADER.size, silence_s)
        sign, head_size, body_size = _HEADER.unpack_from(self._buffer)
        if sign != _SIGN:
            raise PluginError(f"something else writes into the connection: {bytes(self._buffer[:60])!r}")
        start, end = _HEADER.size + head_size, _HEADER.size + head_size + body_size
        self._fill(end, silence_s)
        head = json.loads(self._buffer[_HEADER.size : start])
        body = bytes(memoryview(self._buffer)[start:end])
        del self._buffer[:end]
        return Frame(head.pop("kind"), head, body)

    @property
    def unread(self) -> bytes:
        """Return what came and was not taken: noise, when the magic never came."""
        return bytes(self._buffer)

    def _fill(self, size: int, silence_s: float) -> None:
        while len(self._buffer) < size:
            self._more(silence_s)

    def _more(self, timeout_s: float) -> None:
        if timeout_s <= 0 or not self._poll.poll(timeout_s * 1000):
            raise Silent
        try:
            data = os.read(self._descriptor, _READ_BYTES)
        except OSError as problem:
            raise Closed from problem
        if not data:
            raise Closed
        self._buffer += data


class FrameWriter:
    """Writes frames into a descriptor, from a thread of its own: whoever has something to say never waits for the pipe.

    Args:
        descriptor: blocking; not closed here.
        beat_s: seconds after which it writes a `beat` when there was nothing else.
    """

    def __init__(self, descriptor: int, *, beat_s: float = BEAT_S) -> None:
        self._descriptor = descriptor
        self._beat_s = beat_s
        self._waiting: queue.SimpleQueue[Frame | Callable[[], Frame] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self.pending = 0
        """Bytes that wait; frames that are still to be made do not count."""
        self._thread = threading.Thread(target=self._write, name="graftline-pipe", daemon=True)
        self._thread.start()

    def put(self, frame: Frame | Callable[[], Frame]) -> None:
        """Have a frame written; a callable makes it when its turn comes, so that large ones do not pile up."""
        if isinstance(frame, Frame):
            with self._lock:
                self.pending += len(frame.body)
        self._waiting.put(frame)

    def close(self, timeout_s: float) -> bool:
        """Write what waits, and end; return whether that was done in time. Safe to call twice."""
        self._waiting.put(None)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _write(self) -> None:
        with contextlib.suppress(OSError):  # the other side is gone: the reader hears of it
            while (data := self._next()) is not None:
                left = memoryview(data)
                while left:
                    left = left[os.write(self._descriptor, left) :]

    def _next(self) -> bytes | None:
        """Return what is to be written next; None: nothing any more."""
        try:
            first = self._waiting.get(timeout=self._beat_s)
        except queue.Empty:
            return encode(Frame("beat"))
        if first is None:
            return None
        data = self._encoded(first)
        while len(data) < _TOGETHER_BYTES:
            try:
                more = self._waiting.get_nowait()
            except queue.Empty:
                break
            if more is None:
                self._waiting.put(None)
                break
            data += self._encoded(more)
        return data

    def _encoded(self, item: Frame | Callable[[], Frame]) -> bytes:
        if isinstance(item, Frame):
            with self._lock:
                self.pending -= len(item.body)
            return encode(item)
        return encode(item())
