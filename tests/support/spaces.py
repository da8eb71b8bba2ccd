"""A workspace on the memory store: the real use-cases, with a loader, a machine and a runner that need no process."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from fake_executor import FakeExecutor
from memory_files import MemoryFiles
from memory_functions import MemoryFunctions
from memory_marks import MemoryMarks
from memory_store import MemoryStore
from run_specs import chain, value

from graftline.core.artifacts import Output
from graftline.core.errors import InvalidError, PluginError
from graftline.core.graph import Graph, Json
from graftline.core.ids import RunId
from graftline.core.library import Fetched, FunctionRequest
from graftline.core.orders import Order, RunContext
from graftline.core.parts import Parts
from graftline.core.ports import Executor, Loaded, LoadRequest, RunStore
from graftline.core.prints import Print
from graftline.core.requests import RunRequest
from graftline.core.runner import Runner
from graftline.core.runners import RunnerChoice
from graftline.core.runs import CodeState, Snapshot, StepRun, Target
from graftline.core.states import Status
from graftline.core.workspace import Workspace

TARGET = Target(text="pipeline.py:demo", root="/project", cwd="/project/data", sys_path=("/project/src", "/lib"))


def snapshot_of(text: str) -> Snapshot:
    """Return the snapshot of one file with this text."""
    sha256 = value(text.encode()).ref.sha256
    return Snapshot(files={"src/steps.py": sha256}, contents={sha256: text.encode()})


class StubRunner(Runner):
    """Executes orders in this process, by the function in its option `call`."""

    @classmethod
    def executor(cls, context: RunContext, **kwargs: Any) -> Executor:
        """Return an executor that tells the option `contexts` what it was opened with."""
        kwargs["contexts"].append(context)
        return FakeExecutor(kwargs["call"], jobs=context.jobs)


@dataclass
class FakeLoader:
    """Gives the graph at hand; a test changes it as a person changes a file."""

    graph: Graph
    snapshot: Snapshot = field(default_factory=lambda: snapshot_of("first"))
    blobs: Mapping[str, bytes] = field(default_factory=dict)
    requests: list[LoadRequest] = field(default_factory=list)
    prints: dict[int, Print] = field(default_factory=dict)
    """None at first: without fingerprints nothing is reused."""

    def load(self, request: LoadRequest) -> Loaded:
        self.requests.append(request)
        params: dict[str, Json] = {**request.values, **request.params}
        return Loaded(
            graph=self.graph,
            snapshot=self.snapshot,
            params=params,
            environment={"python": "3.11"},
            preload=(),
            blobs=self.blobs,
            prints=dict(self.prints),
        )


@dataclass
class FakeMachine:
    """Four cores; recorded code is written to `/code/KEY`."""

    written: list[str] = field(default_factory=list)

    def cores(self) -> int:
        return 4

    def code_state(self, root: str, key: str | None) -> CodeState:
        return CodeState(key=key)

    def requirements(self, packages: Mapping[str, str]) -> Mapping[str, str]:
        return packages

    def make_environment(self, folder: str, requirements: str, python: str) -> None:
        raise PluginError("there is no network")

    def uncommitted(self, root: str, files: Sequence[str]) -> list[str]:
        return []

    def materialise(self, snapshot: Snapshot, key: str) -> str:
        self.written.append(key)
        return f"/code/{key}"


@dataclass
class MemoryLockFile:
    """A lock that is no file."""

    text: str | None = None

    def read(self, root: str) -> str | None:
        return self.text

    def write(self, root: str, text: str) -> bool:
        is_new, self.text = text != self.text, text
        return is_new


@dataclass
class FakeHost:
    """Notes what it was to start."""

    launched: list[tuple[RunId, Status]] = field(default_factory=list)

    def launch(self, run: RunId, expect: Status) -> None:
        self.launched.append((run, expect))


class Space:
    """A workspace and what is behind it. Steps return `NAME ATTEMPT`; those in `broken` raise."""

    def __init__(self, graph: Graph | None = None, **changes: Any) -> None:
        self.store = MemoryStore()
        self.files = MemoryFiles()
        self.loader = FakeLoader(graph or chain("a", "b", "c"))
        self.machine = FakeMachine()
        self.launcher = FakeHost()
        self.broken: set[str] = set()
        self.orders: list[Order] = []
        self.contexts: list[RunContext] = []
        self.before: Callable[[Order], None] = lambda order: None
        self.secrets: dict[str, str] = {}
        self.lockfile = MemoryLockFile()
        self.seeds: list[int] = []
        """Of the hash, as they were set."""
        ticks = itertools.count(1000)
        given: dict[str, Any] = {
            "project": "demo",
            "runs": self.store.runs,
            "history": self.store.history,
            "index": self.store.history,
            "outputs": self.store.outputs,
            "results": self.store.results,
            "files": self.files,
            "logs": None,
            "feed": self.store.feed,
            "loader": self.loader,
            "runner": lambda name: RunnerChoice(
                runner=StubRunner, options={"call": self._call, "contexts": self.contexts}
            ),
            "default_runner": "stub",
            "slots": lambda capacity: None,
            "capacity": lambda name: 2.0,
            "host": self.launcher,
            "machine": self.machine,
            "clock": lambda: float(next(ticks)),
            "log_directory": lambda run: f"/logs/{run}",
            "objects": "/objects",
            "slot_directory": "/slots",
            "labels": {"fast": 1},
            "functions": MemoryFunctions(),
            "marks": MemoryMarks(),
            "hash_seed": self._hash_seed,
            "lockfile": self.lockfile,
            "fetch": self._fetch,
            "secrets": self._secrets,
        }
        self.workspace = Workspace(Parts(**(given | changes)))

    def _fetch(self, request: FunctionRequest, kind: str) -> Fetched:
        """Give code that is what its source says, as if it had been read there."""
        text = request.code or request.source or ""
        sha256 = value(text.encode()).ref.sha256
        source: dict[str, Json] = {"type": "file", "path": f"code.{kind}", "name": "f", "code": sha256}
        return Fetched(source=source, code={sha256: text.encode()}, origin=text)

    @property
    def runs(self) -> RunStore:
        return self.store.runs

    def run(self, **request: Any) -> RunId:
        """Create and host a run; return its id."""
        return self.workspace.run(RunRequest(target=TARGET, **request)).id

    def fail(self, *steps: str, **request: Any) -> RunId:
        """Run with these steps broken, then mend them."""
        self.broken = set(steps)
        run = self.run(**request)
        self.broken = set()
        return run

    def cancel(self, run: RunId) -> None:
        """Ask a run to stop, as another process does."""
        self.runs.request_cancel(run, is_hard=False)

    def states(self, run: RunId) -> dict[str, str]:
        """Return `STATE` or `STATE REASON` by path."""
        return {step.path: f"{step.state} {step.reason or ''}".strip() for step in self.workspace.steps(run)}

    def step(self, run: RunId, path: str) -> StepRun:
        return next(step for step in self.workspace.steps(run) if step.path == path)

    def ran(self) -> list[str]:
        """Return the steps executed since the last call."""
        paths = [order.node for order in self.orders]
        self.orders.clear()
        return paths

    def _call(self, order: Order) -> Iterable[Output]:
        self.orders.append(order)
        self.before(order)
        if order.node in self.broken:
            raise ValueError(f"{order.node} is broken")
        return [value(f"{order.node} {order.attempt}".encode())]

    @contextmanager
    def _hash_seed(self, seed: int) -> Iterator[None]:
        self.seeds.append(seed)
        yield

    def _secrets(self, names: Sequence[str]) -> Mapping[str, str]:
        missing = [name for name in names if name not in self.secrets]
        if missing:
            raise InvalidError(f"secrets are not set: {', '.join(missing)}")
        return {name: self.secrets[name] for name in names}
