"""Nothing a run started outlives it by two seconds, however the runner ends."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from local_runs import SUPPORT, context, is_alive, left_behind, operation, order, own_environment, run_all, until

from graftline.core.events import AttemptSucceeded
from graftline.plugins.local.descent import MARK, descendants
from graftline.plugins.local.executor import LocalExecutor
from graftline.plugins.local.nursery import Nursery

pytestmark = pytest.mark.fault


@pytest.fixture(params=["", "seed"])
def host(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    """A runner whose step leaves a child, a session and a daemon behind, and stays; with an interpreter for its
    guardian, and with a fork of its own."""
    command = [sys.executable, str(Path(SUPPORT) / "local_host.py"), str(tmp_path), "leave_children_and_stay"]
    command += filter(None, [request.param])
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=own_environment()) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_a_killed_runner_leaves_nobody_behind(host: subprocess.Popen[str], tmp_path: Path, how: signal.Signals) -> None:
    pids = left_behind(tmp_path)
    assert all(map(is_alive, pids))

    host.send_signal(how)
    host.wait(5)

    assert until(lambda: not any(map(is_alive, pids)), within_s=2), [pid for pid in pids if is_alive(pid)]


def test_closing_ends_what_steps_left_behind(tmp_path: Path) -> None:
    executor = LocalExecutor(context(tmp_path, [operation("leave_children")]))
    end = run_all(executor, [order("step", folder=str(tmp_path))])["step"]
    pids = left_behind(tmp_path)[1:]
    assert isinstance(end, AttemptSucceeded)
    assert all(map(is_alive, pids))

    executor.close()

    assert not any(map(is_alive, pids))


def test_closing_on_a_warm_nursery_ends_the_same_and_keeps_the_nursery(tmp_path: Path) -> None:
    with Nursery() as nursery:
        executor = LocalExecutor(
            context(tmp_path, [operation("leave_children"), operation("nothing")]), nursery=nursery
        )
        run_all(executor, [order("step", folder=str(tmp_path))])
        pids = left_behind(tmp_path)

        executor.close()

        assert until(lambda: not any(map(is_alive, pids)), within_s=2)
        again = LocalExecutor(context(tmp_path, [operation("nothing")]), nursery=nursery)
        assert isinstance(run_all(again, [order("step")])["step"], AttemptSucceeded)
        again.close()


def test_survivors_of_a_killed_guardian_are_ended_by_the_next_start(
    host: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert host.stdout is not None
    pids = left_behind(tmp_path)
    guardian = next(int(line.split()[1]) for line in host.stdout if line.startswith("guardian"))

    host.send_signal(signal.SIGSTOP)  # it cannot clean up itself
    os.kill(guardian, signal.SIGKILL)
    host.kill()
    host.wait(5)

    with Nursery() as nursery:
        assert nursery.flush(5)
        assert until(lambda: not any(map(is_alive, pids)), within_s=3)


def test_workers_do_not_get_the_terminal_s_signals(host: subprocess.Popen[str], tmp_path: Path) -> None:
    pids = left_behind(tmp_path)

    assert all(os.getsid(pid) != os.getsid(0) for pid in pids[:1])
    assert os.getpgid(pids[0]) == pids[0]


def test_an_unguarded_script_neither_crashes_nor_runs_twice(tmp_path: Path) -> None:
    command = [sys.executable, str(Path(SUPPORT) / "local_host.py"), str(tmp_path), "leave_children"]

    done = subprocess.run(command, capture_output=True, text=True, env=own_environment(), timeout=20)

    assert done.returncode == 0, done.stderr
    assert done.stdout.count("main runs") == 1
    assert "ends 1" in done.stdout


def test_opening_and_closing_leaves_no_descriptor_and_no_child(tmp_path: Path) -> None:
    # Those of other tests: multiprocessing keeps a tracker in the process that once used it.
    before = set(descendants(os.getpid()))

    def use() -> tuple[int, set[int]]:
        executor = LocalExecutor(context(tmp_path, [operation("nothing"), operation("leave_hard")]))
        run_all(executor, [order("one"), order("two", 1), order("three")])
        executor.close()
        return len(os.listdir("/proc/self/fd")), set(descendants(os.getpid())) - before

    first = use()

    assert [use() for _ in range(5)] == [first] * 5
    assert first[1] == set()


def test_a_mark_of_another_pid_namespace_is_never_judged(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"], env={**os.environ, MARK: "1.2.3.4"}) as stranger:
        with Nursery() as nursery:
            assert nursery.flush(5)

        assert stranger.poll() is None
        stranger.kill()


def test_closing_before_all_was_read_is_no_fault_of_the_forkserver() -> None:
    with Nursery() as nursery:
        said = os.dup(nursery._diagnosis.fileno())
        told = select.poll()
        told.register(nursery._control, select.POLLIN)
        assert told.poll(10_000)  # it is warm, and nobody has taken that in

    assert os.pread(said, 2000, 0) == b""
    os.close(said)
