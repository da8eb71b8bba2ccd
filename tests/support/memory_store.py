"""The store's ports in memory: what the engine's tests use, held to the same contract suite as the real one.

One process, no files; `abandon` plays the death of a host.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from memory_records import Record, Step, apply, interrupt, step_run
from memory_results import MemoryResults

from graftline.core.artifacts import ArtifactRef, Output
from graftline.core.codec import facts_to_json
from graftline.core.errors import ConflictError, MissingError, StoreError
from graftline.core.events import (
    AttemptSucceeded,
    CancelRequested,
    Fact,
    RunFinished,
    StepJoined,
    StepReused,
)
from graftline.core.ids import RunId
from graftline.core.listings import Spread
from graftline.core.ports import EventRow, RunQuery
from graftline.core.runs import Attempt, Run, RunSpec, Snapshot, StepRun
from graftline.core.states import Reason, Status, can_become


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
        self.results = MemoryResults(self)

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
                interrupt(record)
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

    def revise(self, run: RunId, spec: RunSpec, snapshot: Snapshot | None) -> None:
        record = self._store.record(run)
        if record.is_held:
            raise ConflictError(f"run {run} is hosted by process 1")
        record.spec, record.snapshot = spec, snapshot or record.snapshot
        record.steps = {node.path: record.steps.get(node.path) or Step() for node in spec.graph.nodes}
        self._store.commits += 1

    def open(self, run: RunId, *, expect: Status | None = None) -> MemoryLog:
        record = self._store.record(run)
        if record.is_held:
            raise ConflictError(f"run {run} is hosted by process 1")
        self._store.settle()
        if expect is not None and record.state is not expect:
            raise ConflictError(f"run {run} is {record.state} by now, not {expect}")
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
            for step in record.steps.values():
                if step.state is Status.PENDING:
                    step.state, step.reason = Status.CANCELLED, Reason.USER
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
            apply(record, fact)
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

    def spread(self, query: RunQuery, every: int) -> Spread:
        found = self.runs(replace(query, before=None, limit=len(self._store.records)))
        return Spread(count=len(found), keys=tuple((run.created, run.id) for run in found[every - 1 :: every]))

    def run(self, run: RunId) -> Run:
        self._store.settle()
        return self._run(self._store.record(run))

    def steps(self, run: RunId) -> list[StepRun]:
        self._store.settle()
        record = self._store.record(run)
        return [step_run(record, path) for path in record.steps]

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
        spec, life = record.spec, record.spec.lifecycle
        of = life.loads if life is not None and not life.makes_generation else record.trained
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
            lineage=None if of is None else of[0],
            generation=None if of is None else of[1],
            parent=spec.parent,
            code=spec.code,
            counts=Counter(str(step.state) for step in record.steps.values()),
        )


class MemoryOutputs:
    """`Outputs` in memory."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def given_up(self, refs: Iterable[ArtifactRef]) -> dict[str, float]:
        return {}

    def of_run(self, run: RunId) -> dict[str, tuple[Output, ...]]:
        steps = self._store.record(run).steps
        return {path: step.results[step.shown or 0][0] for path, step in steps.items() if step.state.is_good}

    def newest(self, project: str, pipeline: str, paths: Sequence[str]) -> dict[str, tuple[RunId, tuple[Output, ...]]]:
        found: dict[str, tuple[RunId, tuple[Output, ...]]] = {}
        for run, group in self._store.groups:
            record = self._store.records[run]
            if (record.spec.project, record.spec.pipeline) != (project, pipeline) or record.spec.origin == "verify":
                continue
            for fact in group:
                # Of the graph as it was compiled: what grew has no newest outputs.
                graph = record.spec.graph.origin or record.spec.graph
                if not isinstance(fact, AttemptSucceeded | StepReused | StepJoined) or not record.state.is_final:
                    continue
                if fact.node in paths and fact.node in graph.index:
                    found[fact.node] = run, fact.outputs
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

    def export(self, ref: ArtifactRef) -> str:
        self.read(ref)
        return f"/objects/{ref.sha256[:2]}/{ref.sha256[2:]}"


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
    return (
        query.project in (None, spec.project)
        and query.pipeline in (None, spec.pipeline)
        and query.parent in (None, spec.parent)
        and (query.tag is None or query.tag in spec.tags)
        and (query.states is None or record.state in query.states)
        and (query.since is None or spec.created >= query.since)
        and (query.before is None or (spec.created, spec.id) < query.before)
        and (query.text is None or query.text.lower() in f"{spec.id} {spec.pipeline} {spec.origin} {spec.tags}".lower())
        and (query.with_children or query.parent is not None or not spec.is_hidden)
    )
