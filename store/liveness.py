"""Who hosts a run, and whether it still does: a lock file that the kernel frees when its holder dies.

The lock decides; host, boot id, pid and the pid's start time only say who. No clock, no heartbeat, no daemon.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from ..core.records import dataclass
from .failures import explain_os

_PROBE_S = 0.5
"""Seconds a host tries: a reader that looks whether the run lives holds the lock for some microseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """The process that hosts a run, as far as can be told."""

    host: str
    boot: str | None
    """Boot id of the machine; None where it has none (not Linux)."""
    pid: int
    pid_started: int | None
    """Clock ticks after boot the process started at; None where it cannot be told."""


def this_process() -> Holder:
    """Return this process as a holder."""
    return Holder(host=os.uname().nodename, boot=_boot_id(), pid=os.getpid(), pid_started=_start_ticks(os.getpid()))


def describe(holder: Holder, here: Holder) -> str:
    """Return who it is for a message: "process 4711", with its machine when that is another one.

    >>> me = Holder(host="a", boot="1", pid=1, pid_started=5)
    >>> describe(Holder(host="b", boot="2", pid=7, pid_started=9), me)
    'process 7 on b'
    """
    where = "" if holder.host == here.host else f" on {holder.host}"
    return f"process {holder.pid}{where}"


def describe_death(holder: Holder, here: Holder) -> str:
    """Return why a run whose lock is free was interrupted."""
    rebooted = holder.host == here.host and holder.boot != here.boot
    return f"{describe(holder, here)} {'ended when the machine stopped' if rebooted else 'died'}"


class RunLock:
    """The lock of one run, held until `release` or the death of this process. Not inherited by children."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    @classmethod
    def take(cls, path: Path) -> RunLock | None:
        """Take the lock; None when another process holds it.

        Raises:
            StoreError: the lock file cannot be made.
        """
        deadline = time.monotonic() + _PROBE_S
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise explain_os(error, path) from error
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return cls(descriptor)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    os.close(descriptor)
                    return None
                time.sleep(0.01)

    def release(self) -> None:
        """Give the lock up. Safe to call twice."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def is_held(path: Path) -> bool:
    """Tell whether a living process holds a run's lock. Takes some 10 us and writes nothing."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise explain_os(error, path) from error
    try:
        # Shared: readers do not see each other.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _boot_id() -> str | None:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return None


def _start_ticks(pid: int) -> int | None:
    """Return field 22 of /proc/PID/stat; the second field may hold blanks and parentheses, so count from its end."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return int(stat.rpartition(")")[2].split()[19])
