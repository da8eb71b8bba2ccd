"""Whole runs on dask: the samples come out as they do here, and what is lost on the way is told once."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dask_places import kill, pids_of, scheduler_pid, wait_for_workers
from local_runs import until
from sample_runs import Sample
from waiting_runs import attempts_of, outcome, states, waiting_project

from graftline.plugins.dask.cluster import OwnCluster


@pytest.fixture(scope="module")
def cluster() -> Iterator[OwnCluster]:
    """One worker: two would import scikit-learn twice for each run; `test_routes` has values go between two."""
    found = OwnCluster(1)
    wait_for_workers(found, 1)
    yield found
    found.close()


@pytest.fixture(scope="module")
def fragile() -> Iterator[OwnCluster]:
    """A cluster whose workers may be killed."""
    found = OwnCluster(2)
    wait_for_workers(found, 2)
    yield found
    found.close()


@pytest.fixture
def doomed() -> Iterator[OwnCluster]:
    """A cluster whose scheduler may be killed."""
    found = OwnCluster(1)
    wait_for_workers(found, 1)
    yield found
    found.close()


@pytest.fixture(scope="module")
def swept(cluster: OwnCluster, tmp_path_factory: pytest.TempPathFactory) -> tuple[Sample, dict[str, Any]]:
    """The sample `sweep_map` after a run on the cluster, and the document of that."""
    sample = configured("sweep_map", tmp_path_factory.mktemp("swept"), cluster)
    return sample, sample.document("run", "-R", "cluster")


@pytest.mark.parametrize("name", ["iris", "tabular", "etl"])
def test_a_sample_has_the_outcomes_and_digests_it_has_here(cluster: OwnCluster, tmp_path: Path, name: str) -> None:
    word = "train" if name == "tabular" else "run"

    expected = Sample(name, tmp_path / "here").document(word, "-j", "2")
    found = configured(name, tmp_path / "there", cluster).document(word, "-R", "cluster")

    assert_same(found, expected)


def test_a_map_has_the_outcomes_and_digests_it_has_here(swept: tuple[Sample, dict[str, Any]], tmp_path: Path) -> None:
    expected = Sample("sweep_map", tmp_path).document("run", "-j", "2")

    assert_same(swept[1], expected)


def test_what_ran_there_is_reused_there_and_here(swept: tuple[Sample, dict[str, Any]]) -> None:
    sample, first = swept

    there = sample.document("run", "-R", "cluster")
    here = sample.document("run")

    assert states(there) == states(here)
    assert "CACHED" in states(there).values()
    assert outcome(first).keys() == outcome(here).keys()


@pytest.mark.fault
@pytest.mark.parametrize(("retries", "code"), [(0, 1), (1, 0)])
def test_a_killed_worker_fails_the_attempt_and_the_retry_policy_decides(
    fragile: OwnCluster, tmp_path: Path, retries: int, code: int
) -> None:
    wait_for_workers(fragile, 2)
    sample, marks = project(tmp_path, fragile, retries)
    killer = threading.Thread(target=kill_the_busy, args=(fragile, marks))
    killer.start()

    document = sample.document("run", "-R", "cluster", "-p", f"marks={marks}", exit_code=code)
    killer.join()

    assert attempts_of(sample, 1) == [("FAILURE", "LOST"), ("SUCCESS", None)][: retries + 1]
    assert (marks / "began").read_text() == "x" * (retries + 1)
    assert document["state"] == ("SUCCESS" if retries else "FAILURE")


@pytest.mark.fault
def test_a_scheduler_lost_in_mid_run_is_one_clear_failure_and_a_retry_goes_on(
    doomed: OwnCluster, tmp_path: Path
) -> None:
    sample, marks = project(tmp_path, doomed, 0)

    pid = scheduler_pid(doomed)

    def end_the_scheduler() -> None:
        assert until((marks / "began").exists)
        os.kill(pid, signal.SIGKILL)

    killer = threading.Thread(target=end_the_scheduler)
    killer.start()

    lost = sample.graft("--json", "run", "-R", "cluster", "-p", f"marks={marks}")
    killer.join()
    (marks / "go").touch()
    healed = sample.document("retry", "-R", "local")

    assert lost.returncode in (1, 4), lost.stdout + lost.stderr
    assert json.loads(lost.stdout)["schema"] == 1
    assert states(healed) == {"first": "SUCCESS", "long": "SUCCESS", "last": "SUCCESS"}
    assert (marks / "began").read_text() == "xx"


def project(tmp_path: Path, cluster: OwnCluster, retries: int) -> tuple[Sample, Path]:
    """Return `waiting_project` with the cluster in its configuration."""
    sample, marks = waiting_project(tmp_path, retries)
    configure(sample.root, cluster)
    return sample, marks


def configured(name: str, folder: Path, cluster: OwnCluster) -> Sample:
    """Return a copy of a sample with the cluster in its configuration."""
    sample = Sample(name, folder)
    configure(sample.root, cluster)
    return sample


def assert_same(found: dict[str, Any], expected: dict[str, Any]) -> None:
    """Compare what a run on the cluster made with what one here did."""
    assert outcome(found) == outcome(expected)
    assert found["runner"] == "cluster"
    assert found["metrics"].keys() == expected["metrics"].keys()


def configure(root: Path, cluster: OwnCluster) -> None:
    """Name the cluster in the project's configuration."""
    with open(root / "graftline.toml", "a", encoding="utf-8") as file:
        file.write(f'\n[runner.cluster]\nprovider = "dask"\naddress = "{cluster.address}"\npatience = 2.0\n')


def kill_the_busy(cluster: OwnCluster, marks: Path) -> None:
    """Kill the worker that runs the step, once it has begun; let the next attempt go on."""
    from distributed import Client

    assert until((marks / "began").exists)
    pids = pids_of(cluster)
    with Client(cluster.address, set_as_default=False) as client:
        busy = next(address for address, keys in client.processing().items() if keys)
    kill(cluster, pids[busy])
    (marks / "go").touch()
