"""Several processes on one store: no lost update, no lock error, nothing reported lost to kill -9."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import store_children
from run_specs import dispatched, finished, spec, started, succeeded

from graftline.core.errors import ConflictError
from graftline.core.ports import RunQuery
from graftline.core.states import Status
from graftline.store.database import Database
from graftline.store.layout import Layout
from graftline.store.store import Store, open_store


def child(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, str(store_children.__file__), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended_well(process: subprocess.Popen[str]) -> None:
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")


def test_two_processes_lose_no_update(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        store.runs.create(spec(), None)
    database = Database(Layout(tmp_path))
    with database.writing() as connection:
        connection.execute("UPDATE run SET generation = 0")

    for process in [child("increment", tmp_path) for _ in range(2)]:
        ended_well(process)

    with database.reading() as connection:
        assert connection.execute("SELECT generation FROM run").fetchone() == (300,)
    database.close()


def test_processes_write_their_runs_side_by_side(tmp_path: Path) -> None:
    for process in [child("append", tmp_path) for _ in range(3)]:
        ended_well(process)

    with open_store(tmp_path) as store:
        runs = store.history.runs(RunQuery())
        assert [run.counts for run in runs] == [{"SUCCESS": 150}] * 3
        assert [run.state for run in runs] == [Status.SUCCESS] * 3
        assert store.doctor() == []


def test_processes_that_create_the_store_together_all_get_it(tmp_path: Path) -> None:
    for process in [child("open", tmp_path / "new") for _ in range(5)]:
        ended_well(process)

    with open_store(tmp_path / "new", read_only=True) as store:
        assert store.history.runs(RunQuery()) == []


def kill_at_random(store: Store, directory: Path, pause_s: float) -> bool:
    """Kill a writer after its first step and check what is left; return whether it was in the middle of its run."""
    given = spec(*store_children.STEPS)
    store.runs.create(given, None)
    process = child("write", directory, given.id)
    assert process.stdout is not None
    reported = [process.stdout.readline().strip()]
    time.sleep(pause_s)
    os.kill(process.pid, signal.SIGKILL)
    reported += process.stdout.read().split()
    process.communicate(timeout=10)

    found = store.history.run(given.id)
    steps = {step.path: step for step in store.history.steps(given.id)}

    lost = [path for path in reported if path and steps[path].state is not Status.SUCCESS]
    assert lost == []
    for outputs in store.outputs.of_run(given.id).values():
        for output in outputs:
            store.outputs.read(output.ref)
    if len(reported) < len(steps):
        assert found.state in (Status.INTERRUPTED, Status.SUCCESS)
    if found.state is Status.INTERRUPTED:
        assert str(process.pid) in (found.reason or "")
    assert "STARTED" not in found.counts
    assert sum(found.counts.values()) == len(steps)
    return found.state is Status.INTERRUPTED


def test_nothing_reported_is_lost_to_kill_9(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        interrupted = [kill_at_random(store, tmp_path, random.uniform(0, 0.04)) for _ in range(20)]
        assert sum(interrupted) >= 5
        assert store.doctor() == []


@pytest.mark.sweep
def test_nothing_reported_is_lost_to_200_kills(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        for _ in range(200):
            kill_at_random(store, tmp_path, random.uniform(0, 0.1))
        assert store.doctor() == []


def test_a_living_host_is_named_and_a_dead_one_makes_way(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        given = spec()
        store.runs.create(given, None)
        process = child("hold", tmp_path, given.id)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"

        assert store.history.run(given.id).state is Status.STARTED
        with pytest.raises(ConflictError, match=f"process {process.pid}"):
            store.runs.open(given.id)

        process.kill()
        process.communicate(timeout=10)
        log = store.runs.open(given.id)
        log.append([started(), dispatched("a", 2), succeeded("a", 2), finished()])
        log.close()
        assert store.history.run(given.id).state is Status.SUCCESS


def test_a_dead_run_shows_interrupted_in_a_store_that_cannot_be_written(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        given = spec()
        store.runs.create(given, None)
        log = store.runs.open(given.id)
        log.append([started(), dispatched("a")])
        log.close()

    with open_store(tmp_path, read_only=True) as store:
        found = store.history.run(given.id)
        assert (found.state, found.counts) == (Status.INTERRUPTED, {"PENDING": 2, "INTERRUPTED": 1})
        assert found.finished is not None
        assert store.history.steps(given.id)[0].state is Status.INTERRUPTED
        assert store.history.attempts(given.id)["a"][0].state is Status.INTERRUPTED
        assert store.history.find("@last-failed", "demo") == given.id
        assert [run.id for run in store.history.runs(RunQuery(states=(Status.INTERRUPTED,)))] == [given.id]
        assert store.history.runs(RunQuery(states=(Status.STARTED,))) == []

    database = Database(Layout(tmp_path))
    with database.reading() as connection:
        assert connection.execute("SELECT state FROM run").fetchone() == ("STARTED",)
    database.close()


def test_a_host_started_for_a_pending_run_does_not_take_up_a_cancelled_one(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        given = spec()
        store.runs.create(given, None)
        store.runs.request_cancel(given.id, is_hard=False)

        with pytest.raises(ConflictError, match="CANCELLED"):
            store.runs.open(given.id, expect=Status.PENDING)
