"""Orders as messages and reports as facts: where core's records become worker/messages.py's tuples and back."""

from __future__ import annotations

from typing import Any

from ...core.artifacts import ArtifactRef, MetricPoint, Output
from ...core.events import AttemptFailed, AttemptSucceeded
from ...core.graph import Constant
from ...core.orders import Order, Resolved
from ...core.states import Reason

Value = tuple[Any, ...]
"""One argument as a worker reads it. Any: worker/messages.py says what its parts are."""

_TYPED = ("cli", "env")
"""Origins of a constant that a person typed: the worker casts its text to the parameter's annotation."""


def encode_order(token: int, order: Order) -> Value:
    """Return the message for an order."""
    node, attempt, operation, arguments, files = order
    return (
        "order",
        token,
        node,
        attempt,
        operation,
        tuple([(name, _value(value)) for name, value in arguments]),
        tuple([(path, _value(ref)) for path, ref in files]) if files else (),
    )


def succeeded(order: Order, report: Value, *, at: float, worker: str) -> AttemptSucceeded:
    """Return the fact that a `done` report stands for."""
    _, _, started, seconds, cpu_seconds, peak_bytes, outputs, metrics, changed = report
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
    )


def failed(order: Order, report: Value, *, at: float, worker: str) -> AttemptFailed:
    """Return the fact that a `failed` report stands for."""
    _, _, started, seconds, cpu_seconds, peak_bytes, reason, error, metrics = report
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
    )


def _value(value: Resolved) -> Value:
    if isinstance(value, ArtifactRef):
        sha256, size, serializer, inline = value
        return ("f", serializer, sha256, size) if inline is None else ("v", serializer, inline)
    if isinstance(value, Constant):
        text = value.value
        return ("t", text) if isinstance(text, str) and value.origin in _TYPED else ("c", text)
    if isinstance(value, list):
        return ("l", [_value(item) for item in value])
    return ("b", value.sha256)

