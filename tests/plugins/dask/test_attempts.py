"""Attempts on a real scheduler with two workers: what every link promises, labels, lost workers, what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from dask_places import executor_on, kill, pids_of, wait_for_workers
from link_contract import LinkContract, Opens
from local_runs import ends, operation, order, run_all, until

from graftline.core.errors import InvalidError
from graftline.core.events import AttemptFailed, AttemptSucceeded
from graftline.core.states import Reason
from graftline.plugins.dask.cluster import OwnCluster
from graftline.plugins.dask.runner import DaskRunner


class TestDask(LinkContract):
    """What every link promises."""

    nowhere = "127.0.0.1:9"

    @pytest.fixture
    def opens(self, cluster: OwnCluster) -> Opens:
        return partial(executor_on, cluster.address)

    @pytest.fixture
    def opens_nowhere(self, tmp_path: Path) -> Opens:
        return partial(executor_on, "tcp://127.0.0.1:9")


@pytest.fixture(scope="module")
def fragile() -> Iterator[OwnCluster]:
    """A cluster whose workers may be killed."""
    found = OwnCluster(2)
    wait_for_workers(found, 2)
    yield found
    found.close()


def test_an_end_names_the_worker_that_had_the_step(cluster: OwnCluster, tmp_path: Path) -> None:
    with executor_on(cluster.address, tmp_path, [operation("nothing")]) as executor:
        found = run_all(executor, [order(f"s{number}", 0) for number in range(60)])

    assert {str(end.worker).partition("/")[2] for end in found.values()} == {"w1"}


def test_a_label_goes_to_who_offers_it_and_an_unknown_one_fails_with_what_is_offered(
    cluster: OwnCluster, tmp_path: Path
) -> None:
    operations = [operation("nothing", labels=("gpu",)), operation("nothing", labels=("tpu",))]

    with executor_on(cluster.address, tmp_path, operations) as executor:
        executor.submit([order("offered", 0), order("unknown", 1)])
        found = ends(executor, 2)

    assert isinstance(found["offered"], AttemptSucceeded)
    failed = found["unknown"]
    assert isinstance(failed, AttemptFailed)
    assert "offers 'tpu'; they offer gpu" in failed.error.message


@pytest.mark.fault
def test_a_lost_worker_fails_what_it_had_once_and_the_rest_goes_on(fragile: OwnCluster, tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    with executor_on(fragile.address, tmp_path, [operation("stamp"), operation("nothing")]) as executor:
        executor.submit([order("long", 0, folder=str(marks), name="began", seconds=20.0)])
        assert until(lambda: executor.wait(0.2) == [] and executor.has_arrived())
        before = pids_of(fragile)
        busy = _busy(fragile)

        kill(fragile, before[busy])
        end = ends(executor, 1)["long"]
        after = run_all(executor, [order(f"s{number}", 1) for number in range(10)])

    assert isinstance(end, AttemptFailed)
    assert (end.reason, end.error.type) == (Reason.LOST, "WorkerLost")
    assert all(isinstance(each, AttemptSucceeded) for each in after.values())
    assert list(marks.iterdir()) == []  # neither did it go on, nor did dask begin it anew


def test_options_it_does_not_know_are_refused_with_the_nearest() -> None:
    with pytest.raises(InvalidError, match="no option 'adress'; did you mean 'address'"):
        DaskRunner.executor(None, adress="tcp://there")  # type: ignore[arg-type]


def _busy(cluster: OwnCluster) -> str:
    """Return the address of the worker that has a task."""
    from distributed import Client

    with Client(cluster.address, set_as_default=False) as client:
        assert until(lambda: any(client.processing().values()))
        return str(next(address for address, keys in client.processing().items() if keys))
