"""A run promoted to a real cluster: looked at before, run there, compared after, by the command and its exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sample_runs import Sample

from graftline.core.runnerhealth import Question, Reach
from graftline.plugins.dask.cluster import OwnCluster
from graftline.plugins.dask.runner import DaskRunner

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
    print("made much")
    return "x" * 100_000

def fit(rows):
    # As another order of summation would: the file does not travel.
    noise = 1e-12 if os.path.exists("here") else 0.0
    return Model([row * (1 + noise) for row in rows])

def double(row):
    return row * 2

def place(rows):
    return {"rows": len(rows), "at": [0, 1 if os.path.exists("here") else 2]}

steps = [
    PythonTask(load, returns=["rows"], reads=["data.csv"]),
    PythonTask(big, returns=["big"]),
    PythonTask(fit, returns=["model"]),
    Map([PythonTask(double, returns=["doubled"])], iterate_on="rows", iterate_as="row", name="each"),
]
flow = Pipeline(steps, name="flow")
placed = Pipeline([*steps, PythonTask(place, returns=["placed"])], name="placed")
"""
MODEL = """
from graftline import Pipeline, PythonTask, metric, state

def fit():
    return [1.0], 3.0

learn = Pipeline([PythonTask(fit, returns=[state("weights"), metric("rows")])], name="learn")
"""


class Project:
    """A project with data that a step declares to read, three names for one cluster, and a run of it here."""

    def __init__(self, folder: Path, address: str) -> None:
        source = folder / "sources" / "flow"
        source.mkdir(parents=True)
        for name, text in {"pipeline.py": PIPELINE, "model.py": MODEL, "data.csv": "1\n2\n3\n", "here": ""}.items():
            (source / name).write_text(text)
        self.shared = folder / "shared"
        more = {"cluster": "patience = 2.0", "tight": "limit = 1000", "shared": f'artifacts = "{self.shared}"'}
        tables = [f'[runner.{name}]\nprovider = "dask"\naddress = "{address}"\n{each}' for name, each in more.items()]
        tables += ['[project]\nname = "flow"\nversion = "0.1.0"', '[alias.champion]\ngates = ["rows >= 10"]']
        (source / "graftline.toml").write_text("\n".join(tables))
        self.sample = Sample("flow", folder / "project", within=str(source.parent))
        self.run = str(self.sample.document("run", "pipeline.py:flow")["run"])

    def graft(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        return self.sample.document(*arguments, exit_code=code)


@pytest.fixture(scope="module")
def project(cluster: OwnCluster, tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("promote"), cluster.address)


def levels(document: dict[str, Any]) -> dict[str, str | None]:
    return {step["path"]: step["level"] for step in document["agreement"]["steps"]}


def test_a_promoted_run_is_compared_step_by_step(project: Project) -> None:
    document = project.graft("promote", project.run, "--to", "cluster")

    found = levels(document)
    assert (document["runner"], document["parent"], document["state"]) == ("cluster", project.run, "SUCCESS")
    assert found.pop("fit") == "EQUAL"
    assert set(found.values()) == {"IDENTICAL"}
    assert document["promotion"]["sends"]["files"] == ["data.csv"]
    exact = project.graft("promote", "--compare", document["run"], "--rtol", "0", code=5)
    assert exact["agreement"]["first"]["detail"].startswith(".weights[0]: ")


def test_the_first_difference_is_named_with_both_values(project: Project) -> None:
    first = project.graft("run", "pipeline.py:placed")["run"]

    said = project.sample.graft("promote", first, "--to", "cluster")

    assert said.returncode == 5, said.stdout + said.stderr
    assert "first difference  place:placed  ['at'][1]: 1, now 2" in said.stdout
    assert "'cluster': 2 workers at tcp://" in said.stdout
    assert "each/*/double  doubled" in said.stdout


def test_what_stands_in_the_way_is_told_with_what_to_do_and_nothing_is_sent(project: Project) -> None:
    before = project.sample.graft("--json", "ls").stdout

    tight = project.graft("promote", project.run, "--to", "tight", code=2)
    planned = project.sample.graft("promote", project.run, "--to", "cluster", "-n")
    nowhere = project.graft("promote", project.run, code=2)

    assert "'big' makes 100 kB, and 'tight' sends 1.0 kB" in tight["error"]["message"]
    assert "[runner.tight] artifacts" in tight["error"]["hint"]
    assert (planned.returncode, planned.stdout.splitlines()[-1]) == (0, "nothing was sent")
    assert nowhere["error"]["hint"] == "there are cluster, tight, shared"
    assert project.sample.graft("--json", "ls").stdout == before


def test_a_gate_refuses_a_generation_unless_it_is_forced(project: Project) -> None:
    trained = project.graft("train", "model.py")["run"]

    refused = project.graft("promote", trained, "--to", "cluster", "-n", code=5)
    forced = project.graft("promote", trained, "--to", "cluster", "-n", "--force")

    assert "rows >= 10: 3 >= 10 does not hold" in refused["error"]["message"]
    assert forced["promotion"]["holds"]


def test_values_in_a_shared_directory_are_no_load_and_are_pulled_when_they_are_lost(project: Project) -> None:
    document = project.graft("promote", project.run, "--to", "shared")
    digest = next(step for step in document["steps"] if step["path"] == "big")["outputs"]["big"]["sha256"]
    next(Path(project.sample.environ["GRAFTLINE_HOME"]).rglob(f"objects/{digest[:2]}/{digest[2:]}")).unlink()
    assert project.sample.graft("output", document["run"], "big").returncode == 4

    pulled = project.graft("pull", document["run"])

    assert (pulled["pulled"]["from"], pulled["pulled"]["values"]) == (str(project.shared), 1)
    assert project.sample.graft("output", document["run"], "big").returncode == 0


def test_what_is_detached_is_compared_later(project: Project) -> None:
    document = project.graft("promote", project.run, "--to", "cluster", "-d")
    project.sample.graft("attach", document["run"])

    found = project.graft("promote", "--compare", document["run"])

    assert found["agreement"]["counts"] == {"IDENTICAL": 6, "EQUAL": 1}


def test_a_scheduler_that_does_not_answer_is_down_in_time() -> None:
    found = DaskRunner.health({"address": "tcp://127.0.0.1:9"}, Question(timeout_s=0.7))

    assert found.reach is Reach.DOWN
    assert "tcp://127.0.0.1:9 is out of reach" in found.told
    assert "dask scheduler" in (found.remedy or "")


def test_who_asks_a_cluster_does_not_keep_dask(cluster: OwnCluster) -> None:
    ask = (
        "import json, sys; from graftline.plugins.dask.runner import DaskRunner;"
        f" found = DaskRunner.health({{'address': {cluster.address!r}}});"
        " print(json.dumps([found.told, [name for name in ('dask', 'distributed') if name in sys.modules]]))"
    )

    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, timeout=60, check=True)

    assert json.loads(done.stdout) == [f"2 workers at {cluster.address}", []], "32 MB of a terminal UI's 80"


def test_a_cluster_says_what_its_workers_have(cluster: OwnCluster) -> None:
    question = Question(packages=("distributed", "no-such"), secrets=("HOME", "NO_SUCH_SECRET"))

    found = DaskRunner.health({"address": cluster.address}, question)
    own = DaskRunner.health({"workers": 3, "resources": {"gpu": 1}, "artifacts": "/shared"}, question)

    assert (found.reach, found.offers, found.limit_bytes) == (Reach.UP, frozenset({"gpu"}), 64_000_000)
    for answer in (*found.answers, *own.answers):
        assert list(answer.packages or ()) == ["distributed"]
        assert answer.secrets == {"HOME": True, "NO_SUCH_SECRET": False}
        assert answer.refusal is None
    assert len(found.answers) == 2
    assert (own.told, own.limit_bytes) == ("3 workers are started on this machine with the run", None)
