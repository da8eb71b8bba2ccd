"""A worker's shift, without processes: when it takes, drains, gives back and goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from graftline.core.errors import PluginError
from graftline.core.ids import RunId
from graftline.core.queue import BEAT_S, Claim, Worker
from graftline.core.shift import Shift, ShiftRequest
from graftline.core.states import Status


class FakeQueue:
    """Hands out claims in order, and notes what is said of them."""

    def __init__(self, *runs: str) -> None:
        self.waiting_runs = list(runs)
        self.finished: list[tuple[str, bool]] = []
        self.beats: list[bool] = []
        self.registered = 0
        self.left: list[int] = []
        self.is_known = True

    def register(self, labels: object, slots: int) -> int:
        self.registered += 1
        return self.registered

    def claim(self, worker: int) -> Claim | None:
        if not self.waiting_runs:
            return None
        run = self.waiting_runs.pop(0)
        return Claim(run=RunId(run), worker=worker, number=1, command=(), cwd="/", expect=Status.PENDING)

    def finish(self, claim: Claim, *, is_over: bool) -> bool:
        self.finished.append((claim.run, is_over))
        return True

    def beat(self, worker: int, *, is_draining: bool) -> bool:
        self.beats.append(is_draining)
        known, self.is_known = self.is_known, True
        return known

    def leave(self, worker: int) -> None:
        self.left.append(worker)

    def workers(self) -> list[Worker]:
        return []


class FakeHosted:
    """A process that ends when told."""

    def __init__(self, around: Around, run: str) -> None:
        self.around, self.run, self.was_killed = around, run, False

    def is_over(self) -> bool:
        return self.around.states[self.run] is not Status.STARTED

    def kill(self) -> None:
        self.was_killed = True
        self.around.states[self.run] = Status.INTERRUPTED


class Around:
    """A queue, processes and a clock that moves with each pause."""

    def __init__(self, *runs: str, slots: int = 1, is_once: bool = False) -> None:
        self.queue = FakeQueue(*runs)
        self.states = dict.fromkeys(runs, Status.PENDING)
        self.hosted: list[FakeHosted] = []
        self.labels: Mapping[str, int] = {}
        self.now = 0.0
        self.turns = 0
        self.on_turn: dict[int, Callable[[], None]] = {}
        self.said: list[str] = []
        self.breaks = False
        self.shift = Shift(
            ShiftRequest(labels=("gpu",), slots=slots, is_once=is_once),
            queue=self.queue,  # type: ignore[arg-type]
            hosts=self,
            state=lambda run: self.states[run],
            version=lambda: self.turns,
            clock=lambda: self.now,
            pause=self.pause,
            say=self.said.append,
        )

    def command(self) -> tuple[str, ...]:
        return ()

    def start(self, claim: Claim, expect: Status, labels: Mapping[str, int]) -> FakeHosted:
        if self.breaks:
            raise PluginError("no more processes")
        self.states[claim.run] = Status.STARTED
        self.labels = labels
        self.hosted.append(FakeHosted(self, claim.run))
        return self.hosted[-1]

    def pause(self, seconds: float) -> None:
        self.turns += 1
        assert self.turns < 500, "the shift does not end"
        self.now += seconds
        self.on_turn.get(self.turns, lambda: None)()

    def at_work(self) -> int:
        return sum(not each.is_over() for each in self.hosted)

    def end(self, run: str, state: Status = Status.SUCCESS) -> Callable[[], None]:
        return lambda: self.states.update({run: state})


def test_it_hosts_as_many_as_it_has_slots_and_serves_its_labels_there() -> None:
    around = Around("a", "b", "c", slots=2, is_once=True)
    most: list[int] = []
    for turn in range(1, 9):
        around.on_turn[turn] = lambda: most.append(around.at_work())
    around.on_turn |= {10: around.end("a"), 11: around.end("b"), 20: around.end("c")}

    around.shift.run()

    assert set(most) == {2}
    assert around.queue.finished == [("a", True), ("b", True), ("c", True)]
    assert around.labels == {"gpu": 2}
    assert around.queue.left == [1]


def test_a_draining_worker_ends_what_it_has_and_takes_nothing_more() -> None:
    around = Around("a", "b")
    around.on_turn |= {3: around.shift.drain, 30: around.end("a")}

    around.shift.run()

    assert around.queue.waiting_runs == ["b"]
    assert around.queue.finished == [("a", True)]
    assert around.queue.beats[0], "others know at once that it drains"


def test_a_killed_worker_gives_its_runs_back() -> None:
    around = Around("a", "b")
    around.on_turn |= {3: around.shift.drain, 4: around.shift.kill}

    around.shift.run()

    assert around.hosted[0].was_killed
    assert around.queue.finished == [("a", False)]


def test_a_run_that_its_host_left_goes_back_to_the_queue() -> None:
    around = Around("a", is_once=True)
    around.on_turn[2] = around.end("a", Status.INTERRUPTED)

    around.shift.run()

    assert around.queue.finished == [("a", False)]


def test_signs_of_life_come_every_two_seconds_and_no_more_often() -> None:
    around = Around("a", is_once=True)
    around.on_turn[100] = around.end("a")

    around.shift.run()

    assert len(around.queue.beats) == int(around.now / BEAT_S)


def test_a_worker_that_was_given_up_enters_anew() -> None:
    around = Around("a", is_once=True)
    around.queue.is_known = False
    around.on_turn[60] = around.end("a")

    around.shift.run()

    assert around.queue.registered == 2
    assert around.queue.left == [2]


def test_a_process_that_cannot_be_started_leaves_the_run_to_others() -> None:
    around = Around("a", is_once=True)
    around.breaks = True

    around.shift.run()

    assert around.queue.finished == [("a", False)]
    assert around.said == ["no more processes"]


def test_a_run_that_was_cancelled_meanwhile_is_not_started() -> None:
    around = Around("a", is_once=True)
    around.states["a"] = Status.CANCELLED

    around.shift.run()

    assert around.hosted == []
    assert around.queue.finished == [("a", True)]
