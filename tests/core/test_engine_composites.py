"""The engine on composites: values through ends and into grown steps; a cause and what follows in one commit."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from engine_runs import CountedSlots, Hosted
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memory_records import Record, Step, apply
from shapes import Conditional, Loop, Map, Parallel, Pipe, Sub, build, pipes, step
from worlds import World, recorded, standing

from graftline.core.artifacts import ArtifactRef, Output
from graftline.core.events import AttemptDispatched, AttemptSucceeded, GraphGrown, StepJoined
from graftline.core.graph import Graph
from graftline.core.orders import Order
from graftline.core.states import Reason, Status
from graftline.core.turns import Past


class Composed(Hosted):
    """An engine whose steps come out as a world says."""

    def __init__(self, pipe: Pipe | Graph, world: World | None = None, **session: Any) -> None:
        graph = pipe if isinstance(pipe, Graph) else build(pipe)
        self.world = world or World()
        super().__init__(graph, **({"recorded": {}} | session))

    def _call(self, order: Order) -> list[Output]:
        if self.world.is_broken(order.node, order.attempt):
            raise ValueError(f"{order.node} is broken")
        return list(self.world.outputs(self.engine.plot, order.node))

    def order(self, path: str) -> Order:
        return next(order for order in self.executor.submitted if order.node == path)

    def taken(self, path: str) -> dict[str, object]:
        """Return the arguments of a step's order, as values."""
        return {name: read(value) for name, value in self.order(path).arguments}

    def started(self) -> list[str]:
        return [order.node for order in self.executor.submitted]


def read(value: object) -> object:
    if isinstance(value, list):
        return [read(item) for item in value]
    if isinstance(value, ArtifactRef):
        assert value.inline is not None
        return json.loads(value.inline)
    return getattr(value, "value", value)


def test_what_a_branch_returned_goes_through_the_end_to_the_next_step() -> None:
    hosted = Composed(
        [
            Conditional(name="c", branches={"yes": [step("a")], "no": [step("b")]}),
            Sub(name="s", inside=[step("d")], after=("c",)),
            step("after", "c", "s"),
        ],
        World(words={"c/choice": "no"}),
    )

    assert hosted.run().state is Status.SUCCESS

    assert hosted.taken("after") == {"c": "c/no/b", "s": "s/d"}
    joined = next(fact for fact in hosted.facts() if isinstance(fact, StepJoined) and fact.node == "c")
    made = next(fact for fact in hosted.facts() if isinstance(fact, AttemptSucceeded) and fact.node == "c/no/b")
    assert joined.outputs == made.outputs


def test_an_end_is_committed_with_the_last_step_inside_and_the_first_one_after() -> None:
    hosted = Composed([Sub(name="s", inside=[Sub(name="t", inside=[step("a")])]), step("after", "s")])

    hosted.run()

    groups = [[type(fact).__name__ for fact in group] for _, group in hosted.store.groups]
    assert ["AttemptSucceeded", "StepJoined", "StepJoined", "AttemptDispatched"] in groups
    assert hosted.started() == ["s/t/a", "after"]


def test_each_item_takes_its_own_and_the_reducer_the_list_of_all() -> None:
    hosted = Composed(
        [step("load"), Map(name="m", inside=[step("fit")]), step("after", "m")], World(sizes={"m/items": 3})
    )

    assert hosted.run().state is Status.SUCCESS

    assert hosted.taken("m/2/fit") == {"item": 2, "i": 2}
    assert hosted.taken("m") == {"out": ["m/0/fit", "m/1/fit", "m/2/fit"]}
    assert hosted.taken("after") == {"m": "m"}


def test_an_empty_map_reduces_an_empty_list() -> None:
    hosted = Composed([Map(name="m", inside=[step("fit")])], World(sizes={"m/items": 0}))

    assert hosted.run().state is Status.SUCCESS

    assert hosted.taken("m") == {"out": []}


def test_iterations_hand_on_their_values_and_see_their_number() -> None:
    hosted = Composed([Loop(name="l", inside=[step("a")], limit=3), step("after", "l")], World(goes_on=["l/0", "l/1"]))

    assert hosted.run().state is Status.SUCCESS

    assert [hosted.taken(f"l/{n}/a")["item"] for n in range(3)] == [0, "l/0/a", "l/1/a"]
    assert [hosted.order(f"l/{n}/a").environ for n in range(3)] == [(("I", "0"),), (("I", "1"),), (("I", "2"),)]
    assert hosted.taken("l/1")["value"] == "l/1/a"
    assert hosted.taken("after") == {"l": "l/2/a"}


def test_grown_steps_take_slots_of_the_machine_like_others() -> None:
    slots = CountedSlots(gpu=1)
    pipe = [Map(name="m", inside=[step("fit", resources={"gpu": 1})])]
    hosted = Composed(pipe, World(sizes={"m/items": 4}), slots=slots)

    assert hosted.run().state is Status.SUCCESS

    assert (slots.most, slots.held) == (1, {})
    assert hosted.order("m/3/fit").environ == (("HELD", "gpu"),)


def test_a_killed_branch_of_a_parallel_ends_the_run() -> None:
    hosted = Composed([Parallel(name="p", branches={"l": [step("a")], "r": [step("b")]}), step("after", "p")])
    hosted.executor.is_held = True
    hosted.executor.script = {1: lambda: hosted.executor.lose("p/l/a"), 2: lambda: hosted.executor.finish("p/r/b")}

    assert hosted.run().state is Status.FAILURE

    assert hosted.states() == {"p/l/a": "FAILURE", "p/r/b": "SUCCESS", "p": "FAILURE", "after": "SKIPPED"}


def test_only_the_part_that_is_not_wanted_is_cancelled() -> None:
    pipe = [step("fit", on_failure=[step("mend")]), step("beside")]
    hosted = Composed([step("first"), *pipe], World(broken=["fit"]))
    hosted.executor.is_held = True
    executor = hosted.executor

    def fail() -> None:
        executor.finish("fit")
        executor.is_held = False

    executor.script = {1: fail, 3: lambda: executor.finish("first")}
    assert hosted.run().state is Status.SUCCESS

    assert executor.cancelled == [(("beside",), 1.0)]
    assert hosted.states()["first"] == hosted.states()["fit/on_failure"] == "SUCCESS"
    assert hosted.store.history.steps(hosted.id)[-1].reason == Reason.RECOVERED


def test_a_retry_sees_nothing_of_the_path_that_recovered() -> None:
    pipe = [Sub(name="s", inside=[step("a", on_failure=[step("mend")]), step("b", "a")]), step("after", "s")]
    first = Composed(pipe, World(broken=["s/a", "after"]))
    first.run()
    past = standing(build(pipe), first.facts())
    again = {path: Past(state=Status.PENDING, attempts=each.attempts) for path, each in past.items()}
    kept = {path: made for path, made in recorded(first.facts()).items() if path not in again}

    hosted = Composed(pipe, past=again, recorded=kept)
    hosted.executor.jobs = 1
    hosted.run()

    assert hosted.taken("after") == {"s": "s/b"}
    assert "s/a/on_failure/mend" not in hosted.started()


def test_a_value_of_a_step_that_was_recovered_is_left_out() -> None:
    pipe = [Sub(name="s", inside=[step("a", on_failure=[step("mend")])]), step("after", "s")]
    hosted = Composed(pipe, World(broken=["s/a"]))

    assert hosted.run().state is Status.SUCCESS

    assert hosted.taken("after") == {}


def test_a_run_that_grew_goes_on_where_it_stood() -> None:
    pipe = [Map(name="m", inside=[step("fit"), step("score", "fit")]), step("after", "m")]
    first = Composed(pipe, World(sizes={"m/items": 3}, broken=["m/1/fit"]))
    first.run()
    past = standing(build(pipe), first.facts())
    for path in ("m/1/fit", "m/1/score", "m", "after"):
        past[path] = Past(state=Status.PENDING, attempts=past[path].attempts)
    graph = first.engine.plot.graph()

    hosted = Composed(graph, past=past, recorded=recorded(first.facts()))
    assert hosted.engine.run().state is Status.SUCCESS

    assert hosted.started() == ["m/1/fit", "m/1/score", "m", "after"]
    assert hosted.order("m/1/fit").attempt == 2
    assert hosted.taken("m") == {"out": ["m/0/score", "m/1/score", "m/2/score"]}


@given(pipe=pipes(), seed=st.integers(0, 10_000), room=st.integers(1, 4))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_log_of_any_composite_gives_the_tables_and_growth_stands_beside_its_cause(
    pipe: Pipe, seed: int, room: int
) -> None:
    hosted = Composed(pipe, World(seed=seed))
    hosted.executor.jobs = room
    hosted.executor.script = dict.fromkeys(range(2000), lambda: setattr(hosted, "now", hosted.now + 2.0))

    ended = hosted.run()

    graph = hosted.spec.graph
    replayed = Record(
        spec=hosted.spec, snapshot=hosted.store.runs.snapshot(hosted.id), steps={path: Step() for path in graph.index}
    )
    for fact in hosted.facts():
        apply(replayed, fact)
    record = hosted.store.record(hosted.id)
    assert replayed.steps == record.steps
    assert record.state is ended.state
    assert record.spec.graph == hosted.engine.plot.graph()
    assert all(each.state.is_final for each in record.steps.values())
    known: set[str] = set(graph.index)
    for _, group in hosted.store.groups:
        succeeded: set[str] = set()
        for fact in group:
            if isinstance(fact, AttemptSucceeded | StepJoined):
                succeeded.add(fact.node)
            elif isinstance(fact, GraphGrown):
                assert fact.node in succeeded, "growth is committed with what caused it"
            elif isinstance(fact, AttemptDispatched):
                known.add(fact.node)
    assert known <= set(record.steps)


def test_ten_thousand_values_are_gathered_in_a_moment() -> None:
    hosted = Composed([Map(name="m", inside=[step("fit")])], World(sizes={"m/items": 10_000}))
    hosted.executor.jobs = 10_001
    hosted.run()

    assert len(listed(hosted.order("m").arguments)) == 10_000


def listed(arguments: Iterable[tuple[str, object]]) -> list[object]:
    [(_, value)] = arguments
    assert isinstance(value, list)
    return value


@pytest.mark.parametrize("size", [0, 1, 9])
def test_a_map_inside_a_branch_runs_on_the_memory_store(size: int) -> None:
    pipe = [Parallel(name="p", branches={"l": [Map(name="m", inside=[step("x")])], "r": [step("y")]})]

    hosted = Composed(pipe, World(sizes={"p/l/m/items": size}))

    assert hosted.run().state is Status.SUCCESS
    assert sum(path.endswith("/x") for path in hosted.states()) == size
