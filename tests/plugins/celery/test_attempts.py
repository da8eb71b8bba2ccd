"""Attempts on a real celery worker: what every link promises, labels, shared values, and what is refused."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from celery_places import Workers, executor_at, workers_in
from link_contract import LinkContract, Opens
from local_runs import ends, is_alive, operation, order, until

from graftline.core.errors import InvalidError, PluginError
from graftline.core.events import AttemptFailed, AttemptSucceeded
from graftline.core.states import Reason
from graftline.plugins.celery import link
from graftline.plugins.remote.artifacts import ArtifactFolder
from graftline.worker.blobs import store
from graftline.worker.serializers import dump


class TestCelery(LinkContract):
    """What every link promises."""

    nowhere = "gone"

    @pytest.fixture
    def opens(self, workers: Workers) -> Opens:
        return partial(executor_at, workers.broker)

    @pytest.fixture
    def opens_nowhere(self, tmp_path: Path) -> Opens:
        return partial(executor_at, f"filesystem://{tmp_path}/gone")


@pytest.fixture
def fragile(tmp_path: Path) -> Iterator[Workers]:
    with workers_in(tmp_path / "fragile") as found:
        yield found


def test_artifacts_that_somebody_cleans_meanwhile_are_put_there_again(
    workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "shared"
    (tmp_path / "objects").mkdir()
    large, other = (store(dump(each * 300_000), str(tmp_path / "objects")) for each in (b"x", b"y"))
    put, swept = ArtifactFolder.put, list[str]()

    def swept_once(folder: ArtifactFolder, digest: str, path: str) -> None:
        put(folder, digest, path)
        if not swept:  # between the host's look and the worker's
            swept.append(digest)
            (shared / digest[:2] / digest[2:]).unlink()

    operations = [operation("doubled", returns=True)]
    with executor_at(workers.broker, tmp_path, operations, options={"artifacts": str(shared)}) as executor:
        executor.submit([order("a", 0)._replace(arguments=(("data", large),))])
        first = ends(executor, 1)["a"]
        assert isinstance(first, AttemptSucceeded)
        shutil.rmtree(shared)
        monkeypatch.setattr(ArtifactFolder, "put", swept_once)
        executor.submit([order("b", 0)._replace(arguments=(("data", other),))])
        second = ends(executor, 1)["b"]

    assert swept == [other.sha256]
    assert isinstance(second, AttemptSucceeded)
    assert (shared / other.sha256[:2] / other.sha256[2:]).exists()


def test_it_has_arrived_once_somebody_listens_to_all_that_is_expected(workers: Workers, tmp_path: Path) -> None:
    operations = [operation("nothing"), operation("nothing", labels=("gpu",)), operation("nothing", labels=("a", "b"))]
    for name in ("fit", "torn"):
        (tmp_path / name).mkdir()
    with executor_at(workers.broker, tmp_path / "fit", operations) as executor:
        executor.expect([0, 1])
        assert until(lambda: not executor.wait(0.05) and executor.has_arrived(), 10.0)
        assert executor.room() > 0

    with executor_at(workers.broker, tmp_path / "torn", operations) as executor:
        executor.expect([0, 2])
        with pytest.raises(InvalidError, match="a step goes to one queue; its labels and resources name 2: a, b"):
            executor.wait(10)
        assert executor.room() == 0


def test_a_label_goes_to_the_queue_of_its_name_and_an_unknown_one_fails_with_those_listened_to(
    workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "FIND_S", 1.0)
    labels = [("gpu",), ("tpu",), ("big", "gpu")]

    with executor_at(workers.broker, tmp_path, [operation("nothing", labels=each) for each in labels]) as executor:
        executor.submit([order("offered", 0), order("unknown", 1), order("two", 2)])
        found = ends(executor, 3)

    assert isinstance(found["offered"], AttemptSucceeded)
    unknown, two = found["unknown"], found["two"]
    assert isinstance(unknown, AttemptFailed)
    assert "no worker listens to the queue 'tpu'; they listen to gpu, graftline" in unknown.error.message
    assert "graft worker --celery NAME --label tpu" in unknown.error.message
    assert isinstance(two, AttemptFailed)
    assert "its labels and resources name 2: big, gpu" in two.error.message


def test_a_broker_without_workers_is_one_clear_failure(fragile: Workers, tmp_path: Path) -> None:
    with executor_at(fragile.broker, tmp_path, [operation("nothing")], options={"patience": 1.0}) as executor:
        executor.submit([order("s", 0)])

        with pytest.raises(PluginError, match=r"no graftline worker answers at the celery broker filesystem://"):
            executor.wait(20)


@pytest.mark.fault
def test_ctrl_c_lets_a_worker_end_what_it_has_and_a_second_one_does_not(fragile: Workers, tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    polite, rude = fragile.add(jobs=1), fragile.add("gpu", jobs=1)
    operations = [operation("stamp_twice", labels=each) for each in [(), ("gpu",)]]
    with executor_at(fragile.broker, tmp_path, operations) as executor:
        arguments: dict[str, Any] = {"folder": str(marks), "seconds": 3.0}
        executor.submit([order("kept", 0, name="kept", **arguments), order("lost", 1, name="lost", **arguments)])
        assert until(lambda: not executor.wait(0.05) and len(list(marks.glob("*.began"))) == 2)

        for worker in (polite, rude, rude):
            worker.signal(signal.SIGINT)
            time.sleep(0.3)
        found = ends(executor, 2)

    assert isinstance(found["kept"], AttemptSucceeded)
    lost = found["lost"]
    assert isinstance(lost, AttemptFailed)
    assert (lost.reason, lost.error.type) == (Reason.LOST, "WorkerLost")
    assert "was stopped while it had the step" in lost.error.message
    for worker, code in ((polite, 0), (rude, 143)):
        ending = worker.wait(15)
        assert ending is not None
        assert ending.code == code
        assert worker.pid is not None
        assert not is_alive(worker.pid)
    assert [path.name for path in marks.glob("*.ended")] == ["kept.ended"]
