"""What a step prints: descriptors 1 and 2 with a marker at each attempt's start, and unbuffered text on top of them.

The guardian's pump reads both pipes and attributes every byte to the attempt whose marker came last. A marker is
    b"\\x1e" + nonce (16 hex digits) + b" " + attempt + b" " + node path, backslash-escaped + b"\\n"
and the nonce is a secret of the worker and the pump, so a step cannot forge one by accident.
"""

from __future__ import annotations

import io
import os
import re
import sys
from typing import Protocol

from ..core.named import NamedTuple

_START = b"\x1e"
_NONCE_DIGITS = 16
_MAX_MARKER = 64 * 1024
"""Bytes after which an unfinished marker is taken for output."""


class Marker(NamedTuple):
    """The start of an attempt in a worker's output."""

    attempt: int
    node: str


def new_nonce() -> bytes:
    """Return a fresh nonce: 16 hex digits."""
    return os.urandom(_NONCE_DIGITS // 2).hex().encode()


def encode_marker(nonce: bytes, marker: Marker) -> bytes:
    """Return the bytes of a marker. Backslashes, newlines and lone surrogates of the path are escaped."""
    node = marker.node.replace("\\", "\\\\").replace("\n", "\\n").encode("utf-8", "surrogatepass")
    return b"%b%b %d %b\n" % (_START, nonce, marker.attempt, node)


def parse_marker(line: bytes) -> Marker:
    """Return the marker of the bytes `encode_marker` made.

    Raises:
        ValueError: they are something else.
    """
    head, attempt, node = line.removesuffix(b"\n").split(b" ", 2)
    if not head.startswith(_START) or len(head) != 1 + _NONCE_DIGITS:
        raise ValueError(f"not a marker: {line[:40]!r}")
    text = node.decode("utf-8", "surrogatepass")
    return Marker(int(attempt), re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], text))


def split_at_markers(data: bytes, nonce: bytes) -> tuple[list[bytes | Marker], bytes]:
    """Cut a stream's bytes at its markers.

    Returns:
        The output and the markers in order, and the end of `data` that may be the start of a marker: put it before
        what is read next. At the end of the stream it is output.
    """
    pieces: list[bytes | Marker] = []
    opening = _START + nonce + b" "
    at = 0
    while (start := data.find(opening, at)) >= 0:
        end = data.find(b"\n", start)
        if end < 0 and len(data) - start < _MAX_MARKER:
            break
        if start > at:
            pieces.append(data[at:start])
        at = end + 1 if end >= 0 else len(data)
        pieces.append(parse_marker(data[start : end + 1]) if end >= 0 else data[start:])
    rest = start if start >= 0 else len(data) - _overlap(data[at:], opening)
    if rest > at:
        pieces.append(data[at:rest])
    return pieces, data[rest:]


def _overlap(data: bytes, opening: bytes) -> int:
    """Return how many of the last bytes are a beginning of `opening`."""
    start = data.find(_START, max(0, len(data) - len(opening) + 1))
    while start >= 0:
        if opening.startswith(data[start:]):
            return len(data) - start
        start = data.find(_START, start + 1)
    return 0


class AttemptBorders(Protocol):
    """Tells a reader of descriptors 1 and 2 which attempt writes."""

    def begin(self, attempt: int, node: str) -> None:
        """Say that what follows is the output of this attempt."""
        ...


class Borders:
    """Writes a marker on descriptors 1 and 2 at the start of each attempt."""

    __slots__ = ("_nonce",)

    def __init__(self, nonce: bytes) -> None:
        self._nonce = nonce

    def begin(self, attempt: int, node: str) -> None:
        """Write the marker, one write each, so that no reader sees a part of it between other bytes.

        A worker whose pump is gone works on: the executor learns of it by other means.
        """
        marker = encode_marker(self._nonce, Marker(attempt, node))
        for descriptor in (1, 2):
            try:
                _write_all(descriptor, marker)
            except OSError:
                continue


class NoBorders:
    """Marks nothing: for a process that runs one attempt, or whose output nobody divides."""

    __slots__ = ()

    def begin(self, attempt: int, node: str) -> None:
        """Do nothing."""


class _Descriptor(io.RawIOBase):
    """Writes straight to a descriptor and never closes it: what was printed survives `os._exit` and a crash."""

    def __init__(self, descriptor: int, name: str) -> None:
        self._descriptor = descriptor
        self.name = name
        self.mode = "wb"

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return False

    def write(self, data: object) -> int:
        # `io.FileIO` may write a part when a signal comes, and TextIOWrapper drops the rest without a word.
        return _write_all(self._descriptor, data)


def text_stream(descriptor: int) -> io.TextIOWrapper:
    """Return an unbuffered UTF-8 text stream on descriptor 1 or 2; what UTF-8 cannot hold is backslash-escaped."""
    raw = _Descriptor(descriptor, "<stdout>" if descriptor == 1 else "<stderr>")
    return io.TextIOWrapper(
        raw,  # like `python -u`: TextIOWrapper needs no BufferedIOBase when it writes through
        encoding="utf-8",
        errors="backslashreplace",
        newline="\n",
        write_through=True,
    )


def install_streams() -> None:
    """Put unbuffered streams in place of sys.stdout and sys.stderr (and of their originals)."""
    sys.stdout = sys.__stdout__ = text_stream(1)  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = text_stream(2)  # type: ignore[misc]


def _write_all(descriptor: int, data: object) -> int:
    view = memoryview(data).cast("B")  # type: ignore[arg-type]
    done = 0
    while done < len(view):
        done += os.write(descriptor, view[done:])
    return done
