"""What a check runs, compares, skips and marks: on the memory store, with steps that come out as a test says."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from run_specs import chain, value
from spaces import TARGET, Space, StubRunner

from graftline.core.artifacts import Output
from graftline.core.errors import ConflictError, InvalidError, MissingError, StoreError
from graftline.core.graph import Graph, Policy, Return
from graftline.core.ids import RunId
from graftline.core.orders import Order
from graftline.core.ports import RunQuery
from graftline.core.prints import Print
from graftline.core.requests import RetryRequest, RunRequest
from graftline.core.runners import RunnerChoice
from graftline.core.selection import Selection
from graftline.core.states import Status
from graftline.core.verification import Level, Outcome, Verification, sample, sample_size
from graftline.core.verifying import ALL_UP_TO, VerifyRequest


class Unsteady(Space):
    """A workspace whose steps make what `says` holds; of pairs that are compared, `verdict` is the difference."""

    def __init__(self, graph: Graph | None = None) -> None:
        self.says: dict[str, bytes] = {}
        self.verdict = ""
        super().__init__(
            graph,
            runner=lambda name: RunnerChoice(
                runner=StubRunner, options={"call": self.answer, "contexts": self.contexts}
            ),
        )

    def answer(self, order: Order) -> Iterable[Output]:
        self.orders.append(order)
        if order.node in self.broken:
            raise ValueError(f"{order.node} is broken")
        if order.node.startswith("pair-"):
            return [value(json.dumps(self.verdict).encode(), "difference")]
        return [value(self.says.get(order.node, order.node.encode()))]

    def verify(self, run: RunId, **request: Any) -> Verification:
        verifying = self.workspace.verifying
        return verifying.verify(verifying.prepare(VerifyRequest(run=run, **request)))


def outcomes(found: Verification) -> dict[str, str]:
    return {step.path: step.outcome.value for step in found.steps}


def test_a_run_that_makes_the_same_again_holds() -> None:
    space = Unsteady()
    run = space.run(jobs=2)
    space.orders.clear()

    found = space.verify(run, hash_seed=5)

    assert outcomes(found) == {"a": "HELD", "b": "HELD", "c": "HELD"}
    assert found.is_good
    assert (found.jobs_before, found.jobs, found.hash_seed) == (2, 1, 5)
    assert space.seeds == [5]
    assert space.ran() == ["c", "b", "a"]
    assert {output.level for step in found.steps for output in step.outputs} == {Level.IDENTICAL}
    assert not any(step.is_marked for step in found.steps)


def test_a_run_of_one_cpu_is_checked_with_several() -> None:
    space = Unsteady()

    found = space.verify(space.run(jobs=1))

    assert (found.jobs_before, found.jobs) == (1, 4)
    assert space.verify(found.run, jobs=3).jobs == 3


def test_a_difference_in_one_step_spoils_no_other() -> None:
    space = Unsteady()
    run = space.run()
    space.says["a"] = b"another"
    space.verdict = "[0]: 1, now 2"

    found = space.verify(run)

    assert outcomes(found) == {"a": "DIFFERENT", "b": "HELD", "c": "HELD"}
    assert not found.is_good
    different = found.steps[0].outputs[0]
    assert (different.level, different.detail) == (Level.DIFFERENT, "[0]: 1, now 2")
    assert different.old != different.new
    taken = {order.node: dict(order.arguments).get("x") for order in space.orders}
    assert taken["b"] == value(b"a").ref


def test_other_bytes_of_equal_values_hold() -> None:
    space = Unsteady()
    run = space.run()
    space.says["a"] = b"another"

    found = space.verify(run, rtol=0.25)

    assert found.is_good
    assert [each.level for each in found.steps[0].outputs] == [Level.EQUAL]
    pair = next(order for order in space.orders if order.node == "pair-0")
    given = dict(pair.arguments)
    assert (given["old"], given["new"]) == (value(b"a").ref, value(b"another").ref)
    assert given["rtol"].value == 0.25  # type: ignore[union-attr]


def test_what_differs_is_marked_for_its_code() -> None:
    space = Unsteady()
    prints = {0: Print(parts={"steps.py:f": "1"})}
    space.loader.prints = prints
    run = space.run()
    space.says["b"] = b"another"
    space.verdict = "1, now 2"

    found = space.verify(run)

    graph, verifying = space.workspace.graph(run), space.workspace.verifying
    assert [step.is_marked for step in found.steps] == [False, True, False]
    assert verifying.marked("demo", graph, prints).keys() == {"b"}
    assert verifying.marked("demo", graph, {0: Print(parts={"steps.py:f": "2"})}) == {}
    assert verifying.marked("demo", graph, {}) == {}


def test_a_source_that_differs_is_not_marked() -> None:
    space = Unsteady()
    space.loader.prints = {0: Print(parts={"steps.py:f": "1"}, source="it calls requests.get")}
    run = space.run()
    space.says["b"] = b"another"
    space.verdict = "1, now 2"

    found = space.verify(run)

    assert outcomes(found)["b"] == "DIFFERENT"
    assert "requests.get" in (found.steps[1].detail or "")
    assert not any(step.is_marked for step in found.steps)


def test_a_step_that_fails_now_does_not_hold() -> None:
    space = Unsteady()
    run = space.run()
    space.broken = {"b"}

    found = space.verify(run)

    assert outcomes(found) == {"a": "HELD", "b": "FAILED", "c": "HELD"}
    assert found.steps[1].detail == "ValueError: b is broken"
    assert not found.is_good


def test_steps_that_failed_in_the_run_are_skipped() -> None:
    space = Unsteady()
    run = space.fail("b")

    found = space.verify(run)

    assert outcomes(found) == {"a": "HELD", "b": "SKIPPED", "c": "SKIPPED"}
    assert found.steps[1].detail == "it did not succeed in the run (FAILURE)"
    assert found.is_good


def test_effects_and_steps_with_files_are_not_repeated() -> None:
    graph = chain("a", "b", "c", "d")
    plain = graph.operations[0]
    effect = replace(plain, returns=())
    files = replace(plain, policy=Policy(put=("out.txt",)))
    filed = replace(plain, returns=(Return(name="value", file="out.json"),))
    nodes = [replace(node, operation=at) for at, node in enumerate(graph.nodes)]
    space = Unsteady(replace(graph, nodes=tuple(nodes), operations=(plain, effect, files, filed)))
    run = space.run()
    space.ran()

    found = space.verify(run)

    assert outcomes(found) == {"a": "HELD", "b": "SKIPPED", "c": "SKIPPED", "d": "SKIPPED"}
    assert space.ran() == ["a"]
    assert "effect" in (found.steps[1].detail or "")
    assert outcomes(space.verify(run, with_files=True)) == {"a": "HELD", "b": "SKIPPED", "c": "HELD", "d": "HELD"}


def test_the_check_is_hidden_feeds_nothing_and_cannot_be_taken_up() -> None:
    space = Unsteady()
    run = space.run()
    space.says["a"] = b"another"
    again = space.verify(run).again

    assert again is not None
    assert space.workspace.find("@last") == run
    assert [each.id for each in space.workspace.runs(RunQuery())] == [run]
    assert again in [each.id for each in space.workspace.runs(RunQuery(parent=run))]
    assert space.store.outputs.newest("demo", "demo", ["a"])["a"] == (run, (value(b"a"),))
    spec = space.workspace.spec(again)
    assert (spec.origin, spec.parent, spec.prints, spec.reusing.is_on) == ("verify", run, {}, False)
    with pytest.raises(InvalidError, match="a check of run"):
        space.workspace.rerun(again)
    with pytest.raises(InvalidError, match="a check of run"):
        space.workspace.plan_retry(RetryRequest(run=again))
    with pytest.raises(InvalidError, match="itself a check"):
        space.verify(again)


def test_only_the_steps_asked_for_run() -> None:
    space = Unsteady()
    run = space.run()
    space.ran()

    assert outcomes(space.verify(run, selection=Selection(only=("b",)))) == {"b": "HELD"}
    assert space.ran() == ["b"]
    assert len(space.verify(run, sample="2").steps) == 2
    assert len(space.verify(run, sample="34%").steps) == 1
    with pytest.raises(InvalidError, match="no step is called 'nope'"):
        space.verify(run, selection=Selection(only=("nope",)))


@pytest.mark.parametrize("wrong", ["0", "-1", "1.5", "0%", "101%", "x", "", "nan", "inf"])
def test_a_sample_that_is_none_is_refused(wrong: str) -> None:
    space = Unsteady()
    run = space.run()

    with pytest.raises(InvalidError, match="is no sample"):
        space.verify(run, sample=wrong)


def test_of_many_steps_some_of_every_kind_are_run_again() -> None:
    graph = chain(*(f"s{number}" for number in range(ALL_UP_TO + 50)))
    other = replace(graph.operations[0], policy=Policy(retries=1))
    nodes = (*graph.nodes[:-1], replace(graph.nodes[-1], operation=1))
    space = Unsteady(replace(graph, nodes=nodes, operations=(*graph.operations, other)))
    run = space.run()

    found = space.verify(run)

    assert len(found.steps) == ALL_UP_TO
    assert found.steps[-1].path == f"s{ALL_UP_TO + 49}"
    assert len(space.verify(run, sample="all").steps) == ALL_UP_TO + 50


def test_a_run_that_goes_on_or_was_made_up_is_refused() -> None:
    space = Unsteady()
    pending = space.workspace.create(RunRequest(target=TARGET))
    with pytest.raises(ConflictError, match="has not ended: it is PENDING"):
        space.verify(pending)

    run = space.run()
    StubRunner.takes_resources = False
    try:
        with pytest.raises(InvalidError, match="executes no step"):
            space.verify(run)
    finally:
        StubRunner.takes_resources = True
    with pytest.raises((MissingError, StoreError, KeyError)):
        space.verify(RunId("zzzzzzzzzzzzzzzz"))


def test_a_check_that_is_stopped_says_so() -> None:
    space = Unsteady()
    run = space.run(jobs=1)
    found: list[Verification] = []

    def stop(facts: object) -> None:
        again = space.workspace.runs(RunQuery(parent=run))[0]
        if again.state is Status.STARTED:
            space.cancel(again.id)

    verifying = space.workspace.verifying
    found.append(verifying.verify(verifying.prepare(VerifyRequest(run=run, jobs=1)), stop))

    assert found[0].is_cancelled
    assert "SKIPPED" in outcomes(found[0]).values()


def test_sample_takes_kinds_in_turns() -> None:
    assert sample({"a": 1, "b": 1, "c": 1, "d": 2}, 2) == {"a", "d"}
    assert sample({"a": 1, "b": 2}, 9) == {"a", "b"}
    assert [sample_size(text, 50) for text in ("20", "90", "10%", "0.5", "100%", "0.001")] == [20, 50, 5, 25, 50, 1]


def test_nothing_to_run_is_no_difference() -> None:
    space = Unsteady()
    run = space.fail("a")

    found = space.verify(run)

    assert (found.again, found.is_good) == (None, True)
    assert {step.outcome for step in found.steps} == {Outcome.SKIPPED}
