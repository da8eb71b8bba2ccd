"""What one step does to its worker costs that step alone, and the cause is named."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from local_runs import context, ends, is_alive, logged, operation, order, run_all, until

from graftline.core.events import AttemptCancelled, AttemptFailed, AttemptSucceeded
from graftline.core.graph import Operation
from graftline.core.states import Reason
from graftline.plugins.local.executor import LocalExecutor

pytestmark = pytest.mark.fault
Open = Callable[..., LocalExecutor]


@pytest.fixture
def open_executor(tmp_path: Path) -> Iterator[Open]:
    opened: list[LocalExecutor] = []

    def open_one(*operations: Operation, jobs: int = 2) -> LocalExecutor:
        opened.append(LocalExecutor(context(tmp_path, operations, jobs=jobs)))
        return opened[-1]

    yield open_one
    for executor in opened:
        executor.close()


@pytest.mark.parametrize(
    ("step", "reason", "words"),
    [
        ("fail", Reason.ERROR, "no such luck"),
        ("leave_softly", Reason.ERROR, "3"),
        ("fail_stubbornly", Reason.ERROR, "a"),
        ("kill_myself", Reason.SIGNAL, "SIGKILL"),
        ("segfault", Reason.SIGNAL, "SIGSEGV"),
        ("terminate_myself", Reason.SIGNAL, "SIGTERM that graftline did not send"),
        ("leave_hard", Reason.EXIT, "exit code 7"),
        ("unpicklable", Reason.UNPICKLABLE, ""),
    ],
)
def test_a_step_that_ends_badly_fails_alone_within_two_seconds(
    open_executor: Open, step: str, reason: Reason, words: str
) -> None:
    executor = open_executor(operation(step, returns=step == "unpicklable"), operation("increment"))
    run_all(executor, [order("warm", 1), order("warmer", 1)])

    began = time.monotonic()
    found = run_all(executor, [order("bad"), *(order(f"good{number}", 1) for number in range(20))])

    bad = found.pop("bad")
    assert isinstance(bad, AttemptFailed)
    assert bad.reason is reason
    assert words in bad.error.message
    assert all(isinstance(end, AttemptSucceeded) for end in found.values())
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(("step", "most_s"), [("snooze", 1.0), ("ignore_terminate", 2.0)])
def test_a_step_past_its_limit_is_stopped_also_when_it_ignores_that(
    open_executor: Open, step: str, most_s: float
) -> None:
    arguments = {"seconds": 30} if step == "snooze" else {}
    executor = open_executor(operation(step, timeout_s=0.3), operation("nothing"))
    run_all(executor, [order("warm", 1)])

    began = time.monotonic()
    executor.submit([order("slow", **arguments)])
    end = ends(executor, 1)["slow"]

    assert isinstance(end, AttemptFailed)
    assert end.reason is Reason.TIMEOUT
    assert "0.3 s" in end.error.message
    assert time.monotonic() - began < 0.3 + most_s


def test_a_limit_counts_from_when_the_attempt_begins(open_executor: Open) -> None:
    executor = open_executor(operation("snooze", timeout_s=0.6), jobs=1)

    executor.submit([order(f"s{number}", seconds=0.25) for number in range(4)])

    found = ends(executor, 4)  # a second in all: the last would be over a limit that counted from submission
    assert all(isinstance(end, AttemptSucceeded) for end in found.values())


def test_orders_behind_a_dying_worker_run_elsewhere(open_executor: Open) -> None:
    executor = open_executor(operation("nothing"), operation("kill_myself"))
    run_all(executor, [order(f"w{number}") for number in range(40)])  # short by now, so they are queued

    executor.submit([order("bad", 1), *(order(f"s{number}") for number in range(15))])
    found = ends(executor, 16)

    assert [node for node, end in found.items() if isinstance(end, AttemptFailed)] == ["bad"]


def test_a_worker_killed_between_attempts_costs_nothing(open_executor: Open) -> None:
    executor = open_executor(operation("process_id", returns=True), jobs=1)
    first = run_all(executor, [order("one")])["one"]
    assert isinstance(first, AttemptSucceeded)
    assert first.outputs[0].ref.inline is not None

    worker = int(first.outputs[0].ref.inline)
    os.kill(worker, signal.SIGKILL)
    # Until it is dead its pending receive may still take an order, of which nobody can say whether it began.
    assert until(lambda: not is_alive(worker))

    assert isinstance(run_all(executor, [order("two")])["two"], AttemptSucceeded)


def test_a_worker_killed_before_it_is_ready_costs_nothing(open_executor: Open) -> None:
    executor = open_executor(operation("nothing"), jobs=1)
    executor.submit([order("one")])
    (worker,) = executor._workers
    assert worker.child.wait_born(10)

    worker.kill()

    assert isinstance(ends(executor, 1)["one"], AttemptSucceeded)


def test_long_attempts_do_not_hold_up_what_is_queued_behind_them(open_executor: Open) -> None:
    executor = open_executor(operation("snooze"))
    run_all(executor, [order(f"w{number}", seconds=0) for number in range(40)])

    began = time.monotonic()
    executor.submit([order(f"s{number}", seconds=0.2) for number in range(8)])
    ends(executor, 8)

    assert time.monotonic() - began < 1.2  # 0.8 when even; 1.6 if all stood before one worker


def test_cancelling_runs_finally_and_tells_what_never_began(open_executor: Open, tmp_path: Path) -> None:
    executor = open_executor(operation("finish_after_cancel"), jobs=1)
    executor.submit([order("runs", folder=str(tmp_path)), order("waits", folder=str(tmp_path))])
    assert until(lambda: executor.wait(0.05) == [] and (tmp_path / "began").exists())

    executor.cancel(["runs", "waits"], grace_s=5)
    found = ends(executor, 2)

    runs, waits = found["runs"], found["waits"]
    assert isinstance(runs, AttemptCancelled)
    assert isinstance(waits, AttemptCancelled)
    assert runs.started is not None
    assert waits.started is None
    assert (tmp_path / "cleaned").exists()


def test_cancelling_at_any_instant_of_an_attempt_s_start_needs_no_kill(open_executor: Open) -> None:
    executor = open_executor(operation("snooze"), operation("nothing"))
    for number in range(25):
        run_all(executor, [order("warm", 1)])
        executor.submit([order("slow", seconds=30)])
        executor.wait(number * 0.00008)

        began = time.monotonic()
        executor.cancel(["slow"], grace_s=10)

        assert isinstance(ends(executor, 1)["slow"], AttemptCancelled)
        assert time.monotonic() - began < 5  # its grace is 10: who ends sooner was not killed


def test_a_step_that_missed_the_first_signal_gets_another(open_executor: Open) -> None:
    executor = open_executor(operation("miss_one_terminate"))
    executor.submit([order("hard-of-hearing")])
    executor.wait(0.4)

    began = time.monotonic()
    executor.cancel(["hard-of-hearing"], grace_s=10)

    assert isinstance(ends(executor, 1)["hard-of-hearing"], AttemptCancelled)
    assert time.monotonic() - began < 5  # its grace is 10: who ends sooner was not killed


def test_cancelling_kills_what_does_not_stop_within_its_grace(open_executor: Open) -> None:
    executor = open_executor(operation("ignore_terminate"))
    executor.submit([order("deaf")])
    executor.wait(0.4)

    began = time.monotonic()
    executor.cancel(["deaf"], grace_s=0.2)

    assert isinstance(ends(executor, 1)["deaf"], AttemptCancelled)
    assert time.monotonic() - began < 1.5


def test_an_isolated_step_has_a_process_of_its_own(open_executor: Open) -> None:
    executor = open_executor(operation("process_id", returns=True, isolation="process"))

    found = run_all(executor, [order(f"s{number}") for number in range(4)])

    pids = {end.outputs[0].ref.inline for end in found.values() if isinstance(end, AttemptSucceeded)}
    assert len(pids) == 4


def test_short_steps_are_never_queued_before_an_isolated_worker(open_executor: Open) -> None:
    pooled, isolated = operation("process_id", returns=True), operation("process_id", returns=True, isolation="process")
    executor = open_executor(pooled, isolated)

    found = run_all(executor, [order(f"s{number}", int(number % 10 == 9)) for number in range(200)])

    pids = {node: end.outputs[0].ref.inline for node, end in found.items() if isinstance(end, AttemptSucceeded)}
    alone = [pids[f"s{number}"] for number in range(9, 200, 10)]
    assert len(pids) == 200
    assert len(set(alone)) == len(alone)
    assert not set(alone) & {pid for node, pid in pids.items() if not node.endswith("9")}


def test_another_thread_can_wake_a_wait(open_executor: Open) -> None:
    executor = open_executor(operation("nothing"))
    executor.wake()

    began = time.monotonic()
    assert executor.wait(10) == []

    assert time.monotonic() - began < 5


def test_no_more_workers_are_started_than_there_are_orders(open_executor: Open) -> None:
    executor = open_executor(operation("nothing"), jobs=2)

    for number in range(5):
        run_all(executor, [order(f"s{number}")])

    assert len(executor._workers) == 1


def test_a_context_that_does_not_hold_fails_the_orders_with_the_cause(tmp_path: Path) -> None:
    sound = context(tmp_path, [operation("nothing")])
    executor = LocalExecutor(replace(sound, cwd=str(tmp_path / "gone")))
    try:
        end = run_all(executor, [order("one")])["one"]
    finally:
        executor.close()

    assert isinstance(end, AttemptFailed)
    assert end.reason is Reason.PREFLIGHT
    assert "gone" in end.error.message


def test_a_package_that_does_not_import_is_named_and_left_out(tmp_path: Path) -> None:
    executor = LocalExecutor(context(tmp_path, [operation("nothing")], preload=("no_such_package", "json")))
    try:
        end = run_all(executor, [order("one")])["one"]
        executor._pool.nursery.is_alive()
        notes = executor.notes
    finally:
        executor.close()

    assert isinstance(end, AttemptSucceeded)
    assert any("no_such_package" in note for note in notes)


def test_a_package_that_hangs_what_is_forked_after_it_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "clutching.py").write_text(
        "import os, threading, time\n"
        "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
        "os.register_at_fork(after_in_child=lambda: time.sleep(60))\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr("graftline.plugins.local.executor.READY_S", 0.3)
    executor = LocalExecutor(context(tmp_path, [operation("nothing")], preload=("clutching",)))
    try:
        end = run_all(executor, [order("one")])["one"]
        notes = executor.notes
    finally:
        executor.close()

    assert isinstance(end, AttemptSucceeded)
    assert any("suspected: clutching" in note for note in notes)


def test_an_executor_works_in_any_thread(tmp_path: Path) -> None:
    found: list[object] = []

    def work() -> None:
        executor = LocalExecutor(context(tmp_path, [operation("nothing")]))
        found.extend(run_all(executor, [order(f"s{number}") for number in range(5)]).values())
        executor.close()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(20)

    assert [type(end) for end in found] == [AttemptSucceeded] * 5


def test_a_dead_guardian_is_replaced(open_executor: Open, tmp_path: Path) -> None:
    executor = open_executor(operation("speak"))
    run_all(executor, [order("before", text="a")])

    os.kill(executor._pool.nursery.guardian_pid, signal.SIGKILL)
    assert until(lambda: executor.wait(0.05) == [] and any("guardian" in note for note in executor.notes))
    found = run_all(executor, [order("after", attempt=2, text="b")])
    executor.close()

    assert isinstance(found["after"], AttemptSucceeded)
    assert logged(tmp_path)["after", 2, "stdout"] == b"b\n"
