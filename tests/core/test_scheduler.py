"""The scheduler alone: facts in, facts and commands out."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from graphs import graph_of, graphs
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from graftline.core.artifacts import ArtifactRef, Output
from graftline.core.events import (
    AttemptCancelled,
    AttemptDispatched,
    AttemptFailed,
    AttemptSucceeded,
    CancelRequested,
    Fact,
    RetryScheduled,
    RunFinished,
    StepProgressed,
    StepReused,
    StepSettled,
    StepYielded,
)
from graftline.core.graph import Graph, Policy, Terminate
from graftline.core.ids import RunId
from graftline.core.runs import StepError
from graftline.core.scheduler import Scheduler
from graftline.core.states import Reason, Status, can_become
from graftline.core.turns import Past


def anything(path: str) -> bool:
    return True


def begin(scheduler: Scheduler, room: int = 100, now: float = 0.0) -> list[str]:
    scheduler.advance([], now)
    return [each.node for each in scheduler.start(room, now, anything)]


def ok(node: str, attempt: int = 1, at: float = 1.0) -> AttemptSucceeded:
    return AttemptSucceeded(
        node=node, attempt=attempt, at=at, started=at, seconds=0.0, cpu_seconds=0.0, peak_bytes=None, worker="w1",
        outputs=(Output("x", "value", ArtifactRef("0" * 64, 1, "json", b"1")),),
    )  # fmt: skip


def bad(node: str, attempt: int = 1, at: float = 1.0, reason: Reason = Reason.ERROR) -> AttemptFailed:
    return AttemptFailed(
        node=node, attempt=attempt, at=at, started=at, seconds=0.0, cpu_seconds=0.0, peak_bytes=None, worker="w1",
        reason=reason, error=StepError(type="ValueError", message="no"),
    )  # fmt: skip


def stopped(node: str, attempt: int = 1, at: float = 1.0) -> AttemptCancelled:
    return AttemptCancelled(node=node, attempt=attempt, at=at, started=at, seconds=0.0, worker="w1")


def settled(facts: Sequence[Fact]) -> dict[str, tuple[Status, Reason | None]]:
    return {fact.node: (fact.state, fact.reason) for fact in facts if isinstance(fact, StepSettled)}


def test_a_step_starts_when_everything_it_needs_succeeded() -> None:
    scheduler = Scheduler(graph_of({"a": [], "b": [], "c": ["a", "b"]}), jobs=4)
    assert begin(scheduler) == ["a", "b"]

    scheduler.advance([ok("a")], 1.0)
    assert scheduler.start(10, 1.0, anything) == []
    scheduler.advance([ok("b")], 2.0)

    assert [each.node for each in scheduler.start(10, 2.0, anything)] == ["c"]


def test_the_longest_chain_goes_first() -> None:
    scheduler = Scheduler(graph_of({"short": [], "long": [], "x": ["long"], "y": ["x"]}), jobs=1)
    assert begin(scheduler, room=1) == ["long"]


def test_a_failed_step_blocks_its_dependants_and_nothing_else() -> None:
    scheduler = Scheduler(graph_of({"a": [], "b": ["a"], "c": ["b"], "other": []}), jobs=4)
    begin(scheduler)

    turn = scheduler.advance([bad("a")], 1.0)
    assert settled(turn.facts) == {
        "b": (Status.SKIPPED, Reason.UPSTREAM),
        "c": (Status.SKIPPED, Reason.UPSTREAM),
    }
    turn = scheduler.advance([ok("other")], 2.0)

    assert scheduler.result == RunFinished(state=Status.FAILURE, reason=None, at=2.0)
    assert scheduler.states["other"] is Status.SUCCESS


def test_fail_fast_cancels_what_runs_and_skips_what_waits() -> None:
    scheduler = Scheduler(graph_of({"a": [], "b": [], "c": ["b"]}), jobs=4, fail_fast=True)
    begin(scheduler)

    turn = scheduler.advance([bad("a")], 1.0)
    assert turn.cancel == ["b"]
    turn = scheduler.advance([stopped("b")], 2.0)

    assert scheduler.states["b"] is Status.CANCELLED
    assert scheduler.states["c"] is Status.SKIPPED
    assert scheduler.result is not None
    assert scheduler.result.state is Status.FAILURE


def test_a_retry_waits_for_its_back_off_and_then_runs_as_the_next_attempt() -> None:
    graph = graph_of({"a": []}, {"a": Policy(retries=2, backoff_s=10.0)})
    scheduler = Scheduler(graph, jobs=1)
    begin(scheduler)

    turn = scheduler.advance([bad("a", at=5.0)], 5.0)
    assert RetryScheduled(node="a", at=5.0, not_before=15.0) in turn.facts
    assert scheduler.next_wake == 15.0
    assert scheduler.start(1, 6.0, anything) == []
    scheduler.advance([], 15.0)

    assert scheduler.start(1, 15.0, anything) == [AttemptDispatched(node="a", attempt=2, at=15.0)]
    turn = scheduler.advance([bad("a", attempt=2, at=16.0)], 16.0)
    assert RetryScheduled(node="a", at=16.0, not_before=36.0) in turn.facts


def test_the_wrong_number_of_values_is_not_tried_again() -> None:
    scheduler = Scheduler(graph_of({"a": []}, {"a": Policy(retries=5)}), jobs=1)
    begin(scheduler)
    scheduler.advance([bad("a", reason=Reason.RETURNS)], 1.0)
    assert scheduler.states["a"] is Status.FAILURE


def test_a_late_report_of_an_earlier_attempt_is_ignored() -> None:
    scheduler = Scheduler(graph_of({"a": []}, {"a": Policy(retries=1)}), jobs=1)
    begin(scheduler)
    scheduler.advance([bad("a")], 1.0)
    scheduler.advance([], 1.0)
    scheduler.start(1, 1.0, anything)

    turn = scheduler.advance([ok("a", attempt=1)], 2.0)

    assert turn.facts == []
    assert scheduler.states["a"] is Status.STARTED


def test_cancel_starts_nothing_more_and_ends_as_cancelled() -> None:
    scheduler = Scheduler(graph_of({"a": [], "b": ["a"]}), jobs=1)
    begin(scheduler)

    turn = scheduler.advance([CancelRequested(at=1.0)], 1.0)
    assert (turn.cancel, turn.grace_s) == (["a"], 10.0)
    turn = scheduler.advance([CancelRequested(at=2.0, is_hard=True)], 2.0)
    assert (turn.cancel, turn.grace_s) == (["a"], 0.0)
    scheduler.advance([stopped("a", at=3.0)], 3.0)

    assert scheduler.states == {"a": Status.CANCELLED, "b": Status.SKIPPED}
    assert scheduler.result == RunFinished(state=Status.CANCELLED, reason=Reason.USER, at=3.0)


@pytest.mark.parametrize(("word", "state"), [(Terminate.SUCCESS, Status.SUCCESS), (Terminate.FAILURE, Status.FAILURE)])
def test_a_terminate_step_ends_the_run_with_its_word(word: Terminate, state: Status) -> None:
    graph = graph_of({"a": [], "end": [], "after": ["a"]}, {"end": Policy(terminate=word)})
    scheduler = Scheduler(graph, jobs=4)
    begin(scheduler)

    turn = scheduler.advance([ok("end")], 1.0)
    assert turn.cancel == ["a"]
    scheduler.advance([stopped("a", at=2.0)], 2.0)

    assert scheduler.result == RunFinished(state=state, reason=Reason.TERMINATED, at=2.0)
    assert scheduler.start(10, 3.0, anything) == []


def test_the_time_limit_of_a_run_stops_it_as_a_failure() -> None:
    scheduler = Scheduler(graph_of({"a": [], "b": ["a"]}), jobs=1, deadline=10.0)
    begin(scheduler)
    assert scheduler.next_wake == 10.0

    turn = scheduler.advance([], 10.0)
    assert turn.cancel == ["a"]
    scheduler.advance([stopped("a", at=10.5)], 10.5)

    assert scheduler.result == RunFinished(state=Status.FAILURE, reason=Reason.TIMEOUT, at=10.5)


def test_a_step_that_wants_all_cpus_is_not_overtaken() -> None:
    graph = graph_of({"one": [], "wide": [], "two": []}, {"wide": Policy(resources={"cpus": 2})})
    scheduler = Scheduler(graph, jobs=2)
    assert begin(scheduler) == ["one"]
    assert scheduler.start(10, 0.0, anything) == []

    scheduler.advance([ok("one")], 1.0)

    assert [each.node for each in scheduler.start(10, 1.0, anything)] == ["wide"]


def test_a_step_wider_than_the_machine_takes_all_of_it() -> None:
    graph = graph_of({"wide": []}, {"wide": Policy(resources={"cpus": 64})})
    assert begin(Scheduler(graph, jobs=2)) == ["wide"]


def test_a_step_whose_resource_is_busy_lets_others_pass() -> None:
    scheduler = Scheduler(graph_of({"gpu": [], "cpu": []}), jobs=2)
    scheduler.advance([], 0.0)
    assert [each.node for each in scheduler.start(5, 0.0, lambda path: path != "gpu")] == ["cpu"]
    assert [each.node for each in scheduler.start(5, 1.0, anything)] == ["gpu"]


def test_a_reused_step_counts_as_done() -> None:
    scheduler = Scheduler(graph_of({"a": [], "b": ["a"]}), jobs=1)
    scheduler.advance([StepReused(node="a", at=0.0, from_run=RunId("r"), outputs=())], 0.0)
    assert [each.node for each in scheduler.start(1, 0.0, anything)] == ["b"]


def test_an_unselected_step_without_outputs_does_not_hold_back_what_follows() -> None:
    scheduler = Scheduler(graph_of({"a": [], "b": ["a"]}), jobs=1)
    scheduler.advance([StepSettled(node="a", state=Status.SKIPPED, reason=Reason.UNSELECTED, at=0.0)], 0.0)
    assert [each.node for each in scheduler.start(1, 0.0, anything)] == ["b"]


def test_a_retry_of_one_branch_skips_what_waits_for_a_failure_that_is_kept() -> None:
    graph = graph_of({"broken": [], "after": ["broken"], "again": []})
    past = {"broken": Past(state=Status.FAILURE, attempts=1), "again": Past(state=Status.PENDING, attempts=1)}
    scheduler = Scheduler(graph, jobs=1, past=past)

    assert begin(scheduler) == ["again"]
    scheduler.advance([ok("again", attempt=2)], 1.0)

    assert scheduler.states["after"] is Status.SKIPPED
    assert scheduler.result is not None
    assert scheduler.result.state is Status.FAILURE


def test_an_empty_graph_succeeds_at_once() -> None:
    scheduler = Scheduler(graph_of({}), jobs=1)
    scheduler.advance([], 3.0)
    assert scheduler.result == RunFinished(state=Status.SUCCESS, reason=None, at=3.0)


def drive(graph: Graph, outcomes: Sequence[int], jobs: int) -> tuple[Scheduler, list[Fact]]:
    """Run a graph to its end; `outcomes` decide which running attempt ends next and how."""
    scheduler = Scheduler(graph, jobs=jobs)
    log: list[Fact] = []
    news: list[Fact] = []
    now, turn_number = 0.0, 0
    while scheduler.result is None:
        now = max(now + 1.0, scheduler.next_wake or 0.0)
        turn = scheduler.advance(news, now)
        started = scheduler.start(3, now, anything)
        log += [*turn.facts, *started]
        news = []
        if scheduler.running:
            pick = outcomes[turn_number % len(outcomes)]
            turn_number += 1
            path = sorted(scheduler.running)[pick % len(scheduler.running)]
            attempt = scheduler.attempts[path]
            news = [bad(path, attempt, now) if pick % 4 == 0 else ok(path, attempt, now)]
        assert turn_number < 1000
    return scheduler, log


@given(graph=graphs(), outcomes=st.lists(st.integers(0, 100), min_size=1, max_size=20), jobs=st.integers(1, 4))
@settings(max_examples=150, deadline=None)
def test_no_step_starts_before_its_needs_and_every_run_ends(graph: Graph, outcomes: list[int], jobs: int) -> None:
    scheduler, log = drive(graph, outcomes, jobs)

    done: set[str] = set()
    live: dict[str, int] = {}
    for fact in log:
        if isinstance(fact, AttemptDispatched):
            assert set(graph.node(fact.node).needs) <= done
            assert fact.node not in live
            live[fact.node] = fact.attempt
        elif isinstance(fact, AttemptSucceeded):
            assert live.pop(fact.node) == fact.attempt
            done.add(fact.node)
        elif isinstance(fact, AttemptFailed):
            assert live.pop(fact.node) == fact.attempt
    assert not live
    assert all(state.is_final for state in scheduler.states.values())
    failed = any(state is Status.FAILURE for state in scheduler.states.values())
    assert scheduler.result is not None
    assert scheduler.result.state is (Status.FAILURE if failed else Status.SUCCESS)


@given(graph=graphs(), outcomes=st.lists(st.integers(0, 100), min_size=1, max_size=20))
@settings(max_examples=60, deadline=None)
def test_replaying_the_log_gives_the_same_state(graph: Graph, outcomes: list[int]) -> None:
    scheduler, log = drive(graph, outcomes, jobs=2)

    states = dict.fromkeys(graph.index, Status.PENDING)
    for fact in log:
        new = _projection(fact)
        if new is not None:
            node, state = new
            assert can_become(states[node], state), (node, states[node], state)
            states[node] = state

    assert states == scheduler.states


def _projection(fact: Fact) -> tuple[str, Status] | None:
    if isinstance(fact, AttemptDispatched):
        return fact.node, Status.STARTED
    if isinstance(fact, AttemptSucceeded):
        return fact.node, Status.SUCCESS
    if isinstance(fact, AttemptFailed):
        return fact.node, Status.FAILURE
    if isinstance(fact, RetryScheduled):
        return fact.node, Status.PENDING
    if isinstance(fact, StepSettled):
        return fact.node, fact.state
    return None


class SchedulerMachine(RuleBasedStateMachine):
    """Any order of ends, cancels, time and refused resources keeps the invariants."""

    @initialize(graph=graphs(), jobs=st.integers(1, 3), fail_fast=st.booleans())
    def open(self, graph: Graph, jobs: int, fail_fast: bool) -> None:
        self.now = 0.0
        self.scheduler = Scheduler(graph, jobs=jobs, fail_fast=fail_fast, deadline=500.0)
        self.is_cancelled = False
        self.scheduler.advance([], self.now)

    @rule(room=st.integers(0, 5), parity=st.integers(0, 3))
    def start(self, room: int, parity: int) -> None:
        before = set(self.scheduler.running)
        chosen = self.scheduler.start(room, self.now, lambda path: int(path[1:]) % 4 != parity)
        assert len(chosen) <= room
        assert not before & {each.node for each in chosen}
        assert not (chosen and self.is_cancelled)

    @rule(pick=st.integers(0, 50), how=st.sampled_from(["ok", "bad", "stopped"]), tick=st.floats(0, 5))
    def end(self, pick: int, how: str, tick: float) -> None:
        self.now += tick
        if not self.scheduler.running:
            self.scheduler.advance([], self.now)
            return
        path = sorted(self.scheduler.running)[pick % len(self.scheduler.running)]
        attempt = self.scheduler.attempts[path]
        ends: dict[str, Fact] = {
            "ok": ok(path, attempt, self.now),
            "bad": bad(path, attempt, self.now),
            "stopped": stopped(path, attempt, self.now),
        }
        self.scheduler.advance([ends[how]], self.now)

    @rule(is_hard=st.booleans())
    def cancel(self, is_hard: bool) -> None:
        self.is_cancelled = True
        turn = self.scheduler.advance([CancelRequested(at=self.now, is_hard=is_hard)], self.now)
        assert set(turn.cancel) <= self.scheduler.running

    @invariant()
    def running_steps_are_started(self) -> None:
        if hasattr(self, "scheduler"):
            started = {path for path, state in self.scheduler.states.items() if state is Status.STARTED}
            assert started == self.scheduler.running

    @invariant()
    def a_finished_run_has_no_open_step(self) -> None:
        if hasattr(self, "scheduler") and self.scheduler.result is not None:
            assert not self.scheduler.running
            assert all(state.is_final for state in self.scheduler.states.values())

    @invariant()
    def a_good_step_stands_on_good_steps(self) -> None:
        if hasattr(self, "scheduler"):
            for path, state in self.scheduler.states.items():
                if state is Status.SUCCESS:
                    needs = self.scheduler.graph.node(path).needs
                    assert all(self.scheduler.states[need].is_good for need in needs)


TestSchedulerMachine = SchedulerMachine.TestCase
TestSchedulerMachine.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)


def test_what_a_running_step_tells_passes_through_and_late_words_are_dropped() -> None:
    # given
    scheduler = Scheduler(graph_of({"a": []}, {"a": Policy(retries=1)}), jobs=1)
    begin(scheduler)
    told = StepYielded(node="a", attempt=1, at=1.0, value=3)

    # when
    passed = scheduler.advance([told, StepProgressed(node="a", attempt=1, at=1.0, done=1.0, total=2.0)], 1.0).facts
    scheduler.advance([bad("a")], 1.0)
    late = scheduler.advance([told], 2.0).facts

    # then
    assert [type(each) for each in passed] == [StepYielded, StepProgressed]
    assert scheduler.states["a"] is Status.PENDING
    assert late == []
