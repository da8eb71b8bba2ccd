"""samples/notebook_report as it stands, through the command line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sample_runs import Sample, by_name

REPORT = """\
# The petals of virginica are the longest

- virginica: 5.6 cm
- versicolor: 4.3 cm
- setosa: 1.5 cm

Ratio: 3.80
"""


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """Return the sample, not yet run."""
    return Sample("notebook_report", tmp_path_factory.mktemp("notebook_report"))


@pytest.fixture(scope="module")
def run(sample: Sample) -> dict[str, Any]:
    """Return the document of one run."""
    return sample.document("run")


def test_the_notebook_takes_a_frame_and_returns_what_the_report_says(sample: Sample, run: dict[str, Any]) -> None:
    assert run["counts"] == {"SUCCESS": 3}
    assert run["metrics"]["ratio"] == pytest.approx(3.797, abs=0.001)
    assert (sample.root / "out" / "report.md").read_text() == REPORT


def test_the_executed_copy_is_kept(sample: Sample, run: dict[str, Any]) -> None:
    assert "report.executed.ipynb" in by_name(run)["report"]["outputs"]

    copy = json.loads(sample.graft("output", run["run"], "report.executed.ipynb").stdout)

    assert "The petals of virginica are the longest" in json.dumps(copy)
    assert (sample.root / "report.ipynb").read_text().count('"execution_count": null') == 3
