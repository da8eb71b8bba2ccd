"""kill -9 of the process that hosts a run: nothing reported is lost, and `graft resume` repeats what was in flight."""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path

import pytest
from fault_figures import Figures, spread
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


@pytest.mark.sweep
def test_kills_at_random_instants_of_200_steps_lose_nothing(tmp_path: Path, kills: int, figures: Figures) -> None:
    done: list[Kill] = []
    others: Counter[str] = Counter()
    longest_s = _seconds_of(Project(tmp_path / "whole"))
    while len(done) < kills:
        project = Project(tmp_path / str(len(done) + others.total()))
        try:
            process = project.start(*run_wide(project, 200))
            time.sleep(random.uniform(0, longest_s))
            if process.poll() is not None:
                others["after its end"] += 1
                continue
            kill = kill_and_resume(project, process)
            assert_harmless(kill)
        finally:
            project.end()
        if kill.state == "INTERRUPTED":
            done.append(kill)
        else:
            others["before it was written" if kill.state is None else f"while {kill.state}"] += 1
    _note(figures, done, others)


def _seconds_of(project: Project) -> float:
    began = time.monotonic()
    assert project.start(*run_wide(project, 200)).wait(60) == 0
    return time.monotonic() - began


def _note(figures: Figures, done: list[Kill], others: Counter[str]) -> None:
    beside = ", ".join(f"{count} {when}" for when, count in sorted(others.items()))
    again = [kill.again for kill in done]
    figures.note("kill -9 in the middle of a run of 200 steps", str(len(done)))
    figures.note("kills at other instants of the same sweep", beside or "none")
    figures.note("steps reported before those kills", f"{sum(kill.done for kill in done):,}")
    figures.note("of them lost, or executed again", str(sum(kill.lost for kill in done)))
    figures.note("half-written or damaged values", str(sum(kill.damaged for kill in done)))
    figures.note(
        f"steps executed twice after `graft resume` ({JOBS} workers)",
        f"{max(again)} at most, {sum(again) / len(again):.1f} on average",
    )
    figures.note("processes left 2 s after the kill", str(sum(kill.survivors_s > 2 for kill in done)))
    figures.note("last process gone after", spread([kill.survivors_s for kill in done]))
    figures.note("`graft ls` says INTERRUPTED (its own start included)", spread([kill.detected_s for kill in done]))
