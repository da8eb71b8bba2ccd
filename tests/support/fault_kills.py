"""One kill -9 of a run's host and everything that must hold afterwards; the fault tests and their sweep share it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fault_project import GONE_S, Project, only_run, until

JOBS = 2
IN_FLIGHT = JOBS + 1
"""Steps that may be executed twice: one at each worker, and one whose end had not been committed yet."""
DETECTED_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """What one kill did."""

    state: str | None
    """The run's state afterwards; None: there was no run yet. Only INTERRUPTED ones were in the middle."""
    done: int
    """Steps that were committed as good at the kill."""
    survivors_s: float
    """Seconds until no process of the run was left."""
    detected_s: float
    """Seconds from the kill until `graft ls`, started after it, had printed INTERRUPTED."""
    lost: int = 0
    """Steps committed as good, or told so on stdout, that were not good afterwards or were executed again."""
    damaged: int = 0
    """Findings of `graft doctor`, which reads every stored byte."""
    again: int = 0
    """Steps that were executed twice."""


def kill_and_resume(
    project: Project,
    process: subprocess.Popen[bytes],
    *,
    victim: int | None = None,
    earlier: frozenset[str] = frozenset(),
) -> Kill:
    """Kill the host of the project's only run, look at what is left, and resume the run to its end.

    Args:
        project: with one run of samples/wide.py.
        process: the command that was started; its stdout tells what was reported.
        victim: process to kill; None: that command.
        earlier: steps that may have been executed once before, because they failed.
    """
    at = time.monotonic()
    os.kill(victim or process.pid, signal.SIGKILL)
    process.wait(GONE_S)
    onlooker = project.look("ls")
    survivors_s = _time_of(lambda: not project.living(), at, GONE_S)
    done = {path for path, state in project.committed().items() if state == "SUCCESS"}
    told = project.reported(process)
    run, detected_s = _detect(project, onlooker, at)
    state = None if run is None else run["state"]
    if state != "INTERRUPTED":
        return Kill(state=state, done=len(done), lost=len(told - done), survivors_s=survivors_s, detected_s=detected_s)
    findings = project.document("doctor")["findings"]
    shown = {step["name"] for step in project.document("show")["steps"] if step["state"] == "SUCCESS"}
    begun_before = project.begun()
    resumed = project.document("resume", "-j", str(JOBS))
    assert resumed["counts"] == {"SUCCESS": len(resumed["steps"])}
    begun = project.begun()
    assert len(begun) == len(resumed["steps"])
    repeated = {f"work_{index:04d}" for index in begun_before if begun[index] > begun_before[index]}
    assert max(begun.values()) <= 2
    return Kill(
        state=state,
        done=len(done),
        survivors_s=survivors_s,
        detected_s=detected_s,
        lost=len((done | told) - shown) + len((done | told) & repeated),
        damaged=sum(not finding["is_good"] for finding in findings),
        again=len(repeated),
    )


def _detect(project: Project, onlooker: subprocess.Popen[bytes], at: float) -> tuple[dict[str, Any] | None, float]:
    """Return what `graft ls` says of the run and how long that took; ask again while it says STARTED."""
    while True:
        run = only_run(project.printed(onlooker))
        passed = time.monotonic() - at
        if run is None or run["state"] != "STARTED" or passed > DETECTED_S:
            return run, passed
        onlooker = project.look("ls")


def _time_of(is_reached: Callable[[], bool], at: float, within_s: float) -> float:
    assert until(is_reached, within_s)
    return time.monotonic() - at
