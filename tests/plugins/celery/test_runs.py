"""Whole runs on celery over a broker that is a directory: the samples, a killed worker, a broker that goes away."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from celery_places import Workers, workers_in
from celery_runs import CeleryRuns, meanwhile, waiting_on
from sample_runs import Sample
from waiting_runs import states

Routed = Callable[[str], tuple["subprocess.CompletedProcess[str]", Path]]


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


ROUTED = """
from pathlib import Path
from graftline import Pipeline, PythonTask

def here(marks):
    Path(marks, "here").touch()
    return 1

def there(here):
    return here + 1

flow = Pipeline([
    PythonTask(here, returns=["here"]),
    PythonTask(there, returns=["there"], labels=["LABEL"]),
], name="flow")
"""


@pytest.fixture
def routed(workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Routed:
    """Return what runs a project of a step here and one of a label that leads to the workers."""
    monkeypatch.setattr("graftline.plugins.celery.link.FIND_S", 0.5)

    def run(label: str) -> tuple[subprocess.CompletedProcess[str], Path]:
        source = tmp_path / "sources" / "flow"
        source.mkdir(parents=True)
        (source / "pipeline.py").write_text(ROUTED.replace("LABEL", label))
        sample = Sample("flow", tmp_path / "project", within=str(source.parent))
        labels = f'[runner.local.labels]\n{label} = 1\n[route]\n{label} = "cluster"\n'
        (sample.root / "graftline.toml").write_text(workers.table() + labels)
        return sample.graft("run", "-p", f"marks={tmp_path}"), tmp_path / "here"

    return run


def test_a_route_to_a_queue_that_nobody_listens_to_ends_the_run_before_a_step(routed: Routed) -> None:
    done, mark = routed("big")

    assert done.returncode == 4, done.stdout + done.stderr
    assert done.stderr.count("no worker listens to the queue 'big'; they listen to gpu, graftline") == 1
    assert "start one: graft worker --celery NAME --label big" in done.stderr
    assert not mark.exists()


def test_a_route_to_a_queue_that_is_served_begins(routed: Routed) -> None:
    done, mark = routed("gpu")

    assert done.returncode == 0, done.stdout + done.stderr
    assert mark.exists()
