"""Whole runs on celery workers, as each broker has to carry them: `CeleryRuns`; test modules have the fixtures."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from celery_places import Workers, kill
from local_runs import until
from sample_runs import Sample
from waiting_runs import attempts_of, outcome, waiting_project

from graftline.plugins.celery.workers import Workers as Known

_TRAINS = {"tabular": ("train",)}


def configure(root: Path, workers: Workers, **options: float) -> None:
    """Name the workers in the project's configuration."""
    with open(root / "graftline.toml", "a", encoding="utf-8") as file:
        file.write(workers.table(**options))


def waiting_on(workers: Workers, folder: Path, retries: int, **options: float) -> tuple[Sample, Path]:
    """Return `waiting_project` with the workers in its configuration."""
    sample, marks = waiting_project(folder, retries)
    configure(sample.root, workers, **options)
    return sample, marks


def meanwhile(marks: Path, what: Callable[[], object]) -> threading.Thread:
    """Do something once the middle step has begun, beside the run."""

    def go() -> None:
        assert until((marks / "began").exists, 30)
        what()

    thread = threading.Thread(target=go)
    thread.start()
    return thread


class CeleryRuns:
    """What holds with every broker. `workers` may not be harmed; of `fragile` there are none yet."""

    @pytest.fixture(autouse=True)
    def _soon_lost(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Give silent workers up after 6 s, not 10: tests wait for it."""
        monkeypatch.setattr(Known, "silent_s", 6.0)

    @pytest.mark.parametrize("name", ["iris", "tabular", "etl", "sweep_map"])
    def test_a_sample_has_the_outcomes_and_digests_it_has_here(
        self, workers: Workers, tmp_path: Path, name: str
    ) -> None:
        here, there = Sample(name, tmp_path / "here"), Sample(name, tmp_path / "there")
        for sample in (here, there):
            configure(sample.root, workers)
            if name in _TRAINS:
                assert sample.graft("release", "-m", "first").returncode == 0
        words = _TRAINS.get(name, ("run",))

        expected = here.document(*words, "-j", "2")
        found = there.document(*words, "-R", "cluster")

        assert outcome(found) == outcome(expected)
        assert found["runner"] == "cluster"
        assert found["metrics"].keys() == expected["metrics"].keys()

    @pytest.mark.fault
    def test_what_a_killed_worker_had_begun_is_lost_and_another_attempt_succeeds(
        self, fragile: Workers, tmp_path: Path
    ) -> None:
        lost_with_a_worker(fragile, tmp_path, retries=1)


def lost_with_a_worker(workers: Workers, folder: Path, *, retries: int) -> dict[str, Any]:
    """Kill the worker of a run in the middle of a step; check its attempts and return the document of the run."""
    worker = workers.add()
    sample, marks = waiting_on(workers, folder, retries)

    def replace() -> None:
        kill(worker)
        (marks / "go").touch()
        if retries:
            workers.add()

    killer = meanwhile(marks, replace)
    document = sample.document("run", "-R", "cluster", "-p", f"marks={marks}", exit_code=0 if retries else 1)
    killer.join()

    assert attempts_of(sample, 1) == [("FAILURE", "LOST"), ("SUCCESS", None)][: retries + 1]
    assert (marks / "began").read_text() == "x" * (retries + 1)
    assert document["state"] == ("SUCCESS" if retries else "FAILURE")
    return document
