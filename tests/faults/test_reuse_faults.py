"""What a crash in the middle of a result, and what cannot be known, do to the reuse of results: nothing stale."""

from __future__ import annotations

import hashlib
import os
import signal
import time
from pathlib import Path

import pytest
from fault_project import Project

pytestmark = pytest.mark.fault

ENOUGH = 8 * 1024 * 1024
"""Bytes of a half-written value at which its writer is killed."""


def _objects(project: Project) -> list[Path]:
    folder = project.store / "v1" / "objects"
    return [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []


def _is_half_written(project: Project) -> bool:
    for path in _objects(project):
        try:
            if path.stat().st_size > ENOUGH:
                return True
        except FileNotFoundError:
            continue
    return False


def test_a_value_that_was_half_written_is_not_there_and_is_made_anew(project: Project) -> None:
    process = project.start("run", "gigantic.py")
    deadline = time.monotonic() + 30
    while not _is_half_written(project):
        assert time.monotonic() < deadline, project.said(process)
        time.sleep(0.001)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)
    assert project.is_gone()

    named = [path for path in _objects(project) if not path.name.endswith(".tmp") and len(path.name) == 62]
    for path in named:  # whatever has its final name is whole
        with path.open("rb") as file:
            assert hashlib.file_digest(file, "sha256").hexdigest() == path.parent.name + path.name
    again = project.document("run", "gigantic.py")

    assert {step["path"]: step["state"] for step in again["steps"]} == {"make": "SUCCESS", "measure": "SUCCESS"}
    assert project.graft("output", "@last", "length").stdout.strip() == "200000000"
    project.check()


def test_a_step_that_declares_what_cannot_be_read_runs_each_time_and_says_why(project: Project) -> None:
    os.mkfifo(project.root / "pipe")
    (project.root / "declares.py").write_text(
        "from graftline import Pipeline, PythonTask\n"
        "def look(): return 1\n"
        "def after(looked): return looked + 1\n"
        "flow = Pipeline([PythonTask(look, returns=['looked'], reads='pipe'), PythonTask(after, returns=['end'])])\n"
    )

    project.document("run", "declares.py")
    again = project.document("run", "declares.py")
    why = project.graft("why", "@last", "look").stdout

    assert {step["path"]: step["state"] for step in again["steps"]} == {"look": "SUCCESS", "after": "CACHED"}
    assert "pipe" in why
