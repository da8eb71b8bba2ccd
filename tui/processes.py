"""Processes of this machine by their parents: what a live run holds of memory, all its workers together.

Source: proc(5), /proc/PID/stat and /proc/PID/statm. Where there is no /proc nothing is known.
"""

from __future__ import annotations

import os
from contextlib import suppress

from ..core.named import NamedTuple

_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_TICK = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


class Usage(NamedTuple):
    """What a process and all below it hold."""

    processes: int
    memory: int
    """Resident bytes; what they share is counted for each."""
    cpu_s: float
    """CPU seconds so far, of those that live."""


def usages(pids: list[int]) -> dict[int, Usage]:
    """Return the usage of each process that lives, with all it started; for a thread, 20 us a process."""
    parents: dict[int, int] = {}
    own: dict[int, tuple[int, float]] = {}
    with suppress(OSError):
        for name in os.listdir("/proc"):
            if name.isdecimal():
                with suppress(OSError, ValueError, IndexError):
                    parents[int(name)], own[int(name)] = _read(name)
    children: dict[int, list[int]] = {}
    for pid, parent in parents.items():
        children.setdefault(parent, []).append(pid)
    found: dict[int, Usage] = {}
    for pid in pids:
        if pid in own:
            below, waiting = [], [pid]
            while waiting:
                below.append(waiting.pop())
                waiting += children.get(below[-1], [])
            found[pid] = Usage(len(below), sum(own[each][0] for each in below), sum(own[each][1] for each in below))
    return found


def _read(name: str) -> tuple[int, tuple[int, float]]:
    with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
        words = file.read().rpartition(")")[2].split()  # a name may hold blanks and brackets
    with open(f"/proc/{name}/statm", encoding="utf-8") as file:
        pages = int(file.read().split()[1])
    return int(words[1]), (pages * _PAGE, (int(words[11]) + int(words[12])) / _TICK)
