"""kill -9 of the process that hosts a run: nothing reported is lost, and `graft resume` repeats what was in flight."""

from __future__ import annotations

import random
import time

import pytest
from fault_kills import DETECTED_S, IN_FLIGHT, JOBS, Kill, kill_and_resume
from fault_project import Project

pytestmark = pytest.mark.fault

STEPS = 80
STEP_SECONDS = "0.01"


def run_wide(project: Project, steps: int = STEPS) -> tuple[str, ...]:
    project.environ |= {"N": str(steps), "STEP_SECONDS": STEP_SECONDS}
    return "--plain", "run", "wide.py", "-j", str(JOBS)


def assert_harmless(kill: Kill) -> None:
    assert (kill.lost, kill.damaged) == (0, 0)
    assert kill.again <= IN_FLIGHT
    assert kill.detected_s < DETECTED_S


@pytest.mark.parametrize("share", [0.05, 0.3, 0.55, 0.8])
def test_a_run_whose_host_is_killed_loses_nothing_and_is_resumed(project: Project, share: float) -> None:
    process = project.start(*run_wide(project))
    project.wait_for_steps(max(1, int(share * STEPS)))
    time.sleep(random.uniform(0, 0.02))

    kill = kill_and_resume(project, process)

    assert kill.state == "INTERRUPTED"
    assert_harmless(kill)
