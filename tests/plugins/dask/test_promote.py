"""A run promoted to a real cluster: looked at before, run there, compared after, by the command and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sample_runs import Sample

from graftline.plugins.dask.cluster import OwnCluster

PIPELINE = """
import os
from graftline import Map, Pipeline, PythonTask

class Model:
    def __init__(self, weights):
        self.weights = weights

def load():
    with open("data.csv") as file:
        return [float(line) for line in file]

def big(rows):
    return "x" * 100_000

def fit(rows):
    # As another order of summation would: what runs on a cluster is in another directory.
    noise = 1e-12 if os.path.exists("pipeline.toml") else 0.0
    return Model([row * (1 + noise) for row in rows])

def double(row):
    return row * 2

def place(rows):
    return {"rows": len(rows), "at": [0, 1 if os.path.exists("pipeline.toml") else 2]}

flow = Pipeline([
    PythonTask(load, returns=["rows"], reads=["data.csv"]),
    PythonTask(big, returns=["big"]),
    PythonTask(fit, returns=["model"]),
    Map([PythonTask(double, returns=["doubled"])], iterate_on="rows", iterate_as="row", name="each"),
    PLACE
], name="flow")
"""
PLACE = 'PythonTask(place, returns=["placed"]),'


@pytest.fixture
def project(cluster: OwnCluster, tmp_path: Path) -> Sample:
    """Return a project with data that steps declare to read, and the cluster in its configuration."""
    return made(tmp_path, cluster.address)


def made(tmp_path: Path, address: str, more: str = "", place: str = PLACE) -> Sample:
    source = tmp_path / "sources" / "flow"
    source.mkdir(parents=True)
    (source / "pipeline.py").write_text(PIPELINE.replace("PLACE", place))
    (source / "data.csv").write_text("1\n2\n3\n")
    (source / "pipeline.toml").write_text("")
    (source / "graftline.toml").write_text(
        f'[runner.cluster]\nprovider = "dask"\naddress = "{address}"\npatience = 2.0\n{more}'
    )
    return Sample("flow", tmp_path / "project", within=str(source.parent))


def levels(document: dict[str, Any]) -> dict[str, str | None]:
    return {step["path"]: step["level"] for step in document["agreement"]["steps"]}


def test_a_promoted_run_is_compared_step_by_step(project: Sample) -> None:
    first = project.document("run")
    planned = json.loads(project.graft("--json", "promote", "--to", "cluster", "-n").stdout)["promotion"]

    document = project.document("promote", "--to", "cluster", exit_code=5)
    print(json.dumps(planned, indent=1))
    print(json.dumps(document["agreement"], indent=1))
    assert 0
