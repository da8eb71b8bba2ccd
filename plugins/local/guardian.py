"""The guardian: an ancestor of every worker, which outlives the runner just long enough to clean up after it.

It becomes the subreaper of its descendants, watches the runner by pidfd, reaps what is orphaned, pumps the workers'
output to their logs, and when the runner closes (or is killed, at any instant) ends and reaps everything below it,
setsid and double-forked processes included. It allocates little and imports little: it must not be what fails.

Link to the runner (see rights.py):
    in   ("pump", path, nonce, secrets, cap) + [stdout, stderr]   keep a worker's output
         ("flush", id)     write out what the pipes hold          -> ("flushed", id)
         ("sweep", id)     end all but the forkserver's tree      -> ("swept", id)
    out  ("warning", text)
End of file on the link: a normal close; whoever has not left after `GRACE_S` is killed.

macOS has no subreaper and no pidfd: there the end of the link stands for the runner's death, and a process that was
orphaned by its own parent's end is found by nobody.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import time
from typing import TYPE_CHECKING, Any

from .descent import adopt_orphans, is_childless, kill_descendants, kill_strays, reap
from .rights import receive, tell

if TYPE_CHECKING:
    from .pump import Pump

GRACE_S = 0.4
"""Seconds that workers have to leave by themselves at a normal close."""
_QUIET_BYTES = 16 * 1024
_MAX_ROUNDS = 32
"""Reads that empty a pipe for sure: twice what one can hold (1 MiB at most)."""
_NAP_S = 0.005
"""After a turn that read less than `_QUIET_BYTES` it sleeps: at 15,000 attempts a second each of its turns would
otherwise serve one marker (20 us) instead of 75. A pipe holds 64 KiB, so no writer waits for that."""


class Guardian:
    """Watches one runner. Made once, in a process of its own."""

    def __init__(self, *, runner: int, link: int, server: int) -> None:
        self._runner = runner
        self._server = server
        self._link = socket.socket(fileno=link)
        self._pump: Pump | None = None
        """Reads what workers print; None: there was no worker yet."""
        self._poll = select.poll()
        self._wake, self._woken = os.pipe()
        self._pidfd = -1
        adopt_orphans()

    def watch(self) -> None:
        """Work until the runner is gone, then leave nothing behind."""
        try:
            self._listen()
            self._watch_runner()
            kill_strays()
            while True:
                descriptors = [descriptor for descriptor, _ in self._poll.poll()]
                if self._pidfd in descriptors or (self._link.fileno() in descriptors and not self._take()):
                    break
                self._turn(descriptors)
        finally:
            self._end()

    def _listen(self) -> None:
        for descriptor in (self._wake, self._woken):
            os.set_blocking(descriptor, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._woken, warn_on_full_buffer=False)
        for descriptor in (self._wake, self._link.fileno()):
            self._poll.register(descriptor, select.POLLIN)
        reap()  # whoever ended before the handler stood

    def _watch_runner(self) -> None:
        if not hasattr(os, "pidfd_open"):
            return  # the link's end tells
        try:
            self._pidfd = os.pidfd_open(self._runner)
        except ProcessLookupError:
            self._link.shutdown(socket.SHUT_RDWR)
            return
        self._poll.register(self._pidfd, select.POLLIN)
        if os.getppid() != self._runner:  # it died before, and the number may be somebody else's by now
            self._link.shutdown(socket.SHUT_RDWR)

    def _has_runner(self) -> bool:
        """Tell whether the runner lives. Its descriptors close a moment before its pidfd tells of its death."""
        if self._pidfd < 0:
            return True
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        return not poll.poll(0)

    def _turn(self, descriptors: list[int]) -> None:
        got = 0
        for descriptor in descriptors:
            if descriptor == self._wake:
                os.read(self._wake, 4096)
                reap()
            elif self._pump is not None and descriptor in self._pump.descriptors:
                got += self._read(self._pump, descriptor)
        if got < _QUIET_BYTES:
            time.sleep(_NAP_S)

    def _read(self, pump: Pump, descriptor: int) -> int:
        """Read once from a pipe; return the bytes got."""
        try:
            got = pump.read(descriptor)
        # The guardian's edge: a fault of the pump may cost output, never the workers this process watches over.
        except Exception as problem:  # noqa: BLE001
            self._warn(f"output of a step is lost: {type(problem).__name__}: {problem}")
            return 0
        if got < 0:
            self._poll.unregister(descriptor)
        return max(0, got)

    def _take(self) -> bool:
        """Obey one message; return False at the end of the link."""
        try:
            request = receive(self._link)
        except ConnectionError:
            return False
        if request is None:
            return False
        (word, *values), descriptors = request
        if word == "pump":
            self._add(values, descriptors)
        elif word == "flush":
            self._flush()
            tell(self._link, ("flushed", *values))
        elif word == "sweep":
            kill_descendants(spare=self._server, limit_s=1.0)
            self._flush()
            tell(self._link, ("swept", *values))
        return True

    def _add(self, values: list[Any], descriptors: list[int]) -> None:
        from .pump import Pump, Source  # 10 ms that a run which reuses everything is spared

        path, nonce, secrets, cap_bytes = values
        source = Source(path=path, nonce=nonce, secrets=secrets, cap_bytes=cap_bytes, warn=self._warn)
        self._pump = self._pump or Pump()
        self._pump.add(source, descriptors)
        for descriptor in descriptors:
            self._poll.register(descriptor, select.POLLIN)

    def _flush(self) -> None:
        """Write out what the pipes hold now; a step that floods its output cannot hold this up."""
        if self._pump is None:
            return
        for descriptor in self._pump.descriptors:
            rounds = 0
            while rounds < _MAX_ROUNDS and self._read(self._pump, descriptor):
                rounds += 1

    def _warn(self, text: str) -> None:
        tell(self._link, ("warning", text))

    def _end(self) -> None:
        """Give workers a moment to leave if the runner still lives (a normal close), then end whoever is left."""
        try:
            deadline = time.monotonic() + GRACE_S
            while time.monotonic() < deadline and self._has_runner() and not is_childless():
                self._flush()
                time.sleep(_NAP_S)
        finally:
            try:
                kill_descendants()
            finally:
                self._flush()
                if self._pump is not None:
                    self._pump.close()
