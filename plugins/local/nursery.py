"""Where worker processes come from: a forkserver below a guardian, started and owned by this process.

Apart from the pool because it knows nothing of attempts: the loader takes its children from here too.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import select
import socket
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import IO, TYPE_CHECKING

from ...core.errors import PluginError
from . import bootstrap, seed
from .child import Child
from .descent import MARK, kill_strays, mark_of
from .nameless import nameless_file
from .rights import Message, pair, receive, send

if TYPE_CHECKING:
    import subprocess

_NUMBERS = itertools.count(1)
CAP_BYTES = 50 * 1000 * 1000
"""Output of one attempt that is kept: all but the last MB from its beginning, that from its end."""
_CLOSE_S = 2.0
"""Seconds for the guardian to end everything: its own grace (0.4 s), then the kill."""
_POLLED_S = 0.002


class Nursery:
    """Makes processes that nothing of ours outlives. Safe to use from any thread.

    Starting it does not block: requests wait in the forkserver's socket while it imports.
    """

    def __init__(self, *, preload: Sequence[str] = (), sys_path: Sequence[str] | None = None) -> None:
        """Start a guardian and its forkserver.

        Args:
            preload: third-party packages to import once; one that fails is reported, not fatal.
            sys_path: the forkserver's sys.path; None: this process's.

        Raises:
            PluginError: the interpreter cannot be started.
        """
        self.preload = tuple(preload)
        self.importing: str | None = None
        """Package the forkserver is importing, as far as it told."""
        self.is_warm = False
        """Whether it has imported everything, as far as it told."""
        self.broken: dict[str, str] = {}
        """Package -> why it did not import."""
        self.threads: dict[str, int] = {}
        """Package -> threads it started at import. A fork with threads about can hang the child."""
        self.warnings: list[str] = []
        """What the guardian warned of: logs that could not be written."""
        self.is_shared = False
        """Several runs work with it at once: what is below the guardian may be any of theirs."""
        self.mark = mark_of(os.getpid(), next(_NUMBERS))
        """Value of the environment variable `descent.MARK` below this nursery."""
        self._lock = threading.Lock()
        self._tickets = itertools.count(1)
        self._answered: set[int] = set()
        self._diagnosis: IO[bytes] = nameless_file()
        self._link, link = pair()
        self._control, control = pair()
        self._guardian = self._start(link, control)
        path = [entry or os.getcwd() for entry in (sys.path if sys_path is None else sys_path)]
        send(self._control, ("warm", list(self.preload), path))

    def spawn(
        self, entry: str, connection: socket.socket, arguments: tuple[object, ...] = (), *, stdout: int, stderr: int
    ) -> Child:
        """Ask for a process that calls `entry(socket, *arguments)` and ends; do not wait for it.

        Args:
            entry: `module:function`, of ours; the forkserver imports it when it is first asked for.
            connection: handed to the function; this process keeps its own copy.
            arguments: plain values (text, bytes, numbers).
            stdout: descriptor that becomes the process's standard output; stdin is /dev/null.
            stderr: descriptor that becomes its standard error.

        Raises:
            PluginError: the forkserver is gone; the message has its last words.
        """
        ours, theirs = pair()
        try:
            send(self._control, ("fork", entry, arguments), [connection.fileno(), stdout, stderr, theirs.fileno()])
        except OSError as problem:
            ours.close()
            raise self._lost() from problem
        finally:
            theirs.close()
        return Child(ours)

    def capture(
        self,
        path: str,
        nonce: bytes,
        secrets: Mapping[str, str],
        descriptors: Sequence[int],
        cap_bytes: int = CAP_BYTES,
    ) -> None:
        """Have the guardian keep what comes out of two pipes (stdout, stderr) in a log file.

        Raises:
            PluginError: the guardian is gone.
        """
        try:
            send(self._link, ("pump", path, nonce, dict(secrets), cap_bytes), descriptors)
        except OSError as problem:
            raise self._lost() from problem

    def flush(self, timeout_s: float = 1.0) -> bool:
        """Wait until what workers have written so far is in their logs; return False when the time was over."""
        return self._ask("flush", timeout_s)

    def sweep(self, timeout_s: float = 2.0) -> bool:
        """End every process below the guardian but the forkserver and its children; return whether it was done."""
        return not self.is_shared and self._ask("sweep", timeout_s)

    def fileno(self) -> int:
        """Return a descriptor that becomes readable when the guardian has something to tell, or is gone."""
        return self._link.fileno()

    def is_alive(self) -> bool:
        """Tell whether guardian and forkserver can still serve; also take in what they have told."""
        with self._lock:
            return self._hear_server() and self._hear_guardian() and self._guardian.poll() is None

    @property
    def guardian_pid(self) -> int:
        """Return the guardian's process id."""
        return self._guardian.pid

    def close(self, timeout_s: float = _CLOSE_S) -> None:
        """End everything below the guardian and wait for it. Safe to call twice."""
        for each in (self._control, self._link):
            with contextlib.suppress(OSError):
                # Not close alone: a process forked by the caller may hold a copy.
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        code = self._guardian_code(timeout_s)
        if code is None:
            return
        if code != 0:  # it was killed: nobody has cleaned up
            kill_strays(self.mark)
        self._diagnosis.close()

    def __enter__(self) -> Nursery:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _guardian_code(self, timeout_s: float) -> int | None:
        """Wait for the guardian's end and return its exit code; None: it lives on."""
        deadline = time.monotonic() + timeout_s
        while (code := self._guardian.poll()) is None and time.monotonic() < deadline:
            time.sleep(_POLLED_S)
        return code

    def _start(self, link: socket.socket, control: socket.socket) -> subprocess.Popen[bytes] | seed.Grown:
        ends = (link.fileno(), control.fileno(), self._diagnosis.fileno())
        # What imports packages is an interpreter's: a seed shares its hashes and its warnings with the command.
        if not self.preload and (grown := seed.grow(self.mark, ends)) is not None:
            link.close()
            control.close()
            return grown
        import subprocess  # 2 ms that a command with a seed does without

        arguments = (str(os.getpid()), str(link.fileno()), str(control.fileno()))
        try:
            return subprocess.Popen(
                [*bootstrap.launch_command(), *arguments],
                env={**os.environ, MARK: self.mark},
                stdin=subprocess.DEVNULL,
                stdout=self._diagnosis,
                stderr=self._diagnosis,
                pass_fds=(link.fileno(), control.fileno()),
                start_new_session=True,
            )
        except OSError as problem:
            for each in (self._link, self._control):
                each.close()
            self._diagnosis.close()
            raise PluginError(f"worker processes cannot be started: {problem}") from problem
        finally:
            link.close()
            control.close()

    def _ask(self, word: str, timeout_s: float) -> bool:
        ticket = next(self._tickets)
        deadline = time.monotonic() + timeout_s
        poll = select.poll()
        poll.register(self._link, select.POLLIN)
        try:
            send(self._link, (word, ticket))
        except OSError:
            return False
        while time.monotonic() < deadline:
            poll.poll(20)  # ms; short because another thread may take our answer
            with self._lock:
                is_there = self._hear_guardian()
                if ticket in self._answered:
                    self._answered.discard(ticket)
                    return True
                if not is_there:
                    return False
        return False

    def _hear_guardian(self) -> bool:
        """Take in what the guardian told; return False when it is gone."""
        for message in _messages(self._link):
            if message is None:
                return False
            if message[0] == "warning":
                self.warnings.append(message[1])
            else:
                self._answered.add(message[1])
        return True

    def _hear_server(self) -> bool:
        """Take in what the forkserver told; return False when it is gone."""
        for message in _messages(self._control):
            if message is None:
                return False
            word, *values = message
            if word == "importing":
                self.importing = values[0]
            elif word == "broken":
                self.broken[values[0]] = values[1]
            elif word == "imported" and values[2] > 0:
                self.threads[values[0]] = values[2]
            elif word == "warm":
                self.is_warm, self.importing = True, None
        return True

    def _lost(self) -> PluginError:
        """Return the error that the forkserver or the guardian is gone, with its last words."""
        words = b""
        if not self._diagnosis.closed:
            size = os.fstat(self._diagnosis.fileno()).st_size
            words = os.pread(self._diagnosis.fileno(), 2000, max(0, size - 2000))
        said = words.decode("utf-8", "replace").strip()
        return PluginError("the forkserver that starts workers has ended" + (f":\n{said}" if said else ""))


def _messages(link: socket.socket) -> list[Message | None]:
    """Return the messages that are there now; a None at the end says that the other side is gone."""
    found: list[Message | None] = []
    while True:
        try:
            got = receive(link, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return found
        except OSError:
            got = None
        if got is None:
            return [*found, None]
        found.append(got[0])
