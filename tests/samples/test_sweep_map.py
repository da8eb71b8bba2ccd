"""samples/sweep_map as it stands, through the command line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sample_runs import Sample


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """Return the sample, not yet run."""
    return Sample("sweep_map", tmp_path_factory.mktemp("sweep_map"))


@pytest.fixture(scope="module")
def run(sweep: Sample) -> dict[str, Any]:
    """Return the document of one run."""
    return sweep.document("run", "--force")  # also where another test of the module came first


def test_every_pair_of_the_grid_is_a_step(run: dict[str, Any]) -> None:
    states = {step["path"]: step["state"] for step in run["steps"]}

    assert run["state"] == "SUCCESS"
    assert states == dict.fromkeys(
        ["load", "make_grid", "sweep/items", *(f"sweep/{n}/try_out" for n in range(9)), "sweep", "fit_best"], "SUCCESS"
    )


def test_the_scores_are_real_and_the_best_one_is_first(sweep: Sample, run: dict[str, Any]) -> None:
    trials = json.loads(sweep.graft("output", run["run"], "trials").stdout)
    best = json.loads(sweep.graft("output", run["run"], "best").stdout)

    scores = [trial["score"] for trial in trials]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > 0.95 > 0.5 > scores[-1]
    assert best == {name: trials[0][name] for name in ("C", "gamma")}
    assert sorted(run["metrics"]["sweep/score"], reverse=True) == scores


def test_another_grid_is_another_number_of_steps(sweep: Sample) -> None:
    run = sweep.document("run", "-p", "Cs=[1.0, 2.0]", "-p", "gammas=[0.1]")

    assert [step["path"] for step in run["steps"] if step["name"] == "try_out"] == [
        "sweep/0/try_out",
        "sweep/1/try_out",
    ]


def test_a_grid_of_nothing_leaves_nothing_to_fit(sweep: Sample) -> None:
    run = sweep.document("run", "-p", "Cs=[]", exit_code=1)

    states = {step["path"]: step["state"] for step in run["steps"]}
    assert (states["sweep/items"], states["sweep"], states["fit_best"]) == ("SUCCESS", "SUCCESS", "FAILURE")
