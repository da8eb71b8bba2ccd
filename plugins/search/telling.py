"""What a search reports of a trial: facts of its node, made of what its run has on record."""

from __future__ import annotations

import hashlib
import json
import math

from ...core.artifacts import INLINE_LIMIT, ArtifactRef, MetricPoint, Output
from ...core.children import Outcome
from ...core.events import AttemptCancelled, AttemptEnded, AttemptFailed, AttemptSucceeded, never_begun
from ...core.graph import Json
from ...core.ids import RunId
from ...core.runs import StepError
from ...core.searching import Standing
from ...core.states import Reason, Status
from ...core.trials import BEST, CHILD, NUMBER, PARAMS, SAID, read
from .active import Active

_SIMPLE = (int, float, str, bool)


def ended(active: Active, outcome: Outcome | None, now: float, stopped: Reason) -> AttemptEnded:
    """Return how a trial ended.

    Args:
        active: the trial.
        outcome: how its run stands; None: it is not on record.
        now: wall time.
        stopped: why it was stopped, if it was.
    """
    path, attempt = active.child.path, active.attempt
    worker = f"run {active.child.spec.id[:6]}"
    seconds = now - active.begun
    state = None if outcome is None else outcome.run.state
    if outcome is not None and state is Status.SUCCESS and active.problem is None:
        return AttemptSucceeded(
            node=path,
            attempt=attempt,
            at=now,
            started=active.begun,
            seconds=seconds,
            cpu_seconds=outcome.cpu_seconds,
            peak_bytes=outcome.peak_bytes,
            worker=worker,
            outputs=_outputs(active),
            metrics=metrics_of(outcome, now),
        )
    if state is Status.CANCELLED and active.problem is None:
        return AttemptCancelled(
            node=path,
            attempt=attempt,
            at=now,
            started=active.begun,
            seconds=seconds,
            worker=worker,
            reason=stopped,
        )
    reason, error = _failure(active, outcome)
    return AttemptFailed(
        node=path,
        attempt=attempt,
        at=now,
        started=active.begun,
        seconds=seconds,
        cpu_seconds=None if outcome is None else outcome.cpu_seconds,
        peak_bytes=None if outcome is None else outcome.peak_bytes,
        worker=worker,
        reason=reason,
        error=error,
        metrics=() if outcome is None else metrics_of(outcome, now),
        outputs=() if outcome is None else _outputs(active),
    )


def chosen(best: Standing, child: RunId, metric: str, attempt: int, now: float) -> AttemptSucceeded:
    """Return the fact that says which trial was the best."""
    return AttemptSucceeded(
        node=BEST,
        attempt=attempt,
        at=now,
        started=now,
        seconds=0.0,
        cpu_seconds=0.0,
        peak_bytes=None,
        worker=f"run {child[:6]}",
        outputs=best_outputs(best, child),
        metrics=(MetricPoint(metric, best.score, None, now),),
    )


def unstarted(path: str, attempt: int, problem: BaseException, now: float) -> AttemptFailed:
    """Return the failure of a trial whose run could not be made."""
    told = StepError(type=type(problem).__name__, message=str(problem))
    return never_begun(path, attempt, Reason.PREFLIGHT, told, at=now)


def metrics_of(outcome: Outcome, now: float) -> tuple[MetricPoint, ...]:
    """Return the metrics of a trial's run that are one value each."""
    return tuple(
        MetricPoint(key, value, None, now) for key, value in outcome.metrics.items() if isinstance(value, _SIMPLE)
    )


def score_of(outcome: Outcome | None, metric: str) -> float | None:
    """Return what a trial scored; None: its run did not succeed, or measured nothing that is a number."""
    if outcome is None or outcome.run.state is not Status.SUCCESS:
        return None
    value = outcome.metrics.get(metric)
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        return None
    return float(value)


def output(name: str, value: Json) -> Output:
    """Return a short value as an output."""
    data = json.dumps(value).encode()[:INLINE_LIMIT]
    return Output(name, "value", ArtifactRef(hashlib.sha256(data).hexdigest(), len(data), "json", data))


def best_outputs(best: Standing, child: RunId) -> tuple[Output, ...]:
    """Return what the node of the best hands on."""
    params = {name: read(value) if isinstance(value, str) else value for name, value in best.trial.params.items()}
    return output(PARAMS, params), output(CHILD, child), output(NUMBER, best.trial.number)


def _outputs(active: Active) -> tuple[Output, ...]:
    child = active.child
    return (output(SAID, {PARAMS: dict(child.told), CHILD: child.spec.id}),)


def _failure(active: Active, outcome: Outcome | None) -> tuple[Reason, StepError]:
    """Return why a trial failed: what its run says, else why it has none."""
    failed = None if outcome is None else outcome.failed
    if failed is not None and failed.error is not None:
        reason = Reason(failed.reason) if failed.reason else Reason.ERROR
        error = failed.error
        message = f"step '{failed.path}': {error.message}"
        told = StepError(
            type=error.type, message=message, traceback=error.traceback, frames=error.frames, inputs=error.inputs
        )
        return reason, told
    if active.problem is not None:
        return Reason.PREFLIGHT, StepError(type=type(active.problem).__name__, message=str(active.problem))
    state = "not on record" if outcome is None else outcome.run.state
    return Reason.ERROR, StepError(type="TrialFailed", message=f"its run {active.child.spec.id} is {state}")
