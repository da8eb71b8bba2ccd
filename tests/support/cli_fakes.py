"""A workspace of records in memory, for tests of the command line: real use-case logic where it is pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from types import SimpleNamespace
from typing import Any

from memory_logs import block_of

from graftline.core.artifacts import ArtifactRef, MetricPoint, Output
from graftline.core.codec import facts_to_json
from graftline.core.errors import InvalidError, MissingError
from graftline.core.events import AttemptDispatched, AttemptSucceeded, Fact, RunFinished, RunStarted
from graftline.core.graph import Call, CallKind, Graph, Node, Operation
from graftline.core.ids import RunId
from graftline.core.ports import EventRow, Loaded, LogChunk, RunQuery
from graftline.core.prints import Print
from graftline.core.requests import CodeChoice, RetryPlan, RetryRequest, RunRequest
from graftline.core.runs import Attempt, CodeState, Frame, Run, RunSpec, Snapshot, StepError, StepRun, Target
from graftline.core.session import Observer, Requests
from graftline.core.states import Reason, Status
from graftline.core.workspace import Workspace

NOW = 1_795_262_671.25
"""2026-11-21 12:04:31.250 UTC."""
GOOD = RunId("k3f9" + "a" * 12)
BAD = RunId("k3h2" + "b" * 12)
ROOT = "/home/ada/iris"
TARGET = Target(text="pipeline.py:iris", root=ROOT, cwd=ROOT, sys_path=(ROOT,))
NEEDS: Mapping[str, tuple[str, ...]] = {
    "load_data": (),
    "model_fit": ("load_data",),
    "generate_plots": ("load_data", "model_fit"),
}


def graph_of(needs: Mapping[str, Sequence[str]], name: str = "iris") -> Graph:
    """Return a graph of stub steps."""
    nodes = tuple(Node(path=path, operation=0, needs=tuple(before)) for path, before in needs.items())
    return Graph(name=name, nodes=nodes, operations=(Operation(call=Call(kind=CallKind.STUB)),))


def ref(data: bytes, serializer: str) -> ArtifactRef:
    """Return a reference to inline bytes."""
    return ArtifactRef(sha256(data).hexdigest(), len(data), serializer, data)


def output(name: str, value: Any, role: str = "value") -> Output:
    """Return a JSON output."""
    return Output(name, role, ref(json.dumps(value).encode(), "json"))


def step(path: str, state: Status = Status.SUCCESS, **given: Any) -> StepRun:
    """Return a step with plausible fields."""
    ran = state in (Status.SUCCESS, Status.FAILURE)
    fields: dict[str, Any] = {
        "path": path,
        "name": path.rpartition("/")[2],
        "state": state,
        "reason": None,
        "attempts": 1 if ran else 0,
        "started": NOW - 60 if ran else None,
        "seconds": 0.42 if ran else None,
        "cpu_seconds": 0.31 if ran else None,
        "peak_bytes": 88_400_000 if ran else None,
        "needs": NEEDS.get(path, ()),
        "params": {},
        "cached_from": None,
        "error": None,
        "outputs": (),
        "metrics": (),
    }
    return StepRun(**{**fields, **given})


def item(path: str, family: str, state: Status = Status.SUCCESS, **given: Any) -> StepRun:
    """Return a step of an item of a map."""
    return step(path, state, family=family, **given)


def run(run_id: RunId, state: Status, steps: Sequence[StepRun], **given: Any) -> Run:
    """Return the run of these steps."""
    counts: dict[str, int] = {}
    for each in steps:
        counts[each.state.value] = counts.get(each.state.value, 0) + 1
    fields: dict[str, Any] = {
        "id": run_id,
        "project": "iris",
        "pipeline": "iris",
        "action": "job",
        "state": state,
        "reason": None,
        "runner": "local",
        "origin": "cli",
        "params": {},
        "tags": (),
        "created": NOW - 61.5,
        "started": NOW - 60.75,
        "finished": NOW - 59.5 if state.is_final else None,
        "lineage": None,
        "generation": None,
        "parent": None,
        "code": CodeState(key="77" * 32, git="ab12cd34" * 5, dirty=True, branch="main"),
        "counts": counts,
    }
    return Run(**{**fields, **given})


def good_steps() -> list[StepRun]:
    """Return the steps of a run that went well."""
    return [
        step("load_data", outputs=(output("X", list(range(1000))), output("Y", [0, 1, 2]))),
        step(
            "model_fit",
            seconds=0.9,
            outputs=(Output("logreg", "value", ref(b"\x80\x05pickled", "pickle")), output("accuracy", 0.97, "metric")),
            metrics=(MetricPoint("accuracy", 0.97, None, NOW),),
            params={"C": 1.0},
        ),
        step(
            "generate_plots",
            outputs=(Output("iris_logistic.png", "file", ref(b"\x89PNG\0\0", "file")),),
        ),
    ]


def bad_steps() -> list[StepRun]:
    """Return the steps of a run whose middle step failed."""
    error = StepError(
        type="ValueError",
        message="could not convert string to float: 'setosa'\nsecond line",
        traceback="Traceback ...",
        frames=(
            Frame(file=f"{ROOT}/steps.py", line=41, function="model_fit", code="logreg.fit(X, numbers(Y))"),
            Frame(file=f"{ROOT}/text/cast.py", line=7, function="numbers", code="return [float(each) for each in Y]"),
        ),
        inputs={"X": "ndarray float64 (150, 2), 2.4 kB", "Y": "list of 150, 1.2 kB"},
    )
    return [
        step("load_data", outputs=(output("X", [1.5]), output("Y", ["setosa"]))),
        step("model_fit", Status.FAILURE, reason=Reason.ERROR, attempts=2, error=error),
        step("generate_plots", Status.SKIPPED, reason=Reason.UPSTREAM),
    ]


def facts_of_good_run() -> list[list[Fact]]:
    """Return what an engine commits for a run of the three steps, group by group."""
    groups: list[list[Fact]] = [[RunStarted(at=NOW)]]
    for path in NEEDS:
        groups.append([AttemptDispatched(node=path, attempt=1, at=NOW)])
        groups.append([succeeded(path)])
    groups.append([RunFinished(state=Status.SUCCESS, reason=None, at=NOW + 1)])
    return groups


def succeeded(path: str, seconds: float = 0.42) -> AttemptSucceeded:
    """Return the good end of an attempt."""
    return AttemptSucceeded(
        node=path,
        attempt=1,
        at=NOW + seconds,
        started=NOW,
        seconds=seconds,
        cpu_seconds=seconds,
        peak_bytes=None,
        worker="w1",
        outputs=(),
    )


class FakeFeed:
    """The facts of runs as a feed that does not grow."""

    def __init__(self, rows: Sequence[EventRow]):
        self.rows = list(rows)
        self.questions = 0

    def version(self) -> int:
        """Return a number that never moves."""
        return 1

    def events(self, after: int = 0, run: RunId | None = None, limit: int = 1000) -> list[EventRow]:
        """Return facts after a sequence number."""
        self.questions += 1
        return [row for row in self.rows if row.seq > after and run in (None, row.run)][:limit]

    def close(self) -> None:
        """Keep nothing open."""


def rows_of(run_id: RunId, groups: Sequence[Sequence[Fact]]) -> list[EventRow]:
    """Return groups of facts as a store keeps them."""
    rows = []
    for seq, group in enumerate(groups, start=1):
        for fact, document in zip(group, facts_to_json(group), strict=True):
            kind = str(document.pop("kind"))
            rows.append(EventRow(seq=seq, run=run_id, at=fact.at, kind=kind, data=document))
    return rows


class FakeWorkspace(Workspace):
    """A workspace on records; pure logic (step_path, output) is the real one."""

    def __init__(self) -> None:
        logs = SimpleNamespace(blocks=lambda *of: map(block_of, self.logs(*of)))
        parts: Any = SimpleNamespace(project="iris", clock=lambda: NOW, executes=lambda runner: True, logs=logs)
        self.parts, parts.outputs = parts, SimpleNamespace(given_up=lambda refs: {})
        self.verifying = SimpleNamespace(marked=lambda *of: {})  # type: ignore[assignment]
        self.graph_now = graph_of(NEEDS)
        self.prints_now: dict[int, Print] = {}
        self.records: dict[RunId, tuple[Run, list[StepRun]]] = {
            BAD: (run(BAD, Status.FAILURE, bad_steps(), created=NOW - 7200, started=NOW - 7199.5), bad_steps()),
            GOOD: (run(GOOD, Status.SUCCESS, good_steps(), params={"C": 1.0}, tags=("demo",)), good_steps()),
        }
        self.log_chunks: list[LogChunk] = [
            LogChunk(node="model_fit", attempt=2, stream="stdout", at=NOW - 59, data=b"fitting\n\x1b[31mred\x1b[0m li"),
            LogChunk(node="model_fit", attempt=2, stream="stderr", at=NOW - 58.5, data=b"warn: \x07bell\n"),
            LogChunk(node="model_fit", attempt=2, stream="stdout", at=NOW - 58, data=b"ne\nlast"),
        ]
        self.requests: list[RunRequest] = []
        self.retries: list[RetryRequest] = []
        self.queries: list[RunQuery] = []
        self.cancels: list[tuple[RunId, bool]] = []
        self.feed_rows = rows_of(GOOD, facts_of_good_run())
        self.problem: Exception | None = None
        """Raised by the next use-case."""
        self.on_host: Callable[[Observer | None, Requests], None] = lambda observe, requests: None

    def _may_fail(self) -> None:
        if self.problem is not None:
            raise self.problem

    def find(self, text: str = "@last", *, all_projects: bool = False) -> RunId:
        """Resolve the few texts the tests use."""
        self._may_fail()
        newest = list(self.records)[::-1]
        if text == "@last":
            return newest[0]
        if text == "@last-failed":
            return next(each for each in newest if self.records[each][0].state is Status.FAILURE)
        if len(fitting := [each for each in newest if each.startswith(text)]) != 1:
            raise MissingError(f"no run fits '{text}'", "graft ls lists them")
        return fitting[0]

    def runs(self, query: RunQuery) -> list[Run]:
        """Return all runs of the wanted states, newest first."""
        self._may_fail()
        self.queries.append(query)
        found = [run for run, _ in self.records.values() if query.states is None or run.state in query.states]
        return found[::-1][: query.limit]

    def show(self, run: RunId) -> Run:
        """Return a run."""
        return self.records[run][0]

    def steps(self, run: RunId) -> list[StepRun]:
        """Return its steps."""
        return self.records[run][1]

    def attempts(self, run: RunId, node: str | None = None) -> dict[str, list[Attempt]]:
        """Return one attempt for each step."""
        return {
            each.path: [
                Attempt(
                    n=1,
                    state=each.state,
                    reason=each.reason,
                    dispatched=NOW,
                    started=NOW,
                    seconds=each.seconds,
                    cpu_seconds=None,
                    peak_bytes=None,
                    worker="w1",
                    code="77" * 32,
                )
            ]
            for each in self.steps(run)
        }

    def spec(self, run: RunId) -> RunSpec:
        """Return what it was started from."""
        return RunSpec(
            id=run,
            project="iris",
            pipeline="iris",
            target=TARGET,
            graph=self.graph_now,
            environment={"python": "3.11.7"},
        )

    def graph(self, run: RunId) -> Graph:
        """Return its graph."""
        return self.graph_now

    def logs(self, run: RunId, node: str | None = None, attempt: int | None = None) -> Iterator[LogChunk]:
        """Yield captured output."""
        for chunk in self.log_chunks:
            if node in (None, chunk.node) and attempt in (None, chunk.attempt):
                yield chunk

    def read(self, ref: ArtifactRef) -> bytes:
        """Return stored bytes."""
        assert ref.inline is not None
        return ref.inline

    def feed(self) -> FakeFeed:
        """Return the feed."""
        return FakeFeed(self.feed_rows)

    def cancel(self, run: RunId, *, is_hard: bool = False) -> Status:
        """Note the wish."""
        self.cancels.append((run, is_hard))
        return self.show(run).state

    def load(self, request: RunRequest) -> Loaded:
        """Return the graph as it is now."""
        self._may_fail()
        self.requests.append(request)
        return Loaded(
            graph=self.graph_now,
            snapshot=Snapshot(files={}, contents={}),
            params={},
            environment={},
            preload=(),
            blobs={},
            warnings=("step 'model_fit' keeps nothing of what it returns",),
            prints=self.prints_now,
        )

    def create(self, request: RunRequest, loaded: Loaded | None = None) -> RunId:
        """Note the request and write a PENDING run."""
        self._may_fail()
        self.requests.append(request)
        made = RunId("new1" + "c" * 12)
        pending = [step(path, Status.PENDING) for path in NEEDS]
        self.records[made] = (run(made, Status.PENDING, pending, started=None), pending)
        return made

    def submit(self, request: RunRequest) -> RunId:
        """Write a PENDING run that somebody else hosts."""
        return self.create(request)

    def host(
        self,
        run: RunId,
        observe: Observer | None = None,
        requests: Requests | None = None,
        *,
        expect: Status | None = None,
    ) -> Run:
        """Tell the facts and end the run as `ending` says."""
        self._may_fail()
        for group in facts_of_good_run():
            if observe is not None:
                observe(group)
        self.on_host(observe, requests or Requests())
        old, steps = self.records[run]
        if old.state is Status.PENDING:
            steps = good_steps()
            old = replace(old, state=Status.SUCCESS, started=NOW - 1.2, finished=NOW, counts={"SUCCESS": 3})
        self.records[run] = (old, steps)
        return old

    def plan_retry(self, request: RetryRequest) -> RetryPlan:
        """Plan failed and following steps."""
        self._may_fail()
        self.retries.append(request)
        steps = self.steps(request.run)
        again = tuple(each.path for each in steps if not each.state.is_good)
        if not again:
            raise InvalidError(f"run {request.run} has nothing to retry: every step succeeded", "use --all")
        return RetryPlan(run=request.run, again=again, kept=tuple(e.path for e in steps if e.state.is_good))

    def begin_retry(self, request: RetryRequest, decide: object = None) -> RetryPlan:
        """Plan; `host` follows."""
        return self.plan_retry(request)

    def retry(self, request: RetryRequest, observe: Observer | None = None, requests: Requests | None = None) -> Run:
        """Plan and host."""
        self.plan_retry(request)
        return self.host(request.run, observe, requests)

    def rerun(
        self, run: RunId, *, code: CodeChoice = CodeChoice.RECORDED, origin: str = "cli", runner: str | None = None
    ) -> RunId:
        """Write a PENDING run of the same."""
        return self.create(RunRequest(target=TARGET, parent=run, runner=runner))

    def request_stop(self, requests: Requests, *, is_hard: bool, spared: tuple[str, ...] = ()) -> None:
        """Note the wish."""
        self.cancels.append((RunId("hosted"), is_hard))

    def end(self, run: RunId, state: Status) -> None:
        """Let a run have ended so."""
        old, steps = self.records[run]
        self.records[run] = (replace(old, state=state), steps)
