"""The desk of a worker as the host of a run meets it, over a broker in this process: what is lost is told again."""

from __future__ import annotations

import time
from base64 import b64decode, b64encode
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from dask_places import context_elsewhere
from local_runs import DEADLINE_S, operation, order

from graftline.core.events import AttemptCancelled, AttemptSucceeded
from graftline.plugins.celery import desk as desks
from graftline.plugins.celery.app import make_app
from graftline.plugins.celery.broker import Box, Broker, Post
from graftline.plugins.celery.desk import Desk
from graftline.plugins.remote.packing import bundle_of
from graftline.worker.parcels import Ended, Missing, Parcel, decode_report, encode_parcel, token_of

RUN = "k3f9"


class Host:
    """Stands for the host of a run: says what a test wants it to say."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        broker = Broker(url=f"filesystem://{folder}")
        self.post, self.box = Post(make_app(broker), broker.connection), Box("replies", broker.connection)
        self.desk = Desk(
            Post(make_app(broker), broker.connection),
            broker.connection,
            name="worker",
            mailbox="worker",
            threads=2,
            queues=lambda: ["graftline"],
        )
        self._threads = ThreadPoolExecutor(2)
        self._heard: list[dict[str, Any]] = []

    def give(self, parcel: bytes, token: str, number: int = 1) -> Future[None]:
        """Have the worker get a message."""
        data = b64encode(parcel).decode()
        return self._threads.submit(self.desk.work, RUN, "replies", [(token, number)], [data], 1_000_000)

    def say(self, kind: str, **more: Any) -> None:
        self.post.put(self.desk.id, {"kind": kind, "run": RUN, "reply": "replies", **more})

    def hear(self, kind: str) -> dict[str, Any]:
        """Return the next message of a kind."""
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            self._heard += self.box.take(0.1)
            for message in self._heard:
                if message["kind"] == kind:
                    self._heard.remove(message)
                    return message
        raise AssertionError(f"no '{kind}' came")

    def forget(self) -> None:
        """Lose what came."""
        self._heard += self.box.take(0.3)
        self._heard.clear()

    def close(self) -> None:
        self.desk.close()
        self._threads.shutdown()
        self.box.close()
        self.post.close()


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    found = Host(tmp_path / "broker")
    yield found
    found.say("finish", seen={})
    found.hear("finished")
    found.close()


def parcel_of(folder: Path, step: str, **arguments: Any) -> tuple[bytes, str]:
    """Return a parcel with its bundle, and its token."""
    context = context_elsewhere(folder, [operation(step, returns=True)])
    bundle, _ = bundle_of(context)
    given = order("step", 0, **arguments)
    token = token_of(RUN, given)
    parcel = Parcel(token=token, run=RUN, bundle=bundle.digest, order=given, carried={bundle.digest: bundle.data})
    return encode_parcel(parcel), token


def report_in(message: dict[str, Any]) -> Any:
    return decode_report(b64decode(message["reports"][0][2]))


def test_an_attempt_begins_when_it_is_allowed_and_a_lost_report_is_told_again(host: Host, tmp_path: Path) -> None:
    parcel, token = parcel_of(tmp_path, "increment", x=1)
    work = host.give(parcel, token)
    asked = host.hear("ask")
    assert not work.done()
    host.say("grant", letter=asked["letter"], tokens=[token])
    work.result(DEADLINE_S)
    host.forget()

    host.say("beat", wanted={token: None, "unheard/1/of": None})

    report = report_in(host.hear("reports"))
    assert isinstance(report, Ended)
    assert isinstance(report.fact, AttemptSucceeded)
    assert report.fact.outputs[0].ref.inline == b"2"
    assert host.hear("unknown")["tokens"] == ["unheard/1/of"]


def test_what_nobody_waits_for_any_more_is_stopped(host: Host, tmp_path: Path) -> None:
    parcel, token = parcel_of(tmp_path, "snooze", seconds=30)
    work = host.give(parcel, token)
    host.say("grant", letter=host.hear("ask")["letter"], tokens=[token])

    for _ in range(10):  # as hosts do: the first may come while the station is being made
        time.sleep(0.1)
        host.say("beat", wanted={})

    report = report_in(host.hear("reports"))
    assert isinstance(report, Ended)
    assert isinstance(report.fact, AttemptCancelled)
    work.result(DEADLINE_S)


def test_without_permission_nothing_is_executed(host: Host, tmp_path: Path) -> None:
    parcel, token = parcel_of(tmp_path, "process_id")
    work = host.give(parcel, token)

    host.say("grant", letter=host.hear("ask")["letter"], tokens=[])
    work.result(DEADLINE_S)
    host.say("beat", wanted={token: None})

    assert host.hear("unknown")["tokens"] == [token]


def test_a_host_that_does_not_answer_is_asked_no_more_and_told_when_it_does(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "ASK_S", 0.2)
    parcel, token = parcel_of(tmp_path, "nothing")
    work = host.give(parcel, token)
    asked = host.hear("ask")
    work.result(DEADLINE_S)
    assert host.give(parcel, token).result(0.1) is None  # not even asked for

    host.say("grant", letter=asked["letter"], tokens=[token])

    assert host.hear("returned")["letter"] == asked["letter"]


def test_who_lacks_the_bundle_says_so_and_gets_the_same_attempt_again(host: Host, tmp_path: Path) -> None:
    whole, token = parcel_of(tmp_path, "increment", x=1)
    context = context_elsewhere(tmp_path, [operation("increment", returns=True)])
    bundle, _ = bundle_of(context)
    bare = encode_parcel(Parcel(token=token, run=RUN, bundle=bundle.digest, order=order("step", 0, x=1)))
    host.give(bare, token)
    host.say("grant", letter=host.hear("ask")["letter"], tokens=[token])
    assert isinstance(report_in(host.hear("reports")), Missing)

    host.give(whole, token, number=2)
    host.say("grant", letter=host.hear("ask")["letter"], tokens=[token])

    told = host.hear("reports")
    assert told["reports"][0][1] == 2
    assert isinstance(report_in(told), Ended)
