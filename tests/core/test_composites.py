"""Each rule of composites once, in the scheduler alone: ends, guards, growth, and what it costs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from shapes import Conditional, Loop, Map, Parallel, Pipe, Sub, build, step
from worlds import Play, World, bad, ok, output, recorded, standing

from graftline.core.errors import PluginError
from graftline.core.events import GraphGrown, StepReused
from graftline.core.ids import RunId
from graftline.core.scheduler import Scheduler
from graftline.core.states import Reason, Status
from graftline.core.turns import Past


def play(pipe: Pipe, world: World | None = None, **scheduler: Any) -> Play:
    return Play(build(pipe), world or World(), **scheduler)


def run(pipe: Pipe, world: World | None = None, **scheduler: Any) -> Play:
    return play(pipe, world, **scheduler).run()


class TestParallel:
    PIPE = (
        step("load"),
        Parallel(name="both", after=("load",), branches={"left": [step("a"), step("b", "a")], "right": [step("c")]}),
        step("after", "both"),
    )

    def test_all_branches_run_at_once_and_the_end_joins_them(self) -> None:
        begun = play(self.PIPE)
        begun.end("load")
        assert begun.scheduler.running == {"both/left/a", "both/right/c"}

        begun.run()

        assert begun.verdict is Status.SUCCESS
        assert "both" not in begun.started()
        assert begun.states()["both"] == "SUCCESS"

    def test_a_killed_branch_fails_the_composite_when_the_other_one_is_done(self) -> None:
        begun = play(self.PIPE)
        begun.end("load")

        begun.now = 2.0
        begun.pass_on([bad("both/left/a", reason=Reason.SIGNAL)])
        assert begun.scheduler.states["both"] is Status.PENDING
        begun.run()

        assert begun.states() == {
            "load": "SUCCESS",
            "both/left/a": "FAILURE SIGNAL",
            "both/left/b": "SKIPPED UPSTREAM",
            "both/right/c": "SUCCESS",
            "both": "FAILURE INSIDE",
            "after": "SKIPPED UPSTREAM",
        }
        assert begun.verdict is Status.FAILURE

    def test_a_failure_before_it_skips_it(self) -> None:
        assert run(self.PIPE, World(broken=["load"])).states()["both"] == "SKIPPED UPSTREAM"

    def test_a_step_may_take_from_inside_without_waiting_for_the_rest(self) -> None:
        graph = build([Parallel(name="both", branches={"left": [step("a")], "right": [step("b")]})])
        node = graph.nodes[-1]
        taker = type(node)(path="taker", operation=0, needs=("both/left/a",))
        begun = Play(type(graph)(name="g", nodes=(*graph.nodes, taker), operations=graph.operations), World())

        begun.end("both/left/a")

        assert begun.scheduler.running == {"both/right/b", "taker"}


class TestPipelineInPipeline:
    def test_it_ends_when_everything_inside_has_and_in_the_same_commit(self) -> None:
        done = run([Sub(name="prep", inside=[Sub(name="inner", inside=[step("a")])]), step("after", "prep")])

        assert [len(group) for group in done.groups] == [1, 4, 2]
        assert done.states()["prep/inner"] == "SUCCESS"

    def test_a_failure_inside_reaches_every_end_around_it(self) -> None:
        done = run([Sub(name="prep", inside=[Sub(name="inner", inside=[step("a")])])], World(broken=["prep/inner/a"]))

        assert done.states()["prep/inner"] == done.states()["prep"] == "FAILURE INSIDE"

    def test_an_end_inside_is_skipped_when_something_before_it_failed(self) -> None:
        done = run([Sub(name="prep", inside=[step("a"), Sub(name="in", inside=[step("b")], after=("a",))])],
                   World(broken=["prep/a"]))  # fmt: skip

        assert done.states()["prep/in"] == "SKIPPED UPSTREAM"
        assert done.states()["prep"] == "FAILURE INSIDE"


class TestConditional:
    PIPE = (
        Conditional(
            name="cond",
            branches={
                "yes": [
                    step("a"),
                    Conditional(name="deep", after=("a",), branches={"x": [step("b")], "z": [step("c")]}),
                    Map(name="m", inside=[step("d")]),
                ],
                "no": [step("e"), step("f", "e")],
            },
        ),
        step("after", "cond"),
    )

    @pytest.mark.parametrize("guards_are_needs", [True, False])
    def test_the_other_branch_is_skipped_with_all_that_is_in_it(self, *, guards_are_needs: bool) -> None:
        graph = build(self.PIPE, guards_are_needs=guards_are_needs)
        done = Play(graph, World(words={"cond/choice": "no"})).run()

        states = done.states()
        inside = [state for path, state in states.items() if path.startswith("cond/yes")]
        assert len(inside) == 7
        assert set(inside) == {"SKIPPED BRANCH"}
        assert [states[path] for path in ("cond/no/f", "cond", "after")] == ["SUCCESS"] * 3
        assert not done.plot.growth

    def test_a_branch_that_ran_leaves_the_other_one_out(self) -> None:
        states = run(self.PIPE, World(words={"cond/yes/deep/choice": "z"})).states()

        assert states["cond/no/f"] == states["cond/yes/deep/x/b"] == "SKIPPED BRANCH"
        assert states["cond/yes/deep/z/c"] == states["cond/yes/m/1/d"] == states["cond"] == "SUCCESS"

    def test_a_choice_that_fails_fails_the_composite(self) -> None:
        states = run(self.PIPE, World(broken=["cond/choice"])).states()

        assert states["cond"] == "FAILURE INSIDE"
        assert states["cond/yes/a"] == states["cond/yes/deep"] == states["after"] == "SKIPPED UPSTREAM"

    def test_a_choice_left_out_by_the_selection_lets_run_what_is_selected(self) -> None:
        graph = build([Conditional(name="c", branches={"yes": [step("a")], "no": [step("b")]})])
        past = {path: Past(state=Status.SKIPPED, reason=Reason.UNSELECTED) for path in ("c/choice", "c/yes/a", "c")}

        done = Play(graph, World(broken=["c/no/b"]), past=past).run()

        assert done.started() == ["c/no/b"]
        assert done.verdict is Status.FAILURE

    def test_a_reused_choice_takes_its_branch(self) -> None:
        graph = build([Conditional(name="c", branches={"yes": [step("a")], "no": [step("b")]})])
        scheduler = Scheduler(graph, jobs=2)
        outputs = (output("branch", "no"),)

        scheduler.advance([StepReused(node="c/choice", at=0.0, from_run=RunId("r"), outputs=outputs)], 0.0)

        assert [each.node for each in scheduler.start(9, 0.0, lambda path: True)] == ["c/no/b"]
        assert scheduler.states["c/yes/a"] is Status.SKIPPED

    def test_a_choice_that_does_not_say_its_word_is_an_error_of_its_runner(self) -> None:
        begun = play([Conditional(name="c", branches={"yes": [step("a")]})])

        with pytest.raises(PluginError, match="'c/choice' succeeded, but does not say its 'branch'"):
            begun.pass_on([ok("c/choice", outputs=(output("out", 1),))])


class TestMap:
    PIPE = (Map(name="m", inside=[step("a"), step("b", "a")]), step("after", "m"))

    def test_it_grows_right_after_its_split_and_before_anything_of_the_new_steps(self) -> None:
        begun = play(self.PIPE, World(sizes={"m/items": 2}))

        group = begun.end("m/items")

        assert [type(fact).__name__ for fact in group] == ["AttemptSucceeded", "GraphGrown"] + ["AttemptDispatched"] * 2
        assert begun.run().states()["m/1/b"] == "SUCCESS"
        assert begun.started()[-2:] == ["m", "after"]

    def test_no_items_go_straight_to_the_reducer(self) -> None:
        done = run(self.PIPE, World(sizes={"m/items": 0}))

        assert GraphGrown(node="m/items", size=0, at=1.0) in done.facts
        assert done.started() == ["m/items", "m", "after"]
        assert done.verdict is Status.SUCCESS

    def test_one_item_that_fails_fails_the_map_when_the_others_are_done(self) -> None:
        states = run(self.PIPE, World(sizes={"m/items": 3}, broken=["m/1/a"])).states()

        assert states["m/1/b"] == states["after"] == "SKIPPED UPSTREAM"
        assert states["m/2/b"] == "SUCCESS"
        assert states["m"] == "FAILURE INSIDE"

    def test_a_retry_of_one_item_runs_it_and_what_follows(self) -> None:
        failed = run(self.PIPE, World(sizes={"m/items": 3}, broken=["m/1/a"]))
        past = standing(failed.plot.origin, failed.facts)
        again = {
            path: Past(state=Status.PENDING, attempts=past[path].attempts) for path in ("m/1/a", "m/1/b", "m", "after")
        }

        done = Play(failed.plot.graph(), World(), past=past | again, recorded=recorded(failed.facts)).run()

        assert done.started() == ["m/1/a", "m/1/b", "m", "after"]
        assert done.verdict is Status.SUCCESS

    def test_a_split_that_is_kept_without_its_growth_grows_again(self) -> None:
        failed = run(self.PIPE, World(sizes={"m/items": 2}, broken=["m/1/a"]))
        past = {"m/items": Past(state=Status.SUCCESS, attempts=1)}

        done = Play(failed.plot.origin, World(), past=past, recorded=recorded(failed.facts)).run()

        assert [fact for fact in done.facts if isinstance(fact, GraphGrown)] == [
            GraphGrown(node="m/items", size=2, at=0.0)
        ]
        assert "m/items" not in done.started()
        assert done.verdict is Status.SUCCESS

    def test_a_reused_split_grows_only_if_the_map_is_to_run(self) -> None:
        outputs = World(sizes={"m/items": 2}).outputs(build(self.PIPE), "m/items")
        reused = StepReused(node="m/items", at=0.0, from_run=RunId("r"), outputs=outputs)
        needed, whole = Scheduler(build(self.PIPE), jobs=2), Scheduler(build(self.PIPE), jobs=2)

        needed.advance([reused], 0.0)
        whole.advance([StepReused(node="m", at=0.0, from_run=RunId("r"), outputs=()), reused], 0.0)

        assert needed.plot.growth
        assert [each.node for each in needed.start(9, 0.0, lambda path: True)] == ["m/0/a", "m/1/a"]
        assert not whole.plot.growth
        assert [each.node for each in whole.start(9, 0.0, lambda path: True)] == ["after"]

    def test_items_that_need_what_failed_meanwhile_are_skipped(self) -> None:
        graph = build([step("load"), Map(name="m", after=(), inside=[step("a")])])
        body = graph.bodies[0]
        taking = tuple(type(node)(path=node.path, operation=node.operation, needs=(*node.needs, "load"))
                       for node in body.nodes)  # fmt: skip
        bodies = (type(body)(kind=body.kind, nodes=taking, exits=body.exits),)
        graph = type(graph)(name="g", nodes=graph.nodes, operations=graph.operations, bodies=bodies)
        begun = Play(graph, World(broken=["load"]), first=lambda path: path != "load")

        states = begun.run().states()

        assert states["m/0/a"] == states["m/1/a"] == "SKIPPED UPSTREAM"
        assert states["m"] == "SKIPPED UPSTREAM"

    def test_maps_nest_in_parallels_and_parallels_in_maps(self) -> None:
        inner = Parallel(name="p", branches={"l": [Map(name="n", inside=[step("x")])], "r": [step("y")]})
        pipe = [Parallel(name="o", branches={"one": [Map(name="m", inside=[inner])], "two": [step("z")]})]
        world = World(sizes={"o/one/m/0/p/l/n/items": 3, "o/one/m/1/p/l/n/items": 0})

        done = run(pipe, world)

        assert done.verdict is Status.SUCCESS
        assert done.states()["o/one/m/0/p/l/n/2/x"] == "SUCCESS"
        assert "o/one/m/1/p/l/n/0/x" not in done.states()

    def test_grown_steps_wait_for_cpus_and_are_tried_again_like_others(self) -> None:
        pipe = [Map(name="m", inside=[step("a", retries=1, resources={"cpus": 2})])]
        begun = play(pipe, World(broken=lambda path, attempt: path == "m/1/a" and attempt == 1), jobs=2)
        begun.end("m/items")
        assert begun.scheduler.running == {"m/0/a"}

        begun.run()

        assert begun.started() == ["m/items", "m/0/a", "m/1/a", "m/1/a", "m"]
        assert begun.verdict is Status.SUCCESS


class TestLoop:
    def test_it_turns_as_long_as_its_end_says_so(self) -> None:
        done = run([Loop(name="l", inside=[step("a")], limit=9), step("after", "l")], World(goes_on=["l/0", "l/1"]))

        assert done.started() == ["l/0/a", "l/0", "l/1/a", "l/1", "l/2/a", "l/2", "after"]
        assert done.verdict is Status.SUCCESS

    def test_it_turns_at_most_as_often_as_its_limit(self) -> None:
        world = World(goes_on=[f"l/{number}" for number in range(9)])

        assert run([Loop(name="l", inside=[step("a")], limit=2)], world).started() == ["l/0/a", "l/0", "l/1/a", "l/1"]

    def test_without_a_condition_it_turns_to_its_limit_and_costs_no_attempts_of_its_own(self) -> None:
        done = run([Loop(name="l", inside=[step("a")], limit=3, has_break=False)])

        assert done.started() == ["l/0/a", "l/1/a", "l/2/a"]
        assert done.verdict is Status.SUCCESS

    def test_an_iteration_that_fails_ends_the_loop(self) -> None:
        done = run([Loop(name="l", inside=[step("a")], limit=3, has_break=False)], World(broken=["l/1/a"]))

        assert "l/2/a" not in done.states()
        assert done.states()["l/1"] == done.states()["l"] == "FAILURE INSIDE"


class TestCost:
    """Generous limits: what they catch is growing with the square."""

    @staticmethod
    def seconds(work: Callable[[], object]) -> float:
        begun = time.process_time()
        work()
        return time.process_time() - begun

    def test_ten_thousand_items_grow_in_half_a_second(self) -> None:
        def grow() -> float:
            begun = play([Map(name="m", inside=[step("x")])], World(sizes={"m/items": 10_000}))
            news = [begun.world.end(begun.plot, "m/items", 1)]
            return self.seconds(lambda: begun.scheduler.advance(news, 1.0))

        assert min(grow() for _ in range(3)) < 0.5

    def test_a_thousand_iterations_cost_ten_times_a_hundred(self) -> None:
        def turn(limit: int) -> float:
            loop = [Loop(name="l", inside=[step("a")], limit=limit, has_break=False)]
            return min(self.seconds(lambda: run(loop)) for _ in range(3))

        assert turn(1000) < 40 * turn(100) + 0.1

    def test_a_thousand_maps_in_a_map_grow_in_a_second(self) -> None:
        inner = Map(name="n", inside=[step("x")])
        begun = play([Map(name="m", inside=[inner])], World(sizes={"m/items": 1000}))
        begun.end("m/items")
        splits = sorted(begun.scheduler.running)
        news = [begun.world.end(begun.plot, path, 1) for path in splits]

        assert self.seconds(lambda: begun.pass_on(news)) < 1.0
        assert len(begun.plot.growth) == 1001
