"""Run the same command three times over a graph of files: fill, measure, and check that a change is seen."""

from __future__ import annotations

import ctypes
import os
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from work import Outcome
from works.no_change import WIDTH, changed_value, first_value

REPEATS = 3
"""Measured runs that change nothing; the median counts."""
DEADLINE_S = 300.0
_SET_CHILD_SUBREAPER = 36
_OLD_S = 3.0
"""Seconds between the writing of the files and the first run: what was written a moment ago is read again by whoever
knows that the times of a file say nothing then."""


class Cost(NamedTuple):
    """What a command took with everything it started."""

    cpu_s: float
    wall_s: float


def no_change(command: Sequence[str], executed: Callable[[], int], total: Callable[[], int]) -> Outcome:
    """Measure a command that has nothing to do.

    Args:
        command: runs the graph in the current directory.
        executed: returns how many steps were executed so far, by any run.
        total: returns the sum of the last layer.
    """
    for column in range(WIDTH):
        write(column, first_value(column))
    time.sleep(_OLD_S)
    whole_tree(command)
    whole_tree(command)  # fills memos and bytecode, for whoever has them
    before = executed()
    costs = [whole_tree(command) for _ in range(REPEATS)]
    again, value = executed() - before, total()
    write(0, changed_value())
    whole_tree(command)
    cpu_s, wall_s = (statistics.median(each) for each in zip(*costs, strict=True))
    return Outcome(cpu_s, (again, value, total()), f"{wall_s:.2f} s wall")


def executed() -> int:
    """Return how many steps were executed, from a file to which each adds a byte."""
    book = Path("executed")
    return book.stat().st_size if book.exists() else 0


def write(column: int, value: int) -> None:
    """Write the file of a column."""
    Path(f"in_{column:02d}.txt").write_text(str(value))


def whole_tree(command: Sequence[str], environ: Mapping[str, str] | None = None) -> Cost:
    """Run a command and wait for all that it started, whoever its parent is by then; return what all of it took.

    Raises:
        RuntimeError: it failed; with its stderr.
        TimeoutError: something it started does not end.
    """
    _adopt_orphans()
    before, start = _children_s(), time.perf_counter()
    done = subprocess.run(
        command,
        env={**_with_bytecode(), **(environ or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    wall_s = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout[-1000:]}\n{done.stderr[-2000:]}")
    _wait_for_orphans()
    return Cost(_children_s() - before, wall_s)


def _with_bytecode() -> dict[str, str]:
    """Return the environment, in which Python may keep what it compiles: an installed package has its bytecode, and
    to compile ours anew takes a command 0.3 s."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _adopt_orphans() -> None:
    """Become the parent of whatever below this process loses its own, so that its time is counted."""
    if ctypes.CDLL(None, use_errno=True).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def _wait_for_orphans() -> None:
    limit = time.monotonic() + DEADLINE_S
    while time.monotonic() < limit:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            time.sleep(0.002)
    raise TimeoutError("something the command started does not end")


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
