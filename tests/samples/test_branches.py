"""samples/branches as it stands, through the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from sample_runs import Sample


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """Return the sample, not yet run."""
    return Sample("branches", tmp_path_factory.mktemp("branches"))


@pytest.mark.parametrize(
    ("fault", "branch", "summary", "rows"),
    [
        ("none", "keep", "good: 288 readings, 12.0 °C on average", 288),
        ("drift", "straighten", "drifting: 288 readings, 12.1 °C on average", 288),
        ("broken", "discard", "144 gaps: 0 readings", 0),
    ],
)
def test_the_fault_chooses_what_is_done_about_it(
    sample: Sample, fault: str, branch: str, summary: str, rows: int
) -> None:
    run = sample.document("run", "-p", f"fault={fault}")

    mended = {step["name"]: step["state"] for step in run["steps"] if step["name"] in ("keep", "straighten", "discard")}
    assert run["state"] == "SUCCESS"
    assert mended == dict.fromkeys(("keep", "straighten", "discard"), "SKIPPED") | {branch: "SUCCESS"}
    assert sample.graft("output", run["run"], "summary").stdout.strip().strip('"') == summary
    assert len((sample.root / "out" / "day.csv").read_text().splitlines()) == rows + 1


def test_checks_do_not_wait_for_one_another(tmp_path: Path) -> None:
    sample = Sample("branches", tmp_path)

    graph = sample.document("graph", "--format", "json")

    needs = {node["path"]: set(node["needs"]) for node in graph["nodes"]}
    assert needs["checks/gaps/count_gaps"] == needs["checks/drift/find_drift"] == {"measure"}
