"""Laws of the machine behind `graft watch`, whatever comes in whichever order."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from laws import examples
from watched import compiled, dispatched, over, saved

from graftline.core.errors import InvalidError
from graftline.core.ports import Loaded
from graftline.core.states import Status
from graftline.core.watchevents import CodeBroken, CodeLoaded, Command, Event, Leave, Load, Start, Stop, WaveTold
from graftline.core.watching import Watching
from graftline.core.watchnews import Waiting, Wish

WRONG = InvalidError("wrong", file="code.py", line=3)


class WatchMachine(RuleBasedStateMachine):
    """Any order of saves, loads, ends and wishes: one wave and load at a time, and what is saved last is what ran."""

    def __init__(self) -> None:
        super().__init__()
        self.machine = Watching()
        self.now = 0.0
        self.disk: int | None = 0
        """Version of the code that is saved; None: it is broken."""
        self.loads: list[int | None] = []
        """Version that each load that goes on read."""
        self.wave: int | None = None
        self.is_running = self.is_left = self.is_leaving = False
        self.ran: int | None = None
        """Version that a wave ran to its end last."""
        self.is_waiting = False
        self.follow(self.machine.begin())

    def feed(self, event: Event) -> None:
        if not self.is_left:
            self.is_waiting = False
            self.follow(self.machine.take(event))

    def follow(self, commands: list[Command]) -> None:
        for command in commands:
            assert not self.is_left
            if isinstance(command, Load):
                assert not self.loads, "two loads at a time"
                self.loads.append(self.disk)
            elif isinstance(command, Start):
                assert not self.is_running, "two waves at a time"
                assert not self.is_leaving, "a wave after the person left"
                self.is_running, self.wave = True, command.loaded.params["version"]  # type: ignore[assignment]
            elif isinstance(command, Stop):
                assert self.is_running
            elif isinstance(command, Waiting):
                self.is_waiting = True
                assert not self.is_running
            elif isinstance(command, Leave):
                assert not self.is_running, "left with a wave going on"
                self.is_left = True

    @rule(version=st.none() | st.integers(0, 3))
    def save(self, version: int | None) -> None:
        self.now += 1.0
        if version != self.disk:
            self.disk = version
            self.feed(saved("code.py", at=self.now))

    @precondition(lambda self: self.loads)
    @rule()
    def load(self) -> None:
        version = self.loads.pop()
        self.feed(CodeBroken(error=WRONG) if version is None else CodeLoaded(loaded=versioned(version)))

    @precondition(lambda self: self.is_running)
    @rule(state=st.sampled_from([Status.SUCCESS, Status.FAILURE, Status.CANCELLED]))
    def end(self, state: Status) -> None:
        self.is_running = False
        self.ran = self.wave
        self.feed(over(state, at=self.now))

    @precondition(lambda self: self.is_running)
    @rule(paths=st.sets(st.sampled_from("abc")))
    def tell(self, paths: set[str]) -> None:
        self.feed(WaveTold(facts=dispatched(*sorted(paths))))

    @rule(wish=st.sampled_from([Wish.AGAIN, Wish.FORCE, Wish.RELEASE]))
    def wish(self, wish: Wish) -> None:
        self.feed(wish)

    @rule(chance=st.integers(0, 9))
    def leave(self, chance: int) -> None:
        if chance == 0:
            self.is_leaving = True
            self.feed(Wish.STOP)

    @invariant()
    def it_rests_only_when_what_is_saved_is_what_ran(self) -> None:
        if self.is_left or self.is_leaving or self.is_running or self.loads:
            return
        assert self.is_waiting or self.disk == self.ran or self.disk is None
        assert self.disk is None or self.disk == self.ran

    def teardown(self) -> None:
        self.is_leaving = True
        self.feed(Wish.STOP)
        if self.is_running:
            self.is_running = False
            self.feed(over(Status.CANCELLED, at=self.now))
        assert self.is_left


@pytest.mark.parametrize("is_broken_between", [True, False])
def test_code_that_is_put_back_after_a_wave_of_other_code_was_cancelled_runs(*, is_broken_between: bool) -> None:
    watch = WatchMachine()
    watch.load()
    watch.end(state=Status.SUCCESS)
    if is_broken_between:
        watch.save(version=None)
        watch.load()
    watch.save(version=1)
    watch.load()
    watch.end(state=Status.CANCELLED)

    watch.save(version=0)
    watch.load()

    assert watch.is_running
    assert watch.wave == 0
    watch.end(state=Status.SUCCESS)
    watch.it_rests_only_when_what_is_saved_is_what_ran()
    watch.save(version=1)
    watch.load()
    assert watch.wave == 1, "what the whole wave ran counts again"


def versioned(version: int) -> Loaded:
    return replace(compiled({"a": "1", "b": str(version), "c": "1"}), params={"version": version})


TestWatchMachine = WatchMachine.TestCase
TestWatchMachine.settings = settings(max_examples=examples(150), stateful_step_count=30, deadline=None)
