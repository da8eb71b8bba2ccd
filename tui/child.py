"""A command line that runs as a process of its own, and what it prints.

It prints into a file without a name, not into a pipe, so that it goes on when the UI is gone.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic, time

from ..core.errors import PluginError
from ..core.ports import LogChunk
from .logbook import LogBook

PIECE = 1 << 20
"""Bytes that are read at once."""


class Child:
    """One line of the command line, running or over."""

    def __init__(self, program: Sequence[str], words: Sequence[str], *, columns: int, is_ascii: bool) -> None:
        """Start it.

        Raises:
            PluginError: no process can be started.
        """
        self.command = shlex.join(["graft", *words])
        self.book = LogBook()
        self._output = tempfile.TemporaryFile(prefix="graft-said-")  # noqa: SIM115 - closed by `close`
        self._read = 0
        self._is_finished = False
        self._began = monotonic()
        self.seconds = 0.0
        environ = {**os.environ, "COLUMNS": str(columns), "PYTHONIOENCODING": "utf-8"}
        environ |= {"GRAFTLINE_GLYPHS": "ascii" if is_ascii else "unicode"}
        try:
            self._process = subprocess.Popen(
                [*program, *words],
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=self._output,
                env=environ,
                start_new_session=True,  # Ctrl+C and the end of this terminal are not meant for it
            )
        except OSError as error:
            self._output.close()
            raise PluginError(f"{self.command} cannot be started: {error.strerror}") from error

    @property
    def code(self) -> int | None:
        """Return its exit code; None while it runs."""
        found = self._process.poll()
        if found is None:
            return None
        return 128 - found if found < 0 else found

    def read_on(self) -> bool:
        """Take what it has printed since; True: something came, or it has ended."""
        code = self.code  # before the output, so that what came last is read too
        data = os.pread(self._output.fileno(), PIECE, self._read)
        if data:
            self._read += len(data)
            self.book.add([LogChunk(node="", attempt=1, stream="stdout", at=time(), data=data)])
        if code is None:
            self.seconds = monotonic() - self._began
        elif not data and not self._is_finished:
            self._is_finished = True
            self.book.finish()
            return True
        return bool(data)

    @property
    def is_over(self) -> bool:
        """Tell whether it has ended and everything it printed was read."""
        return self._is_finished

    def stop(self, *, is_hard: bool = False) -> None:
        """Ask it to stop as Ctrl+C does, or kill it; what it started gets the same."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL if is_hard else signal.SIGINT)

    def close(self) -> None:
        """Forget what it printed; the process goes on if it has not ended."""
        self._output.close()
        self.book.close()
