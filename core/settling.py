"""How a run ends whose runner did not say so: it returned without reporting an end, or raised.

A runner that carries the graph somewhere else may report nothing at all. Its run is then shown as one step: all steps
share the time it took and its success; when it raises, the first step that was open carries the exception.
"""

from __future__ import annotations

from collections.abc import Sequence

from .errors import Cancelled, GraftError
from .events import (
    AttemptCancelled,
    AttemptDispatched,
    AttemptFailed,
    AttemptSucceeded,
    Fact,
    RunFinished,
    StepSettled,
)
from .runs import StepError, StepRun
from .standing import PASSED_REASONS
from .states import Reason, Status

LONGEST_TRACEBACK = 64 * 1024
"""Characters kept of a traceback, from its end."""


def settle(steps: Sequence[StepRun], error: Exception | None, *, worker: str, begun: float, now: float) -> list[Fact]:
    """Return the facts that end a run which its runner left open.

    Args:
        steps: of the run as they stand, in definition order.
        error: what the runner raised; None: it returned.
        worker: name of the runner, which stands for the worker.
        begun: wall time at which the runner was called.
        now: wall time of the facts.
    """
    live = [step for step in steps if step.state is Status.STARTED]
    waiting = [step for step in steps if step.state is Status.PENDING]
    if isinstance(error, Cancelled):
        return _cancelled(live, waiting, now)
    if error is not None:
        return _failed(live, waiting, error, worker, begun, now)
    if all(_is_passed(step) or not step.state.is_final for step in steps):
        return _succeeded(live, waiting, worker, begun, now)
    # Something before them failed, and nobody says that they ran.
    left = [*live, *waiting]
    return [*_left(left, Status.SKIPPED, Reason.UPSTREAM, now), RunFinished(state=Status.FAILURE, reason=None, at=now)]


def _is_passed(step: StepRun) -> bool:
    """Tell whether a step did what it should, or rightly was not run: its branch was not taken, it was left out."""
    return step.state.is_good or (step.state in (Status.SKIPPED, Status.CANCELLED) and step.reason in PASSED_REASONS)


def _succeeded(
    live: Sequence[StepRun], waiting: Sequence[StepRun], worker: str, begun: float, now: float
) -> list[Fact]:
    facts: list[Fact] = [_dispatched(step, begun) for step in waiting]
    for step in [*live, *waiting]:
        facts.append(
            AttemptSucceeded(
                node=step.path,
                attempt=_attempt(step),
                at=now,
                started=begun,
                seconds=now - begun,
                cpu_seconds=0.0,
                peak_bytes=None,
                worker=worker,
                outputs=(),
            )
        )
    return [*facts, RunFinished(state=Status.SUCCESS, reason=None, at=now)]


def _failed(
    live: Sequence[StepRun], waiting: Sequence[StepRun], error: Exception, worker: str, begun: float, now: float
) -> list[Fact]:
    blamed, rest = (live, waiting) if live else (waiting[:1], waiting[1:])
    facts: list[Fact] = [_dispatched(step, begun) for step in blamed if step.state is Status.PENDING]
    for step in blamed:
        facts.append(
            AttemptFailed(
                node=step.path,
                attempt=_attempt(step),
                at=now,
                started=begun,
                seconds=now - begun,
                cpu_seconds=None,
                peak_bytes=None,
                worker=worker,
                reason=Reason.PREFLIGHT if isinstance(error, GraftError) else Reason.ERROR,
                error=_told(error, worker),
            )
        )
    facts += _left(rest, Status.SKIPPED, Reason.UPSTREAM, now)
    return [*facts, RunFinished(state=Status.FAILURE, reason=None, at=now)]


def _cancelled(live: Sequence[StepRun], waiting: Sequence[StepRun], now: float) -> list[Fact]:
    facts: list[Fact] = [
        AttemptCancelled(
            node=step.path,
            attempt=_attempt(step),
            at=now,
            started=None,
            seconds=None,
            worker=None,
            reason=Reason.USER,
        )
        for step in live
    ]
    facts += _left(waiting, Status.CANCELLED, Reason.USER, now)
    return [*facts, RunFinished(state=Status.CANCELLED, reason=Reason.USER, at=now)]


def _left(steps: Sequence[StepRun], state: Status, reason: Reason, now: float) -> list[Fact]:
    return [StepSettled(node=step.path, state=state, reason=reason, at=now) for step in steps]


def _dispatched(step: StepRun, begun: float) -> AttemptDispatched:
    return AttemptDispatched(node=step.path, attempt=_attempt(step), at=begun)


def _attempt(step: StepRun) -> int:
    """Return the number of the attempt that is live, or of the next one."""
    return step.attempts if step.state is Status.STARTED else step.attempts + 1


def _told(error: Exception, worker: str) -> StepError:
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    import traceback  # 1 ms, for this misfortune alone

    text = "".join(traceback.format_exception(error))
    return StepError(type=name, message=f"runner '{worker}': {error}", traceback=text[-LONGEST_TRACEBACK:])
