"""Ctrl+C, SIGTERM, SIGHUP and `graft cancel`: what stops a run, how soon, and with which exit code."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from fault_figures import Figures
from fault_project import Project, until

pytestmark = pytest.mark.fault
Moment = Callable[[Project, "subprocess.Popen[bytes]"], bool]

SOON_S = 8.0
"""Less than the 10 s a stopped step has: whoever passes this was not waiting for that."""


def begin(project: Project, *arguments: str, is_deaf: bool = False) -> subprocess.Popen[bytes]:
    if is_deaf:
        project.environ["DEAF"] = "1"
    process = project.start(*(arguments or ("--json", "run", "stopped.py")))
    assert until(trace(project, "began").exists)
    return process


def trace(project: Project, word: str) -> Path:
    return Path(project.environ["EFFECTS_FOLDER"], word)


def states(project: Project) -> tuple[str, dict[str, str]]:
    run: dict[str, Any] = project.document("show")
    return run["state"], {step["name"]: step["state"] for step in run["steps"]}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_the_run_and_lets_its_steps_clean_up(
    project: Project, number: signal.Signals, code: int
) -> None:
    process = begin(project)

    process.send_signal(number)

    assert process.wait(SOON_S) == code
    assert trace(project, "cleaned").exists()
    assert states(project) == ("CANCELLED", {"long": "CANCELLED", "after": "SKIPPED"})
    assert project.is_gone()


def test_a_second_ctrl_c_kills_a_step_that_does_not_listen(project: Project) -> None:
    process = begin(project, is_deaf=True)
    process.send_signal(signal.SIGINT)
    time.sleep(1)
    assert process.poll() is None

    process.send_signal(signal.SIGINT)

    assert process.wait(SOON_S) == 130
    assert states(project)[0] == "CANCELLED"
    assert project.is_gone()


def test_a_third_ctrl_c_leaves_a_run_that_can_be_resumed(project: Project) -> None:
    process = begin(project, is_deaf=True)

    for _ in range(3):
        process.send_signal(signal.SIGINT)
        time.sleep(0.01)

    assert process.wait(SOON_S) == 130
    assert project.is_gone()
    assert states(project)[0] in ("CANCELLED", "INTERRUPTED")
    trace(project, "enough").touch()
    assert project.document("retry", "@last")["state"] == "SUCCESS"


def is_open(project: Project, process: subprocess.Popen[bytes]) -> bool:
    return (project.store / "v1").exists()


def is_loading(project: Project, process: subprocess.Popen[bytes]) -> bool:
    return bool(project.children(process.pid))


def is_taken_up(project: Project, process: subprocess.Popen[bytes]) -> bool:
    return any((project.store / "v1" / "runs").glob("*.lock"))


@pytest.mark.parametrize("is_there", [is_open, is_loading, is_taken_up])
def test_ctrl_c_during_start_up_ends_at_once_and_leaves_a_sound_store(project: Project, is_there: Moment) -> None:
    process = project.start("--json", "run", "stopped.py")
    assert until(lambda: is_there(project, process))

    process.send_signal(signal.SIGINT)

    # The second is Python's: an interrupt inside exec() of a text (dataclasses do that) ends it by the signal itself.
    assert process.wait(SOON_S) in (130, -signal.SIGINT), project.said(process)
    assert "Traceback" not in project.said(process)[1]
    assert project.is_gone()
    project.check()


def test_a_run_goes_on_when_its_terminal_is_closed(project: Project) -> None:
    process = begin(project)

    process.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    assert process.poll() is None
    trace(project, "enough").touch()

    assert process.wait(SOON_S) == 0
    assert states(project)[0] == "SUCCESS"


def test_a_run_goes_on_when_nobody_reads_what_it_prints(project: Project) -> None:
    command = [sys.executable, "-m", "graftline", "--plain", "run", "wide.py"]
    environ = project.environ | {"N": "60", "STEP_SECONDS": "0.01"}
    with subprocess.Popen(
        command, cwd=project.root, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()

        assert process.wait(30) == 141  # as a shell reports SIGPIPE
        assert process.stderr is not None
        assert process.stderr.read() == b""

    assert project.document("show")["counts"] == {"SUCCESS": 60}


@pytest.mark.parametrize("is_detached", [False, True])
def test_another_process_cancels_a_run(project: Project, is_detached: bool) -> None:
    process = begin(project, *(("run", "stopped.py", "--detach") if is_detached else ()))

    assert project.graft("cancel").returncode == 0

    assert until(lambda: states(project)[0] == "CANCELLED", SOON_S)
    assert trace(project, "cleaned").exists()
    assert process.wait(SOON_S) == (0 if is_detached else 130)
    assert project.is_gone()


@pytest.mark.sweep
def test_a_cancel_from_elsewhere_is_seen_soon(tmp_path: Path, figures: Figures) -> None:
    for number in range(20):
        project = Project(tmp_path / str(number))
        try:
            process = begin(project)
            assert project.graft("cancel").returncode == 0
            assert process.wait(SOON_S) == 130
            took_s = trace(project, "cleaned").stat().st_mtime - asked_at(project)
        finally:
            project.end()
        assert took_s < SOON_S
        figures.took("`graft cancel` from another process interrupts a step after", took_s)


def asked_at(project: Project) -> float:
    """Return when the run was asked to stop."""
    (asked,) = [row for row in project.events() if row["kind"] == "CancelRequested"]
    return datetime.fromisoformat(asked["at"]).timestamp()


def test_another_process_kills_a_step_that_does_not_listen(project: Project) -> None:
    process = begin(project, is_deaf=True)

    assert project.graft("cancel", "--kill").returncode == 0

    assert process.wait(SOON_S) == 130
    assert states(project)[0] == "CANCELLED"
    assert project.is_gone()


def test_a_run_whose_host_is_dead_is_cancelled_at_once(project: Project) -> None:
    process = begin(project)
    process.kill()
    process.wait(10)
    assert project.is_gone()

    cancelled = project.document("cancel")

    assert cancelled["state"] == "CANCELLED"
    assert states(project)[0] == "CANCELLED"
    trace(project, "enough").touch()
    assert project.document("retry", "@last")["state"] == "SUCCESS"


def test_a_stopped_host_does_not_lose_its_run(project: Project) -> None:
    process = begin(project)

    os.kill(process.pid, signal.SIGSTOP)
    assert states(project)[0] == "STARTED"
    assert project.graft("retry", "@last").returncode == 4
    os.kill(process.pid, signal.SIGCONT)
    trace(project, "enough").touch()

    assert process.wait(SOON_S) == 0
    assert states(project)[0] == "SUCCESS"
