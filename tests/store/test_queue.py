"""The queue: who waits is taken once, by somebody who fits, and again only when that one is lost."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from run_specs import spec

from graftline.core.ids import RunId
from graftline.core.queue import LOST_AFTER_S, Claim, NewSubmission, SubmissionState, WorkerState
from graftline.core.states import Status
from graftline.store.queue import StoredQueue
from graftline.store.store import Store, open_store

CLAIMER = Path(__file__).parent.parent / "support" / "queue_children.py"


class Ticking:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Ticking:
    return Ticking()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "store") as opened:
        yield opened


@pytest.fixture
def queue(store: Store, clock: Ticking) -> StoredQueue:
    return StoredQueue(store.layout, store._database, clock)


def submitted(store: Store, queue: StoredQueue, *labels: str, expect: Status = Status.PENDING) -> RunId:
    """Write a PENDING run and queue it."""
    run = spec("a")
    store.runs.create(run, None)
    queue.put(
        NewSubmission(run=run.id, labels=labels, command=("host",), cwd="/project", expect=expect, created=run.created)
    )
    return run.id


def taken(claim: Claim | None) -> RunId | None:
    return None if claim is None else claim.run


def test_the_oldest_submission_that_fits_is_claimed(store: Store, queue: StoredQueue) -> None:
    first, second, gpu = submitted(store, queue), submitted(store, queue), submitted(store, queue, "gpu")
    plain, special = queue.register(["default"], 1), queue.register(["gpu", "big"], 1)

    assert [taken(queue.claim(plain)) for _ in range(3)] == [first, second, None]
    assert [taken(queue.claim(special)) for _ in range(2)] == [gpu, None]


def test_a_worker_must_have_every_label(store: Store, queue: StoredQueue) -> None:
    run = submitted(store, queue, "gpu", "big")

    assert queue.claim(queue.register(["gpu"], 1)) is None
    assert taken(queue.claim(queue.register(["big", "other", "gpu"], 1))) == run


def test_what_a_lost_worker_had_is_taken_again_and_its_late_word_is_not_heard(
    store: Store, queue: StoredQueue, clock: Ticking
) -> None:
    run = submitted(store, queue)
    lost = queue.register(["default"], 1)
    late = queue.claim(lost)
    assert late is not None
    clock.now += LOST_AFTER_S - 0.1
    heir = queue.register(["default"], 1)
    assert queue.claim(heir) is None, "it may still be alive"

    clock.now += 0.2
    again = queue.claim(heir)

    assert again is not None
    assert (again.run, again.number) == (run, 2)
    assert not queue.beat(lost, is_draining=False)
    assert not queue.finish(late, is_over=True)
    assert queue.finish(again, is_over=True)
    assert [each.state for each in queue.workers()] == [WorkerState.LOST, WorkerState.LIVE]


def test_a_run_whose_process_outlives_its_worker_is_left_to_it(
    store: Store, queue: StoredQueue, clock: Ticking, tmp_path: Path
) -> None:
    run = submitted(store, queue)
    queue.claim(queue.register(["default"], 1))
    log = store.runs.open(run)  # the process that hosts it
    clock.now += LOST_AFTER_S + 1
    heir = queue.register(["default"], 1)

    assert queue.claim(heir) is None
    log.close()
    assert taken(queue.claim(heir)) == run


def test_a_run_that_was_cancelled_while_it_waited_is_not_taken(store: Store, queue: StoredQueue) -> None:
    run, other = submitted(store, queue), submitted(store, queue, "gpu")
    store.runs.request_cancel(run, is_hard=False)

    assert [each.run for each in queue.waiting()] == [other]
    assert queue.claim(queue.register(["default"], 1)) is None
    found = queue.submission(run)
    assert found is not None
    assert found.state is SubmissionState.ENDED


def test_a_run_that_loses_three_workers_is_given_up(store: Store, queue: StoredQueue, clock: Ticking) -> None:
    run = submitted(store, queue)
    for number in (1, 2, 3):
        claim = queue.claim(queue.register(["default"], 1))
        assert claim is not None
        assert claim.number == number
        clock.now += LOST_AFTER_S + 1

    assert queue.claim(queue.register(["default"], 1)) is None
    found = queue.submission(run)
    assert found is not None
    assert found.state is SubmissionState.GIVEN_UP


def test_only_what_no_live_worker_could_take_is_adopted(store: Store, queue: StoredQueue, clock: Ticking) -> None:
    plain, gpu = submitted(store, queue), submitted(store, queue, "gpu")
    queue.register(["default"], 1)

    assert queue.adopt([]) == []
    clock.now += LOST_AFTER_S + 1
    assert [claim.run for claim in queue.adopt([])] == [plain]
    assert [claim.run for claim in queue.adopt(["gpu"])] == [gpu]


def test_a_draining_worker_takes_nothing_and_leaves_its_work_to_others(store: Store, queue: StoredQueue) -> None:
    run = submitted(store, queue)
    worker = queue.register(["default"], 1)
    queue.beat(worker, is_draining=True)

    assert queue.claim(worker) is None
    assert [claim.run for claim in queue.adopt([])] == [run]


def test_a_run_is_queued_again_for_a_retry(store: Store, queue: StoredQueue) -> None:
    run = submitted(store, queue)
    worker = queue.register(["default"], 1)
    first = queue.claim(worker)
    assert first is not None
    queue.finish(first, is_over=True)

    queue.put(
        NewSubmission(run=run, labels=(), command=("host",), cwd="/", expect=Status.PENDING, created=first.number)
    )

    assert taken(queue.claim(worker)) == run
    assert queue.waiting() == []


STEP = st.one_of(
    st.tuples(st.just("submit"), st.sampled_from([(), ("gpu",), ("gpu", "big")])),
    st.tuples(st.just("register"), st.sampled_from([("default",), ("gpu",), ("gpu", "big", "default")])),
    st.tuples(st.sampled_from(["claim", "beat", "end", "back", "drain"]), st.integers(0, 5)),
    st.tuples(st.just("wait"), st.sampled_from([1.0, 2.0, LOST_AFTER_S + 0.1])),
)


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(STEP, max_size=40))
def test_whatever_happens_no_two_live_workers_have_one_submission(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, object]]
) -> None:
    clock = Ticking()
    with open_store(tmp_path_factory.mktemp("queue")) as store:
        queue = StoredQueue(store.layout, store._database, clock)
        workers: dict[int, tuple[str, ...]] = {}
        held: dict[RunId, Claim] = {}
        labels: dict[RunId, tuple[str, ...]] = {}
        for word, value in steps:
            numbers = list(workers)
            one = numbers[value % len(numbers)] if numbers and isinstance(value, int) else None
            if word == "submit":
                assert isinstance(value, tuple)
                labels[submitted(store, queue, *value)] = value or ("default",)
            elif word == "register":
                assert isinstance(value, tuple)
                workers[queue.register(value, 1)] = value
            elif word == "wait":
                assert isinstance(value, float)
                clock.now += value
            elif one is not None and word == "claim":
                live = {each.number for each in queue.workers() if each.state is not WorkerState.LOST}
                claim = queue.claim(one)
                if claim is not None:
                    before = held.get(claim.run)
                    assert one in live
                    assert set(labels[claim.run]) <= set(workers[one])
                    assert before is None or before.worker not in live, "two live workers have it"
                    held[claim.run] = claim
            elif one is not None and word in ("beat", "drain"):
                queue.beat(one, is_draining=word == "drain")
            elif one is not None:
                for run, claim in list(held.items()):
                    if claim.worker == one and queue.finish(claim, is_over=word == "end"):
                        del held[run]


def test_two_processes_share_a_queue_and_take_each_submission_once(store: Store, queue: StoredQueue) -> None:
    runs = {submitted(store, queue) for _ in range(60)}
    command = [sys.executable, str(CLAIMER), str(store.layout.directory)]

    children = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    told = [child.communicate(timeout=60)[0].split() for child in children]

    assert [child.returncode for child in children] == [0, 0]
    assert sorted(told[0] + told[1]) == sorted(runs)
