"""samples/etl as it stands, through the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sample_runs import Sample, by_name

REPORT = """\
# Wine by cultivar

| cultivar | wines | alcohol | color | proline |
|---|---|---|---|---|
| A | 59 | 13.745 | 5.528 | 1115.71 |
| B | 71 | 12.279 | 3.087 | 519.507 |
| C | 48 | 13.154 | 7.396 | 629.896 |

6 wines are far from the mean of their cultivar (out/outliers.csv).
"""


@pytest.fixture(scope="module")
def etl(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """Return the sample, not yet run."""
    return Sample("etl", tmp_path_factory.mktemp("etl"))


@pytest.fixture(scope="module")
def run(etl: Sample) -> dict[str, Any]:
    """Return the document of one run."""
    return etl.document("run")


def test_shell_python_and_script_steps_make_the_report(etl: Sample, run: dict[str, Any]) -> None:
    assert run["state"] == "SUCCESS"
    assert run["counts"] == {"SUCCESS": 8}
    assert (etl.root / "out" / "report.md").read_text() == REPORT


def test_the_script_leaves_a_metric(run: dict[str, Any]) -> None:
    assert run["metrics"]["outliers"] == 6


def test_shell_steps_return_values(etl: Sample, run: dict[str, Any]) -> None:
    rows, mix = (etl.graft("output", run["run"], name) for name in ("rows", "mix"))

    assert rows.stdout.strip() == "178"
    assert all(part in mix.stdout for part in ("59", "71", "48"))


def test_publishing_waits_for_validation_by_order_alone(run: dict[str, Any]) -> None:
    steps = by_name(run)

    assert "validate" in steps["publish"]["needs"]
    assert steps["validate"]["started"] <= steps["publish"]["started"]
    assert steps["validate"]["outputs"] == {}


def test_steps_between_run_as_soon_as_their_file_is_there(run: dict[str, Any]) -> None:
    steps = by_name(run)

    waiting_for_select_alone = {name for name, step in steps.items() if step["needs"] == ["select"]}
    assert waiting_for_select_alone == {"strongest", "count", "mix", "summarise", "outliers"}


def test_a_parameter_reaches_the_shell_and_the_script(tmp_path: Path) -> None:
    etl = Sample("etl", tmp_path)

    run = etl.document("run", "-p", "top=5", "-p", "factor=3")

    assert len((etl.root / "out" / "strongest.csv").read_text().splitlines()) == 5
    assert run["metrics"]["outliers"] < 6


def test_nothing_is_published_when_validation_fails(tmp_path: Path) -> None:
    etl = Sample("etl", tmp_path)

    run = etl.document("run", "-p", "expected=179", exit_code=1)

    steps = by_name(run)
    assert (steps["validate"]["state"], steps["publish"]["state"]) == ("FAILURE", "SKIPPED")
    assert (steps["validate"]["reason"], steps["publish"]["reason"]) == ("ERROR", "UPSTREAM")
    assert "178 rows, expected 179" in steps["validate"]["error"]["message"]
    assert not (etl.root / "out" / "report.md").exists()


def test_the_functions_run_where_graftline_is_not_installed(tmp_path: Path) -> None:
    etl = Sample("etl", tmp_path)
    script = etl.root / "script.py"
    script.write_text("import functions\nfunctions.validate(1, {'A': 1}, {'A': {'alcohol': 12.0}}, expected=1)\n")

    done = etl.python_without_graftline("script.py")

    assert done.returncode == 0, done.stderr
    assert "1 rows of 1 cultivars hold" in done.stdout
