"""Whole runs on celery over a broker that is a directory: the samples, a killed worker, a broker that goes away."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery_places import Workers, workers_in
from celery_runs import CeleryRuns, meanwhile, waiting_on
from waiting_runs import states


@pytest.fixture
def fragile(tmp_path: Path) -> Iterator[Workers]:
    with workers_in(tmp_path / "fragile") as found:
        yield found


class TestDirectory(CeleryRuns):
    """As with every broker."""


@pytest.mark.fault
def test_a_broker_lost_in_mid_run_is_one_clear_failure_and_a_retry_goes_on(fragile: Workers, tmp_path: Path) -> None:
    fragile.add()
    sample, marks = waiting_on(fragile, tmp_path, 0, patience=1.0)
    remover = meanwhile(marks, lambda: shutil.rmtree(fragile.broker.removeprefix("filesystem://")))

    lost = sample.graft("--json", "run", "-R", "cluster", "-p", f"marks={marks}")
    remover.join()
    fragile.close()
    (marks / "go").touch()
    healed = sample.document("retry", "-R", "local")

    assert lost.returncode in (1, 4), lost.stdout + lost.stderr
    assert json.loads(lost.stdout)["schema"] == 1
    assert "is out of reach: tried" in lost.stdout + lost.stderr
    assert states(healed) == {"first": "SUCCESS", "long": "SUCCESS", "last": "SUCCESS"}
    assert (marks / "began").read_text() == "xx"
