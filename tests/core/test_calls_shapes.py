"""Maps, branches and pipelines inside pipelines, written by calls: the graphs, and the same as a plain program."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import called_tasks
import pytest
from authoring import arguments_of, graph_of, needs_of
from called_calls import argument, body
from called_tasks import plain_fit, plain_load

from graftline import Conditional, InvalidError, Map, Parallel, Pipeline, PythonTask, metric, pipeline, task, when
from graftline.core.futures import CallError
from graftline.core.graph import Graph, Guard
from graftline.core.supply import Constant, Either, Gather, Item, Upstream

tasks: Any = called_tasks
"""Any: a body hands futures where the functions take values."""
fit, gather, load, publish, scale = tasks.fit, tasks.gather, tasks.load, tasks.publish, tasks.scale


def big(x: list[int]) -> bool:
    return len(x) > 3


is_big: Any = task(big)
choose: Any = when


@pipeline
def twice_scaled(values: list[int], by: int = 2) -> tuple[list[int], list[int]]:
    once = scale(values, by=by)
    return once, scale(once)


@pipeline
def defaults(size: int = 2) -> None:
    publish(scale([size]))


def listed_map() -> Pipeline:
    return Pipeline(
        [
            PythonTask(scale, returns=["scale"], params={"values": [1, 2]}),
            Map(
                PythonTask(plain_fit, returns=["model", metric("accuracy")], params={"X": [1], "y": [2]}),
                "scale", "C", name="plain_fit",
            ),
        ],
        "m",
    )  # fmt: skip


@pipeline
def m() -> None:
    fit.map(C=scale([1, 2]), X=[1], y=[2])


def listed_nest() -> Pipeline:
    inner = Pipeline(
        [
            PythonTask(scale, returns=["scale"], inputs={"values": "X"}, params={"by": 3}),
            PythonTask(scale, "scale-2", returns=["scale-2"], inputs={"values": "scale"}),
        ],
        "twice_scaled",
    )
    return Pipeline([PythonTask(plain_load, returns=["X", "y"], retries=2, timeout="10m"), inner], "nest")


@pipeline
def nest() -> None:
    X, _ = load()
    twice_scaled(X, by=3)


def listed_choice() -> Pipeline:
    branches: dict[Any, Any] = {True: PythonTask(scale, returns=["scale"], inputs={"values": "X"})}
    other = PythonTask(scale, returns=["scale"], inputs={"values": "X"}, params={"by": 9})
    return Pipeline(
        [
            PythonTask(plain_load, returns=["X", "y"], retries=2, timeout="10m"),
            PythonTask(big, returns=["big"], inputs={"x": "X"}),
            Conditional("big", branches, default=other, name="when"),
        ],
        "choice",
    )


@pipeline
def choice() -> None:
    X, _ = load()
    when(is_big(X), lambda: scale(X), lambda: scale(X, by=9))


@pytest.mark.parametrize(
    ("called", "same"),
    [(m, listed_map()), (nest, listed_nest()), (choice, listed_choice())],
    ids=["map", "nest", "when"],
)
def test_calls_and_a_list_make_the_same_graph(called: Pipeline, same: Pipeline) -> None:
    assert placeless(graph_of(called)) == placeless(graph_of(same))


def placeless(graph: Graph) -> Graph:
    """Return a graph whose composites are written nowhere: theirs is the place of the call, or of the list."""
    return replace(
        graph,
        operations=tuple(
            replace(each, call=replace(each.call, file=None, line=None)) if each.call.module is None else each
            for each in graph.operations
        ),
    )


def refused(function: Callable[[], object]) -> InvalidError:
    with pytest.raises(InvalidError) as caught:
        graph_of(pipeline(function))
    assert caught.value.file == __file__
    return caught.value


class TestMap:
    def test_it_runs_over_the_first_argument_and_every_call_gets_the_others(self) -> None:
        def made() -> None:
            X, _ = load()
            publish(scale.map(values=X, by=load()[1]))

        graph = body(made)

        inside = graph.bodies[0].nodes[0]
        assert inside.arguments[0].source == Item("scale/[]", None)
        assert inside.arguments[1].source == Upstream("plain_load-2", "y")
        assert argument(graph, "publish", "model") == Upstream("scale", "scale")

    def test_a_list_that_is_known_is_fixed(self) -> None:
        assert argument(body(lambda: scale.map(values=[[1], [2]])), "scale/items", "items") == Constant(
            [[1], [2]], "fixed"
        )

    def test_several_lists_run_side_by_side(self) -> None:
        graph = body(lambda: scale.map("values", "by", values=[[1], [2]], by=range(2)))

        rows = [{"values": [1], "by": 0}, {"values": [2], "by": 1}]
        assert argument(graph, "scale/items", "items") == Constant(rows, "fixed")
        assert [each.source for each in graph.bodies[0].nodes[0].arguments] == [
            Item("scale/[]", "values"), Item("scale/[]", "by")
        ]  # fmt: skip

    def test_a_list_of_futures_is_gathered(self) -> None:
        graph = body(lambda: scale.map(values=[scale([1]), scale([2])]))

        assert argument(graph, "scale-3/items", "items") == Gather(
            (Upstream("scale", "scale"), Upstream("scale-2", "scale-2"))
        )

    def test_a_task_of_several_returns_gives_as_many_lists(self) -> None:
        def made() -> None:
            models, accuracies = fit.map(C=[1.0, 2.0], X=[1], y=[1])
            gather(models=models, accuracies=accuracies)

        assert arguments_of(body(made), "gather") == {
            "models": Upstream("plain_fit", "model"), "accuracies": Upstream("plain_fit", "accuracy")
        }  # fmt: skip

    def test_what_the_task_returns_under_the_name_of_an_argument_is_no_item(self) -> None:
        def made() -> None:
            task(lambda df: df, name="clean", returns=["df"]).map(df=[1, 2])

        assert body(made).bodies[0].nodes[0].arguments[0].name == "df"

    def test_options_hold_for_each_call_and_after_for_the_whole(self) -> None:
        def made() -> None:
            first = scale([1])
            scale.with_(name="wide", retries=3, after=first).map(values=[[1]])

        graph = body(made)

        inner = graph.bodies[0].nodes[0]
        assert inner.path == "wide/[]/wide"
        assert graph.operations[inner.operation].policy.retries == 3
        assert needs_of(graph)["wide/items"] == ["scale"]

    @pytest.mark.parametrize(
        ("call", "says"),
        [
            (lambda: scale.map(), "task 'scale': map() is given nothing to run over"),
            (lambda: scale.map("value", values=[1]), "over 'value', which is not given; did you mean 'values'"),
            (lambda: scale.map(values=5), "map() runs over lists, and 'values' is 5"),
            (lambda: scale.map(values="abc"), "map() runs over lists, and 'values' is 'abc'"),
            (lambda: scale.map("values", "by", values=[1, 2], by=[1]), "of one length, and 'values' has 2, 'by' has 1"),
            (lambda: scale.map(vales=[1]), "takes no argument 'vales'; did you mean 'values'"),
            (lambda: fit.map(C=[1.0]), "needs 'X', 'y', which the call does not give"),
            (lambda: scale.map(values=[scale([1]), [2]]), "map() runs over <future of scale> among other values"),
            (lambda: scale.map("values", "by", values=scale([1]), by=[1]), "and 'values' is not known yet"),
        ],
    )  # fmt: skip
    def test_what_does_not_fit_is_told_at_the_call(self, call: Callable[[], object], says: str) -> None:
        error = refused(lambda: call())

        assert says in error.message
        assert error.line == call.__code__.co_firstlineno

    def test_outside_of_a_pipeline_it_is_a_list_of_calls(self) -> None:
        assert scale.map(values=[[1], [2]], by=3) == [[3], [6]]
        assert scale.map("values", "by", values=[[1], [2]], by=[2, 3]) == [[2], [6]]
        assert fit.map(C=[1.0, 2.0], X=[1], y=[1]) == ([4.0, 5.0], [0.5, 1.0])
        assert fit.map(C=[], X=[1], y=[1]) == ([], [])


class TestWhen:
    def test_a_value_that_is_there_decides_now(self) -> None:
        @pipeline
        def made(large: bool = False) -> None:
            publish(when(large, lambda: scale([1]), lambda: scale([2], by=5)))

        assert list(needs_of(graph_of(made))) == ["scale", "publish"]
        assert argument(graph_of(made, typed={"large": "yes"}), "scale", "values") == Constant([1], "fixed")

    def test_a_branch_may_hand_on_what_was_there_before(self) -> None:
        def made() -> None:
            X, _ = load()
            publish(when(is_big(X), lambda: scale(X), lambda: X))

        graph = body(made)

        assert argument(graph, "when/default/same", "value") == Upstream("plain_load", "X")
        assert _end(graph, "when") == Either(
            (Upstream("when/True/scale", "scale"), Upstream("when/default/same", "scale"))
        )
        assert argument(graph, "publish", "model") == Upstream("when", "scale")

    def test_without_another_branch_there_is_none_instead(self) -> None:
        graph = body(lambda: publish(when(is_big([1]), lambda: scale([1]))))

        assert argument(graph, "when/default/same", "value") == Constant(None, "fixed")

    def test_a_branch_may_only_do_something(self) -> None:
        graph = body(lambda: when(is_big([1]), lambda: publish(1.0), name="maybe"))

        paths = ["big", "maybe/choice", "maybe/True/publish", "maybe/default/nothing", "maybe"]
        assert [node.path for node in graph.nodes] == paths
        assert graph.node("maybe/True/publish").guard == Guard("maybe/choice", "True")

    def test_branches_go_by_any_value(self) -> None:
        def made() -> None:
            kind = task(lambda: "small", name="kind")()
            publish(when(kind, {"small": lambda: scale([1]), "large": lambda: scale([2])}, lambda: scale([3])))

        graph = body(made)

        assert [node.path for node in graph.nodes if node.guard] == [
            "when/small/scale", "when/large/scale", "when/default/scale"
        ]  # fmt: skip

    def test_several_values_come_out_of_every_branch(self) -> None:
        def made() -> None:
            X, y = when(is_big([1]), lambda: load(), lambda: (scale([1]), 5))
            gather(X=X, y=y)

        graph = body(made)

        assert arguments_of(graph, "gather") == {"X": Upstream("when", "X"), "y": Upstream("when", "y")}
        assert [each.name for each in graph.operation_of("when/default/scale").returns] == ["X"]

    @pytest.mark.parametrize(
        ("call", "says"),
        [
            (lambda: when(is_big([1]), scale([1])), "when() takes branches to call, not <future of scale>"),
            (lambda: choose(True, 5), "when() takes branches to call, not 5"),
            (lambda: when("c", {"a": lambda: 1}), "when() has no branch for 'c'"),
            (lambda: when(is_big([1]), lambda: load(), lambda: scale([1])), "return 2 values, and one that returns 1"),
        ],
    )  # fmt: skip
    def test_what_does_not_fit_is_told_at_the_call(self, call: Callable[[], object], says: str) -> None:
        error = refused(lambda: call())

        assert isinstance(error, CallError)
        assert says in error.message
        assert error.line == call.__code__.co_firstlineno

    def test_outside_of_a_pipeline_it_is_a_branch(self) -> None:
        assert when(True, lambda: 1, lambda: 2) == 1
        assert when([], lambda: 1, lambda: 2) == 2
        assert when(False, lambda: 1) is None
        assert when(3, {1: lambda: "one", 3: lambda: "three"}) == "three"
        assert when("x", {1: lambda: "one"}, lambda: "other") == "other"


class TestPipelinesInside:
    def test_a_second_call_has_a_number_and_values_flow_in_and_out(self) -> None:
        def made() -> None:
            first, _ = twice_scaled(scale([1]))
            twice_scaled(first, by=7)

        graph = body(made)

        assert list(needs_of(graph)) == [
            "scale", "twice_scaled/scale", "twice_scaled/scale-2", "twice_scaled",
            "twice_scaled-2/scale", "twice_scaled-2/scale-2", "twice_scaled-2",
        ]  # fmt: skip
        assert argument(graph, "twice_scaled/scale", "values") == Upstream("scale", "scale")
        assert argument(graph, "twice_scaled-2/scale", "values") == Upstream("twice_scaled/scale", "scale")
        assert argument(graph, "twice_scaled-2/scale", "by") == Constant(7, "fixed")

    def test_two_outputs_of_one_name_are_kept_apart(self) -> None:
        @pipeline
        def inner() -> tuple[Any, Any]:
            one, _ = fit([1], [1])
            other, _ = fit([2], [2])
            return one, other

        def made() -> None:
            one, other = inner()
            gather(one=one, other=other)

        graph = body(made)

        sources = arguments_of(graph, "gather")
        assert sources["one"] == Upstream("inner/plain_fit", "plain_fit.model")
        assert sources["other"] == Upstream("inner/plain_fit-2", "model")

    def test_outputs_named_inside_and_outside_flow_by_their_new_names(self) -> None:
        @pipeline
        def inner() -> dict[str, Any]:
            first = scale([1])
            return {"inner": first, "second": scale(first)}

        def made() -> Any:
            found = inner()
            publish(found["inner"])
            flags = is_big(found["second"])
            kept = when(flags, lambda: scale(found["inner"]), lambda: found["second"])
            return {"model": kept, "flags": flags}

        graph = body(made)

        assert argument(graph, "publish", "model") == Upstream("inner/scale", "inner")
        assert argument(graph, "inner/scale-2", "values") == Upstream("inner/scale", "inner")
        assert argument(graph, "when/choice", "value") == Upstream("big", "flags")
        assert _end(graph, "when") == Either(
            (Upstream("when/True/scale", "model"), Upstream("when/default/same", "model"))
        )

    def test_a_future_that_is_passed_through_stays_itself(self) -> None:
        @pipeline
        def through(x: Any) -> Any:
            publish(1.0)
            return x

        assert argument(body(lambda: publish(through(scale([1])))), "publish", "model") == Upstream("scale", "scale")

    def test_one_that_calls_no_task_is_a_plain_function(self) -> None:
        @pipeline
        def added(a: int, b: int) -> int:
            return a + b

        assert argument(body(lambda: scale([added(1, b=2)])), "scale", "values") == Constant([3], "fixed")

    def test_a_value_from_inside_a_branch_belongs_there(self) -> None:
        kept: list[Any] = []

        def made() -> None:
            when(is_big([1]), lambda: kept.append(scale([1])))
            publish(kept[0])

        assert "belongs to another pipeline" in refused(made).message

    def test_wrong_arguments_are_told_at_the_call(self) -> None:
        error = refused(lambda: twice_scaled([1], bye=2))  # type: ignore[call-arg]

        assert error.message == "pipeline 'twice_scaled' takes no argument 'bye'; did you mean 'by'?"

    def test_listed_it_has_the_defaults_of_its_parameters(self) -> None:
        other = scale.with_(name="other", params={"values": [1]})
        graph = graph_of(Pipeline([defaults, Parallel({"a": defaults, "b": other})], "outer"))

        assert [node.path for node in graph.nodes] == [
            "defaults/scale", "defaults/publish", "defaults",
            "parallel/a/scale", "parallel/a/publish", "parallel/b/other", "parallel",
        ]  # fmt: skip
        assert argument(graph, "defaults/scale", "values") == Constant([2], "fixed")

    def test_listed_without_a_default_it_is_refused(self) -> None:
        with pytest.raises(
            InvalidError, match="listed as a step, it has the defaults of its parameters, and 'values' has none"
        ):
            graph_of(Pipeline([twice_scaled], "outer"))


def _end(graph: Graph, path: str) -> object:
    (only,) = graph.node(path).arguments
    return only.source
