"""kill -9 at other moments (start-up, retry, detached) and of the processes between the host and its workers."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest
from fault_kills import JOBS, kill_and_resume
from fault_project import Project, until

from graftline.core.states import Status

pytestmark = pytest.mark.fault


def wide(steps: int, seconds: str = "0.01") -> dict[str, str]:
    return {"N": str(steps), "STEP_SECONDS": seconds}


@pytest.mark.parametrize(
    "pause_s", [0.3, *(pytest.param(each, marks=pytest.mark.sweep) for each in (0.1, 0.2, 0.4, 0.5))]
)
def test_a_kill_before_the_first_step_leaves_a_sound_store_and_nobody(project: Project, pause_s: float) -> None:
    project.environ |= wide(40)
    process = project.start("--plain", "run", "wide.py")
    time.sleep(pause_s)

    kill = kill_and_resume(project, process)

    assert (kill.lost, kill.damaged) == (0, 0)
    project.check()


def test_a_detached_run_whose_process_died_before_it_began_is_resumed(project: Project) -> None:
    project.environ |= wide(20)
    starter = project.start("run", "wide.py", "--detach")
    assert until(lambda: bool(project.with_word("_host")))
    os.kill(project.with_word("_host")[0], signal.SIGKILL)
    assert starter.wait(30) == 0
    assert project.is_gone()
    run = project.only_run()
    assert run is not None
    assert run["state"] == "PENDING"

    resumed = project.document("resume")

    assert resumed["state"] == "SUCCESS"
    assert set(project.begun().values()) == {1}


@pytest.mark.sweep
def test_a_detached_run_whose_process_is_killed_is_resumed(project: Project) -> None:
    project.environ |= wide(60)
    starter = project.start("run", "wide.py", "--detach", "-j", str(JOBS))
    project.wait_for_steps(20)
    assert starter.wait(30) == 0

    kill = kill_and_resume(project, starter, victim=project.with_word("_host")[0])

    assert kill.state == "INTERRUPTED"
    assert (kill.lost, kill.damaged) == (0, 0)


@pytest.mark.sweep
def test_a_retry_whose_process_is_killed_keeps_what_both_hosts_reported(project: Project) -> None:
    project.environ |= wide(80)
    first = project.start("--plain", "run", "wide.py", "-j", str(JOBS))
    project.wait_for_steps(20)
    first.kill()
    first.wait(10)
    assert project.is_gone()
    assert project.only_run()
    kept = {path for path, state in project.committed().items() if state == "SUCCESS"}
    earlier = project.begun()

    retry = project.start("--plain", "retry", "-j", str(JOBS))
    project.wait_for_steps(sum(earlier.values()) + 20)
    retry.kill()
    retry.wait(10)

    assert project.is_gone()
    states = project.committed()
    assert {states[path] for path in kept} == {"SUCCESS"}
    resumed = project.document("resume", "-j", str(JOBS))
    assert resumed["state"] == "SUCCESS"
    begun = project.begun()
    assert {begun[int(path.removeprefix("work_"))] for path in kept} == {1}
    assert max(begun.values()) <= 3  # in flight at both kills, at worst


@pytest.mark.parametrize("victim", ["guardian", "forkserver"])
def test_a_run_outlives_the_processes_between_it_and_its_workers(project: Project, victim: str) -> None:
    project.environ |= wide(120)
    process = project.start("--json", "run", "wide.py", "-j", str(JOBS))
    project.wait_for_steps(20)

    (guardian,) = project.children(process.pid)
    os.kill(guardian if victim == "guardian" else project.children(guardian)[0], signal.SIGKILL)

    assert process.wait(30) in (0, 1), project.said(process)
    assert project.is_gone()
    run = project.document("show")
    assert run["state"] in (Status.SUCCESS, Status.FAILURE)
    assert run["counts"]["SUCCESS"] >= 120 - JOBS
    assert set(run["counts"]) <= {"SUCCESS", "FAILURE"}
    if run["state"] == Status.FAILURE:
        assert project.document("retry")["state"] == "SUCCESS"


@pytest.mark.sweep
def test_nobody_is_left_when_guardian_and_host_are_killed_one_after_the_other(project: Project) -> None:
    project.environ |= wide(40, "0.2")
    process = project.start("--json", "run", "wide.py", "-j", str(JOBS))
    project.wait_for_steps(3)

    os.kill(project.children(process.pid)[0], signal.SIGKILL)
    time.sleep(random.uniform(0, 0.3))
    process.kill()
    process.wait(10)
    run = project.only_run()  # whoever looks next

    assert run is not None
    assert run["state"] == "INTERRUPTED"
    assert project.document("resume")["state"] == "SUCCESS"
    assert project.is_gone()
