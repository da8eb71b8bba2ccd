"""samples/recovery as it stands, through the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sample_runs import Sample


@pytest.fixture
def sample(tmp_path: Path) -> Sample:
    """Return the sample, not yet run."""
    return Sample("recovery", tmp_path)


def by_path(run: dict[str, Any]) -> dict[str, tuple[str, int]]:
    return {step["path"]: (step["state"], step["attempts"]) for step in run["steps"]}


def test_a_bad_line_is_tried_again_and_the_recovery_stays_away(sample: Sample) -> None:
    run = sample.document("run")

    steps = by_path(run)
    assert run["state"] == "SUCCESS"
    assert (steps["fetch"], steps["publish"]) == (("SUCCESS", 3), ("SUCCESS", 1))
    assert steps["parse/on_failure/publish_old"] == ("SKIPPED", 0)
    assert (sample.root / "out" / "prices.csv").read_text() == "# as of today\njam,3.5\nrye,2.25\ntea,4.2\n"


def test_a_broken_file_is_replaced_by_that_of_yesterday(sample: Sample) -> None:
    run = sample.document("run", "-p", "file=inbox/broken.json")

    steps = by_path(run)
    assert run["state"] == "SUCCESS"
    assert (steps["parse"], steps["publish"]) == (("FAILURE", 1), ("SKIPPED", 0))
    assert steps["parse/on_failure/publish_old"] == ("SUCCESS", 1)
    assert (sample.root / "out" / "prices.csv").read_text() == "# as of yesterday\njam,3.4\ntea,4.0\n"


def test_a_line_that_stays_bad_fails_and_a_later_retry_goes_on(sample: Sample) -> None:
    failed = sample.document("run", "-p", "bad_tries=5", exit_code=1)
    passed = sample.document("retry", failed["run"])

    assert by_path(failed)["fetch"] == ("FAILURE", 4)
    assert by_path(passed)["fetch"] == ("SUCCESS", 6)
    assert passed["state"] == "SUCCESS"
