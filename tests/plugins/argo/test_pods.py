"""Rendered commands executed here, in the order Argo would: the results are those of a local run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import argo_project
from argo_cluster import Cluster, Write, as_process, in_process, template_of
from argo_worlds import check
from command_line import call
from sample_runs import Sample

from graftline.plugins.remote.laidout import LaidOutRun

SETTINGS = """\
secret = "tokens"
labels = {{big = {{"cloud/size" = "xl"}}}}
path = "-"
env = {{MARK_DIR = "{}"}}
"""


def digests(document: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Return by path the digest of each output of a run."""
    return {
        step["path"]: {name: each["sha256"] for name, each in step["outputs"].items()}
        for step in document["steps"]
        if step["state"] == "SUCCESS"
    }


def reported(volume: Path, run: str, paths: list[str]) -> dict[str, dict[str, str]]:
    """Return the same of what pods have reported; metrics are no entries of a document's outputs."""
    known = LaidOutRun(str(volume), run)
    known.bundle()
    found = {path: known.outputs(path) for path in paths}
    return {
        path: {each.name: each.ref.sha256 for each in outputs if each.role != "metric"}
        for path, outputs in found.items()
        if outputs is not None
    }


def launched(words: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run some pods as processes: a shell step, a script, a function. Each costs 0.7 s more than a call."""
    is_process = words[-1] in ("select", "outliers", "publish")
    return (as_process if is_process else in_process)(words, environ)


def test_the_pods_of_a_sample_make_what_a_local_run_makes(tmp_path: Path, volume: Path, write: Write) -> None:
    sample = Sample("etl", tmp_path)

    said = write(sample.root, "run")
    text = (sample.root / "etl.argo.yaml").read_text()
    check(text)
    phase = Cluster(template_of(text), volume, tmp_path, launch=launched).submit()
    local = sample.document("run")

    assert (said.code, phase) == (0, "Succeeded")
    assert sample.root.joinpath("out").exists()  # the local run's: pods work on a copy
    assert reported(volume, "5f0c-uid", list(digests(local))) == digests(local)


def test_maps_choices_retries_secrets_and_odd_names(
    tmp_path: Path, volume: Path, write: Write, monkeypatch: Any
) -> None:
    root = tmp_path / "hard"
    argo_project.write(root)
    settings = SETTINGS.format(tmp_path)
    cluster_environ = {"TOKEN": "s3cret!"}

    said = write(root, "run", settings=settings)
    assert said.code == 0, said.err
    check(said.out)
    spec = template_of(said.out)
    cluster = Cluster(spec, volume, tmp_path, secrets=cluster_environ, given={"offset": "3"})
    phase = cluster.submit()
    monkeypatch.setenv("MARK_DIR", str(tmp_path))
    monkeypatch.setenv("TOKEN", "s3cret!")
    local = call(root, "--json", "run", "-p", "offset=3").document

    assert (phase, local["state"]) == ("Succeeded", "SUCCESS")
    assert reported(volume, "5f0c-uid", list(digests(local))) == digests(local)
    assert cluster.pods.count("fails-once") == 2
    assert {each["value"] for each in spec["arguments"]["parameters"]} >= {"[0.5, 1.5]", "1", argo_project.TITLE}
    told = Cluster(spec, volume, tmp_path, run="again", secrets=cluster_environ, given={"Cs": "[]"})
    assert told.submit() == "Failed"  # the best of nothing has no name
    assert [name for name, state in told.phases.items() if state == "Failed"] == ["main/tell"]


LEARNING = """\
from graftline import Pipeline, PythonTask, Source, state

def fit(X, y):
    return sum(y) / len(y)

def predict(X, model):
    return [round(model, 3) for row in X]

mean = Pipeline(
    name="mean",
    steps=[PythonTask(fit, returns=[state("model")]), PythonTask(predict, returns=["prediction"])],
    source=Source("rows.csv", features="X", labels={"y": "y"}),
)
"""


def test_a_generation_is_applied_by_pods_that_see_no_registry(tmp_path: Path, volume: Path, write: Write) -> None:
    root = tmp_path / "mean"
    root.mkdir()
    (root / "graftline.toml").write_text("")
    (root / "rows.csv").write_text("X,y\n1,2\n2,5\n")
    (root / "pipeline.py").write_text(LEARNING)

    training = write(root, "train", settings='path = "-"')
    trained = Cluster(template_of(training.out), volume, tmp_path, run="trained").submit()
    told = call(root, "train")
    applying = write(root, "apply", settings='path = "-"')
    applied = Cluster(template_of(applying.out), volume, tmp_path, run="applied").submit()
    local = call(root, "--json", "apply", "--force").document

    assert (told.code, training.code, applying.code) == (0, 0, 0), training.err + applying.err
    assert "nothing commits a generation" in training.err
    assert (trained, applied) == ("Succeeded", "Succeeded")
    assert "mean-fit" not in applying.out
    assert reported(volume, "applied", ["predict"]) == {"predict": digests(local)["predict"]}
