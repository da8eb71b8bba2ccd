"""What a step may change around itself, and put back after it: directory, umask, environment, signals, streams.

Runs after every attempt, so each check is one system call or one comparison (all together 5 us).
Not put back on purpose: sys.path and imported modules, which module-level code sets once for all later calls.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
from collections.abc import Callable, Mapping
from typing import Any

from .capture import text_stream

_WATCHED = (
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGHUP,
    signal.SIGALRM,
    signal.SIGCHLD,
    signal.SIGPIPE,
    signal.SIGUSR1,
    signal.SIGUSR2,
)
# `signal.getsignal` makes an enum member of SIG_DFL: 1 us each, in C 0.05.
_handler_of: Callable[[int], Any] = getattr(sys.modules.get("_signal"), "getsignal", signal.getsignal)
_FIRST_SPARE = 200
"""Descriptors from which the copies of 1 and 2 are taken: out of the way of `os.closerange(3, 100)`."""


class Surroundings:
    """The state every attempt begins with."""

    __slots__ = ("_cwd", "_environ", "_handlers", "_streams", "_umask", "_writers")

    def __init__(self, cwd: str) -> None:
        """Remember the state as it is now; `cwd` is the directory of steps."""
        self._cwd = cwd
        umask = os.umask(0o077)
        os.umask(umask)
        self._umask = umask
        self._handlers = tuple(_handler_of(number) for number in _WATCHED)
        self._streams = tuple(fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, _FIRST_SPARE) for number in (1, 2))
        self._writers = (sys.stdout, sys.stderr)
        self.keep_environ()

    def keep_environ(self) -> None:
        """Take the environment as it is for the one to return to.

        Called after the import of a step's module: what module-level code sets (load_dotenv, OMP_NUM_THREADS) must
        hold for the second attempt too, whose import does nothing any more.
        """
        self._environ = dict(_raw_environ())

    def change_directory(self) -> None:
        """Go to the directory of steps, wherever an import went."""
        os.chdir(self._cwd)

    def restore(self) -> None:
        """Put everything back. Leaves threads and children of the step alone."""
        first, second = self._streams
        os.dup2(first, 1)
        os.dup2(second, 2)
        if (sys.stdout, sys.stderr) != self._writers or sys.stdout.closed or sys.stderr.closed:
            self._restore_writers()
        os.umask(self._umask)
        if _raw_environ() != self._environ:
            self._restore_environ()
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in zip(_WATCHED, self._handlers, strict=True):
            if _handler_of(number) is not handler and _handler_of(number) != handler:
                signal.signal(number, handler if handler is not None else signal.SIG_DFL)
        if _directory() != self._cwd:
            os.chdir(self._cwd)

    def _restore_writers(self) -> None:
        out, err = self._writers
        sys.stdout = text_stream(1) if out.closed else out
        sys.stderr = text_stream(2) if err.closed else err
        self._writers = (sys.stdout, sys.stderr)

    def _restore_environ(self) -> None:
        wanted = self._environ
        os.environ.clear()
        if isinstance(next(iter(wanted), ""), bytes):
            os.environb.update(wanted)
        else:
            os.environ.update(wanted)


def _raw_environ() -> Mapping[Any, Any]:
    """Return the dict of bytes inside os.environ: comparing it costs 1.5 us, comparing os.environ itself 60."""
    raw: Mapping[Any, Any] = getattr(os.environ, "_data", os.environ)
    return raw


def _directory() -> str | None:
    try:
        return os.getcwd()
    except OSError:  # the step deleted it
        return None
