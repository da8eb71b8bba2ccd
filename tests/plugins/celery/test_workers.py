"""Whom a host knows: when a worker counts as lost, and when a queue counts as one nobody listens to."""

from __future__ import annotations

from graftline.plugins.celery.workers import Worker, Workers


def worker(desk: str, *queues: str, name: str = "", threads: int = 1) -> Worker:
    return Worker(desk=desk, name=name or desk, queues=frozenset(queues), threads=threads)


def test_who_was_silent_for_too_long_is_lost_and_a_break_of_our_own_does_not_count() -> None:
    met = Workers()
    met.hear(worker("one", "graftline"), 0.0)
    met.hear(worker("two", "graftline"), 8.0)

    assert [each.desk for each in met.silent(11.0)] == ["one"]
    met.refresh(11.0)
    assert met.silent(20.0) == []


def test_the_same_name_with_another_desk_is_a_worker_started_anew() -> None:
    met = Workers()
    old = worker("old", "graftline", name="celery-here")
    met.hear(old, 0.0)

    assert met.replaced("celery-here", "new") == old
    assert met.replaced("celery-here", "old") is None
    assert met.replaced("celery-there", "new") is None


def test_attempts_at_once_are_those_of_the_workers_of_a_queue() -> None:
    met = Workers()
    assert met.threads() == 1
    met.hear(worker("one", "graftline", threads=4), 0.0)
    met.hear(worker("two", "graftline", "gpu", threads=2), 0.0)

    assert (met.threads(), met.threads("gpu"), met.threads("tpu")) == (6, 2, 1)


def test_a_queue_nobody_ever_listened_to_is_given_up_soon() -> None:
    met = Workers()
    met.hear(worker("one", "graftline"), 0.0)

    assert met.unheard({"gpu", "graftline"}, 1.0, 5.0, 30.0) == []
    assert met.unheard({"gpu", "graftline"}, 5.9, 5.0, 30.0) == []
    assert met.unheard({"gpu", "graftline"}, 6.1, 5.0, 30.0) == ["gpu"]


def test_a_queue_that_lost_its_listeners_is_given_up_when_patience_is_over() -> None:
    met = Workers()
    met.hear(worker("one", "graftline"), 0.0)
    met.hear(worker("two", "gpu"), 0.0)
    met.forget("two")

    assert met.unheard({"gpu"}, 1.0, 5.0, 30.0) == []
    assert met.unheard({"gpu"}, 20.0, 5.0, 30.0) == []
    assert met.unheard({"gpu"}, 31.5, 5.0, 30.0) == ["gpu"]


def test_a_queue_that_is_listened_to_meanwhile_is_waited_for_anew() -> None:
    met = Workers()
    met.hear(worker("one", "graftline"), 0.0)
    met.unheard({"gpu"}, 1.0, 5.0, 30.0)
    met.hear(worker("two", "gpu"), 3.0)

    assert met.unheard({"gpu"}, 7.0, 5.0, 30.0) == []
