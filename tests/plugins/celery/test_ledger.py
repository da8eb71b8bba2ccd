"""What the host of a run allows: one beginning for each attempt, however often brokers deliver and whoever dies."""

from __future__ import annotations

import pytest

from graftline.plugins.celery.ledger import Ledger
from graftline.plugins.celery.link import _batches
from graftline.plugins.remote.link import Shipment


def shipment(token: str, *, number: int = 1, batch: int = 1, size: int = 10) -> Shipment:
    return Shipment(token=token, data=b"x" * size, demand={}, batch=batch, number=number)


@pytest.fixture
def ledger() -> Ledger:
    found = Ledger()
    for token in ("a", "b"):
        found.add(shipment(token), "graftline")
    return found


def sent(ledger: Ledger) -> list[str]:
    """Send what is to be sent; return the tokens."""
    entries = ledger.unsent({"graftline"})
    for entry in entries:
        entry.is_out = True
    return [entry.shipment.token for entry in entries]


def test_a_message_that_comes_twice_may_begin_once(ledger: Ledger) -> None:
    assert ledger.grant("desk1", "letter1", [("a", 1)]) == ["a"]

    assert ledger.grant("desk2", "letter2", [("a", 1)]) == []
    assert ledger.grant("desk1", "letter3", [("a", 1)]) == []


def test_who_asks_again_for_the_same_message_gets_the_same_answer(ledger: Ledger) -> None:
    first = ledger.grant("desk1", "letter1", [("a", 1), ("b", 1)])

    assert ledger.grant("desk1", "letter1", [("a", 1), ("b", 1)]) == first == ["a", "b"]


def test_what_has_ended_does_not_begin_again(ledger: Ledger) -> None:
    ledger.grant("desk1", "letter1", [("a", 1)])

    assert ledger.take("a", 1)
    assert not ledger.take("a", 1)
    assert ledger.grant("desk2", "letter2", [("a", 1)]) == []


def test_a_late_report_of_an_earlier_sending_is_not_that_of_the_later_one(ledger: Ledger) -> None:
    ledger.grant("desk1", "letter1", [("a", 1)])
    ledger.take("a", 1)  # it lacked something
    ledger.add(shipment("a", number=2), "graftline")

    assert not ledger.take("a", 1)
    assert ledger.grant("desk1", "letter1", [("a", 1)]) == []
    assert ledger.grant("desk2", "letter2", [("a", 2)]) == ["a"]
    assert ledger.take("a", 2)


def test_what_a_lost_worker_had_begun_is_lost_and_the_rest_is_sent_again(ledger: Ledger) -> None:
    assert sent(ledger) == ["a", "b"]
    ledger.grant("desk1", "letter1", [("a", 1)])

    assert ledger.lose("desk1") == ["a"]
    assert sent(ledger) == []
    ledger.recall()
    assert sent(ledger) == ["b"]
    assert not ledger.take("a", 1)


def test_a_message_given_up_before_it_was_allowed_is_sent_again(ledger: Ledger) -> None:
    sent(ledger)
    ledger.grant("desk1", "letter1", [("a", 1)])

    ledger.give_back("desk1", "another letter")
    assert sent(ledger) == []
    ledger.give_back("desk1", "letter1")

    assert sent(ledger) == ["a"]
    assert ledger.grant("desk2", "letter2", [("a", 1)]) == ["a"]


def test_what_is_stopped_before_it_began_never_begins_and_the_rest_is_told_to(ledger: Ledger) -> None:
    ledger.grant("desk1", "letter1", [("a", 1)])

    assert ledger.stop(["a", "b", "unknown"], 2.0) == ["b"]
    assert ledger.grant("desk2", "letter2", [("b", 1)]) == []
    assert ledger.at("desk1") == {"a": 2.0}


def test_a_queue_nobody_takes_from_gives_back_what_has_not_begun(ledger: Ledger) -> None:
    ledger.add(shipment("c"), "gpu")
    ledger.grant("desk1", "letter1", [("a", 1)])

    assert ledger.waiting_queues() == {"graftline", "gpu"}
    assert ledger.withdraw("gpu") == ["c"]
    assert ledger.withdraw("graftline") == ["b"]
    assert ledger.at("desk1") == {"a": None}


def test_short_steps_travel_together_but_every_thread_has_some() -> None:
    found = Ledger()
    for number in range(10):
        found.add(shipment(str(number), batch=8), "graftline")

    assert [len(batch) for batch in _batches(found.unsent({"graftline"}), 2)] == [5, 5]
    assert [len(batch) for batch in _batches(found.unsent({"graftline"}), 1)] == [8, 2]


def test_large_parcels_travel_alone() -> None:
    found = Ledger()
    for number in range(4):
        found.add(shipment(str(number), batch=8, size=200_000), "graftline")

    assert [len(batch) for batch in _batches(found.unsent({"graftline"}), 1)] == [1, 1, 1, 1]
