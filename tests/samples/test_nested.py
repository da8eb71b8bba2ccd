"""samples/nested as it stands, through the command line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sample_runs import Sample


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """Return the sample, not yet run."""
    return Sample("nested", tmp_path_factory.mktemp("nested"))


@pytest.fixture(scope="module")
def run(sample: Sample) -> dict[str, Any]:
    """Return the document of one run."""
    return sample.document("run", "--force")  # also where another test of the module came first


def test_a_step_of_any_depth_is_a_step(run: dict[str, Any]) -> None:
    paths = {step["path"] for step in run["steps"] if step["state"] == "SUCCESS"}

    assert run["state"] == "SUCCESS"
    assert {"prepare/count", "prepare/clean", "prepare", "means", "tell", "means/days/list_days"} <= paths
    assert {f"means/stations/each station/{n}/mean_of_station" for n in range(3)} <= paths
    assert {f"means/days/each day/{n}/mean_of_day" for n in range(7)} <= paths


def test_lists_of_both_maps_reach_the_last_step(sample: Sample, run: dict[str, Any]) -> None:
    busiest, means = (json.loads(sample.graft("output", run["run"], name).stdout) for name in ("busiest", "day_means"))

    assert busiest["station"] in ("harbour", "bridge", "market")
    assert busiest["day"] not in ("Sat", "Sun")
    assert max(means) == means[["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].index(busiest["day"])]


def test_each_map_has_its_own_items(sample: Sample) -> None:
    run = sample.document("run", "-p", 'stations=["harbour"]')

    names = [step["name"] for step in run["steps"]]
    assert (names.count("mean_of_station"), names.count("mean_of_day")) == (1, 7)
