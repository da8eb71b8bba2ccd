"""What every executor promises to the engine: one class, one fixture for each adapter."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path

import local_steps
import pytest
from fake_executor import FakeExecutor
from local_runs import context, ends, operation, order, run_all

from graftline.core.artifacts import Output
from graftline.core.events import AttemptCancelled, AttemptFailed, AttemptSucceeded
from graftline.core.orders import Order
from graftline.core.ports import Executor
from graftline.plugins.local.runner import LocalRunner
from graftline.plugins.mock.runner import MockRunner

NOTHING, FAIL, SNOOZE = range(3)


class ExecutorContract(ABC):
    """Operations 0, 1, 2 return at once, raise ValueError, and take 30 s."""

    @pytest.fixture
    @abstractmethod
    def executor(self, tmp_path: Path) -> Iterator[Executor] | Executor: ...

    def test_it_takes_as_many_orders_as_it_has_jobs_before_it_knows_more(self, executor: Executor) -> None:
        assert executor.room() == 2

    def test_a_wait_without_orders_returns_nothing_when_the_time_is_over(self, executor: Executor) -> None:
        began = time.monotonic()

        assert executor.wait(0.05) == []

        assert time.monotonic() - began < 2

    def test_an_order_ends_as_a_success_that_names_it(self, executor: Executor) -> None:
        executor.submit([order("load", NOTHING, attempt=3)])

        end = ends(executor, 1)["load"]

        assert isinstance(end, AttemptSucceeded)
        assert (end.node, end.attempt, end.outputs) == ("load", 3, ())

    def test_a_step_that_raises_ends_as_a_failure_with_its_exception(self, executor: Executor) -> None:
        executor.submit([order("load", FAIL)])

        end = ends(executor, 1)["load"]

        assert isinstance(end, AttemptFailed)
        assert (end.error.type, end.error.message) == ("ValueError", "no such luck")

    def test_a_hundred_orders_all_end_once(self, executor: Executor) -> None:
        found = run_all(executor, [order(f"s{number}", NOTHING) for number in range(100)])

        assert len(found) == 100
        assert executor.room() >= 2

    def test_a_cancelled_attempt_yields_its_end(self, executor: Executor) -> None:
        if isinstance(executor, FakeExecutor):
            executor.is_held = True
        executor.submit([order("slow", SNOOZE, seconds=30)])
        executor.wait(0.3)

        executor.cancel(["slow"], grace_s=5)

        assert isinstance(ends(executor, 1)["slow"], AttemptCancelled)
        assert executor.room() == 2

    def test_cancelling_what_does_not_run_does_nothing(self, executor: Executor) -> None:
        executor.cancel(["nobody"], grace_s=0)

        assert executor.wait(0.05) == []

    def test_a_node_can_be_tried_again(self, executor: Executor) -> None:
        executor.submit([order("load", FAIL, attempt=1)])
        ends(executor, 1)

        executor.submit([order("load", NOTHING, attempt=2)])

        assert ends(executor, 1)["load"].attempt == 2

    def test_it_can_be_closed_twice(self, executor: Executor) -> None:
        executor.close()
        executor.close()


class TestLocalExecutor(ExecutorContract):
    @pytest.fixture
    def executor(self, tmp_path: Path) -> Iterator[Executor]:
        operations = [operation("nothing"), operation("fail"), operation("snooze")]
        executor = LocalRunner.executor(context(tmp_path, operations))
        yield executor
        executor.close()


class TestMockExecutor(ExecutorContract):
    @pytest.fixture
    def executor(self, tmp_path: Path) -> Iterator[Executor]:
        operations = [operation("nothing"), operation("fail"), operation("snooze")]
        # By name, as the contract's steps are called; an attempt that fails goes by the call it stands in for.
        executor = MockRunner.executor(context(tmp_path, operations), patches={"load": _Once(local_steps.fail)})
        yield executor
        executor.close()

    def test_an_order_ends_as_a_success_that_names_it(self, executor: Executor) -> None:
        executor.submit([order("clean", NOTHING, attempt=3)])

        end = ends(executor, 1)["clean"]

        assert isinstance(end, AttemptSucceeded)
        assert (end.node, end.attempt, end.outputs, end.worker) == ("clean", 3, (), "mock")

    def test_a_cancelled_attempt_yields_its_end(self, executor: Executor) -> None:
        executor.submit([order("quick", NOTHING), order("slow", SNOOZE, seconds=30)])

        executor.cancel(["slow"], grace_s=5)  # what has begun ends before anything else happens here

        found = ends(executor, 2)
        assert isinstance(found["slow"], AttemptCancelled)
        assert isinstance(found["quick"], AttemptSucceeded)
        assert executor.room() == 2


class TestFakeExecutor(ExecutorContract):
    @pytest.fixture
    def executor(self, tmp_path: Path) -> Executor:
        return FakeExecutor(_call)


class _Once:
    """Calls a function the first time, and nothing from then on."""

    def __init__(self, function: Callable[[], object]) -> None:
        self._function: Callable[[], object] | None = function

    def __call__(self) -> None:
        function, self._function = self._function, None
        if function is not None:
            function()


def _call(order: Order) -> list[Output]:
    (local_steps.nothing, local_steps.fail, local_steps.nothing)[order.operation]()
    return []
