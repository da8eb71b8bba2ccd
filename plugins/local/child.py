"""One process that a forkserver made for us: who it is, how to signal it, how it ended."""

from __future__ import annotations

import contextlib
import os
import select
import signal as signals
import socket
import time
from collections.abc import Callable

from ...core.named import NamedTuple
from .rights import receive


class Ending(NamedTuple):
    """How a process ended."""

    code: int | None
    """Exit code; minus the signal's number when one killed it; None when nobody can tell (the forkserver died)."""
    peak_bytes: int | None = None
    """Largest resident size of its whole life."""
    cpu_seconds: float | None = None


class Child:
    """A process below the guardian. Its leash becomes readable when it is born and when it ends."""

    def __init__(self, leash: socket.socket) -> None:
        self.pid: int | None = None
        """None until the forkserver has forked it."""
        self.ending: Ending | None = None
        """None while it lives, or is not born yet."""
        self._leash = leash
        self._pidfd: int | None = None
        leash.setblocking(False)

    def fileno(self) -> int:
        """Return the leash's descriptor, to poll for reading."""
        return self._leash.fileno()

    def look(self) -> Ending | None:
        """Take in what the leash tells, without blocking; return how it ended, None while it lives."""
        while self.ending is None:
            try:
                news = receive(self._leash)
            except BlockingIOError:
                return None
            except ConnectionError:
                news = None
            if news is None:
                # The forkserver died. Nobody could tell how this one ends, so it may not live on unwatched.
                self._send(signals.SIGKILL, group=True)
                self.ending = Ending(None)
                break
            (word, *values), descriptors = news
            if word == "born":
                self.pid = values[0]
                self._pidfd = descriptors[0] if descriptors else None
            else:
                self.ending = Ending(*values)
        return self.ending

    def wait(self, timeout_s: float) -> Ending | None:
        """Wait until it ends; return how, None when the time is over."""
        self._until(lambda: self.look() is not None, timeout_s)
        return self.ending

    def wait_born(self, timeout_s: float) -> bool:
        """Wait until the forkserver has forked it (or it cannot any more); return whether it has a pid."""
        self._until(lambda: self.look() is not None or self.pid is not None, timeout_s)
        return self.pid is not None

    def signal(self, number: signals.Signals, *, group: bool = False) -> None:
        """Send a signal, to its whole process group if asked; nothing happens when it has ended or is not born."""
        if self.look() is None:
            self._send(number, group=group)

    def _send(self, number: signals.Signals, *, group: bool) -> None:
        if self.pid is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if group:
                os.killpg(self.pid, number)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self._pidfd is not None:
                signals.pidfd_send_signal(self._pidfd, number)
            else:
                os.kill(self.pid, number)

    def close(self) -> None:
        """Drop the descriptors; the process itself is not touched. Safe to call twice."""
        self._leash.close()
        if self._pidfd is not None:
            os.close(self._pidfd)
            self._pidfd = None

    def _until(self, is_reached: Callable[[], bool], timeout_s: float) -> bool:
        deadline = time.monotonic() + timeout_s
        poll = select.poll()
        poll.register(self._leash, select.POLLIN)
        while not is_reached():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            poll.poll(left * 1000 + 1)
        return True
