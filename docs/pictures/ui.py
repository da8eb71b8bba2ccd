"""Draw the pictures of the terminal UI: `make pictures`.

The samples iris, etl, sweep_map and tabular run in projects and a store of their own; then the UI is opened on it for
each picture, without a terminal, and keys are pressed. Nothing is drawn by hand, so times and ids differ each time.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
SIZE = "120x40"
GRID = ("Cs=[0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30]", "gammas=[0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10]", "size=1700")
"""64 trials of some tenths of a second: enough to be seen at work."""
BEGUN, DEADLINE_S = 12, 60.0
"""Steps that have ended when the pictures of the live run are taken, and how long they are waited for."""


class Picture(NamedTuple):
    """One picture: where the UI is opened, and what is pressed."""

    name: str
    project: str
    keys: str


LIVE = (
    Picture("ui-graph", "sweep_map", "enter 2"),
    Picture("ui-steps", "sweep_map", "enter"),
)
"""Taken while a sweep of 64 trials goes on."""
ENDED = (
    Picture("ui-runs", "etl", "ctrl+a"),
    Picture("ui-failure", "etl", "3 enter enter"),
    Picture("ui-retry", "etl", "3 r"),
    Picture("ui-gantt", "sweep_map", "enter 3 )"),
    Picture("ui-metrics", "sweep_map", "enter 5"),
    Picture("ui-logs", "sweep_map", "enter 4 home"),
    Picture("ui-why", "etl", "enter j j j j j w"),
    Picture("ui-compare", "iris", "space space space d"),
    Picture("ui-new-run", "iris", "n"),
    Picture("ui-artifacts", "etl", "enter 6"),
    Picture("ui-search", "iris", "ctrl+a F a c c u r a c y enter"),
    Picture("ui-promote", "etl", "P"),
    Picture("ui-watch", "etl", "W"),
    Picture("ui-help", "iris", "?"),
    Picture("ui-registry", "screening", "g m j j"),
)
"""Taken when everything has ended."""
AT_WORK = Picture("ui-workers", "screening", "g w")
"""Taken while a worker has a run, and another one waits for a label that nobody serves."""


def main() -> int:
    """Run the samples and write every picture beside this file."""
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        environ = {**os.environ, "HOME": scratch, "GRAFTLINE_HOME": f"{scratch}/.local/share/graftline"}
        environ |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        environ.pop("NO_COLOR", None)
        _run_samples(home, environ)
        _begin_sweep(home / "sweep_map", environ)
        for each in LIVE:
            _take(each, home, environ)
        _graft(home / "sweep_map", environ, "attach", "@last")
        for each in ENDED:
            _take(each, home, environ)
        _take_at_work(home, environ)
    return 0


def _run_samples(home: Path, environ: Mapping[str, str]) -> None:
    """Run the samples as their pages say, one of them wrong, and bring a model to its champion."""
    for name in ("iris", "etl", "sweep_map"):
        left_out = shutil.ignore_patterns("__pycache__", "*.png", "out")
        shutil.copytree(ROOT / "samples" / name, home / name, ignore=left_out)
    for arguments in ((), ("-p", "C=0.1"), ("-p", "C=10")):
        _graft(home / "iris", environ, "run", *arguments)
    with (home / "etl" / "graftline.toml").open("a") as file:
        file.write('\n[runner.cluster]\nprovider = "dask"\n')  # where a run can be promoted to
    _graft(home / "etl", environ, "run")
    _graft(home / "etl", environ, "run", "-p", "expected=179", code=1)
    _graft(home / "etl", environ, "run", "-p", "top=5", "-p", "factor=3")
    _graft(home, environ, "init", "screening", "--template", "tabular")
    for line in (
        "release -m first",
        "train screening --upper 400",
        "alias set screening champion",
        "tune screening",
        "alias set screening/0.1.0/2 candidate",
        "apply screening -o scores.csv",
    ):
        _graft(home / "screening", environ, *line.split())


def _begin_sweep(project: Path, environ: Mapping[str, str]) -> None:
    """Start a sweep, and wait until it is in the middle of its trials.

    Raises:
        SystemExit: it never comes there.
    """
    _graft(project, environ, "run", "-d", *(word for value in GRID for word in ("-p", value)))
    ends = time.monotonic() + DEADLINE_S
    while _graft(project, environ, "--json", "show", "@last").count('"SUCCESS"') < BEGUN:
        if time.monotonic() > ends:
            sys.exit("the sweep does not get on")
        time.sleep(0.2)


def _take_at_work(home: Path, environ: Mapping[str, str]) -> None:
    """Take the picture of a worker that has something to do."""
    project = home / AT_WORK.project
    (project / "tidy_up.py").write_text("import time\n\ntime.sleep(60)\n")
    worker = subprocess.Popen([sys.executable, "-m", "graftline", "worker"], cwd=project, env=environ)
    try:
        _wait_for(project, environ, '"live"', "workers")
        for label in ((), ("--label", "gpu")):
            _graft(project, environ, "submit", "script", "tidy_up.py", "run", *label)
        _wait_for(project, environ, '"STARTED"', "ls")
        _take(AT_WORK, home, environ)
        _graft(project, environ, "cancel", "--kill", "@last~1")
    finally:
        worker.terminate()
        worker.wait()


def _wait_for(project: Path, environ: Mapping[str, str], text: str, command: str) -> None:
    ends = time.monotonic() + DEADLINE_S
    while text not in _graft(project, environ, "--json", command):
        if time.monotonic() > ends:
            sys.exit(f"graft {command} never says {text}")
        time.sleep(0.2)


def _graft(project: Path, environ: Mapping[str, str], *arguments: str, code: int = 0) -> str:
    """Run a command and return what it prints.

    Raises:
        SystemExit: it ended with another code.
    """
    done = subprocess.run(
        [sys.executable, "-m", "graftline", *arguments],
        cwd=project,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != code:
        sys.exit(f"graft {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def _take(picture: Picture, home: Path, environ: Mapping[str, str]) -> None:
    file = ROOT / "docs" / "pictures" / f"{picture.name}.svg"
    # Each from the same beginning: the UI remembers view, sort and columns.
    Path(environ["GRAFTLINE_HOME"], "ui.json").unlink(missing_ok=True)
    _graft(home / picture.project, environ, "ui", "--screenshot", str(file), "--size", SIZE, "--press", picture.keys)


if __name__ == "__main__":
    sys.exit(main())
