"""Pipelines written by calls: the graph of a body, and what its steps are called."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import authoring
import called_tasks
import pytest
from authoring import arguments_of, graph_of, needs_of
from called_calls import argument, body, iris
from called_tasks import plain_fit, plain_load, plain_plot

from graftline import Pipeline, PythonTask, metric, pipeline, task
from graftline.core.graph import Argument
from graftline.core.supply import Constant, Gather, Upstream

tasks: Any = called_tasks
"""Any: a body hands futures where the functions take values."""
add, fetch, fit, gather, load = tasks.add, tasks.fetch, tasks.fit, tasks.gather, tasks.load
plot, publish, scale, twice, validate = tasks.plot, tasks.publish, tasks.scale, tasks.twice, tasks.validate


def listed(C: float) -> Pipeline:
    """Return iris as a list."""
    return Pipeline(
        [
            PythonTask(plain_load, "plain_load", ["X", "y"], retries=2, timeout="10m"),
            PythonTask(plain_fit, "plain_fit", ["model", metric("accuracy")], params={"C": C}),
            plain_plot,
        ],
        "iris",
    )


def of_default() -> Pipeline:
    return Pipeline(
        [authoring.load, PythonTask(authoring.clean, returns=["clean"], inputs={"df": "load"}), *_effects()], "short"
    )


def _effects() -> list[Any]:
    return [PythonTask(authoring.publish, "check", inputs={"model": "clean"}), PythonTask(authoring.load, "late")]


@pipeline
def short() -> None:
    cleaned = task(authoring.clean)(task(authoring.load)())
    task(authoring.publish, name="check")(cleaned)
    task(authoring.load, name="late", returns=[])()


def gathered() -> Pipeline:
    wires = {"df": ["a", "b"]}
    steps = [
        PythonTask(authoring.load, "first", ["a"]),
        PythonTask(authoring.load, "second", ["b"]),
        PythonTask(authoring.fit, "fit", ["model"], inputs=wires, params={"C": 2.0}, retries=1, labels="default"),
    ]
    return Pipeline(steps, "both", order="data")


@pipeline(order="data")
def both() -> None:
    loader = task(authoring.load)
    parts = [loader.with_(name=name, returns=[output])() for name, output in (("first", "a"), ("second", "b"))]
    task(authoring.fit, returns=["model"], retries=1, labels="default", params={"C": 2.0})(parts)


@pytest.mark.parametrize(
    ("called", "same"), [(iris, listed(1.0)), (short, of_default()), (both, gathered())], ids=["iris", "short", "both"]
)
def test_calls_and_a_list_make_the_same_graph(called: Pipeline, same: Pipeline) -> None:
    assert graph_of(called) == graph_of(same)


def test_a_task_in_a_list_of_steps_is_the_step_it_declares() -> None:
    steps = Pipeline([load, PythonTask(fit, returns=["model"]), plot], "iris")

    graph = graph_of(steps)

    assert graph == graph_of(
        Pipeline(
            [
                PythonTask(plain_load, returns=["X", "y"], retries=2, timeout="10m"),
                PythonTask(plain_fit, returns=["model"]),
                plain_plot,
            ],
            "iris",
        )
    )


class TestSteps:
    def test_a_second_call_of_a_task_has_a_number(self) -> None:
        def made() -> None:
            scale(scale(scale([1])))

        graph = body(made)

        assert needs_of(graph) == {"scale": [], "scale-2": ["scale"], "scale-3": ["scale-2"]}
        assert graph.operation_of("scale-3").returns[0].name == "scale-3"

    def test_a_chosen_name_that_is_taken_is_numbered_as_well(self) -> None:
        def made() -> None:
            for _ in range(2):
                scale.with_(name="wide")([1])

        assert list(needs_of(body(made))) == ["wide", "wide-2"]

    def test_options_change_for_one_call_alone(self) -> None:
        def made() -> None:
            scale.with_(resources={"cpus": 2}, retries=3)([1])
            scale([1])

        graph = body(made)

        assert graph.operation_of("scale").policy.retries == 3
        assert graph.operation_of("scale").policy.resources == {"cpus": 2}
        assert graph.operation_of("scale-2").policy.retries == 0

    def test_an_async_function_and_one_named_by_hand_are_tasks(self) -> None:
        def made() -> None:
            task(lambda url: url, name="shout")(fetch("x"))

        assert needs_of(body(made)) == {"fetch": [], "shout": ["fetch"]}

    def test_functions_go_by_reference_though_their_module_holds_the_task(self) -> None:
        call = body(lambda: scale([1])).operation_of("scale").call

        assert (call.module, call.qualname, call.blob) == ("called_tasks", "scale", None)

    def test_a_function_of_a_body_that_closes_over_something_goes_by_value(self) -> None:
        def made() -> None:
            bias = 3

            @task
            def shift(x: int) -> int:
                return x + bias

            shift(1)

        assert body(made).operation_of("shift").call.blob is not None


class TestArguments:
    def test_a_value_that_flows_is_an_edge_and_any_other_is_fixed(self) -> None:
        graph = body(lambda: scale(scale([1, 2], by=5)))

        assert argument(graph, "scale", "values") == Constant([1, 2], "fixed")
        assert argument(graph, "scale", "by") == Constant(5, "fixed")
        assert argument(graph, "scale-2", "values") == Upstream("scale", "scale")
        assert "by" not in arguments_of(graph, "scale-2")

    def test_nothing_is_taken_by_name_from_earlier_steps(self) -> None:
        def made() -> None:
            task(lambda: 7, name="make", returns=["by"])()
            scale([1])

        assert arguments_of(body(made), "scale").keys() == {"values"}

    def test_a_list_of_futures_and_values_is_gathered_and_copied(self) -> None:
        def made() -> None:
            parts: list[Any] = [scale([1]), 5, (scale([2]), 6)]
            publish(parts)
            parts.append(scale([3]))

        inner = Gather((Upstream("scale-2", "scale-2"), Constant(6, "fixed")))
        expected = Gather((Upstream("scale", "scale"), Constant(5, "fixed"), inner))
        assert argument(body(made), "publish", "model") == expected

    def test_a_list_without_futures_is_one_value_as_it_was_at_the_call(self) -> None:
        def made() -> None:
            config: dict[str, Any] = {"lr": [1]}
            gather(config=config)
            config["lr"].append(2)

        assert argument(body(made), "gather", "config") == Constant({"lr": [1]}, "fixed")

    def test_arguments_by_position_reach_a_variadic_parameter_as_a_list(self) -> None:
        graph = body(lambda: add(1, *scale_each([2, 3]), scale=2))

        items = (Constant(1, "fixed"), Upstream("scale", "scale"), Upstream("scale-2", "scale-2"))
        assert argument(graph, "add", "values") == Gather(items)
        assert argument(graph, "add", "scale") == Constant(2, "fixed")

    def test_values_are_cast_to_the_annotation(self) -> None:
        graph = body(lambda: plot([1], [2], 3))

        assert argument(graph, "plain_plot", "model") == Constant(3.0, "fixed")

    def test_metrics_and_files_are_taken_by_name(self) -> None:
        def made() -> None:
            script: Any = task(plain_fit, returns=["model", metric("auc", file="m.json")])
            publish(script([1], [2])["auc"])
            publish(fit([1], [2])["accuracy"])

        graph = body(made)

        assert argument(graph, "publish", "model") == Upstream("plain_fit", "auc")
        assert argument(graph, "publish-2", "model") == Upstream("plain_fit-2", "accuracy")

    def test_a_fixed_parameter_of_the_task_is_an_argument(self) -> None:
        graph = body(lambda: scale.with_(params={"by": 9})([1]))

        assert argument(graph, "scale", "by") == Constant(9, "fixed")


def scale_each(values: list[int]) -> list[Any]:
    """A plain function of the body: it just runs."""
    return [scale([value]) for value in values]


class TestOrder:
    def test_a_step_without_outputs_is_a_fence_as_in_a_list(self) -> None:
        def made() -> None:
            model = scale([1])
            validate(model)
            publish(model)

        assert needs_of(body(made))["publish"] == ["scale", "validate"]

    def test_futures_are_ordered_by_arrows_and_after(self) -> None:
        def made() -> None:
            first, second, third, both = scale([1]), scale([2]), scale([3]), load()
            both >> [third, first]
            [first, third] >> second
            scale.with_(name="last", after=[second, "scale"])([4])
            scale.with_(name="end", after=both)([5])

        assert needs_of(body(made)) == {
            "plain_load": [],
            "scale": ["plain_load"],
            "scale-3": ["plain_load"],
            "scale-2": ["scale", "scale-3"],
            "last": ["scale", "scale-2"],
            "end": ["plain_load"],
        }


def test_arguments_of_equal_graphs_differ_in_where_values_came_from_alone() -> None:
    as_parameter = graph_of(
        Pipeline([PythonTask(plain_load, returns=["X", "y"]), PythonTask(plain_fit, returns=["model"])], "p"),
        typed={"C": "2"},
    )

    @pipeline
    def p(C: float = 1.0) -> None:
        X, y = task(plain_load, returns=["X", "y"])()
        task(plain_fit, returns=["model"])(X, y, C)

    called = graph_of(p, typed={"C": "2"})

    fixed = [
        replace(
            node,
            arguments=tuple(
                Argument(
                    each.name,
                    each.source._replace(origin="fixed") if isinstance(each.source, Constant) else each.source,
                )
                for each in node.arguments
            ),
        )
        for node in as_parameter.nodes
    ]
    assert replace(as_parameter, nodes=tuple(fixed)) == called
