"""Attempts on a real celery worker: their ends, values, logs, limits, labels, and what is refused."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery_places import Workers, executor_at, workers_in
from local_runs import ends, is_alive, logged, operation, order, run_all, until

from graftline.core.artifacts import ArtifactRef
from graftline.core.errors import InvalidError, PluginError
from graftline.core.events import AttemptCancelled, AttemptFailed, AttemptSucceeded
from graftline.core.states import Reason
from graftline.plugins.celery import link
from graftline.plugins.remote.artifacts import ArtifactFolder
from graftline.worker.blobs import has_object, store
from graftline.worker.serializers import dump


@pytest.fixture
def fragile(tmp_path: Path) -> Iterator[Workers]:
    with workers_in(tmp_path / "fragile") as found:
        yield found


def test_steps_of_another_directory_run_from_the_bundle_alone(workers: Workers, tmp_path: Path) -> None:
    with executor_at(workers.broker, tmp_path, [operation("increment", returns=True)]) as executor:
        found = run_all(executor, [order(f"s{number}", 0, x=number) for number in range(60)])

    assert all(isinstance(end, AttemptSucceeded) for end in found.values())
    assert [found[f"s{number}"].outputs[0].ref.inline for number in range(3)] == [b"1", b"2", b"3"]  # type: ignore[union-attr]
    assert not os.path.exists(tmp_path / "pids")


def test_what_a_step_prints_is_in_the_runs_own_log_when_the_executor_is_closed(
    workers: Workers, tmp_path: Path
) -> None:
    with executor_at(workers.broker, tmp_path, [operation("say")]) as executor:
        executor.submit([order("one", 0, text="héllo")])
        ends(executor, 1)

    assert logged(tmp_path)[("one", 1, "stdout")] == "héllo\n".encode()


@pytest.mark.parametrize("artifacts", [None, "shared"])
def test_large_values_go_there_and_come_back(workers: Workers, tmp_path: Path, artifacts: str | None) -> None:
    options = {} if artifacts is None else {"artifacts": str(tmp_path / artifacts)}
    (tmp_path / "objects").mkdir()
    large = store(dump(b"x" * 300_000), str(tmp_path / "objects"))
    assert large.inline is None

    with executor_at(workers.broker, tmp_path, [operation("doubled", returns=True)], options=options) as executor:
        executor.submit([order("s", 0)._replace(arguments=(("data", large),))])
        end = ends(executor, 1)["s"]

    assert isinstance(end, AttemptSucceeded)
    made: ArtifactRef = end.outputs[0].ref
    assert made.size >= 600_000
    assert has_object(str(tmp_path / "objects"), made.sha256, made.size)


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


def test_values_over_the_limit_fail_the_attempt_and_name_the_option(workers: Workers, tmp_path: Path) -> None:
    (tmp_path / "objects").mkdir()
    large = store(dump(b"x" * 300_000), str(tmp_path / "objects"))
    operations = [operation("doubled", returns=True), operation("large", returns=True)]

    with executor_at(workers.broker, tmp_path, operations, options={"limit": 50_000}) as executor:
        executor.submit([order("takes", 0)._replace(arguments=(("data", large),)), order("makes", 1)])
        found = ends(executor, 2)

    for end in found.values():
        assert isinstance(end, AttemptFailed)
        assert "more than the 0.05 MB that this runner sends" in end.error.message
        assert "artifacts" in end.error.message


def test_a_step_that_kills_its_process_fails_alone_with_the_cause(workers: Workers, tmp_path: Path) -> None:
    with executor_at(workers.broker, tmp_path, [operation("kill_myself"), operation("nothing")]) as executor:
        found = run_all(executor, [order("dies", 0), *(order(f"s{number}", 1) for number in range(5))])

    died = found.pop("dies")
    assert isinstance(died, AttemptFailed)
    assert (died.reason, died.error.type) == (Reason.SIGNAL, "WorkerDied")
    assert all(isinstance(end, AttemptSucceeded) for end in found.values())


def test_cancelling_stops_what_runs_and_what_waits(workers: Workers, tmp_path: Path) -> None:
    with executor_at(workers.broker, tmp_path, [operation("snooze")], jobs=8) as executor:
        executor.submit([order(f"s{number}", 0, seconds=30) for number in range(6)])
        executor.wait(1.0)

        executor.cancel([f"s{number}" for number in range(6)], grace_s=2)
        found = ends(executor, 6)

    assert all(isinstance(end, AttemptCancelled) for end in found.values())


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


def test_a_broker_that_is_not_there_is_one_clear_failure_after_some_tries(tmp_path: Path) -> None:
    with executor_at(
        f"filesystem://{tmp_path}/gone", tmp_path, [operation("nothing")], options={"patience": 1.0}
    ) as executor:
        executor.submit([order("s", 0)])

        with pytest.raises(PluginError, match=r"gone is out of reach: tried \d+ times in 1 s"):
            executor.wait(20)


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
