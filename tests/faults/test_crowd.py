"""Several `graft run` on one store at once: no lock error, every run good, every line of every log kept."""

from __future__ import annotations

import re
import time

import pytest
from fault_figures import Figures
from fault_project import DEADLINE_S, Project

pytestmark = pytest.mark.fault


def crowd(project: Project, runs: int, steps: int) -> None:
    processes = [project.start("--plain", "run", "chatter.py", "-j", "2", N=str(steps)) for _ in range(runs)]

    for process in processes:
        code = process.wait(4 * DEADLINE_S)
        out, errors = project.said(process)
        assert (code, errors) == (0, ""), out[-500:]
    found = project.document("ls")["runs"]
    assert [(run["state"], run["counts"]) for run in found] == [("SUCCESS", {"SUCCESS": steps})] * runs
    for run in found:
        assert lines_of(project, run["run"]) == sorted((f"talk_{n:04d}", n) for n in range(steps))
    project.check()
    assert project.is_gone()


def lines_of(project: Project, run: str) -> list[tuple[str, int]]:
    """Return (step, number in its line) of what `graft logs` prints."""
    printed = project.graft("--plain", "logs", run).stdout
    lines = re.findall(r"^(talk_\d+) +\S +line (\d+) of step \2$", printed, re.MULTILINE)
    assert len(lines) == len(printed.splitlines()), printed[:500]
    return sorted((step, int(number)) for step, number in lines)


def test_four_runs_on_one_store_do_not_disturb_each_other(project: Project) -> None:
    crowd(project, runs=4, steps=80)


@pytest.mark.sweep
def test_eight_runs_of_500_steps_on_one_store_do_not_disturb_each_other(project: Project, figures: Figures) -> None:
    began = time.monotonic()
    crowd(project, runs=8, steps=500)
    took_s = time.monotonic() - began

    figures.note(
        "8 `graft run` of 500 steps on one store at once", f"8 good, 0 lock errors; {took_s:.0f} s with checks"
    )
    figures.note("log lines of those runs that are there", "4,000 of 4,000")


def test_the_log_is_whole_right_after_the_run(project: Project) -> None:
    for _ in range(2):
        run = project.document("run", "chatter.py", N="60")["run"]

        assert len(lines_of(project, run)) == 60


def test_what_a_step_wrote_before_the_host_was_killed_is_in_the_log(project: Project) -> None:
    project.environ |= {"N": "900"}  # of more, plain lines tell only how far it is
    process = project.start("--plain", "run", "chatter.py", "-j", "2")
    project.wait_until_reported(process, 50)

    process.kill()
    process.wait(10)
    assert project.is_gone()

    done = project.reported(process)
    assert done <= {step for step, _ in lines_of(project, project.newest())}
