"""How attempts ended, as facts: reports of workers, and what the executor says when a worker cannot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...core.artifacts import ArtifactRef, MetricPoint, Output
from ...core.events import (
    AttemptCancelled,
    AttemptFailed,
    AttemptSucceeded,
    StepProgressed,
    StepTold,
    StepYielded,
)
from ...core.orders import Order
from ...core.runs import StepError
from ...core.states import Reason
from .worker import Report


def succeeded(order: Order, report: Report, *, at: float, worker: str) -> AttemptSucceeded:
    """Return the fact that a `done` report stands for."""
    _, _, started, seconds, cpu_seconds, peak_bytes, outputs, metrics, changed, *reads = report
    return AttemptSucceeded(
        node=order.node,
        attempt=order.attempt,
        at=at,
        started=started,
        seconds=seconds,
        cpu_seconds=cpu_seconds,
        peak_bytes=peak_bytes,
        worker=worker,
        outputs=tuple([Output(name, role, ArtifactRef(*reference)) for name, role, *reference in outputs]),
        metrics=tuple([MetricPoint(*point) for point in metrics]) if metrics else (),
        reason=Reason.CODE_CHANGED if changed else None,
        reads=reads[0] if reads else (),
    )


def failed(order: Order, report: Report, *, at: float, worker: str) -> AttemptFailed:
    """Return the fact that a `failed` report stands for."""
    _, _, started, seconds, cpu_seconds, peak_bytes, reason, error, metrics, outputs = report
    return AttemptFailed(
        node=order.node,
        attempt=order.attempt,
        at=at,
        started=started,
        seconds=seconds,
        cpu_seconds=cpu_seconds,
        peak_bytes=peak_bytes,
        worker=worker,
        reason=Reason(reason),
        error=error,
        metrics=tuple([MetricPoint(*point) for point in metrics]) if metrics else (),
        outputs=tuple([Output(name, role, ArtifactRef(*reference)) for name, role, *reference in outputs]),
    )


def told(order: Order, report: Report) -> StepTold:
    """Return the fact that a `said` report stands for."""
    _, _, kind, payload = report
    if kind == "yield":
        at, value = payload
        return StepYielded(node=order.node, attempt=order.attempt, at=at, value=value)
    at, done, total = payload
    return StepProgressed(node=order.node, attempt=order.attempt, at=at, done=done, total=total)


def lost(
    order: Order,
    reason: Reason,
    error: StepError,
    *,
    at: float,
    started: float | None = None,
    seconds: float | None = None,
    worker: str | None = None,
    outputs: Sequence[Sequence[Any]] = (),
) -> AttemptFailed:
    """Return the fact that an attempt failed of which no worker reports an error; outputs as in a report."""
    return AttemptFailed(
        node=order.node,
        attempt=order.attempt,
        at=at,
        started=started,
        seconds=seconds,
        cpu_seconds=None,
        peak_bytes=None,
        worker=worker,
        reason=reason,
        error=error,
        outputs=tuple([Output(name, role, ArtifactRef(*reference)) for name, role, *reference in outputs]),
    )


def timed_out(
    order: Order,
    limit_s: float | None,
    *,
    at: float,
    started: float,
    seconds: float,
    worker: str,
    outputs: Sequence[Sequence[Any]] = (),
) -> AttemptFailed:
    """Return the fact that an attempt was stopped at its time limit, with what it had logged."""
    error = StepError(type="TimeLimit", message=f"still running at its limit of {limit_s:g} s, and stopped")
    reason = Reason.TIMEOUT
    return lost(order, reason, error, at=at, started=started, seconds=seconds, worker=worker, outputs=outputs)


def cancelled(
    order: Order,
    *,
    at: float,
    started: float | None = None,
    seconds: float | None = None,
    worker: str | None = None,
) -> AttemptCancelled:
    """Return the fact that an attempt was stopped on request; one that never began has no times."""
    return AttemptCancelled(
        node=order.node, attempt=order.attempt, at=at, started=started, seconds=seconds, worker=worker
    )
