"""What the celery runner takes: options, queues of labels, addresses of brokers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from celery_places import executor_at
from command_line import completed
from local_runs import operation, order

from graftline.core.errors import InvalidError, PluginError
from graftline.plugins.celery.app import make_app
from graftline.plugins.celery.broker import Box, Broker, BrokerDown, Post
from graftline.plugins.celery.names import queue_of
from graftline.plugins.celery.runner import CeleryRunner

GOOD = {"broker": "redis://somewhere/0"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"brocker": "redis://x"}, "has no option 'brocker'; did you mean 'broker'"),
        ({}, "needs a broker"),
        ({"broker": "localhost:6379"}, "takes the URL of a broker"),
        (GOOD | {"limit": "1 MB"}, "takes a number of bytes as 'limit', not '1 MB'"),
        (GOOD | {"jobs": True}, "takes a number of attempts as 'jobs', not True"),
        (GOOD | {"patience": -1}, "takes a positive number as 'patience', not -1"),
        (GOOD | {"transport": "fanout_prefix"}, "takes a table of kombu's transport options as 'transport'"),
    ],
)
def test_a_wrong_option_is_refused_before_anything_starts(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidError, match=message):
        CeleryRunner.executor(None, **options)  # type: ignore[arg-type]  # not looked at


@pytest.mark.parametrize(
    ("demand", "queues"),
    [
        ({}, ["p-graftline"]),
        ({"cpus": 2.0, "memory": 1e9}, ["p-graftline"]),
        ({"gpu": 1.0, "cpus": 2.0}, ["p-gpu"]),
        ({"gpu": 1.0, "big": 1.0}, ["p-big", "p-gpu"]),
    ],
)
def test_a_label_is_a_queue(demand: dict[str, float], queues: list[str]) -> None:
    assert queue_of(demand, prefix="p-", default="graftline") == queues


def test_the_address_of_a_directory_says_all_that_the_transport_needs() -> None:
    found = Broker(url="filesystem:///shared/my%20broker", transport={"polling_interval": 1.0}).options

    assert found["data_folder_in"] == found["data_folder_out"] == "/shared/my broker"
    assert found["control_folder"] == "/shared/my broker/control"
    assert found["polling_interval"] == 1.0


def test_a_password_is_not_shown() -> None:
    assert "secret" not in str(Broker(url="redis://me:secret@somewhere:6379/0"))


def test_a_broker_that_cannot_broadcast_is_refused(tmp_path: Path) -> None:
    assert Broker(url="redis://somewhere/0").can_broadcast

    with executor_at(f"sqla+sqlite:///{tmp_path}/broker", tmp_path, [operation("nothing")]) as executor:
        executor.submit([order("s", 0)])
        with pytest.raises(PluginError, match=r"broker .* cannot broadcast"):
            executor.wait(10)


def test_a_box_takes_what_a_post_put_in_order_and_leaves_nothing(tmp_path: Path) -> None:
    broker = Broker(url=f"filesystem://{tmp_path}")
    post, box = Post(make_app(broker), broker.connection), Box("mine", broker.connection)

    for number in range(50):
        post.put("mine", {"number": number})
        post.put("another", {"number": number})
    found = box.take(1.0)
    post.put("mine", {"number": 50})
    box.close(deletes=True)
    post.discard("another")
    post.close()

    assert [each["number"] for each in found] == list(range(50))
    assert list(tmp_path.glob("*.msg")) == []


def test_a_broker_that_is_gone_is_said_to_be(tmp_path: Path) -> None:
    broker = Broker(url=f"filesystem://{tmp_path / 'gone'}")
    post = Post(make_app(broker), broker.connection)

    with pytest.raises(BrokerDown, match="gone"):
        post.put("mine", {})
    with pytest.raises(BrokerDown, match="gone"):
        Box("mine", broker.connection)


def test_a_worker_of_a_runner_that_has_none_says_so(tmp_path: Path) -> None:
    done = completed(tmp_path, "worker", "--celery", "local", environ=dict(os.environ))

    assert done.returncode == 4
    assert "has no workers that graft starts" in done.stderr


def test_a_celery_worker_is_not_asked_to_end_by_itself(tmp_path: Path) -> None:
    done = completed(tmp_path, "worker", "--celery", "redis://somewhere/0", "--once", environ=dict(os.environ))

    assert done.returncode == 2
    assert "--once and --celery exclude each other" in done.stderr
