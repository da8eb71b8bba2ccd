"""Pass on what comes through a pipe and keep a part of it. Imported only where a step needs it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import IO

_CHUNK = 64 * 1024
_TAIL = 4096


class Tee(threading.Thread):
    """Reads a pipe to its end, writes everything to a descriptor at once, and hands it to `keep`."""

    def __init__(self, source: int, target: int, keep: Callable[[bytes], object]) -> None:
        """Begin.

        Args:
            source: read end of a pipe; closed at its end.
            target: descriptor to pass on to; duplicated, so that it may be replaced meanwhile.
            keep: called with each chunk, in this thread.
        """
        super().__init__(name="graftline-tee", daemon=True)
        self._source = source
        self._target = os.dup(target)
        self._keep = keep
        self.start()

    def run(self) -> None:
        """Copy until every writer has closed the pipe."""
        try:
            while chunk := os.read(self._source, _CHUNK):
                self._keep(chunk)
                done = 0
                while done < len(chunk):
                    done += os.write(self._target, chunk[done:])
        except OSError:
            return  # the log's reader is gone: nobody is left to pass on to
        finally:
            os.close(self._source)
            os.close(self._target)

    def finish(self) -> None:
        """Wait for what was written; a background process that keeps the pipe open is waited for half a second only."""
        self.join(0.5)


class Tail:
    """Keeps the end of a stream."""

    def __init__(self) -> None:
        self._data = b""

    def add(self, chunk: bytes) -> None:
        """Take a chunk."""
        self._data = (self._data + chunk)[-_TAIL:]

    def lines(self, count: int) -> str:
        """Return the last lines as text."""
        return "\n".join(self._data.decode("utf-8", "backslashreplace").splitlines()[-count:])


class CapturedOutput:
    """Descriptor 1 passed through a pipe while a block runs, with a copy in a file."""

    def __init__(self, copy: IO[bytes]) -> None:
        self._copy = copy
        self._saved = -1
        self._tee: Tee | None = None

    def __enter__(self) -> None:
        source, sink = os.pipe()
        self._saved = os.dup(1)
        self._tee = Tee(source, 1, self._copy.write)
        os.dup2(sink, 1)
        os.close(sink)

    def __exit__(self, *_: object) -> None:
        os.dup2(self._saved, 1)
        os.close(self._saved)
        if self._tee is not None:
            self._tee.finish()
