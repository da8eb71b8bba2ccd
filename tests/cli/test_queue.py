"""`graft submit`, `result`, `worker` and `workers`: through the command line, on workers that are processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import call

from graftline.core.ids import RunId
from graftline.store.store import open_store

DEADLINE_S = 40.0
SCRIPT = """
import os, time
from pathlib import Path

def run(n: int = 1):
    return n * 2

def slow(seconds: float = 60):
    with open("began", "a") as began:
        began.write("x")
    until = time.monotonic() + seconds
    while time.monotonic() < until and not Path("go").exists():
        time.sleep(0.02)
    return "slept"

def wrong():
    raise ValueError("not today")
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with functions that end, sleep and fail, and a store of its own."""
    root = tmp_path / "project"
    root.mkdir()
    (root / "graftline.toml").write_text('[project]\nname = "shop"\n')
    (root / "steps.py").write_text(SCRIPT)
    monkeypatch.setenv("GRAFTLINE_HOME", str(tmp_path / "store"))
    return root


Worker = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def worker(project: Path) -> Iterator[Worker]:
    """Start workers; those that are left at the end are killed."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "graftline", "worker", *arguments]
        process = subprocess.Popen(command, cwd=project, stderr=subprocess.PIPE, text=True)
        started.append(process)
        until(lambda: any(each["pid"] == process.pid for each in seen(project)["workers"]))
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def seen(project: Path) -> Any:
    return call(project, "--json", "workers").document


def until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.05)


def submitted(project: Path, *arguments: str) -> str:
    said = call(project, "--json", "submit", *arguments)
    assert said.code == 0, said.err
    return str(said.document["id"])


def result(project: Path, run: str, *arguments: str) -> Any:
    return call(project, "--json", "result", run, *arguments).document


def test_a_submission_waits_for_its_label_and_a_worker_with_it_takes_it(project: Path) -> None:
    said = call(project, "submit", "script", "steps.py", "run", "-p", "n=4", "--label", "gpu")
    run = said.out.strip()
    assert said.code == 0
    assert "no worker serves label 'gpu' now" in said.err
    assert result(project, run)["status"] == "PENDING"
    assert [each["labels"] for each in seen(project)["waiting"]] == [["gpu"]]

    none = call(project, "worker", "--once")
    one = call(project, "worker", "--once", "--label", "gpu")

    assert "taken" not in none.err
    assert one.code == 0
    assert f"run {run[:6]}: SUCCESS" in one.err
    assert result(project, run) == {
        "schema": 1,
        "id": run,
        "status": "SUCCESS",
        "reason": None,
        "value": 8,
        "shown": None,
    }
    assert seen(project) == {"schema": 1, "workers": [], "waiting": [], "labels": {"default": 1}}


def test_without_a_worker_a_submission_gets_a_process_of_its_own(project: Path) -> None:
    said = call(project, "submit", "script", "steps.py", "run", "-p", "n=5", "--wait")

    assert (said.code, said.out) == (0, "10\n")
    assert call(project, "--json", "ls").document["runs"][0]["origin"] == "cli"


def test_a_failure_says_why_with_the_traceback_of_the_step(project: Path) -> None:
    run = submitted(project, "script", "steps.py:wrong", "run", "--label", "x")
    call(project, "worker", "--once", "--label", "x")

    said = call(project, "result", run)

    assert said.code == 1
    assert "FAILURE, ValueError: not today" in said.err
    assert "in wrong" in said.err


def test_a_draining_worker_ends_what_it_has(project: Path, worker: Worker) -> None:
    process = worker("--label", "w")
    run = submitted(project, "script", "steps.py:slow", "run", "--label", "w")
    later = submitted(project, "script", "steps.py", "run", "--label", "w")
    until((project / "began").exists)
    assert seen(project)["workers"][0]["runs"] == [run]
    assert "w " in call(project, "workers").out

    process.send_signal(signal.SIGTERM)
    until(lambda: seen(project)["workers"][0]["state"] == "draining")
    (project / "go").touch()

    assert process.wait(DEADLINE_S) == 0
    assert result(project, run)["value"] == "slept"
    assert result(project, later)["status"] == "PENDING"


def test_a_worker_told_twice_ends_at_once_and_its_run_goes_back(project: Path, worker: Worker) -> None:
    process = worker("--label", "w")
    run = submitted(project, "script", "steps.py:slow", "run", "--label", "w")
    until((project / "began").exists)

    process.send_signal(signal.SIGTERM)
    until(lambda: seen(project)["workers"][0]["state"] == "draining")
    process.send_signal(signal.SIGTERM)

    assert process.wait(DEADLINE_S) == 143
    assert [each["run"] for each in seen(project)["waiting"]] == [run]
    (project / "go").touch()
    assert call(project, "worker", "--once", "--label", "w").code == 0
    assert result(project, run)["value"] == "slept"


def test_what_a_killed_worker_had_is_taken_up_by_the_next_one(project: Path, worker: Worker, tmp_path: Path) -> None:
    process = worker("--label", "w")
    run = submitted(project, "script", "steps.py:slow", "run", "--label", "w")
    until((project / "began").exists)
    with open_store(tmp_path / "store") as store:
        host = store.history.run(RunId(run)).pid
    assert host is not None
    process.kill()
    os.kill(host, signal.SIGKILL)
    (project / "go").touch()

    heir = worker("--label", "w")
    until(lambda: result(project, run)["status"] == "SUCCESS")

    states = {each["worker"]: each["state"] for each in seen(project)["workers"]}
    assert sorted(states.values()) == ["live", "lost"]
    assert (project / "began").read_text() == "xx", "once by each"
    heir.send_signal(signal.SIGTERM)
    assert heir.wait(DEADLINE_S) == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["submit", "modle", "x", "fit"], 2, "no kind 'modle'; did you mean 'model'"),
        (["submit", "script", "steps.py", "rnu"], 2, "a script has no action 'rnu'; did you mean 'run'"),
        (["submit", "script", "steps.py", "run", "-p", "n"], 2, "NAME=VALUE"),
        (["submit", "model", "titanic", "fit"], 3, "no model 'titanic'"),
        (["submit", "script", "steps.py", "run", "--label", "a/b"], 2, "a name may not contain"),
        (["worker", "--label", "a/b"], 2, "a name may not contain"),
        (["result", "abcd"], 3, "abcd"),
    ],
)
def test_what_is_wrong_is_said(project: Path, words: list[str], code: int, said: str) -> None:
    ended = call(project, *words)

    assert ended.code == code
    assert said in ended.err
    assert json.loads(call(project, "--json", "runs").out)["runs"] == []


def test_what_is_lacking_on_the_command_line_is_at_no_place_in_a_file(project: Path) -> None:
    (project / "needs.py").write_text("def run(day):\n    return day\n")

    said = call(project, "submit", "script", "needs.py", "run")

    assert said.code == 2
    assert said.err.startswith("graft: step 'needs': needs 'day', which no earlier step returns")
