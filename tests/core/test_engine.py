"""The engine: commit, then dispatch; and nothing left running or held, however it ends."""

from __future__ import annotations

from typing import Any

import pytest
from engine_runs import CountedSlots, Hosted
from graphs import graph_of, graphs
from hypothesis import given, settings
from hypothesis import strategies as st
from memory_records import Record, Step, apply
from run_specs import chain, value

from graftline.core.errors import ConflictError, GraftError, PluginError, StoreError
from graftline.core.events import (
    AttemptDispatched,
    AttemptFailed,
    AttemptSucceeded,
    CancelRequested,
    RetryScheduled,
    RunFinished,
    RunStarted,
    StepSettled,
)
from graftline.core.graph import Graph, Policy
from graftline.core.session import Requests
from graftline.core.states import Reason, Status
from graftline.core.turns import Past

GPU = Policy(resources={"gpu": 1})


class TestOrder:
    def test_facts_come_in_the_order_they_happened(self) -> None:
        hosted = Hosted(chain("a", "b"))

        hosted.run()

        assert [type(fact) for fact in hosted.facts()] == [
            RunStarted,
            AttemptDispatched,
            AttemptSucceeded,
            AttemptDispatched,
            AttemptSucceeded,
            RunFinished,
        ]

    def test_a_dispatch_is_committed_before_the_executor_has_the_order(self) -> None:
        hosted = Hosted(chain("a", "b", "c"))

        hosted.run()

        for (node, attempt), groups in hosted.executor.committed.items():
            known = [fact for _, group in hosted.store.groups[:groups] for fact in group]
            assert any(isinstance(f, AttemptDispatched) and (f.node, f.attempt) == (node, attempt) for f in known)

    def test_an_end_and_the_next_dispatch_share_a_commit(self) -> None:
        hosted = Hosted(chain("a", "b"))

        hosted.run()

        assert [len(group) for _, group in hosted.store.groups] == [1, 1, 2, 2]

    def test_the_observer_is_told_what_was_committed_and_nothing_else(self) -> None:
        hosted = Hosted(chain("a", "b"), broken=["b"])

        hosted.run()

        assert hosted.seen == hosted.facts()[1:]

    def test_a_value_goes_from_the_step_that_made_it_to_the_one_that_takes_it(self) -> None:
        hosted = Hosted(chain("a", "b"))

        hosted.run()

        assert hosted.executor.submitted[1].arguments[0] == ("x", value(b"a 1").ref)


class TestRetries:
    def test_a_failed_attempt_is_tried_again_after_its_back_off(self) -> None:
        hosted = Hosted(graph_of({"a": []}, {"a": Policy(retries=1, backoff_s=30.0)}), broken=["a"])
        hosted.executor.at = 0.0

        def mend() -> None:
            hosted.broken.clear()
            hosted.now = 30.0

        hosted.executor.script[3] = mend
        assert hosted.run().state is Status.SUCCESS

        assert [order.attempt for order in hosted.executor.submitted] == [1, 2]
        assert sum(isinstance(fact, RetryScheduled) for fact in hosted.facts()) == 1

    def test_it_wakes_in_time_for_a_retry(self) -> None:
        hosted = Hosted(graph_of({"a": []}, {"a": Policy(retries=1, backoff_s=0.05)}), broken=["a"])
        hosted.executor.at = 0.0
        hosted.executor.script[3] = lambda: setattr(hosted, "now", 1.0)

        hosted.run()

        assert hosted.executor.waited_s[1] == pytest.approx(0.05)


class TestTroubleWithTheLog:
    @pytest.mark.parametrize("error", [ConflictError("taken over"), StoreError("disk full")], ids=["lease", "disk"])
    @pytest.mark.parametrize("after", [0, 1, 2])
    def test_a_log_that_refuses_ends_everything(self, error: GraftError, after: int) -> None:
        slots = CountedSlots(gpu=4)
        hosted = Hosted(graph_of({"a": [], "b": ["a"], "c": []}, {"a": GPU, "c": GPU}), slots=slots)
        append = hosted.log.append
        calls = 0

        def refuse(facts: Any) -> None:
            nonlocal calls
            calls += 1
            if calls > after:
                raise error
            append(facts)

        hosted.log.append = refuse  # type: ignore[method-assign]
        with pytest.raises(type(error)) as caught:
            hosted.run()

        assert caught.value is error
        assert hosted.executor.is_closed
        assert hosted.executor.running == []
        assert slots.held == {}
        assert len(hosted.executor.submitted) <= 2 * after

    def test_nothing_is_dispatched_when_its_commit_fails(self) -> None:
        hosted = Hosted(chain("a"))
        hosted.log.close()

        with pytest.raises(ConflictError):
            hosted.run()

        assert hosted.executor.submitted == []

    def test_requests_that_cannot_be_read_end_it_too(self) -> None:
        hosted = Hosted(chain("a", "b"), is_held=True)

        def broken() -> list[CancelRequested]:
            raise StoreError("gone")

        hosted.log.requests = broken  # type: ignore[method-assign]
        with pytest.raises(StoreError):
            hosted.run()

        assert hosted.executor.is_closed

    def test_an_executor_that_breaks_is_closed_and_its_error_is_told(self) -> None:
        hosted = Hosted(graph_of({"a": []}, {"a": GPU}), slots=(slots := CountedSlots(gpu=1)))

        def broken(orders: object) -> None:
            raise PluginError("no workers")

        hosted.executor.submit = broken  # type: ignore[method-assign]
        with pytest.raises(PluginError):
            hosted.run()

        assert hosted.executor.is_closed
        assert slots.held == {}


class TestStopping:
    def test_a_request_of_this_process_cancels_with_grace_and_a_second_kills(self) -> None:
        requests = Requests()
        hosted = Hosted(chain("a", "b"), is_held=True, requests=requests)
        hosted.executor.script[1] = lambda: requests.add(CancelRequested(at=1.0))

        ended = hosted.run()

        assert hosted.executor.cancelled == [(("a",), 10.0)]
        assert (ended.state, ended.reason) == (Status.CANCELLED, Reason.USER)
        assert hosted.states() == {"a": "CANCELLED", "b": "SKIPPED"}

    def test_a_request_made_before_the_start_starts_nothing(self) -> None:
        requests = Requests()
        requests.add(CancelRequested(at=1.0))
        hosted = Hosted(chain("a", "b"), requests=requests)

        assert hosted.run().state is Status.CANCELLED

        assert hosted.executor.submitted == []
        assert hosted.states() == {"a": "CANCELLED", "b": "CANCELLED"}

    def test_a_hard_request_gives_no_grace(self) -> None:
        requests = Requests()
        hosted = Hosted(chain("a"), is_held=True, requests=requests)
        hosted.executor.script[1] = lambda: requests.add(CancelRequested(at=1.0, is_hard=True))

        hosted.run()

        assert hosted.executor.cancelled == [(("a",), 0.0)]

    def test_a_request_from_elsewhere_is_found_in_the_log(self) -> None:
        hosted = Hosted(chain("a", "b"), is_held=True)

        def ask() -> None:
            hosted.store.runs.request_cancel(hosted.id, is_hard=False)
            hosted.now += 1.0

        hosted.executor.script[2] = ask

        assert hosted.run().state is Status.CANCELLED
        assert any(isinstance(fact, CancelRequested) for fact in hosted.facts())

    def test_it_looks_for_requests_at_least_five_times_a_second(self) -> None:
        hosted = Hosted(chain("a"), is_held=True)
        hosted.executor.script[3] = lambda: hosted.executor.finish("a")

        hosted.run()

        assert all(waited is not None and waited <= 0.2 for waited in hosted.executor.waited_s)

    def test_the_time_limit_of_the_run_stops_it(self) -> None:
        hosted = Hosted(chain("a", "b"), is_held=True, deadline=5.0)
        hosted.executor.script[2] = lambda: setattr(hosted, "now", 5.0)

        ended = hosted.run()

        assert (ended.state, ended.reason) == (Status.FAILURE, Reason.TIMEOUT)
        assert hosted.executor.cancelled == [(("a",), 1.0)]


class TestSlots:
    @pytest.mark.parametrize("broken", [[], ["a", "b", "c"]], ids=["good", "failing"])
    def test_they_are_taken_for_an_attempt_and_given_back_at_its_end(self, broken: list[str]) -> None:
        slots = CountedSlots(gpu=1)
        graph = graph_of({"a": [], "b": [], "c": []}, dict.fromkeys("abc", GPU))
        hosted = Hosted(graph, broken=broken, slots=slots)

        hosted.run()

        assert (slots.most, slots.held) == (1, {})
        assert len(hosted.executor.submitted) == 3

    def test_a_cancelled_attempt_gives_them_back(self) -> None:
        slots, requests = CountedSlots(gpu=1), Requests()
        hosted = Hosted(graph_of({"a": []}, {"a": GPU}), is_held=True, slots=slots, requests=requests)
        hosted.executor.script[1] = lambda: requests.add(CancelRequested(at=1.0))

        hosted.run()

        assert slots.held == {}

    def test_a_step_waiting_for_its_retry_holds_none(self) -> None:
        slots = CountedSlots(gpu=1)
        policy = Policy(retries=1, backoff_s=100.0, resources={"gpu": 1})
        hosted = Hosted(graph_of({"a": []}, {"a": policy}), broken=["a"], slots=slots)
        held = []
        hosted.executor.script[2] = lambda: held.append(dict(slots.held))
        hosted.executor.script[3] = lambda: setattr(hosted, "now", 2000.0)

        hosted.run()

        assert held == [{}]


class TestWhatStepsSee:
    def test_an_order_says_which_units_its_step_holds(self) -> None:
        hosted = Hosted(graph_of({"a": [], "b": []}, {"a": GPU}), slots=CountedSlots(gpu=1))

        hosted.run()

        seen = {order.node: order.environ for order in hosted.executor.submitted}
        assert seen == {"a": (("HELD", "gpu"),), "b": ()}


class TestInputs:
    def test_a_recorded_input_that_is_gone_fails_the_step_as_input(self) -> None:
        past = {"a": Past(state=Status.SUCCESS, attempts=1)}
        hosted = Hosted(chain("a", "b", "c"), past=past, recorded={})

        assert hosted.run().state is Status.FAILURE

        failed = next(fact for fact in hosted.facts() if isinstance(fact, AttemptFailed))
        assert (failed.node, failed.reason, failed.started) == ("b", Reason.INPUT, None)
        assert "'a' has no recorded output 'value'" in failed.error.message
        assert hosted.executor.submitted == []
        assert [fact.node for fact in hosted.facts() if isinstance(fact, StepSettled)] == ["c"]

    def test_a_recorded_input_is_used(self) -> None:
        past = {"a": Past(state=Status.SUCCESS, attempts=1)}
        hosted = Hosted(chain("a", "b"), past=past, recorded={"a": (value(b"earlier"),)})

        hosted.run()

        assert hosted.executor.submitted[0].arguments[0] == ("x", value(b"earlier").ref)


@given(graph=graphs(), data=st.data(), fail_fast=st.booleans())
@settings(max_examples=150, deadline=None)
def test_any_run_leaves_tables_that_its_events_give_and_starts_nothing_too_early(
    graph: Graph, data: st.DataObject, fail_fast: bool
) -> None:
    hosted = Hosted(graph, jobs=3, fail_fast=fail_fast)
    hosted.executor.jobs = data.draw(st.integers(1, 4), label="room")
    ends = data.draw(st.lists(st.sampled_from(["ok", "ok", "bad", "lost"]), min_size=1, max_size=12), label="ends")
    cancel_at = data.draw(st.none() | st.integers(1, 12), label="cancel at")
    executor = hosted.executor
    executor.is_held = True

    def step() -> None:
        hosted.now += 2.0
        executor.at = hosted.now
        if executor.waits == cancel_at:
            hosted.store.runs.request_cancel(hosted.id, is_hard=False)
        if executor.running:
            how = ends[executor.waits % len(ends)]
            node = executor.running[executor.waits % len(executor.running)]
            hosted.broken = {node} if how == "bad" else set()
            (executor.lose if how == "lost" else executor.finish)(node)

    executor.script = dict.fromkeys(range(2000), step)
    ended = hosted.run()

    replayed = Record(
        spec=hosted.spec, snapshot=hosted.store.runs.snapshot(hosted.id), steps={path: Step() for path in graph.index}
    )
    for fact in hosted.facts():
        apply(replayed, fact)
    record = hosted.store.record(hosted.id)
    assert replayed.steps == record.steps
    assert (replayed.state, replayed.reason) == (record.state, record.reason) == (ended.state, ended.reason)
    assert all(step.state.is_final for step in record.steps.values())
    for (node, _), groups in executor.committed.items():
        known = [fact for _, group in hosted.store.groups[:groups] for fact in group]
        done = {fact.node for fact in known if isinstance(fact, AttemptSucceeded)}
        assert set(graph.node(node).needs) <= done
