"""samples/iris as it stands, through the command line."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sample_runs import Sample, by_name

ACCURACY = 0.8333
"""Of logistic regression on sepal length and width, as scikit-learn's example has it."""


@pytest.fixture(scope="module")
def iris(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """Return the sample, not yet run."""
    return Sample("iris", tmp_path_factory.mktemp("iris"))


@pytest.fixture(scope="module")
def run(iris: Sample) -> dict[str, Any]:
    """Return the document of one run."""
    return iris.document("run", "pipeline.py")


def test_every_step_succeeds_and_the_accuracy_is_real(run: dict[str, Any]) -> None:
    assert (run["schema"], run["project"], run["pipeline"], run["state"]) == (1, "iris", "iris", "SUCCESS")
    assert run["counts"] == {"SUCCESS": 3}
    assert run["metrics"]["accuracy"] == pytest.approx(ACCURACY, abs=0.02)


def test_every_output_has_a_digest_and_a_size(run: dict[str, Any]) -> None:
    steps = by_name(run)

    outputs = {name: set(step["outputs"]) for name, step in steps.items()}
    kept = [output for step in steps.values() for output in step["outputs"].values()]

    assert {"X", "Y"} <= outputs["load_data"]
    assert "logreg" in outputs["model_fit"]
    assert "iris_logistic.png" in outputs["generate_plots"]
    assert all(re.fullmatch("[0-9a-f]{64}", output["sha256"]) and output["bytes"] > 0 for output in kept)


def test_steps_need_those_whose_values_they_take(run: dict[str, Any]) -> None:
    needs = {name: set(step["needs"]) for name, step in by_name(run).items()}

    assert needs == {"load_data": set(), "model_fit": {"load_data"}, "generate_plots": {"load_data", "model_fit"}}


def test_the_picture_is_written_where_the_project_is(iris: Sample, run: dict[str, Any]) -> None:
    assert run["state"] == "SUCCESS"
    picture = (iris.root / "iris_logistic.png").read_bytes()

    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert len(picture) > 5_000


def test_show_prints_the_same_document(iris: Sample, run: dict[str, Any]) -> None:
    assert iris.document("show", run["run"]) == run


def test_what_a_step_printed_can_be_read_afterwards(iris: Sample, run: dict[str, Any]) -> None:
    log = iris.graft("logs", run["run"], "model_fit")

    assert log.returncode == 0
    assert "C=100000 accuracy=0.8" in log.stdout


def test_a_metric_can_be_read_afterwards(iris: Sample, run: dict[str, Any]) -> None:
    value = iris.graft("output", run["run"], "accuracy")

    assert value.returncode == 0
    assert float(value.stdout) == run["metrics"]["accuracy"]


def test_a_parameter_changes_the_fit_and_nothing_before_it(iris: Sample, run: dict[str, Any]) -> None:
    other = iris.document("run", "-p", "C=0.001")

    before, after = by_name(run), by_name(other)
    assert other["params"] == {"C": 0.001}
    assert other["metrics"]["accuracy"] < run["metrics"]["accuracy"]
    assert after["load_data"]["outputs"]["X"]["sha256"] == before["load_data"]["outputs"]["X"]["sha256"]
    assert after["model_fit"]["outputs"]["logreg"]["sha256"] != before["model_fit"]["outputs"]["logreg"]["sha256"]


def test_the_graph_shows_every_step(iris: Sample) -> None:
    text = iris.graft("graph", "pipeline.py")

    assert text.returncode == 0
    assert all(name in text.stdout for name in ("load_data", "model_fit", "generate_plots"))


def test_the_pipeline_file_runs_by_itself(tmp_path_factory: pytest.TempPathFactory) -> None:
    iris = Sample("iris", tmp_path_factory.mktemp("alone"))

    done = iris.python("pipeline.py")

    assert done.returncode == 0, done.stderr
    assert (iris.root / "iris_logistic.png").exists()
