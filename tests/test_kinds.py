"""Kinds of steps from the command line: what they tell while they run, and what they leave."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from loading import write
from notebooks import code, notebook

from graftline.store.store import Store, open_store

FLOW = """
from graftline import AsyncPythonTask, Pipeline, PythonTask
from kind_steps import logging_then_failing, logging_then_waiting, told_slowly, words, progressing

flow = Pipeline(
    [
        PythonTask(told_slowly, returns=["numbers"], params={"n": 4, "pause": 0.01}),
        AsyncPythonTask(words, returns=["full_text"], params={"text": "a b"}),
        PythonTask(progressing, returns=["n"], params={"n": 4}),
        PythonTask(logging_then_waiting, params={"seconds": 30}, timeout=0.4, fence=False),
        PythonTask(logging_then_failing, returns=["x"], params={"text": "no"}, retries=1),
    ],
    name="flow",
)
"""

BAD = notebook(code("n = 0", "parameters"), "print('so far')", "1 / n")
ETL = "def run(day: str, n: int = 3):\n    return {'day': day, 'rows': n}\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(
        tmp_path_factory.mktemp("live"), {"flow.py": FLOW, "graftline.toml": "", "bad.ipynb": BAD, "etl.py": ETL}
    )


@pytest.fixture(scope="module")
def home(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def printed(folder: Path, home: Path) -> str:
    return graft(folder, home, "run", "flow.py", "--plain", code=1)


def graft(folder: Path, home: Path, *arguments: str, code: int = 0) -> str:
    """Run a command and return what it printed."""
    support = str(Path(__file__).parent / "support")
    environ = {
        **os.environ,
        "GRAFTLINE_HOME": str(home),
        "PYTHONPATH": os.pathsep.join([support, os.environ.get("PYTHONPATH", "")]),
    }
    done = subprocess.run(
        [sys.executable, "-m", "graftline", *arguments],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def events(folder: Path, home: Path) -> list[dict[str, object]]:
    lines = graft(folder, home, "--json", "events").splitlines()
    return [json.loads(line) for line in lines]


def test_yields_and_progress_are_in_the_feed_before_the_end_of_their_step(
    folder: Path, home: Path, printed: str
) -> None:
    found = [event for event in events(folder, home) if event.get("node") == "told_slowly"]

    kinds = [event["kind"] for event in found]
    assert kinds == ["StepJudged", "AttemptDispatched", *["StepYielded"] * 4, "AttemptSucceeded", "ResultKept"]
    assert [event["value"] for event in found[2:6]] == [0, 1, 2, 3]
    progress = [event for event in events(folder, home) if event["kind"] == "StepProgressed"]
    assert (progress[-1]["done"], progress[-1]["total"]) == (4.0, 4.0)


def test_plain_lines_do_not_repeat_a_step_for_what_it_tells(printed: str) -> None:
    assert sum("told_slowly" in line for line in printed.splitlines()) == 2, printed


def test_evidence_of_the_last_failed_attempt_can_be_read(folder: Path, home: Path, printed: str) -> None:
    shown = graft(folder, home, "output", "@last", "logging_then_failing:evidence")

    assert json.loads(shown) == {"note": "no"}
    assert json.loads(graft(folder, home, "output", "@last", "before")) == {"waited": 0}
    assert json.loads(graft(folder, home, "output", "@last", "full_text")) == "a b"


def test_evidence_is_never_an_input(folder: Path, home: Path, printed: str) -> None:
    store: Store = open_store(home)
    try:
        run = store.history.find("@last", None)
        assert "logging_then_failing" not in store.outputs.of_run(run)
    finally:
        store.close()


def test_a_notebook_runs_as_a_target_and_leaves_its_copy_when_it_fails(folder: Path, home: Path, printed: str) -> None:
    shown = graft(folder, home, "run", "bad.ipynb", "--plain", code=1)

    assert "ZeroDivisionError: division by zero (bad.ipynb, cell 3, line 1)" in shown
    assert "bad.ipynb:1 in cell 3" in shown
    assert "so far" in graft(folder, home, "logs", "@last")
    copy = folder / "copy.ipynb"
    graft(folder, home, "output", "@last", "bad:bad.executed.ipynb", "-o", str(copy))
    assert json.loads(copy.read_text())["cells"][2]["outputs"][0]["ename"] == "ZeroDivisionError"


def test_a_file_with_run_shows_its_result(folder: Path, home: Path, printed: str) -> None:
    shown = graft(folder, home, "run", "etl.py", "-p", "day=2026", "-p", "n=4", "--plain")

    assert 'etl  {"day":"2026","rows":4}' in shown
