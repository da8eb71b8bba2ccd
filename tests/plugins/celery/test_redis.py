"""Whole runs on celery over a real redis-server: as over a directory, and a broker that is killed and comes back."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from celery_places import Redis, Workers, executor_at, redis_in, workers_at
from celery_runs import CeleryRuns, lost_with_a_worker, meanwhile, waiting_on
from local_runs import operation, order, run_all
from waiting_runs import states

from graftline.core.errors import PluginError
from graftline.core.events import AttemptSucceeded
from graftline.core.runnerhealth import Question, Reach
from graftline.plugins.celery.runner import CeleryRunner
from graftline.testing import RunnerConformance

pytestmark = pytest.mark.redis


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    with redis_in(tmp_path_factory.mktemp("redis")) as found:
        yield found


@pytest.fixture(scope="module")
def workers(redis: Redis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workers]:
    with workers_at(redis.url, tmp_path_factory.mktemp("workers")) as found:
        found.add("default", "gpu")
        yield found


@pytest.fixture
def frail(tmp_path: Path) -> Iterator[Redis]:
    """A redis-server that may be killed."""
    with redis_in(tmp_path) as found:
        yield found


@pytest.fixture
def fragile(frail: Redis, tmp_path: Path) -> Iterator[Workers]:
    with workers_at(frail.url, tmp_path) as found:
        yield found


class TestRedis(CeleryRuns):
    """As with every broker."""


class TestConformance(RunnerConformance):
    """Claims everything."""

    runner = "cluster"
    config: ClassVar[str] = ""

    @pytest.fixture(autouse=True)
    def _configured(self, workers: Workers) -> None:
        type(self).config = workers.table()


def test_a_redis_and_its_workers_say_how_they_are_and_one_that_is_gone_too(
    workers: Workers, frail: Redis, tmp_path: Path
) -> None:
    found = CeleryRunner.health({"broker": workers.broker}, Question(packages=("celery",), labels=("default", "gpu")))
    idle = CeleryRunner.health({"broker": frail.url}, Question(timeout_s=4.0))
    frail.stop()
    gone = CeleryRunner.health({"broker": frail.url})

    assert (found.reach, found.offers) == (Reach.UP, frozenset({"gpu"}))
    assert [list(each.packages or ()) for each in found.answers] == [["celery"]]
    assert (idle.reach, gone.reach) == (Reach.DOWN, Reach.DOWN)
    assert "answers, and no graftline worker in" in idle.told
    assert "Connection refused" in gone.told


def test_many_short_steps_are_executed_once_each_by_two_workers(fragile: Workers, tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    fragile.add(jobs=1)
    fragile.add(jobs=1)
    with executor_at(fragile.broker, tmp_path, [operation("stamp")], jobs=16) as executor:
        orders = [order(f"s{number}", 0, folder=str(marks), name=str(number)) for number in range(100)]
        found = run_all(executor, orders, 40.0)

    assert all(isinstance(end, AttemptSucceeded) for end in found.values())
    assert len({str(end.worker).partition("/")[0] for end in found.values()}) == 2
    assert [len(path.read_text().splitlines()) for path in marks.iterdir()] == [1] * 100


def test_a_redis_that_is_not_there_is_one_clear_failure_without_its_password(tmp_path: Path) -> None:
    url = "redis://:secret@127.0.0.1:9/0"
    with executor_at(url, tmp_path, [operation("nothing")], options={"patience": 1.0}) as executor:
        executor.submit([order("s", 0)])

        with pytest.raises(PluginError, match=r"127.0.0.1:9/0 is out of reach: tried \d+ times in 1 s") as failure:
            executor.wait(20)
    assert "secret" not in str(failure.value)


def test_what_is_submitted_before_the_broker_is_there_runs_once_it_is(
    frail: Redis, fragile: Workers, tmp_path: Path
) -> None:
    frail.stop()

    def start() -> None:
        time.sleep(1.0)
        frail.start()
        fragile.add()

    starter = threading.Thread(target=start)
    starter.start()
    with executor_at(frail.url, tmp_path, [operation("increment", returns=True)]) as executor:
        found = run_all(executor, [order("s", 0, x=1)], 40.0)
    starter.join()

    assert isinstance(found["s"], AttemptSucceeded)


@pytest.mark.fault
def test_a_killed_worker_fails_the_step_that_may_not_be_tried_again(fragile: Workers, tmp_path: Path) -> None:
    document = lost_with_a_worker(fragile, tmp_path, retries=0)

    assert "nothing was heard of" in document["steps"][1]["error"]["message"]


@pytest.mark.fault
def test_a_broker_that_comes_back_empty_loses_nothing_and_repeats_nothing(
    frail: Redis, fragile: Workers, tmp_path: Path
) -> None:
    fragile.add()
    sample, marks = waiting_on(fragile, tmp_path, 0, patience=20.0)

    def restart() -> None:
        frail.stop()
        time.sleep(1.5)
        (marks / "go").touch()  # the step ends while nobody can be told
        time.sleep(0.5)
        frail.start()

    restarter = meanwhile(marks, restart)
    document = sample.document("run", "-R", "cluster", "-p", f"marks={marks}")
    restarter.join()

    assert states(document) == {"first": "SUCCESS", "long": "SUCCESS", "last": "SUCCESS"}
    assert [step["attempts"] for step in document["steps"]] == [1, 1, 1]
    assert (marks / "began").read_text() == "x"
    assert "went on" in sample.graft("logs", "@last", "long").stdout


@pytest.mark.fault
def test_a_broker_lost_for_good_is_one_clear_failure_and_a_retry_goes_on(
    frail: Redis, fragile: Workers, tmp_path: Path
) -> None:
    fragile.add()
    sample, marks = waiting_on(fragile, tmp_path, 0, patience=1.0)
    killer = meanwhile(marks, frail.stop)

    lost = sample.graft("--json", "run", "-R", "cluster", "-p", f"marks={marks}")
    killer.join()
    fragile.close()
    (marks / "go").touch()
    healed = sample.document("retry", "-R", "local")

    assert lost.returncode in (1, 4), lost.stdout + lost.stderr
    assert json.loads(lost.stdout)["schema"] == 1
    assert lost.stderr.count("is out of reach: tried") == 1
    assert states(healed) == {"first": "SUCCESS", "long": "SUCCESS", "last": "SUCCESS"}
    assert (marks / "began").read_text() == "xx"
