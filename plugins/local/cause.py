"""Why a worker died, in the words of the person whose step it was."""

from __future__ import annotations

import signal

from ...core.quantities import size_text
from ...core.runs import StepError
from ...core.states import Reason
from .child import Ending


class OomCounters:
    """The kernel's counts of out-of-memory kills: of our cgroup and of the machine."""

    def __init__(self) -> None:
        self._last = _kills()

    def moved(self) -> bool:
        """Tell whether the kernel has killed something for memory since the last call."""
        now = _kills()
        moved = any(count > self._last.get(path, count) for path, count in now.items())
        self._last = now
        return moved


def cause_of(ending: Ending, oom: OomCounters) -> tuple[Reason, StepError]:
    """Return why an attempt failed whose worker ended before it answered."""
    if ending.code is None:
        return Reason.SIGNAL, _died("its forkserver was killed, so nobody could watch the worker and it was ended too")
    if ending.code >= 0:
        return Reason.EXIT, _died(
            f"the process left with exit code {ending.code} before the step returned (os._exit, or a library that ends"
            " the process)"
        )
    name = _signal_name(-ending.code)
    if -ending.code == signal.SIGKILL and oom.moved():
        peak = f"; its peak was {size_text(ending.peak_bytes)}" if ending.peak_bytes else ""
        return Reason.OOM, _died(f"killed by SIGKILL, likely out of memory: the kernel counted an OOM kill{peak}")
    return Reason.SIGNAL, _died(f"killed by {name}")


def _died(message: str) -> StepError:
    return StepError(type="WorkerDied", message=message)


def _signal_name(number: int) -> str:
    try:
        return f"{signal.Signals(number).name} (signal {number})"
    except ValueError:
        return f"signal {number}"


def _kills() -> dict[str, int]:
    """Return the count of OOM kills by the file that tells it; files that are not there are left out.

    Source: kernel documentation, admin-guide/cgroup-v2 (memory.events) and cgroup-v1 (memory.oom_control).
    """
    paths = ["/proc/vmstat"]
    for line in _lines("/proc/self/cgroup"):
        number, controllers, group = line.strip().split(":", 2)
        if number == "0":
            paths.append(f"/sys/fs/cgroup{group.rstrip('/')}/memory.events")
        elif controllers == "memory":
            paths.append(f"/sys/fs/cgroup/memory{group.rstrip('/')}/memory.oom_control")
    found = {}
    for path in paths:
        for line in _lines(path):
            word, _, count = line.partition(" ")
            if word == "oom_kill":
                found[path] = int(count)
    return found


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.readlines()
    except OSError:
        return []
