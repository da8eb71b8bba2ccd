"""What a promotion is told of celery workers: who answers at the broker, on which queues, and with what."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from celery_places import Workers, executor_at
from local_runs import DEADLINE_S, operation, order, until

from graftline.core.errors import InvalidError
from graftline.core.runnerhealth import Question, Reach
from graftline.plugins.celery.runner import CeleryRunner

QUESTION = Question(packages=("celery", "no-such"), secrets=("HOME", "NO_SUCH_SECRET"), labels=("default", "gpu"))


def test_workers_say_which_queues_they_listen_to_and_what_they_have(workers: Workers) -> None:
    found = CeleryRunner.health({"broker": workers.broker}, QUESTION)

    assert (found.reach, found.offers, found.limit_bytes) == (Reach.UP, frozenset({"gpu"}), 1_000_000)
    assert found.told == f"1 worker at {workers.broker} takes 2 attempts at once"
    (answer,) = found.answers
    assert (answer.refusal, list(answer.packages or ())) == (None, ["celery"])
    assert answer.secrets == {"HOME": True, "NO_SUCH_SECRET": False}
    assert list(Path(workers.broker.removeprefix("filesystem://")).glob("*graft-health*")) == []


def test_how_busy_they_are_is_told(workers: Workers, tmp_path: Path) -> None:
    with executor_at(workers.broker, tmp_path, [operation("leave_children_and_stay")]) as executor:
        executor.submit([order("long", 0, folder=str(tmp_path))])
        assert until(lambda: not executor.wait(0.05) and (tmp_path / "pids").exists(), DEADLINE_S)

        found = CeleryRunner.health({"broker": workers.broker})

        executor.cancel(["long"], grace_s=0.0)
        assert until(lambda: bool(executor.wait(0.1)), DEADLINE_S)
    assert found.told.endswith("takes 2 attempts at once, 1 under way now")


def test_a_queue_of_steps_without_labels_that_nobody_listens_to_is_told(workers: Workers) -> None:
    given = {"broker": workers.broker, "queue": "elsewhere"}

    found = CeleryRunner.health(given, QUESTION)
    unasked = CeleryRunner.health(given, Question(labels=("gpu",)))

    assert (found.reach, unasked.reach) == (Reach.DOWN, Reach.UP)
    assert "no worker listens to 'elsewhere', the queue of steps without a label" in found.told
    assert "they listen to gpu, graftline" in found.told
    assert "graft worker --celery" in (found.remedy or "")


def test_a_broker_without_workers_says_so_in_time(tmp_path: Path) -> None:
    found = CeleryRunner.health({"broker": f"filesystem://{tmp_path}"}, Question(timeout_s=4.0))

    assert found.reach is Reach.DOWN
    assert found.told.startswith(f"the celery broker filesystem://{tmp_path} answers, and no graftline worker in ")
    assert "graft worker --celery" in (found.remedy or "")


@pytest.mark.parametrize("broker", ["filesystem:///nowhere/at/all", "redis://:secret@127.0.0.1:9/0"])
def test_a_broker_that_is_not_there_is_told_without_its_password(broker: str) -> None:
    found = CeleryRunner.health({"broker": broker}, Question(timeout_s=3.0))

    assert found.reach is Reach.DOWN
    assert "is out of reach" in found.told
    assert "secret" not in found.told
    assert "broker" in (found.remedy or "")


def test_who_asks_in_vain_is_told_in_time_and_does_not_keep_celery() -> None:
    ask = (
        "import json, sys; from graftline.plugins.celery.runner import CeleryRunner;"
        " from graftline.core.runnerhealth import Question;"
        " found = CeleryRunner.health({'broker': 'redis://127.0.0.1:9/0'}, Question(timeout_s=0.01));"
        " print(json.dumps([found.reach, found.told, [name for name in ('celery', 'kombu') if name in sys.modules]]))"
    )

    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, timeout=60, check=True)

    assert json.loads(done.stdout) == ["DOWN", "the celery broker is out of reach: no answer within 0.01 s", []]


def test_a_broker_that_cannot_broadcast_and_wrong_options_are_told(tmp_path: Path) -> None:
    found = CeleryRunner.health({"broker": f"sqla+sqlite:///{tmp_path}/broker"})

    assert (found.reach, found.remedy) == (Reach.DOWN, "use redis or AMQP")
    with pytest.raises(InvalidError, match="did you mean 'broker'"):
        CeleryRunner.health({"brocker": "redis://x"})


def test_asking_leaves_no_thread_behind(workers: Workers) -> None:
    CeleryRunner.health({"broker": workers.broker})

    assert until(lambda: not any("graftline-health" in each.name for each in threading.enumerate()), DEADLINE_S)
