"""kill -9 at any instant of `graft gc`: nothing that is named is missing, and the next one finishes what was begun."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from cleaned import add_run, age
from fault_figures import Figures
from fault_project import Project
from source_tree import ROOT

from graftline.core.garbage import Limits
from graftline.core.states import Status
from graftline.store.store import open_store

REUSED = """
from graftline import Pipeline, PythonTask

def load(seed: int = 0):
    return list(range(seed, seed + 3000))

def double(rows):
    return [2 * row for row in rows]

def total(doubled):
    return sum(doubled)

steps = [(load, "rows"), (double, "doubled"), (total, "sums")]
pipeline = Pipeline(name="reused", steps=[PythonTask(name=f.__name__, function=f, returns=[r]) for f, r in steps])
"""
CHILD = ROOT / "tests" / "support" / "killed_cleanings.py"


def killed(tmp_path: Path, every: int) -> Any:
    """Kill cleanings of a store with a bit of everything, at every so many instants."""
    shared = b"s" * 5000
    with open_store(tmp_path / "store") as store:
        add_run(store, [b"a" * 5000, shared, b"b" * 5000])
        add_run(store, [b"c" * 5000, b"d" * 5000], state=Status.FAILURE)
        add_run(store, [b"e" * 5000, b"f" * 5000], tags=("good",))
        held = add_run(store, [b"g" * 5000, b"h" * 5000, b"i" * 5000])
        with store.runs._database.writing() as connection:  # its record stays, its values may go
            connection.execute(
                "INSERT INTO submission (run, labels, state, command, cwd, expect, created)"
                " VALUES (?, '[]', 'ENDED', '[]', '/', 'PENDING', 0)",
                (held,),
            )
        add_run(store, [b"k" * 5000, shared])
        age(store, store.objects.write(b"loose" * 1000))
        assert len(store.cleaning().plan(Limits(keep_last=1, with_runs=True), 1.8e9).parts) == 5
    (tmp_path / "work").mkdir()
    done = subprocess.run(
        [sys.executable, CHILD, tmp_path / "store", tmp_path / "work", str(every)],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.fault
def test_a_cleaning_that_is_killed_loses_nothing_and_the_next_one_finishes_it(tmp_path: Path) -> None:
    found = killed(tmp_path, every=29)

    assert found["wrong"] == []
    assert found["killed"] >= 5


@pytest.mark.sweep
def test_kills_at_every_instant(tmp_path: Path, figures: Figures) -> None:
    found = killed(tmp_path, every=1)

    figures.note("kill -9 at every statement and file of a `graft gc`", f"{found['killed']}")
    figures.note("values that were named and missing after those kills", f"{len(found['wrong'])}")
    assert found["wrong"] == []
    assert found["killed"] > 0.9 * found["instants"]  # the last ones are those of closing, which differ


@pytest.mark.sweep
def test_cleanings_beside_runs_that_reuse_what_goes(project: Project, figures: Figures) -> None:
    (project.root / "reused.py").write_text(REUSED)
    seeds = range(8)
    for seed in seeds:
        project.document("run", "reused.py", "-p", f"seed={seed}")
    at = time.time() - 7200
    for path in (project.store / "v1" / "objects").rglob("*"):
        if path.is_file():
            os.utime(path, (at, at))
    freed, is_over = 0, threading.Event()

    def run_again() -> list[str]:
        try:
            return [project.document("run", "reused.py", "-p", f"seed={seed}")["state"] for seed in seeds]
        finally:
            is_over.set()

    cleanings = 0
    with ThreadPoolExecutor(1) as threads:
        states = threads.submit(run_again)
        while not is_over.is_set():  # fewer runs keep their values each time
            keep = str(max(0, len(seeds) - cleanings // 2))
            freed += project.printed(project.look("gc", "--keep-last", keep, "-y"))["bytes"]
            cleanings += 1

    assert set(states.result()) == {"SUCCESS"}
    assert cleanings > 3
    assert freed > 0
    project.check()
    figures.note("`graft gc` in turns beside runs that reuse what it deletes; runs that failed", f"{cleanings}; 0")
