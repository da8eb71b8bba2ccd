"""The channel between an executor and a worker."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from graftline.worker.channel import Channel, socket_pair
from graftline.worker.messages import MAX_DATAGRAM


@pytest.fixture(params=["packets", "stream"])
def ends(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Channel, Channel]]:
    pair = socket_pair() if request.param == "packets" else socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    first, second = (Channel(each, str(tmp_path)) for each in pair)
    yield first, second
    first.close()
    second.close()


@pytest.mark.parametrize("size", [0, 1, MAX_DATAGRAM - 100, MAX_DATAGRAM, 5 * MAX_DATAGRAM])
def test_a_message_arrives_whole_and_leaves_no_file(ends: tuple[Channel, Channel], tmp_path: Path, size: int) -> None:
    message = ("order", b"x" * size)

    ends[0].send(message)
    ends[0].send(("after",))

    assert ends[1].receive() == message
    assert ends[1].receive() == ("after",)
    assert list(tmp_path.iterdir()) == []


def test_a_spilled_message_is_readable_by_its_owner_alone(ends: tuple[Channel, Channel], tmp_path: Path) -> None:
    ends[0].send(("x", b"x" * MAX_DATAGRAM))

    (path,) = tmp_path.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_closed_end_is_the_end_of_file_after_what_was_sent(ends: tuple[Channel, Channel]) -> None:
    ends[0].send(("last",))
    ends[0].close()

    assert ends[1].receive() == ("last",)
    with pytest.raises(EOFError):
        ends[1].receive()
    with pytest.raises(EOFError):
        ends[1].receive_now()


def test_an_order_that_nobody_received_yet_can_be_taken_back(ends: tuple[Channel, Channel]) -> None:
    executor, worker = ends
    copy = worker.duplicate()
    executor.send(("order", 1))
    executor.send(("order", 2))

    first = worker.receive()
    second = copy.receive_now()

    assert (first, second) == (("order", 1), ("order", 2))
    assert worker.receive_now() is None
    copy.close()
    executor.send(("order", 3))
    assert worker.receive() == ("order", 3)


def test_sending_without_waiting_tells_when_the_queue_is_full(tmp_path: Path) -> None:
    first, second = (Channel(each, str(tmp_path)) for each in socket_pair())
    sent = 0
    while first.send_now(("order", sent, b"x" * 50_000)):
        sent += 1
        assert sent < 1000

    got = [second.receive() for _ in range(sent)]

    assert sent >= 2
    assert [message[1] for message in got] == list(range(sent))
    assert first.send_now(("order", "again"))
    first.close()
    second.close()
