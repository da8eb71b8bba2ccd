"""The near end of a pipe: a program (`ssh`, `docker`) whose stdin and stdout carry frames; and what it said."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from collections.abc import Mapping, Sequence

from ...core.errors import PluginError
from .frames import Closed, FrameReader, FrameWriter, Silent, magic_of

_KEPT_BYTES = 4000
"""Of what a program printed, the last; and of noise before the first frame."""
_MOMENT_S = 0.2
"""For the thread that writes to notice that nothing more is to come."""
_TAIL_S = 1.0
"""For the last words of a program that has ended: a child it left may hold its stderr open."""


class NoAnswer(Exception):
    """A program ended, or was given up, before a station answered."""

    def __init__(self, code: int | None, words: str) -> None:
        super().__init__(words)
        self.code = code
        """Exit code; None: it still ran."""
        self.words = words
        """What it printed."""


class Program:
    """A running program. Its frames are read by one thread; `end` may be called by any.

    Args:
        command: the program and its arguments.
        environ: variables put above those of this process.

    Raises:
        PluginError: it cannot be started.
    """

    def __init__(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                env={**os.environ, **environ},
                start_new_session=True,  # Ctrl+C is for the run, which ends this in order
            )
        except OSError as problem:
            raise PluginError(f"{command[0]} cannot be started: {problem.strerror}") from problem
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._lock = threading.Lock()
        self._is_killed = False
        self._errors = b""
        self._noise = b""
        self._listener = threading.Thread(target=self._listen, name="graftline-stderr", daemon=True)
        self._listener.start()
        self.reader = FrameReader(self._process.stdout.fileno())
        self.writer = FrameWriter(self._process.stdin.fileno())

    def await_station(self, nonce: str, timeout_s: float) -> None:
        """Wait for the magic of a station.

        Raises:
            NoAnswer: it did not come.
        """
        try:
            self._noise = self.reader.skip_to(magic_of(nonce), timeout_s)[-_KEPT_BYTES:]
        except (Closed, Silent) as problem:
            self._noise = self.reader.unread[-_KEPT_BYTES:]
            code = None if isinstance(problem, Silent) else self.wait(2.0)
            raise NoAnswer(code, self.words()) from problem

    def wait(self, timeout_s: float) -> int | None:
        """Wait for its end; return the exit code, None when it still runs."""
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None

    def words(self) -> str:
        """Return what it printed: to stderr, and before the first frame."""
        if self._process.poll() is not None:
            self._listener.join(_TAIL_S)
        said = [part.decode("utf-8", "replace").strip() for part in (self._noise, self._errors)]
        return "\n".join(part for part in said if part)

    def end(self, timeout_s: float) -> bool:
        """End its stdin, wait for its end, and then kill it; return whether it ended by itself. Safe to call twice."""
        self._end_input(max(timeout_s / 2, _MOMENT_S))
        if self.wait(timeout_s) is None:
            self._is_killed = True
            self._process.kill()
            self._process.wait()
            self._end_input(_TAIL_S)  # a blocked write fails, for nobody reads any more
        return not self._is_killed

    def close(self) -> None:
        """Drop the descriptors, once it has ended and no thread reads or writes them."""
        self._listener.join(_TAIL_S)
        assert self._process.stdout is not None
        self._process.stdout.close()
        if not self._listener.is_alive() and self._process.stderr is not None:
            self._process.stderr.close()

    def _end_input(self, timeout_s: float) -> None:
        """Close its stdin, unless it is still written to: another pipe might be given the number meanwhile."""
        with self._lock:
            if self.writer.close(timeout_s) and self._process.stdin is not None:
                with contextlib.suppress(OSError):
                    self._process.stdin.close()

    def _listen(self) -> None:
        assert self._process.stderr is not None
        with contextlib.suppress(OSError, ValueError):
            while data := os.read(self._process.stderr.fileno(), 65536):
                self._errors = (self._errors + data)[-_KEPT_BYTES:]
