"""Earlier results in maps, loops, branches and recoveries: what grows, what is chosen and what ends a run early."""

from __future__ import annotations

from dataclasses import replace

import grown_graphs
import shapes
from reusing_spaces import ReusingSpace, graph, task
from worlds import output

from graftline.core.artifacts import Output
from graftline.core.graph import Policy, Terminate
from graftline.core.states import Status


class TestMaps:
    def space(self) -> ReusingSpace:
        space = ReusingSpace(grown_graphs.trials())
        space.items["trials/items"] = ["a", "b", "c"]
        space.again()
        return space

    def test_nothing_runs_when_nothing_has_changed_and_the_graph_grows_as_it_did(self) -> None:
        space = self.space()

        second, ran = space.again()

        assert ran == []
        paths = ["load", "trials/items", *[f"trials/{at}/fit" for at in range(3)], "trials", "report"]
        assert [step.path for step in space.workspace.steps(second)] == paths
        assert space.cached(second) == paths

    def test_an_item_at_the_front_runs_alone(self) -> None:
        space = self.space()
        space.items["trials/items"] = ["new", "a", "b", "c"]

        second, ran = space.again(forced=("trials/items",))

        assert ran == ["trials/items", "trials/0/fit", "trials", "report"]
        assert space.cached(second) == ["load", "trials/1/fit", "trials/2/fit", "trials/3/fit"]

    def test_equal_items_have_results_of_their_own(self) -> None:
        space = self.space()
        space.items["trials/items"] = ["a", "a"]

        _, ran = space.again(forced=("trials/items",))

        assert ran == ["trials/items", "trials/1/fit", "trials", "report"]

    def test_a_family_is_forced_as_a_whole(self) -> None:
        space = self.space()

        assert space.again(forced=("trials/*/fit",))[1] == ["trials/0/fit", "trials/1/fit", "trials/2/fit"]
        assert space.again(forced=("fit",))[1] == ["trials/0/fit", "trials/1/fit", "trials/2/fit"]

    def test_a_composite_is_forced_with_all_inside(self) -> None:
        space = self.space()

        _, ran = space.again(forced=("trials",))

        assert ran == ["trials/items", "trials/0/fit", "trials/1/fit", "trials/2/fit", "trials"]

    def test_maps_in_maps(self) -> None:
        space = ReusingSpace(grown_graphs.map_in_map())
        space.made["outer/items"] = _records([1, 2])
        space.again()
        assert space.again()[1] == []
        space.made["outer/items"] = _records([0, 1, 2])

        _, ran = space.again(forced=("outer/items",))

        # Steps that take the number of their item run when it is another one.
        assert not {"outer/1/prep", "outer/2/prep", "outer/1/inner/items"} & set(ran)
        assert {"outer/0/prep", "outer/0/inner/0/fit", "outer/1/inner/0/fit"} <= set(ran)


class TestLoops:
    def space(self) -> ReusingSpace:
        space = ReusingSpace(grown_graphs.loop())
        space.goes_on = {"loop/0", "loop/1"}
        space.again()
        return space

    def test_iterations_are_reused_one_after_the_other(self) -> None:
        space = self.space()

        second, ran = space.again()

        assert ran == []
        assert [path for path in space.cached(second) if path.endswith("count")] == [
            f"loop/{at}/count" for at in range(3)
        ]
        assert space.step(second, "loop").state is Status.SUCCESS

    def test_an_edit_runs_all_of_them(self) -> None:
        space = self.space()
        space.relabel(**{"loop/0/count": "2"})

        assert space.again()[1] == [f"loop/{at}/count" for at in range(3)]

    def test_the_number_of_the_iteration_counts_where_code_reads_it(self) -> None:
        space = ReusingSpace(grown_graphs.loop())
        space.goes_on = {"loop/0", "loop/1"}
        space.print_of("loop/0/count", variables=("i",))

        run, _ = space.again()

        evidence = {fact.node: fact.evidence for fact in space.judged(run) if fact.evidence is not None}
        assert evidence["loop/1/count"].basis.variables != evidence["loop/2/count"].basis.variables

    def test_a_loop_is_forced_as_a_whole(self) -> None:
        assert set(self.space().again(forced=("count",))[1]) >= {f"loop/{at}/count" for at in range(3)}


class TestBranches:
    def test_the_word_of_a_reused_choice_decides(self) -> None:
        space = ReusingSpace(grown_graphs.choice())
        space.words["cond/choice"] = "no"
        first, _ = space.again()

        second, ran = space.again()

        assert ran == []
        assert space.states(second)["cond/yes/do"] == "SKIPPED BRANCH"
        assert space.states(second)["cond/no/do"] == "CACHED"
        assert space.states(first)["cond"] == space.states(second)["cond"] == "SUCCESS"

    def test_a_step_that_failed_and_was_recovered_is_tried_again(self) -> None:
        space = ReusingSpace(grown_graphs.recovery())
        space.fail("b")
        space.broken = {"b"}
        space.ran()

        second, ran = space.run(), space.ran()

        assert ran == ["b"]
        assert space.states(second) == {
            "a": "CACHED",
            "b": "FAILURE ERROR",
            "b/on_failure/mend": "CACHED",
            "b/on_failure": "SUCCESS",
            "c": "SKIPPED RECOVERED",
        }
        assert space.workspace.show(second).state is Status.SUCCESS


class TestEarlyEnds:
    def test_a_reused_terminate_step_ends_the_run_as_when_it_ran(self) -> None:
        demo = graph(task("a"), task("end", "a"), task("after"))
        ends = replace(demo.operations[1], policy=Policy(terminate=Terminate.SUCCESS))
        nodes = (*demo.nodes[:2], replace(demo.nodes[2], needs=("end",)))
        space = ReusingSpace(replace(demo, operations=(demo.operations[0], ends, demo.operations[2]), nodes=nodes))
        first, _ = space.again()

        second, ran = space.again()

        assert ran == []
        assert space.states(first)["after"] == space.states(second)["after"] == "SKIPPED TERMINATED"
        assert space.workspace.show(second).state is Status.SUCCESS

    def test_inside_a_pipeline_it_ends_that(self) -> None:
        inner = [shapes.step("end", terminate=Terminate.SUCCESS), shapes.step("rest", "end")]
        space = ReusingSpace(shapes.build([shapes.Sub(name="sub", inside=inner), shapes.step("after", "sub")]))
        first, _ = space.again()

        second, ran = space.again()

        assert ran == []
        assert space.states(second)["sub/rest"] == space.states(first)["sub/rest"] == "SKIPPED TERMINATED"
        assert space.states(second)["after"] == "CACHED"


def _records(numbers: list[int]) -> list[Output]:
    return [*[output(f"{at}.C", number) for at, number in enumerate(numbers)], output("size", len(numbers))]
