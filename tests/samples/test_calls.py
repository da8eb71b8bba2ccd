"""samples/calls as it stands: its graph follows its parameters, through the command line and Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sample_runs import Sample, by_name


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """Return the sample, not yet run."""
    return Sample("calls", tmp_path_factory.mktemp("calls"))


@pytest.fixture(scope="module")
def run(calls: Sample) -> dict[str, Any]:
    """Return the document of one run."""
    return calls.document("run")


def test_each_strength_is_fitted_and_scored_in_steps_of_its_own(calls: Sample, run: dict[str, Any]) -> None:
    assert run["state"] == "SUCCESS"
    assert run["counts"] == {"SUCCESS": 11}
    assert by_name(run)["score-3"]["needs"] == ["load_data", "fit-3"]
    assert by_name(run)["choose"]["needs"] == ["score", "score-2", "score-3", "score-4"]


def test_the_body_returns_the_best_strength_under_a_name(calls: Sample, run: dict[str, Any]) -> None:
    assert calls.graft("output", run["run"], "alpha").stdout.strip() == "0.1"
    assert run["metrics"]["r2"] == pytest.approx(0.369, abs=0.001)
    assert (calls.root / "ridge.md").read_text().splitlines()[3] == "| 0.1 | 0.3690 | best"


def test_parameters_fix_the_graph(tmp_path: Path) -> None:
    sample = Sample("calls", tmp_path)

    run = sample.document("run", "-p", "alphas=0.3,1,3", "-p", "report=no")

    assert run["params"] == {"alphas": [0.3, 1.0, 3.0], "report": False}
    assert run["counts"] == {"SUCCESS": 8}
    assert not (sample.root / "ridge.md").exists()
    drawn = sample.document("graph", "-p", "alphas=1", "-p", "report=no")
    assert [node["path"] for node in drawn["nodes"]] == ["load_data", "fit", "score", "choose"]


def test_a_retry_with_current_code_makes_the_same_graph(tmp_path: Path) -> None:
    sample = Sample("calls", tmp_path)
    functions = sample.root / "functions.py"
    good = functions.read_text()
    functions.write_text(good.replace("    best = max(", "    raise ValueError(scores)\n    best = max("))
    failed = sample.document("run", "-p", "alphas=1,2", exit_code=1)
    functions.write_text(good)

    again = sample.document("retry", failed["run"])

    assert again["state"] == "SUCCESS"
    assert {name: step["attempts"] for name, step in by_name(again).items() if step["attempts"] > 1} == {"choose": 2}


def test_a_wrong_parameter_is_refused_with_the_nearest(calls: Sample) -> None:
    done = calls.graft("run", "-p", "alpha=1")

    assert done.returncode == 2
    assert "it takes no parameter 'alpha'; did you mean 'alphas'?" in done.stderr


def test_it_is_mocked_and_nothing_reuses_that(calls: Sample, run: dict[str, Any]) -> None:
    mocked = calls.document("run", "-R", "mock")
    assert (mocked["state"], mocked["runner"]) == ("SUCCESS", "mock")
    only = calls.graft("run", "--only", "write_report")
    assert only.returncode == 0, only.stderr  # with None for the scores, as the mock run has them, it would fail


def test_the_same_body_runs_as_a_pipeline_and_as_a_program(tmp_path: Path) -> None:
    sample = Sample("calls", tmp_path)
    with (sample.root / "pipeline.py").open("a") as file:
        file.write("    print(ridge(alphas=[1.0, 10.0]))\n")

    done = sample.python("pipeline.py")

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["best alpha: 0.1", "best alpha 1", "{'alpha': 1.0}"]
