"""The store's ports in memory: what the engine's tests use, held to the same contract suite as the real one.

One process, no files; `abandon` plays the death of a host.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from graftline.core.artifacts import ArtifactRef, MetricPoint, Output
from graftline.core.codec import facts_to_json
from graftline.core.errors import ConflictError, MissingError, StoreError
from graftline.core.events import (
    AttemptCancelled,
    AttemptDispatched,
    AttemptFailed,
    AttemptSucceeded,
    CancelRequested,
    Fact,
    RetryScheduled,
    RunFinished,
    RunStarted,
    StepReset,
    StepReused,
    StepSettled,
)
from graftline.core.graph import Constant
from graftline.core.ids import RunId
from graftline.core.ports import EventRow, RunQuery
from graftline.core.runs import Attempt, Run, RunSpec, Snapshot, StepRun
from graftline.core.states import Reason, Status, can_become


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


class MemoryStore:
    """Everything that ever happened, in dictionaries."""

    def __init__(self) -> None:
        self.records: dict[RunId, Record] = {}
        self.groups: list[tuple[RunId, tuple[Fact, ...]]] = []
        self.bytes: dict[str, bytes] = {}
        self.commits = 0
        self.runs = MemoryRuns(self)
        self.history = MemoryHistory(self)
        self.outputs = MemoryOutputs(self)

    def feed(self) -> MemoryFeed:
        return MemoryFeed(self)

    def record(self, run: RunId) -> Record:
        if run not in self.records:
            raise MissingError(f"there is no run {run}")
        return self.records[run]

    def commit(self, run: RunId, facts: Sequence[Fact]) -> None:
        self.commits += 1
        self.groups.append((run, tuple(facts)))

    def abandon(self, run: RunId) -> None:
        """Let the host of a run die."""
        self.record(run).is_held = False

    def settle(self) -> None:
        """Make runs whose host died INTERRUPTED."""
        for run, record in self.records.items():
            if record.state is Status.STARTED and not record.is_held:
                record.state, record.reason = Status.INTERRUPTED, "its process died"
                _interrupt(record)
                self.commit(run, [RunFinished(state=Status.INTERRUPTED, reason=None, at=0.0)])


class MemoryRuns:
    """`RunStore` in memory."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def create(self, spec: RunSpec, snapshot: Snapshot | None) -> None:
        if spec.id in self._store.records:
            raise ConflictError(f"there is a run {spec.id} already")
        steps = {node.path: Step() for node in spec.graph.nodes}
        self._store.records[spec.id] = Record(
            spec=spec, snapshot=snapshot or Snapshot(files={}, contents={}), steps=steps
        )
        self._store.commits += 1

    def open(self, run: RunId) -> MemoryLog:
        record = self._store.record(run)
        if record.is_held:
            raise ConflictError(f"run {run} is hosted by process 1")
        self._store.settle()
        if not can_become(record.state, Status.STARTED):
            raise ConflictError(f"run {run} is {record.state} and cannot go on")
        record.is_held = True
        record.lease += 1
        record.requests.clear()
        return MemoryLog(self._store, run, record.lease)

    def request_cancel(self, run: RunId, *, is_hard: bool) -> Status:
        record = self._store.record(run)
        self._store.settle()
        if record.is_held:
            record.requests.append(CancelRequested(at=0.0, is_hard=is_hard))
        elif can_become(record.state, Status.CANCELLED):
            record.state, record.reason = Status.CANCELLED, Reason.USER
            self._store.commit(run, [RunFinished(state=Status.CANCELLED, reason=Reason.USER, at=0.0)])
        return record.state

    def spec(self, run: RunId) -> RunSpec:
        return self._store.record(run).spec

    def snapshot(self, run: RunId) -> Snapshot:
        return self._store.record(run).snapshot


class MemoryLog:
    """`RunLog` in memory. A group that is refused leaves nothing behind only for its first fact: enough for tests."""

    def __init__(self, store: MemoryStore, run: RunId, lease: int) -> None:
        self._store = store
        self._run = run
        self._lease = lease
        self._is_closed = False

    def append(self, facts: Sequence[Fact]) -> None:
        record = self._store.record(self._run)
        if self._is_closed or record.lease != self._lease:
            raise ConflictError("another process has taken this run over")
        for fact in facts:
            _apply(record, fact)
        if facts:
            self._store.commit(self._run, facts)

    def requests(self) -> Sequence[CancelRequested]:
        record = self._store.record(self._run)
        found = list(record.requests)
        record.requests.clear()
        return found

    def close(self) -> None:
        record = self._store.record(self._run)
        if not self._is_closed and record.lease == self._lease:
            record.is_held = False
        self._is_closed = True


class MemoryHistory:
    """`History` in memory; `find` knows ids, prefixes, `@last`, `@last-failed` and tags."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def find(self, text: str, project: str | None) -> RunId:
        failed = (Status.FAILURE, Status.INTERRUPTED) if text.startswith("@last-failed") else None
        if text.startswith("@last"):
            back = int(text.partition("~")[2] or 0)
            found = self.runs(RunQuery(project=project, states=failed, limit=back + 1))
            if len(found) > back:
                return found[back].id
            raise MissingError(f"there is no run '{text}'")
        near = [run for run in self._store.records if len(text) >= 4 and run.startswith(text)]
        if len(near) > 1:
            raise MissingError(f"'{text}' could be several runs: {', '.join(near)}")
        tagged = self.runs(RunQuery(project=project, tag=text, with_children=True, limit=1))
        if not near and not tagged:
            raise MissingError(f"there is no run '{text}'")
        return near[0] if near else tagged[0].id

    def runs(self, query: RunQuery) -> list[Run]:
        self._store.settle()
        found = [self._run(record) for record in self._store.records.values() if _fits(record, query)]
        found.sort(key=lambda run: (run.created, run.id), reverse=True)
        return found[: query.limit]

    def run(self, run: RunId) -> Run:
        self._store.settle()
        return self._run(self._store.record(run))

    def steps(self, run: RunId) -> list[StepRun]:
        self._store.settle()
        record = self._store.record(run)
        return [_step_run(record, path) for path in record.steps]

    def attempts(self, run: RunId, node: str | None = None) -> dict[str, list[Attempt]]:
        self._store.settle()
        record = self._store.record(run)
        if node is not None and node not in record.steps:
            raise MissingError(f"run {run} has no step '{node}'")
        return {
            path: list(step.attempts.values())
            for path, step in record.steps.items()
            if node in (None, path) and step.attempts
        }

    @staticmethod
    def _run(record: Record) -> Run:
        spec = record.spec
        return Run(
            id=spec.id,
            project=spec.project,
            pipeline=spec.pipeline,
            action=spec.action,
            state=record.state,
            reason=record.reason,
            runner=spec.runner,
            origin=spec.origin,
            params=spec.params,
            tags=spec.tags,
            created=spec.created,
            started=record.started,
            finished=record.finished,
            lineage=None,
            generation=None,
            parent=spec.parent,
            code=spec.code,
            counts=Counter(str(step.state) for step in record.steps.values()),
        )


class MemoryOutputs:
    """`Outputs` in memory."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def of_run(self, run: RunId) -> dict[str, tuple[Output, ...]]:
        steps = self._store.record(run).steps
        return {path: step.results[step.shown or 0][0] for path, step in steps.items() if step.state.is_good}

    def newest(self, project: str, pipeline: str, paths: Sequence[str]) -> dict[str, tuple[Output, ...]]:
        found: dict[str, tuple[Output, ...]] = {}
        for run, group in self._store.groups:
            record = self._store.records[run]
            if (record.spec.project, record.spec.pipeline) != (project, pipeline):
                continue
            for fact in group:
                if isinstance(fact, AttemptSucceeded | StepReused) and fact.node in paths and record.state.is_final:
                    found[fact.node] = fact.outputs
        return found

    def read(self, ref: ArtifactRef) -> bytes:
        data = self._store.bytes.get(ref.sha256) if ref.inline is None else ref.inline
        if data is None or hashlib.sha256(data).hexdigest() != ref.sha256:
            raise StoreError(f"the stored value {ref.sha256[:12]} is missing or damaged")
        return data

    def keep(self, data: bytes) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        self._store.bytes[sha256] = data
        return sha256

    def path(self, ref: ArtifactRef) -> str | None:
        return None if ref.inline is not None else f"/objects/{ref.sha256[:2]}/{ref.sha256[2:]}"


class MemoryFeed:
    """`Feed` in memory."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def version(self) -> int:
        return self._store.commits

    def events(self, after: int = 0, run: RunId | None = None, limit: int = 1000) -> list[EventRow]:
        found: list[EventRow] = []
        for seq, (name, group) in enumerate(self._store.groups, start=1):
            if seq > after and run in (None, name) and len(found) < limit:
                for fact in facts_to_json(group, with_bytes=False):
                    rest = {key: value for key, value in fact.items() if key not in ("kind", "at")}
                    found.append(EventRow(seq=seq, run=name, at=fact["at"], kind=fact["kind"], data=rest))
        return found

    def close(self) -> None:
        pass


def _fits(record: Record, query: RunQuery) -> bool:
    spec = record.spec
    is_hidden = spec.parent is not None or spec.origin == "watch"
    return (
        query.project in (None, spec.project)
        and query.pipeline in (None, spec.pipeline)
        and query.parent in (None, spec.parent)
        and (query.tag is None or query.tag in spec.tags)
        and (query.states is None or record.state in query.states)
        and (query.since is None or spec.created >= query.since)
        and (query.before is None or (spec.created, spec.id) < query.before)
        and (query.with_children or query.parent is not None or not is_hidden)
    )


def _move(step: Step, path: str, state: Status) -> None:
    if not can_become(step.state, state):
        raise ConflictError(f"step '{path}' is {step.state} and cannot become {state}")
    step.state, step.reason = state, None


def _apply(record: Record, fact: Fact) -> None:
    if isinstance(fact, CancelRequested):
        return
    if isinstance(fact, RunStarted | RunFinished):
        _apply_to_run(record, fact)
        return
    step = record.steps[fact.node]
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
    else:
        _move(step, fact.node, Status.CACHED)
        step.shown, step.cached_from = 0, fact.from_run
        step.results[0] = fact.outputs, fact.metrics


def _apply_to_run(record: Record, fact: RunStarted | RunFinished) -> None:
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
            state, error = Status.FAILURE, fact.error
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


def _interrupt(record: Record) -> None:
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


def _step_run(record: Record, path: str) -> StepRun:
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
        outputs=outputs if step.state.is_good else (),
        metrics=metrics,
    )
