"""Why a state was reached, in words a person uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .states import Reason, Status

if TYPE_CHECKING:
    from .runs import Run

AWAITED_S = 3.0
"""Seconds without a step that has begun after which somebody is told what is waited for."""

REASONS = {
    Reason.TIMEOUT: "over its time limit",
    Reason.SIGNAL: "killed by a signal",
    Reason.OOM: "out of memory",
    Reason.EXIT: "its process left",
    Reason.LOST: "its machine was lost",
    Reason.UNPICKLABLE: "returned what cannot be stored",
    Reason.RETURNS: "returned another number of values",
    Reason.INPUT: "an input is missing or does not cast",
    Reason.UPSTREAM: "a step before it failed",
    Reason.BRANCH: "its branch was not taken",
    Reason.RECOVERED: "a step before it failed and was recovered",
    Reason.INSIDE: "a step inside failed",
    Reason.TERMINATED: "its pipeline was ended before it",
    Reason.UNSELECTED: "not selected",
    Reason.FAIL_FAST: "stopped at the first failure",
    Reason.USER: "stopped by a person",
    Reason.HELD: "held: watching runs no effects",
    Reason.PREFLIGHT: "its worker could not start",
    Reason.HELD: "an effect, held while watching",
    Reason.CODE_CHANGED: "other code ran than was planned",
    Reason.COMMIT: "its generation could not be committed",
}
_OF_RUNS = {**REASONS, Reason.TERMINATED: "ended by a terminate step"}


def reason_text(reason: str | None) -> str:
    """Return a step's reason; empty for none and for an exception, which speaks for itself."""
    return _text(REASONS, reason)


def run_reason_text(reason: str | None) -> str:
    """Return a run's reason; empty for none."""
    return _text(_OF_RUNS, reason)


def awaited_text(run: Run, now: float) -> str:
    """Return for whom a run waits that was taken up and of which no step has begun; empty: it does not wait.

    A cluster that is out of reach is tried as long as its `patience` says, and takes no step before it is there.
    """
    steps = {Status(name) for name, count in run.counts.items() if count}
    is_idle = Status.PENDING in steps and steps <= {Status.PENDING, Status.CACHED, Status.SKIPPED}
    if run.state is not Status.STARTED or not is_idle or run.started is None or now - run.started < AWAITED_S:
        return ""
    return f"waits for runner {run.runner}"


def _text(words: dict[Reason, str], reason: str | None) -> str:
    try:
        return "" if reason is None else words.get(Reason(reason), "")
    except ValueError:
        return reason or ""  # of a newer version
