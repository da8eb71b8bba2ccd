"""Whole runs through a pipe: what must be the same as here, and a project whose middle step waits to be killed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sample_runs import Sample

PIPELINE = """
import os, time
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
    return first + 1

def last(long):
    return long + 1

flow = Pipeline([
    PythonTask(first, returns=["first"]),
    PythonTask(long, returns=["long"], retries=RETRIES, backoff="0.1s"),
    PythonTask(last, returns=["last"]),
], name="flow")
"""


def configure(root: Path, provider: str, **options: object) -> None:
    """Name a runner `there` in the project's configuration."""
    lines = [f"{name} = {value!r}".replace("'", '"') for name, value in {"provider": provider, **options}.items()]
    with open(root / "graftline.toml", "a", encoding="utf-8") as file:
        file.write("\n[runner.there]\n" + "\n".join(lines) + "\n")


def waiting_project(folder: Path, retries: int) -> tuple[Sample, Path]:
    """Return a project whose middle step waits for the file `go`, and the directory of such files."""
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


def attempts_of(sample: Sample, step: int) -> list[tuple[str, str | None]]:
    """Return how the attempts of a step of the last run ended."""
    found = sample.document("show", "--full")["steps"][step]["attempts_log"]
    return [(each["state"], each["reason"]) for each in found]
