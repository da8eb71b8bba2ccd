"""Continuing a run whose graph grew: what grew stays, unless what it grew out of runs again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from grown_graphs import choice, loop, map_in_map, recovery, trials
from run_specs import dispatched, failed, finished, spec, started, succeeded, tick, value
from spaces import TARGET, Space

from graftline.core.errors import InvalidError
from graftline.core.events import Fact, GraphGrown, StepJoined, StepSettled
from graftline.core.graph import Call, CallKind, Graph, Growth, Node, Operation, Policy, Terminate
from graftline.core.growth import grown
from graftline.core.ids import RunId
from graftline.core.requests import CodeChoice, RetryPlan, RetryRequest
from graftline.core.runs import RunSpec
from graftline.core.selection import Selection
from graftline.core.states import Reason, Status


def ran(*nodes: str) -> list[Fact]:
    return [each for node in nodes for each in (dispatched(node), succeeded(node, outputs=[value(b"1", "out")]))]


def split(node: str, items: int) -> list[Fact]:
    outputs = [value(b"%d" % number, name) for number in range(items) for name in (f"{number}", f"{number}.C")]
    return [dispatched(node), succeeded(node, outputs=outputs), GraphGrown(node=node, size=items, at=tick())]


def broke(*nodes: str) -> list[Fact]:
    return [each for node in nodes for each in (dispatched(node), failed(node))]


def settled(state: Status, reason: Reason, *nodes: str) -> list[Fact]:
    return [StepSettled(node=node, state=state, reason=reason, at=tick()) for node in nodes]


def inside(*nodes: str) -> list[Fact]:
    return settled(Status.FAILURE, Reason.INSIDE, *nodes)


def skipped(reason: Reason, *nodes: str) -> list[Fact]:
    return settled(Status.SKIPPED, reason, *nodes)


def joined(node: str) -> StepJoined:
    return StepJoined(node=node, at=tick(), outputs=(value(b"1", "out"),))


class Tried:
    """A run that these facts happened to, and what a retry would make of it."""

    def __init__(self, graph: Graph, facts: Sequence[Fact], **given: object) -> None:
        self.space = Space(graph)
        made: RunSpec = spec(graph=graph, target=TARGET, **given)
        self.run: RunId = made.id
        self.space.runs.create(made, None)
        log = self.space.runs.open(made.id)
        log.append([started(), *facts, finished(Status.FAILURE)])
        log.close()

    def plan(self, **request: object) -> RetryPlan:
        return self.space.workspace.plan_retry(RetryRequest(run=self.run, **request))  # type: ignore[arg-type]

    def reset(self, **request: object) -> list[str]:
        """Carry the plan out, as far as before the host takes the run up; return the steps there are then."""
        self.space.workspace.submit_retry(RetryRequest(run=self.run, **request))  # type: ignore[arg-type]
        return [step.path for step in self.space.workspace.steps(self.run)]


@pytest.fixture
def map_with_a_failed_item() -> Tried:
    facts = [*ran("load"), *split("trials/items", 3), *ran("trials/0/fit", "trials/2/fit"), *broke("trials/1/fit")]
    return Tried(trials(), [*facts, *inside("trials"), *skipped(Reason.UPSTREAM, "report")])


class TestMaps:
    @pytest.mark.parametrize("code", list(CodeChoice))
    def test_a_failed_item_runs_again_and_the_others_keep_their_results(
        self, map_with_a_failed_item: Tried, code: CodeChoice
    ) -> None:
        plan = map_with_a_failed_item.plan(code=code)

        assert plan.again == ("trials/1/fit", "trials", "report")
        assert plan.kept == ("load", "trials/items", "trials/0/fit", "trials/2/fit")

    def test_the_steps_are_put_back_and_nothing_else(self, map_with_a_failed_item: Tried) -> None:
        map_with_a_failed_item.reset()

        assert map_with_a_failed_item.space.states(map_with_a_failed_item.run) == {
            "load": "SUCCESS",
            "trials/items": "SUCCESS",
            "trials/0/fit": "SUCCESS",
            "trials/1/fit": "PENDING",
            "trials/2/fit": "SUCCESS",
            "trials": "PENDING",
            "report": "PENDING",
        }

    def test_one_item_may_be_chosen(self, map_with_a_failed_item: Tried) -> None:
        plan = map_with_a_failed_item.plan(selection=Selection(only=("trials/1/fit",)))

        assert plan.again == ("trials/1/fit",)
        assert plan.left_out == ("trials", "report")

    def test_a_good_item_and_what_follows_may_be_chosen_when_the_others_are_good_too(self) -> None:
        facts = [*ran("load"), *split("trials/items", 2), *ran("trials/0/fit", "trials/1/fit", "trials")]
        tried = Tried(trials(), [*facts, *broke("report")])

        assert tried.plan(selection=Selection(start=("trials/0/fit",))).again == ("trials/0/fit", "trials", "report")

    def test_a_selection_that_lacks_many_steps_names_some_of_them(self) -> None:
        names = [f"part-{number}" for number in range(20)]
        stub = Operation(call=Call(kind=CallKind.STUB))
        parts = [Node(path=name, operation=0) for name in names]
        graph = Graph(name="g", nodes=(*parts, Node(path="all", operation=0, needs=tuple(names))), operations=(stub,))
        tried = Tried(graph, [*broke(*names), *skipped(Reason.UPSTREAM, "all")])

        with pytest.raises(InvalidError, match="'part-7' and 12 more, which did not succeed"):
            tried.plan(selection=Selection(only=("all",)))

    def test_a_named_map_is_all_that_is_in_it(self, map_with_a_failed_item: Tried) -> None:
        plan = map_with_a_failed_item.plan(selection=Selection(only=("trials",)))

        assert plan.again == ("trials/items", "trials")

    def test_when_the_split_runs_again_its_items_grow_anew(self, map_with_a_failed_item: Tried) -> None:
        plan = map_with_a_failed_item.plan(is_everything=True)

        assert plan.again == ("load", "trials/items", "trials", "report")
        assert map_with_a_failed_item.reset(is_everything=True) == ["load", "trials/items", "trials", "report"]

    def test_a_chosen_split_takes_the_end_of_its_map_with_it(self, map_with_a_failed_item: Tried) -> None:
        plan = map_with_a_failed_item.plan(selection=Selection(only=("trials/items",)))

        assert plan.again == ("trials/items", "trials")

    def test_of_maps_in_a_map_only_that_grows_anew_whose_split_runs_again(self) -> None:
        tried = Tried(
            map_in_map(),
            [
                *ran("load"), *split("outer/items", 2), *ran("outer/0/prep", "outer/1/prep"),
                *split("outer/0/inner/items", 2), *split("outer/1/inner/items", 2),
                *ran("outer/0/inner/0/fit", "outer/0/inner/1/fit", "outer/0/inner", "outer/1/inner/0/fit"),
                *broke("outer/1/inner/1/fit"), *inside("outer/1/inner", "outer"),
                *skipped(Reason.UPSTREAM, "report"),
            ],
        )  # fmt: skip

        assert tried.plan().again == ("outer/1/inner/1/fit", "outer/1/inner", "outer", "report")
        assert tried.plan(selection=Selection(start=("outer/1/prep",))).again == (
            "outer/1/prep", "outer/1/inner/items", "outer/1/inner", "outer", "report"
        )  # fmt: skip
        paths = tried.reset(selection=Selection(start=("outer/1/prep",)))
        assert "outer/0/inner/1/fit" in paths
        assert "outer/1/inner/1/fit" not in paths

    def test_a_run_of_a_selection_has_what_grew_out_of_it(self) -> None:
        facts = [*ran("load"), *split("trials/items", 2), *ran("trials/0/fit"), *broke("trials/1/fit")]
        tried = Tried(
            trials(),
            [*facts, *inside("trials"), *skipped(Reason.UNSELECTED, "report")],
            selected=("load", "trials/items", "trials"),
        )

        assert tried.plan().again == ("trials/1/fit", "trials")
        tried.reset()
        assert tried.space.runs.spec(tried.run).selected == (
            "load", "trials/items", "trials/0/fit", "trials/1/fit", "trials"
        )  # fmt: skip


class TestChangedCode:
    def changed(self, tried: Tried, change: Callable[[Graph], Graph]) -> None:
        tried.space.loader.graph = change(trials())

    def test_a_new_step_after_the_map_runs_and_the_items_stay(self, map_with_a_failed_item: Tried) -> None:
        self.changed(
            map_with_a_failed_item,
            lambda graph: replace(
                graph, nodes=(*graph.nodes, replace(graph.nodes[-1], path="more", needs=("trials",)))
            ),
        )

        assert map_with_a_failed_item.plan().again == ("trials/1/fit", "trials", "report", "more")
        assert "trials/2/fit" in map_with_a_failed_item.reset()

    def test_another_body_before_kept_items_is_refused_once_for_all_of_them(
        self, map_with_a_failed_item: Tried
    ) -> None:
        def with_prep(graph: Graph) -> Graph:
            (body,) = graph.bodies
            prep = replace(body.nodes[0], path="trials/[]/prep", family="trials/*/prep")
            fit = replace(body.nodes[0], needs=("trials/items", "trials/[]/prep"))
            return replace(graph, bodies=(replace(body, nodes=(prep, fit)),))

        self.changed(map_with_a_failed_item, with_prep)

        with pytest.raises(InvalidError) as caught:
            map_with_a_failed_item.plan()
        assert caught.value.message.endswith("kept: 'trials/*/prep' is new; 'trials/*/fit' is wired differently")

    def test_a_map_that_is_gone_takes_what_grew_with_it(self, map_with_a_failed_item: Tried) -> None:
        self.changed(
            map_with_a_failed_item,
            lambda graph: replace(
                graph, nodes=(graph.nodes[0], replace(graph.nodes[-1], needs=("load",), arguments=())), bodies=()
            ),
        )

        assert map_with_a_failed_item.plan().again == ("report",)
        assert map_with_a_failed_item.reset() == ["load", "report"]

    def test_a_new_step_in_the_body_runs_where_nothing_of_it_is_kept(self) -> None:
        tried = Tried(
            trials(),
            [*ran("load"), *split("trials/items", 2), *broke("trials/0/fit", "trials/1/fit"), *inside("trials")],
        )
        graph = trials()
        (body,) = graph.bodies
        more = replace(body.nodes[0], path="trials/[]/more", family="trials/*/more", needs=("trials/[]/fit",))
        body = replace(body, nodes=(*body.nodes, more), exits=("trials/[]/more",))
        tried.space.loader.graph = replace(graph, bodies=(body,))

        assert tried.plan().again == (
            "trials/0/fit", "trials/0/more", "trials/1/fit", "trials/1/more", "trials", "report"
        )  # fmt: skip


class TestLoops:
    def test_a_failed_iteration_goes_on_from_there(self) -> None:
        grew = [GraphGrown(node=f"loop/{number}", size=1, at=tick()) for number in range(2)]
        tried = Tried(
            loop(),
            [
                *ran("loop/0/count", "loop/0"), grew[0], *ran("loop/1/count", "loop/1"), grew[1],
                *broke("loop/2/count"), *inside("loop/2", "loop"),
            ],
        )  # fmt: skip

        assert tried.plan().again == ("loop/2/count", "loop/2", "loop")
        tried.reset()
        assert tried.space.runs.spec(tried.run).graph == grown(loop(), [Growth("loop/0", 1), Growth("loop/1", 1)])

    def test_from_an_earlier_iteration_the_later_ones_grow_anew(self) -> None:
        grew = [GraphGrown(node=f"loop/{number}", size=1, at=tick()) for number in range(2)]
        tried = Tried(
            loop(),
            [
                *ran("loop/0/count", "loop/0"), grew[0], *ran("loop/1/count", "loop/1"), grew[1],
                *broke("loop/2/count"), *inside("loop/2", "loop"),
            ],
        )  # fmt: skip

        assert tried.plan(selection=Selection(start=("loop/1/count",))).again == ("loop/1/count", "loop/1", "loop")
        assert tried.reset(selection=Selection(start=("loop/1/count",))) == [
            "loop/0/count", "loop/0", "loop/1/count", "loop/1", "loop"
        ]  # fmt: skip


class TestConditionals:
    def test_a_failed_step_of_a_branch_runs_again_and_the_other_branch_stays_untaken(self) -> None:
        tried = Tried(
            choice(),
            [
                *ran("look", "cond/choice", "cond/yes/do"), *skipped(Reason.BRANCH, "cond/no/do"),
                *broke("cond/yes/more"), *inside("cond"), *skipped(Reason.UPSTREAM, "after"),
            ],
        )  # fmt: skip

        plan = tried.plan()

        assert plan.again == ("cond/yes/more", "cond", "after")
        assert plan.kept == ("look", "cond/choice", "cond/yes/do")
        tried.reset()
        assert tried.space.states(tried.run)["cond/no/do"] == "SKIPPED BRANCH"

    def test_what_takes_from_the_end_runs_though_one_branch_has_nothing(self) -> None:
        tried = Tried(
            choice(),
            [
                *ran("look", "cond/choice", "cond/yes/do", "cond/yes/more"), *skipped(Reason.BRANCH, "cond/no/do"),
                joined("cond"), *broke("after"),
            ],
        )  # fmt: skip

        assert tried.plan(selection=Selection(start=("after",))).again == ("after",)
        again = tried.plan(selection=Selection(start=("cond/yes/more",))).again
        assert again == ("cond/yes/more", "cond", "after")

    def test_when_the_choice_runs_again_both_branches_are_open(self) -> None:
        tried = Tried(
            choice(),
            [
                *ran("look"), *broke("cond/choice"),
                *skipped(Reason.UPSTREAM, "cond/yes/do", "cond/yes/more", "cond/no/do", "cond", "after"),
            ],
        )  # fmt: skip
        other = Tried(
            choice(),
            [
                *ran("look", "cond/choice"), *skipped(Reason.BRANCH, "cond/yes/do", "cond/yes/more"),
                *broke("cond/no/do"), *inside("cond"), *skipped(Reason.UPSTREAM, "after"),
            ],
        )  # fmt: skip
        everything = ("cond/choice", "cond/yes/do", "cond/yes/more", "cond/no/do", "cond", "after")

        assert tried.plan().again == everything
        assert other.plan(selection=Selection(start=("cond/choice",))).again == everything


class TestRecovery:
    def test_a_failed_recovery_is_tried_from_the_step_that_failed_first(self) -> None:
        tried = Tried(
            recovery(),
            [
                *ran("a"), *broke("b"), *skipped(Reason.RECOVERED, "c"),
                *broke("b/on_failure/mend"), *inside("b/on_failure"),
            ],
        )  # fmt: skip

        assert tried.plan().again == ("b", "b/on_failure/mend", "b/on_failure", "c")

    def test_a_recovered_step_of_a_run_that_failed_elsewhere_runs_again_with_its_recovery(self) -> None:
        graph = recovery()
        graph = replace(graph, nodes=(*graph.nodes, replace(graph.nodes[0], path="apart")))
        tried = Tried(
            graph,
            [
                *ran("a"), *broke("b"), *skipped(Reason.RECOVERED, "c"), *ran("b/on_failure/mend"),
                joined("b/on_failure"), *broke("apart"),
            ],
        )  # fmt: skip

        assert tried.plan().again == ("b", "b/on_failure/mend", "b/on_failure", "c", "apart")
        tried.reset()
        assert tried.space.states(tried.run)["b/on_failure/mend"] == "PENDING"

    def test_a_recovery_that_was_not_needed_is_settled(self) -> None:
        tried = Tried(
            recovery(),
            [*ran("a", "b"), *skipped(Reason.BRANCH, "b/on_failure/mend", "b/on_failure"), *broke("c")],
        )

        assert tried.plan().again == ("c",)

    @pytest.mark.parametrize("reason", [Reason.TERMINATED, Reason.UPSTREAM, Reason.RECOVERED])
    def test_what_was_not_run_for_another_reason_is_not_settled(self, reason: Reason) -> None:
        tried = Tried(
            recovery(),
            [*ran("a", "b"), *skipped(Reason.BRANCH, "b/on_failure/mend", "b/on_failure"), *skipped(reason, "c")],
        )

        assert tried.plan().again == ("c",)


def test_a_rerun_starts_from_the_graph_as_it_was_compiled(map_with_a_failed_item: Tried) -> None:
    space = map_with_a_failed_item.space

    again = space.workspace.rerun(map_with_a_failed_item.run)

    assert space.runs.spec(again).graph == trials()
    assert space.states(again) == dict.fromkeys(["load", "trials/items", "trials", "report"], "PENDING")


def test_a_step_that_ended_the_run_as_failed_runs_again() -> None:
    graph = Graph(
        name="g",
        nodes=(Node(path="check", operation=0), Node(path="publish", operation=1, needs=("check",))),
        operations=(
            Operation(call=Call(kind=CallKind.STUB), policy=Policy(terminate=Terminate.FAILURE)),
            Operation(call=Call(kind=CallKind.STUB)),
        ),
    )
    tried = Tried(graph, [*ran("check"), *skipped(Reason.TERMINATED, "publish")])

    assert tried.plan().again == ("check", "publish")
