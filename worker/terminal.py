"""The terminal of a debugged step: whatever the step does to its streams, the debugger has them as they were."""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import sys

from .capture import text_stream

_FIRST_SPARE = 200
"""Descriptors from which copies are taken: out of the way of `os.closerange(3, 100)`."""


class Terminal:
    """Remembers the three standard streams of this process."""

    def __init__(self) -> None:
        self._copies = [_copy(number) for number in (0, 1, 2)]
        self._streams = (sys.stdin, sys.stdout, sys.stderr)

    def say(self, text: str) -> None:
        """Write a line to the error stream that was, after what is waiting in the output stream."""
        with contextlib.suppress(OSError, ValueError):
            self._streams[1].flush()
        with contextlib.suppress(OSError):
            os.write(2 if self._copies[2] is None else self._copies[2], f"{text}\n".encode("utf-8", "backslashreplace"))

    def restore(self) -> None:
        """Put the streams back where they were. A stream that was closed is opened anew."""
        for number, copy in enumerate(self._copies):
            if copy is not None:
                with contextlib.suppress(OSError):
                    os.dup2(copy, number)
        stdin, stdout, stderr = self._streams
        sys.stdin = _reader() if stdin.closed else stdin
        sys.stdout = text_stream(1) if stdout.closed else stdout
        sys.stderr = text_stream(2) if stderr.closed else stderr


def _reader() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)), encoding="utf-8")


def _copy(number: int) -> int | None:
    try:
        return fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, _FIRST_SPARE)
    except OSError:
        return None
