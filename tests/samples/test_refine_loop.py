"""samples/refine_loop as it stands, through the command line."""

from __future__ import annotations

from typing import Any

import pytest
from sample_runs import Sample

INERTIA = 31.371
"""Of k-means with three centers on length and width of petals, as scikit-learn's KMeans has it."""


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """Return the sample, not yet run."""
    return Sample("refine_loop", tmp_path_factory.mktemp("refine_loop"))


def turns(run: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for step in run["steps"] if step["name"] == "move"]


def test_it_settles_where_scikit_learn_does(sample: Sample) -> None:
    run = sample.document("run")

    assert run["state"] == "SUCCESS"
    assert run["metrics"]["inertia"] == pytest.approx(INERTIA, abs=0.01)
    shifts = [step["metrics"]["shift"] for step in turns(run)]
    assert 2 < len(shifts) < 30
    assert all(shift >= 0.001 for shift in shifts[:-1])
    assert shifts[-1] < 0.001


def test_a_turn_knows_its_number_and_what_the_turn_before_has_made(sample: Sample) -> None:
    run = sample.document("run", "--force", "-p", "tolerance=100")

    assert [step["path"] for step in turns(run)] == ["refine/0/move"]
    assert sample.graft("logs", run["run"], "refine/0/move").stdout.startswith("turn 0: moved by")


def test_it_ends_after_so_many_turns_in_any_case(sample: Sample) -> None:
    run = sample.document("run", "-p", "tolerance=-1")

    assert run["state"] == "SUCCESS"
    assert len(turns(run)) == 30
