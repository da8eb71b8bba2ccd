"""Whole runs elsewhere: what must be the same as here, and a project whose middle step waits to be killed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sample_runs import Sample

PIPELINE = """
import time
from pathlib import Path
from graftline import Pipeline, PythonTask, log_metric

def first():
    return 1

def long(first, marks):
    with open(Path(marks, "began"), "a") as file:
        file.write("x")
    while not Path(marks, "go").exists():
        time.sleep(0.02)
    log_metric("seen", 2.0)
    print("went on")
    return first + 1

def last(long):
    return long + 1

flow = Pipeline([
    PythonTask(first, returns=["first"]),
    PythonTask(long, returns=["long"], retries=RETRIES, backoff="0.1s"),
    PythonTask(last, returns=["last"]),
], name="flow")
"""


def waiting_project(folder: Path, retries: int) -> tuple[Sample, Path]:
    """Return a project whose middle step says in `began` how often it began and waits for the file `go`.

    Beside it the directory of these files, the parameter `marks` of its runs.
    """
    source = folder / "sources" / "flow"
    source.mkdir(parents=True)
    (source / "pipeline.py").write_text(PIPELINE.replace("RETRIES", str(retries)))
    marks = folder / "marks"
    marks.mkdir()
    return Sample("flow", folder / "project", within=str(source.parent)), marks


def outcome(document: dict[str, Any]) -> dict[str, Any]:
    """Return by step what must be the same wherever it runs."""
    return {
        step["path"]: (
            step["state"],
            step["attempts"],
            {name: output["sha256"] for name, output in step["outputs"].items() if output["serializer"] != "file"},
            step["metrics"],
        )
        for step in document["steps"]
    }


def states(document: dict[str, Any]) -> dict[str, str]:
    """Return by step the state a document says."""
    return {step["path"]: step["state"] for step in document["steps"]}


def attempts_of(sample: Sample, step: int) -> list[tuple[str, str | None]]:
    """Return how the attempts of a step of the last run ended, and why."""
    found = sample.document("show", "--full")["steps"][step]["attempts_log"]
    return [(each["state"], each["reason"]) for each in found]
