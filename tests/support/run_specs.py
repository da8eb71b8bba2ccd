"""Small graphs, run specs and facts for tests of the store and its fake."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from typing import Any

from graftline.core.artifacts import ArtifactRef, MetricPoint, Output
from graftline.core.events import AttemptDispatched, AttemptFailed, AttemptSucceeded, Fact, RunFinished, RunStarted
from graftline.core.graph import Argument, Call, CallKind, Graph, Node, Operation, Return
from graftline.core.ids import new_run_id
from graftline.core.runs import RunSpec, StepError, Target
from graftline.core.states import Reason, Status
from graftline.core.supply import Constant, Upstream

_TICKS = itertools.count(1)


def tick() -> float:
    """Return a later wall time at each call."""
    return 1_700_000_000.0 + next(_TICKS)


def chain(*names: str) -> Graph:
    """Return a graph in which each step takes the value of the one before it, and a constant."""
    operation = Operation(
        call=Call(kind=CallKind.PYTHON, module="steps", qualname="f"), returns=(Return(name="value"),)
    )
    nodes = []
    for position, name in enumerate(names):
        before = names[position - 1] if position else None
        data = (Argument("x", Upstream(before, "value")),) if before else ()
        nodes.append(
            Node(
                path=name,
                operation=0,
                arguments=(*data, Argument("c", Constant(position, "fixed"))),
                needs=(before,) if before else (),
            )
        )
    return Graph(name="demo", nodes=tuple(nodes), operations=(operation,))


def spec(*names: str, **changes: Any) -> RunSpec:
    """Return a run of `chain(*names)` (`a`, `b`, `c` when none is given)."""
    given: dict[str, Any] = {
        "id": new_run_id(),
        "project": "demo",
        "pipeline": "demo",
        "target": Target(text="pipeline.py:demo", root="/project", cwd="/project"),
        "graph": chain(*(names or ("a", "b", "c"))),
        "created": tick(),
    }
    return RunSpec(**(given | changes))


def value(data: bytes, name: str = "value", *, is_file: bool = False) -> Output:
    """Return an output with these bytes."""
    ref = ArtifactRef(hashlib.sha256(data).hexdigest(), len(data), "json", None if is_file else data)
    return Output(name, "value", ref)


def dispatched(node: str, attempt: int = 1) -> AttemptDispatched:
    return AttemptDispatched(node=node, attempt=attempt, at=tick())


def succeeded(
    node: str, attempt: int = 1, outputs: Sequence[Output] | None = None, metrics: Sequence[MetricPoint] = ()
) -> AttemptSucceeded:
    given = (value(f"{node} {attempt}".encode()),) if outputs is None else tuple(outputs)
    at = tick()
    return AttemptSucceeded(
        node=node,
        attempt=attempt,
        at=at,
        started=at - 0.5,
        seconds=0.25,
        cpu_seconds=0.125,
        peak_bytes=1000,
        worker="w1",
        outputs=given,
        metrics=tuple(metrics),
    )


def failed(node: str, attempt: int = 1, message: str = "it broke") -> AttemptFailed:
    at = tick()
    return AttemptFailed(
        node=node,
        attempt=attempt,
        at=at,
        started=at - 0.5,
        seconds=0.25,
        cpu_seconds=None,
        peak_bytes=None,
        worker="w1",
        reason=Reason.ERROR,
        error=StepError(type="ValueError", message=message, pickled=b"\x80pickle"),
    )


def started() -> RunStarted:
    return RunStarted(at=tick())


def finished(state: Status = Status.SUCCESS, reason: Reason | None = None) -> RunFinished:
    return RunFinished(state=state, reason=reason, at=tick())


def whole_run(*names: str) -> list[Fact]:
    """Return the facts of a run in which every step succeeds at once."""
    steps: list[Fact] = []
    for name in names:
        steps += [dispatched(name), succeeded(name)]
    return [started(), *steps, finished()]
