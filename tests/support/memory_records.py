"""What `memory_store` keeps of runs and steps, and what each fact makes of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeAlias, get_args

from graftline.core.artifacts import MetricPoint, Output
from graftline.core.errors import ConflictError
from graftline.core.events import (
    AttemptCancelled,
    AttemptDispatched,
    AttemptFailed,
    AttemptSucceeded,
    CancelRequested,
    Fact,
    GenerationCommitted,
    GraphGrown,
    ResultKept,
    RetryScheduled,
    RunFinished,
    RunStarted,
    StepJoined,
    StepJudged,
    StepReset,
    StepReused,
    StepSettled,
)
from graftline.core.graph import Growth
from graftline.core.growth import grown
from graftline.core.ids import RunId
from graftline.core.runs import Attempt, RunSpec, Snapshot, StepRun
from graftline.core.states import Status, can_become
from graftline.core.supply import Constant


@dataclass
class Step:
    """What the store knows of one step."""

    state: Status = Status.PENDING
    reason: str | None = None
    attempts: dict[int, Attempt] = field(default_factory=dict)
    results: dict[int, tuple[tuple[Output, ...], tuple[MetricPoint, ...]]] = field(default_factory=dict)
    """By attempt; 0 holds what a reused step took over."""
    shown: int | None = None
    cached_from: RunId | None = None
    is_reset: bool = False


@dataclass
class Record:
    """One run."""

    spec: RunSpec
    snapshot: Snapshot
    steps: dict[str, Step]
    state: Status = Status.PENDING
    reason: str | None = None
    started: float | None = None
    finished: float | None = None
    lease: int = 0
    is_held: bool = False
    requests: list[CancelRequested] = field(default_factory=list)
    trained: tuple[str, int] | None = None
    with_key: dict[str, bool] = field(default_factory=dict)
    """Whether a step that was judged has a key."""


def _move(step: Step, path: str, state: Status) -> None:
    if not can_become(step.state, state):
        raise ConflictError(f"step '{path}' is {step.state} and cannot become {state}")
    step.state, step.reason = state, None


_OfStep: TypeAlias = (
    AttemptDispatched
    | AttemptSucceeded
    | AttemptFailed
    | AttemptCancelled
    | RetryScheduled
    | StepReset
    | StepSettled
    | StepReused
    | StepJoined
)
_OF_STEPS = get_args(_OfStep)


def apply(record: Record, fact: Fact) -> None:
    """Project one fact; those that change no state only stand in the log."""
    if isinstance(fact, RunStarted | RunFinished):
        apply_to_run(record, fact)
    elif isinstance(fact, GenerationCommitted):
        if record.state is not Status.STARTED:
            raise ConflictError(f"a run that is {record.state} cannot commit a generation")
        record.trained = fact.lineage, fact.number
    elif isinstance(fact, GraphGrown):
        _grow(record, fact)
    elif isinstance(fact, StepJudged):
        record.with_key[fact.node] = fact.evidence is not None
    elif isinstance(fact, ResultKept):
        if not record.with_key.get(fact.node):
            raise ConflictError(f"step '{fact.node}' has no key, so its result cannot be kept")
    elif isinstance(fact, _OF_STEPS):
        _apply_to_step(record.steps[fact.node], fact)


def _grow(record: Record, fact: GraphGrown) -> None:
    graph = record.spec.graph
    has_grown = fact.node in [growth.node for growth in graph.growth]
    if graph.node(fact.node).grows is None or has_grown or not record.steps[fact.node].state.is_good:
        raise ConflictError(f"step '{fact.node}' cannot grow")
    graph = grown(graph, [Growth(fact.node, fact.size)])
    record.spec = replace(record.spec, graph=graph)
    record.steps = {node.path: record.steps.get(node.path) or Step() for node in graph.nodes}


def _apply_to_step(step: Step, fact: _OfStep) -> None:
    if isinstance(fact, AttemptDispatched):
        _move(step, fact.node, Status.STARTED)
        step.shown, step.is_reset = None, False
        step.attempts[fact.attempt] = _attempt(fact.attempt, Status.STARTED, fact.at)
    elif isinstance(fact, AttemptSucceeded | AttemptFailed | AttemptCancelled):
        _end(step, fact)
    elif isinstance(fact, StepReset):
        _move(step, fact.node, Status.PENDING)
        step.shown, step.cached_from, step.is_reset = None, None, True
    elif isinstance(fact, RetryScheduled):
        _move(step, fact.node, Status.PENDING)
    elif isinstance(fact, StepSettled):
        _move(step, fact.node, fact.state)
        step.reason, step.shown = fact.reason, None
    elif isinstance(fact, StepReused):
        _move(step, fact.node, Status.CACHED)
        step.shown, step.cached_from = 0, fact.from_run
        step.results[0] = fact.outputs, fact.metrics
    else:
        if step.state is not Status.PENDING:
            raise ConflictError(f"step '{fact.node}' is {step.state} and cannot end without an attempt")
        _move(step, fact.node, Status.SUCCESS)
        step.shown, step.results[0] = 0, (fact.outputs, ())


def apply_to_run(record: Record, fact: RunStarted | RunFinished) -> None:
    new = Status.STARTED if isinstance(fact, RunStarted) else fact.state
    if not can_become(record.state, new):
        raise ConflictError(f"a run that is {record.state} cannot become {new}")
    record.state, record.reason = new, None
    if isinstance(fact, RunStarted):
        record.started, record.finished = record.started or fact.at, None
    else:
        record.reason, record.finished = fact.reason, fact.at


def _end(step: Step, fact: AttemptSucceeded | AttemptFailed | AttemptCancelled) -> None:
    live = step.attempts.get(fact.attempt)
    if live is None or live.state is not Status.STARTED:
        raise ConflictError(f"attempt {fact.attempt} of '{fact.node}' is not live")
    outputs: tuple[Output, ...] = ()
    metrics: tuple[MetricPoint, ...] = ()
    cpu_seconds, peak_bytes, error = None, None, None
    if isinstance(fact, AttemptCancelled):
        state = Status.CANCELLED
    else:
        metrics, cpu_seconds, peak_bytes = fact.metrics, fact.cpu_seconds, fact.peak_bytes
        if isinstance(fact, AttemptSucceeded):
            state, outputs = Status.SUCCESS, fact.outputs
        else:
            state, error, outputs = Status.FAILURE, fact.error, fact.outputs
    _move(step, fact.node, state)
    step.reason, step.shown, step.results[fact.attempt] = fact.reason, fact.attempt, (outputs, metrics)
    step.attempts[fact.attempt] = replace(
        live,
        state=state,
        reason=fact.reason,
        started=fact.started,
        seconds=fact.seconds,
        cpu_seconds=cpu_seconds,
        peak_bytes=peak_bytes,
        worker=fact.worker,
        error=error,
    )


def interrupt(record: Record) -> None:
    """End what was at work."""
    for step in record.steps.values():
        if step.state is Status.STARTED:
            n = max(step.attempts)
            step.state, step.shown = Status.INTERRUPTED, n
            step.attempts[n] = replace(step.attempts[n], state=Status.INTERRUPTED)
            step.results[n] = (), ()


def _attempt(n: int, state: Status, at: float) -> Attempt:
    return Attempt(
        n=n,
        state=state,
        reason=None,
        dispatched=at,
        started=None,
        seconds=None,
        cpu_seconds=None,
        peak_bytes=None,
        worker=None,
        code=None,
    )


def step_run(record: Record, path: str) -> StepRun:
    """Return a step as viewers see it."""
    step, node = record.steps[path], record.spec.graph.node(path)
    shown = step.attempts.get(step.shown or 0)
    outputs, metrics = step.results.get(-1 if step.shown is None else step.shown, ((), ()))
    last = None if step.is_reset or not step.attempts else step.attempts[max(step.attempts)]
    return StepRun(
        path=path,
        name=node.name,
        state=step.state,
        reason=step.reason,
        attempts=max(step.attempts, default=0),
        started=None if last is None else last.dispatched if last.started is None else last.started,
        seconds=shown.seconds if shown else None,
        cpu_seconds=shown.cpu_seconds if shown else None,
        peak_bytes=shown.peak_bytes if shown else None,
        needs=node.needs,
        params={each.name: each.source.value for each in node.arguments if isinstance(each.source, Constant)},
        cached_from=step.cached_from,
        error=shown.error if shown and step.state in (Status.FAILURE, Status.PENDING) else None,
        outputs=outputs if step.state.is_good or step.state is Status.FAILURE else (),
        metrics=metrics,
        family=node.family,
    )
