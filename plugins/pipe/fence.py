"""A fence between two stations of one run at one place: the later one ends the earlier one before it begins.

A host may take a connection for lost that the far end still takes for good (a cable, a NAT that forgot). The retry of
an attempt must not run beside the attempt itself.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import signal
import tempfile
import time

from ...core.errors import PluginError
from ..local.descent import start_time

_WAIT_S = 5.0
"""For an earlier station to end: by itself, which takes 0.5 s, and again when it was killed."""
_ODD = re.compile(r"[^A-Za-z0-9._-]+")


class Fence:
    """Held by the one station of a run at a place. The kernel gives it back with the process.

    Args:
        home: directory of stations; None: that for temporary files.
        run: id of the run.
        place: what tells several places of one run apart on one machine.

    Raises:
        PluginError: an earlier station could not be ended.
        OSError: the directory cannot be written.
    """

    def __init__(self, home: str | None, run: str, place: str) -> None:
        name = _ODD.sub("-", f"graftline-{os.getuid()}-{run}-{place}.lock")
        self._path = os.path.join(home or tempfile.gettempdir(), name)
        self._descriptor = -1
        if not self._take() and not self._take_from(signal.SIGTERM) and not self._take_from(signal.SIGKILL):
            self._drop()
            raise PluginError("a station that an earlier connection left for this run cannot be ended")
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()} {start_time(os.getpid())}".encode(), 0)

    def close(self) -> None:
        """Give it back. Safe to call twice."""
        if self._descriptor >= 0:
            with contextlib.suppress(OSError):
                os.unlink(self._path)
            self._drop()

    def _take(self) -> bool:
        """Take the lock; return False when somebody holds it, or the file is no longer the one of that name."""
        self._drop()
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            there = os.stat(self._path)
        except (BlockingIOError, FileNotFoundError):
            return False
        mine = os.fstat(self._descriptor)
        return (there.st_dev, there.st_ino) == (mine.st_dev, mine.st_ino)

    def _take_from(self, number: signal.Signals) -> bool:
        """End the holder by a signal and take the lock; return False when it would not go."""
        self._signal_holder(number)
        deadline = time.monotonic() + _WAIT_S
        while not self._take():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def _signal_holder(self, number: signal.Signals) -> None:
        words = os.pread(self._descriptor, 100, 0).split()
        if len(words) != 2 or os.fstat(self._descriptor).st_uid != os.getuid():
            return  # not written yet, or somebody else's
        pid, began = int(words[0]), words[1].decode("ascii", "replace")
        if str(start_time(pid)) == began:  # the number was not given to another process
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)

    def _drop(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
