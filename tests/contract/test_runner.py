"""What every runner promises to whoever hosts a run: one class, one fixture for each runner, on a real store."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from local_runs import STEPS, SUPPORT
from memory_functions import MemoryFunctions
from memory_marks import MemoryMarks
from runners import TinyRunner
from spaces import FakeHost, FakeLoader, FakeMachine, MemoryLockFile

import graftline
from graftline.core.events import CancelRequested, Fact, RunFinished, RunStarted
from graftline.core.graph import Call, CallKind, Graph, Node, Operation
from graftline.core.orders import RunContext
from graftline.core.parts import Parts
from graftline.core.ports import Executor
from graftline.core.requests import RetryRequest, RunRequest
from graftline.core.runner import Runner
from graftline.core.runners import RunnerChoice
from graftline.core.runs import Snapshot, Target
from graftline.core.session import Requests
from graftline.core.states import Status
from graftline.core.workspace import Workspace
from graftline.plugins.local.runner import LocalRunner
from graftline.plugins.pyfunc.runner import PyfuncRunner
from graftline.store.store import Store, open_store


def chain_of(*functions: str) -> Graph:
    """Return a chain of steps that call functions of local_steps without arguments."""
    operations = [
        Operation(call=Call(kind=CallKind.PYTHON, module=STEPS, qualname=each)) for each in dict.fromkeys(functions)
    ]
    names = [operation.call.qualname for operation in operations]
    nodes: list[Node] = []
    for position, function in enumerate(functions):
        needs = (nodes[-1].path,) if nodes else ()
        nodes.append(Node(path=f"s{position}", operation=names.index(function), needs=needs))
    return Graph(name="demo", nodes=tuple(nodes), operations=tuple(operations))


class RunnerContract(ABC):
    """A runner, hosted."""

    @pytest.fixture
    @abstractmethod
    def runner(self) -> type[Runner]: ...

    @pytest.fixture
    def loader(self) -> FakeLoader:
        return FakeLoader(chain_of("nothing", "nothing"), snapshot=Snapshot(files={}, contents={}))

    @pytest.fixture
    def space(self, runner: type[Runner], loader: FakeLoader, tmp_path: Path) -> Iterator[Workspace]:
        with open_store(tmp_path / "store") as store:
            yield Workspace(_parts(store, runner, loader))

    @pytest.fixture
    def request_(self, tmp_path: Path) -> RunRequest:
        return RunRequest(target=Target(text="x.py", root=SUPPORT, cwd=str(tmp_path), sys_path=(SUPPORT,)), jobs=2)

    def test_a_run_ends_as_a_success_with_every_step_done(self, space: Workspace, request_: RunRequest) -> None:
        seen: list[Fact] = []

        run = space.run(request_, seen.extend)

        assert run.state is Status.SUCCESS
        assert [step.state for step in space.steps(run.id)] == [Status.SUCCESS, Status.SUCCESS]
        assert isinstance(seen[0], RunStarted)
        assert isinstance(seen[-1], RunFinished)

    def test_a_step_that_raises_fails_the_run_and_skips_what_waits_for_it(
        self, space: Workspace, loader: FakeLoader, request_: RunRequest
    ) -> None:
        loader.graph = chain_of("nothing", "fail", "nothing")

        run = space.run(request_)

        steps = space.steps(run.id)
        assert run.state is Status.FAILURE
        assert [step.state for step in steps] == [Status.SUCCESS, Status.FAILURE, Status.SKIPPED]
        assert steps[1].error is not None
        assert (steps[1].error.type, steps[1].error.message) == ("ValueError", "no such luck")

    def test_a_retry_goes_on_where_the_run_stands(
        self, space: Workspace, loader: FakeLoader, request_: RunRequest
    ) -> None:
        loader.graph = chain_of("nothing", "fail")
        run = space.run(request_)
        loader.graph = chain_of("nothing", "nothing")

        again = space.retry(RetryRequest(run=run.id))

        assert again.state is Status.SUCCESS
        assert [step.attempts for step in space.steps(run.id)] == [1, 2]

    def test_a_wish_to_stop_cancels_the_run(self, space: Workspace, request_: RunRequest) -> None:
        requests = Requests()
        requests.add(CancelRequested(at=time.time()))

        run = space.run(request_, None, requests)

        assert run.state is Status.CANCELLED
        assert all(step.state in (Status.CANCELLED, Status.SKIPPED) for step in space.steps(run.id))

    def test_a_run_without_steps_succeeds(self, space: Workspace, loader: FakeLoader, request_: RunRequest) -> None:
        loader.graph = Graph(name="demo", nodes=(), operations=())

        assert space.run(request_).state is Status.SUCCESS


class TestLocalRunner(RunnerContract):
    @pytest.fixture
    def runner(self) -> type[Runner]:
        return LocalRunner


class TestPyfuncRunner(RunnerContract):
    @pytest.fixture
    def runner(self) -> type[Runner]:
        return PyfuncRunner


class TestTinyRunner(RunnerContract):
    @pytest.fixture
    def runner(self) -> type[Runner]:
        return TinyRunner


class TestDefinition:
    def test_a_runner_without_executor_and_run_is_refused_when_it_is_defined(self) -> None:
        with pytest.raises(TypeError, match="Idle must override `executor` or `run`"):
            type("Idle", (Runner,), {})

    @pytest.mark.parametrize("name", ["executor", "run"])
    def test_they_are_classmethods(self, name: str) -> None:
        with pytest.raises(TypeError, match="as a classmethod"):
            type("Wrong", (Runner,), {name: lambda self: None})

    def test_a_runner_made_from_another_needs_neither(self) -> None:
        class Near(LocalRunner):
            """Local under another name."""

        assert Near.executor.__func__ is LocalRunner.executor.__func__  # type: ignore[attr-defined]

    def test_a_runner_of_whole_graphs_has_no_executor(self) -> None:
        with pytest.raises(graftline.PluginError, match="TinyRunner runs whole graphs"):
            TinyRunner.executor(None)  # type: ignore[arg-type]

    def test_it_keeps_what_it_was_given(self) -> None:
        class Named(graftline.Runner):
            """Has an executor."""

            @classmethod
            def executor(cls, context: RunContext, **kwargs: Any) -> Executor:
                raise NotImplementedError

        made = Named("tcp://there", queue="long")

        assert (made.instance, made.feed, made.sink, made.options) == ("tcp://there", None, None, {"queue": "long"})


def _parts(store: Store, runner: type[Runner], loader: FakeLoader) -> Parts:
    def log_directory(run: str) -> str:
        directory = store.layout.directory / "run-logs" / run
        directory.mkdir(parents=True, exist_ok=True)
        return str(directory)

    (store.layout.directory / "run-slots").mkdir(exist_ok=True)
    return Parts(
        project="demo",
        runs=store.runs,
        history=store.history,
        index=store.history,
        outputs=store.outputs,
        results=store.results,
        files=store.files,
        logs=store.logs,
        feed=store.feed,
        loader=loader,
        runner=lambda name: RunnerChoice(runner=runner),
        default_jobs=None,
        default_runner="under-test",
        slots=lambda capacity: pytest.fail("no step asks for a resource"),
        capacity=lambda name: 0.0,
        host=FakeHost(),
        machine=FakeMachine(),
        clock=time.time,
        log_directory=log_directory,
        objects=str(store.layout.objects),
        slot_directory=str(store.layout.directory / "run-slots"),
        labels={},
        functions=MemoryFunctions(),
        marks=MemoryMarks(),
        hash_seed=lambda seed: nullcontext(),
        lockfile=MemoryLockFile(),
        fetch=lambda request, kind: pytest.fail("no function is registered"),
        secrets=lambda names: {},
    )
