"""Attempts on a real scheduler with two workers: their ends, values, logs, limits, and what is refused."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from dask_places import executor_on, kill, pids_of, wait_for_workers
from local_runs import ends, logged, operation, order, run_all, until

from graftline.core.artifacts import ArtifactRef
from graftline.core.errors import InvalidError, PluginError
from graftline.core.events import AttemptCancelled, AttemptFailed, AttemptSucceeded
from graftline.core.states import Reason
from graftline.plugins.dask.cluster import OwnCluster
from graftline.plugins.dask.runner import DaskRunner
from graftline.worker.blobs import has_object, store
from graftline.worker.serializers import dump


@pytest.fixture(scope="module")
def fragile() -> Iterator[OwnCluster]:
    """A cluster whose workers may be killed."""
    found = OwnCluster(2)
    wait_for_workers(found, 2)
    yield found
    found.close()


def test_steps_of_another_directory_run_from_the_bundle_alone(cluster: OwnCluster, tmp_path: Path) -> None:
    with executor_on(cluster.address, tmp_path, [operation("increment", returns=True)]) as executor:
        found = run_all(executor, [order(f"s{number}", 0, x=number) for number in range(60)])

    assert all(isinstance(end, AttemptSucceeded) for end in found.values())
    assert [found[f"s{number}"].outputs[0].ref.inline for number in range(3)] == [b"1", b"2", b"3"]  # type: ignore[union-attr]
    assert {str(end.worker).partition("/")[2] for end in found.values()} == {"w1"}
    assert not os.path.exists(tmp_path / "pids")


def test_what_a_step_prints_is_in_the_runs_own_log_when_the_executor_is_closed(
    cluster: OwnCluster, tmp_path: Path
) -> None:
    with executor_on(cluster.address, tmp_path, [operation("say")]) as executor:
        executor.submit([order("one", 0, text="héllo")])
        ends(executor, 1)

    assert logged(tmp_path)[("one", 1, "stdout")] == "héllo\n".encode()


@pytest.mark.parametrize("artifacts", [None, "shared"])
def test_large_values_go_there_and_come_back(cluster: OwnCluster, tmp_path: Path, artifacts: str | None) -> None:
    options = {} if artifacts is None else {"artifacts": str(tmp_path / artifacts)}
    (tmp_path / "objects").mkdir()
    large = store(dump(b"x" * 300_000), str(tmp_path / "objects"))
    assert large.inline is None

    with executor_on(cluster.address, tmp_path, [operation("doubled", returns=True)], options=options) as executor:
        executor.submit([order("s", 0)._replace(arguments=(("data", large),))])
        end = ends(executor, 1)["s"]

    assert isinstance(end, AttemptSucceeded)
    made: ArtifactRef = end.outputs[0].ref
    assert made.size >= 600_000
    assert has_object(str(tmp_path / "objects"), made.sha256, made.size)


def test_values_over_the_limit_fail_the_attempt_and_name_the_option(cluster: OwnCluster, tmp_path: Path) -> None:
    (tmp_path / "objects").mkdir()
    large = store(dump(b"x" * 300_000), str(tmp_path / "objects"))
    options = {"limit": 1000}
    operations = [operation("doubled", returns=True), operation("large", returns=True)]

    with executor_on(cluster.address, tmp_path, operations, options=options) as executor:
        executor.submit([order("takes", 0)._replace(arguments=(("data", large),)), order("makes", 1)])
        found = ends(executor, 2)

    for end in found.values():
        assert isinstance(end, AttemptFailed)
        assert "artifacts" in end.error.message


def test_a_step_that_kills_its_process_fails_alone_with_the_cause(cluster: OwnCluster, tmp_path: Path) -> None:
    with executor_on(cluster.address, tmp_path, [operation("kill_myself"), operation("nothing")]) as executor:
        found = run_all(executor, [order("dies", 0), *(order(f"s{number}", 1) for number in range(5))])

    died = found.pop("dies")
    assert isinstance(died, AttemptFailed)
    assert (died.reason, died.error.type) == (Reason.SIGNAL, "WorkerDied")
    assert all(isinstance(end, AttemptSucceeded) for end in found.values())


def test_a_limit_of_time_is_kept_there(cluster: OwnCluster, tmp_path: Path) -> None:
    with executor_on(cluster.address, tmp_path, [operation("snooze", timeout_s=0.3)]) as executor:
        executor.submit([order("slow", 0, seconds=30)])
        end = ends(executor, 1)["slow"]

    assert isinstance(end, AttemptFailed)
    assert end.reason is Reason.TIMEOUT


def test_cancelling_stops_what_runs_and_what_waits(cluster: OwnCluster, tmp_path: Path) -> None:
    with executor_on(cluster.address, tmp_path, [operation("snooze")], jobs=8) as executor:
        executor.submit([order(f"s{number}", 0, seconds=30) for number in range(6)])
        executor.wait(1.0)

        executor.cancel([f"s{number}" for number in range(6)], grace_s=2)
        found = ends(executor, 6)

    assert all(isinstance(end, AttemptCancelled) for end in found.values())


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


def test_secrets_are_looked_up_where_the_step_runs(cluster: OwnCluster, tmp_path: Path) -> None:
    with executor_on(cluster.address, tmp_path, [operation("nothing", secrets=("NOT_SET_THERE",))]) as executor:
        executor.submit([order("s", 0)])
        end = ends(executor, 1)["s"]

    assert isinstance(end, AttemptFailed)
    assert "NOT_SET_THERE" in end.error.message


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


def test_a_scheduler_that_is_not_there_is_one_clear_failure_after_some_tries(tmp_path: Path) -> None:
    with executor_on("tcp://127.0.0.1:9", tmp_path, [operation("nothing")], options={"patience": 1.0}) as executor:
        executor.submit([order("s", 0)])

        with pytest.raises(PluginError, match=r"127.0.0.1:9 is out of reach: tried \d+ times in 1 s"):
            executor.wait(20)


def test_options_it_does_not_know_are_refused_with_the_nearest() -> None:
    with pytest.raises(InvalidError, match="no option 'adress'; did you mean 'address'"):
        DaskRunner.executor(None, adress="tcp://there")  # type: ignore[arg-type]


def _busy(cluster: OwnCluster) -> str:
    """Return the address of the worker that has a task."""
    from distributed import Client

    with Client(cluster.address, set_as_default=False) as client:
        assert until(lambda: any(client.processing().values()))
        return str(next(address for address, keys in client.processing().items() if keys))
