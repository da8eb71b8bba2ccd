"""Every shape as nodes: their paths, what they wait for, what their arguments are bound to."""

from __future__ import annotations

import json
from typing import Any

import pytest
from authoring import arguments_of, compiled, graph_of, needs_of
from shaped import branched, chosen, count, looped, make, mapped, scale, step, tell, work

from graftline import Conditional, Loop, Map, Parallel, Pipeline, PythonTask, Stub, metric
from graftline.core.graph import Argument, BodyKind, CallKind, Graph, Growth, Guard, ReturnKind, Terminate
from graftline.core.graphcodec import graph_to_json
from graftline.core.growth import grown, outlined
from graftline.core.supply import Carried, Constant, Either, Gather, Index, Item, Source, Upstream


def inside(graph: Graph, path: str, body: int = 0) -> dict[str, Source]:
    """Arguments of a node in a body."""
    return {each.name: each.source for node in graph.bodies[body].nodes if node.path == path for each in node.arguments}


def kinds_of(graph: Graph) -> dict[str, CallKind]:
    return {node.path: graph.operation_of(node.path).call.kind for node in graph.nodes}


def test_branches_run_side_by_side_and_their_values_are_taken_right_from_inside() -> None:
    graph = graph_of(branched())
    assert needs_of(graph) == {
        "par/a/fit": [],
        "par/b/fit": [],
        "par/b/save": ["par/b/fit"],
        "par": ["par/a/fit", "par/b/fit", "par/b/save"],
        "end": ["par/a/fit", "par/b/fit", "par"],
    }
    assert arguments_of(graph, "end") == {"m": Upstream("par/a/fit", "m"), "n": Upstream("par/b/fit", "n")}
    assert arguments_of(graph, "par") == {"m": Upstream("par/a/fit", "m"), "n": Upstream("par/b/fit", "n")}
    assert kinds_of(graph)["par"] is CallKind.JOIN
    assert [each.name for each in graph.operation_of("par").returns] == ["m", "n"]


def test_a_name_of_several_branches_is_a_list_when_it_is_gathered() -> None:
    score = Pipeline([step("fit", returns=["score"])])
    both = Parallel({"north": score, "south": score}, gather="score", name="regions")
    graph = graph_of(Pipeline([both, tell]))
    expected = Gather((Upstream("regions/north/fit", "score"), Upstream("regions/south/fit", "score")))
    assert arguments_of(graph, "tell") == arguments_of(graph, "regions") == {"score": expected}


def test_a_map_is_a_split_a_body_and_a_reduction() -> None:
    graph = graph_of(mapped(), typed={"C": "2"})
    assert needs_of(graph) == {"make": [], "trials/items": ["make"], "trials": ["trials/items"]}
    assert kinds_of(graph)["trials/items"] is CallKind.SPLIT
    assert arguments_of(graph, "trials/items") == {"items": Upstream("make", "xs")}
    (size,) = graph.operation_of("trials/items").returns
    assert (size.name, size.kind) == ("size", ReturnKind.JSON)
    assert graph.node("trials/items").grows == 0
    assert kinds_of(graph)["trials"] is CallKind.REDUCE
    assert [each.name for each in graph.operation_of("trials").returns] == ["scale"]
    (body,) = graph.bodies
    assert body.kind is BodyKind.MAP
    (node,) = body.nodes
    assert (node.path, node.needs, node.family) == ("trials/[]/scale", ("trials/items",), "trials/*/scale")
    assert inside(graph, node.path) == {"x": Item("trials/[]", None), "C": Constant(2.0, "cli")}
    assert body.exits == ("trials/[]/scale",)
    assert body.results == (Argument("scale", Upstream("trials/[]/scale", "scale")),)


def test_items_are_taken_apart_by_key_and_collected_as_records() -> None:
    trials = Map(scale, "grid", ["x", "C"], reducer=max, collect="best", name="trials")
    graph = graph_of(Pipeline([trials], params={"grid": [{"x": 1, "C": 2}]}))
    assert graph.operation_of("trials/items").call.keys == ("x", "C")
    assert inside(graph, "trials/[]/scale") == {"x": Item("trials/[]", "x"), "C": Item("trials/[]", "C")}
    call = graph.operation_of("trials").call
    assert (call.module, call.qualname, call.collect) == ("builtins", "max", "best")
    assert [each.name for each in graph.operation_of("trials").returns] == ["best"]
    assert [each.name for each in graph.bodies[0].results] == ["x", "C", "scale"]
    assert graph.bodies[0].results[0].source == Item("trials/[]", "x")


@pytest.mark.parametrize(
    ("reducer", "module", "qualname"),
    [("sum", "builtins", "sum"), ("math.prod", "math", "prod"), (tell, "shaped", "tell"), (None, None, None)],
)
def test_a_reducer_is_named_in_the_call(reducer: Any, module: str | None, qualname: str | None) -> None:
    call = graph_of(mapped(reducer=reducer)).operation_of("trials").call
    assert (call.kind, call.module, call.qualname, call.blob) == (CallKind.REDUCE, module, qualname, None)


@pytest.mark.parametrize(("reducer", "kind"), [("max", ReturnKind.METRIC), (None, ReturnKind.AUTO)])
def test_a_reduced_metric_is_a_metric_and_a_list_of_them_is_not(reducer: str | None, kind: ReturnKind) -> None:
    trials = Map(PythonTask(scale, returns=[metric("auc")]), "xs", "x", reducer=reducer, name="trials")
    graph = graph_of(Pipeline([trials], params={"xs": [1], "C": 1.0}))
    assert [each.kind for each in graph.operation_of("trials").returns] == [kind]


@pytest.mark.parametrize("reducer", ["lambda *x: max(x)", lambda xs: xs[0]])
def test_a_lambda_reducer_goes_by_value(reducer: Any) -> None:
    made = compiled(mapped(reducer=reducer))
    call = made.graph.operation_of("trials").call
    assert call.module is None
    assert call.blob in made.blobs


def test_a_conditional_is_a_choice_guarded_branches_and_an_end() -> None:
    graph = graph_of(chosen())
    call = graph.operation_of("cond/choice").call
    assert (call.kind, call.branches, call.default) == (CallKind.CHOOSE, ("big", "True"), None)
    assert arguments_of(graph, "cond/choice") == {"value": Upstream("first", "kind")}
    assert {node.path: node.guard for node in graph.nodes if node.guard} == {
        "cond/big/fit": Guard("cond/choice", "big"),
        "cond/True/fit": Guard("cond/choice", "True"),
        "cond/True/save": Guard("cond/choice", "True"),
    }
    assert needs_of(graph)["cond/True/save"] == ["cond/True/fit"]
    assert needs_of(graph)["cond/big/fit"] == ["cond/choice"]
    both = Either((Upstream("cond/big/fit", "m"), Upstream("cond/True/fit", "m")))
    assert graph.node("cond").arguments == (
        Argument("m", both),
        Argument("only", Upstream("cond/big/fit", "only"), is_optional=True),
    )


def test_the_default_branch_is_last_and_named_in_the_choice() -> None:
    graph = graph_of(chosen(default=Stub("other", returns=["m"])))
    assert graph.operation_of("cond/choice").call.default == "default"
    assert graph.node("cond/default/other").guard == Guard("cond/choice", "default")
    assert arguments_of(graph, "cond")["m"] == Either(
        (Upstream("cond/big/fit", "m"), Upstream("cond/True/fit", "m"), Upstream("cond/default/other", "m"))
    )


def test_a_value_a_branch_does_not_return_keeps_what_it_meant_before() -> None:
    cond = Conditional("kind", {"a": step("fit", returns=["m"]), "b": Stub("nothing")}, name="cond")
    graph = graph_of(Pipeline([step("first", returns=["kind", "m"]), cond, step("last", {"m": "m"}, ["o"])]))
    both = Either((Upstream("cond/a/fit", "m"), Upstream("first", "m")))
    assert graph.node("cond").arguments == (Argument("m", both),)
    assert graph.node("last").arguments == (Argument("m", Upstream("cond", "m")),)
    assert needs_of(graph)["cond"] == ["first", "cond/a/fit", "cond/b/nothing"]


def test_what_only_some_branches_return_is_optional_or_warned_about() -> None:
    def soft(only: int = 1) -> int:
        return only

    steps = [step("first", returns=["kind"]), chosen().steps[1]]
    made = compiled(Pipeline([*steps, PythonTask(soft, returns=["o"])]))
    assert made.graph.node("soft").arguments == (Argument("only", Upstream("cond", "only"), is_optional=True),)
    assert made.warnings == ()
    hard = compiled(Pipeline([*steps, PythonTask(work, inputs={"x": "only"}, returns=["o"])]))
    assert hard.graph.node("work").arguments == (Argument("x", Upstream("cond", "only")),)
    assert hard.warnings == (
        "step 'work': needs 'x', which is not returned by 'cond/True': it cannot run when that branch is taken",
    )


def test_a_loop_is_its_first_iteration_a_body_and_an_end() -> None:
    graph = graph_of(looped())
    assert needs_of(graph) == {
        "loop/0/count": [],
        "loop/0/is_over": ["loop/0/count"],
        "loop/0": ["loop/0/count", "loop/0/is_over"],
        "loop": ["loop/0"],
    }
    assert arguments_of(graph, "loop/0/count") == {"n": Constant(0, "pipeline")}
    assert arguments_of(graph, "loop") == {
        "n": Upstream("loop/0/count", "n"),
        "over": Upstream("loop/0/is_over", "over"),
    }
    assert kinds_of(graph)["loop/0"] is CallKind.UNTIL
    assert graph.node("loop/0").arguments == (Argument("value", Upstream("loop/0/is_over", "over"), is_optional=True),)
    assert graph.node("loop/0/count").environ == (("i", "0"),)
    (body,) = graph.bodies
    assert (body.kind, body.limit, body.exits) == (BodyKind.LOOP, 5, ("loop/[]",))
    assert inside(graph, "loop/[]/count") == {
        "n": Carried("loop/[]", Constant(0, "pipeline"), Upstream("loop/[<]/count", "n"))
    }
    assert graph.node("loop/0").grows == body.nodes[-1].grows == 0
    assert [node.needs for node in body.nodes] == [
        ("loop/[<]",),
        ("loop/[]/count",),
        ("loop/[]/count", "loop/[]/is_over"),
    ]


def test_a_second_iteration_takes_what_the_first_returned() -> None:
    graph = grown(graph_of(looped()), [Growth("loop/0", 1)])
    assert arguments_of(graph, "loop/1/count") == {"n": Upstream("loop/0/count", "n")}
    assert arguments_of(graph, "loop/1/is_over") == {"count": Upstream("loop/1/count", "n")}
    assert needs_of(graph)["loop/1/count"] == ["loop/0"]
    assert graph.node("loop/1/count").environ == (("i", "1"),)


def test_the_index_of_a_loop_is_an_argument_and_the_last_value_carries_on() -> None:
    branch = [
        PythonTask(scale, inputs={"C": "i"}, returns=["x"]),
        Stub("other", returns=["y"], inputs={"z": "y", "i": "i"}),
    ]
    graph = graph_of(
        Pipeline([step("first", returns=["x", "y"]), Loop(branch, 3, index_as="i"), step("s", {"x": "x"})])
    )
    assert inside(graph, "loop/[]/scale") == {
        "x": Carried("loop/[]", Upstream("first", "x"), Upstream("loop/[<]/scale", "x")),
        "C": Index("loop/[]"),
    }
    assert arguments_of(graph, "loop/0/other") == {"z": Upstream("first", "y"), "i": Constant(0, "index")}
    assert kinds_of(graph)["loop/0"] is CallKind.JOIN
    assert arguments_of(graph, "s") == {"x": Upstream("loop", "x")}


def test_a_carried_value_without_a_first_one_is_left_to_the_default() -> None:
    def add(total: int = 0) -> int:
        return total + 1

    graph = graph_of(Pipeline([Loop(PythonTask(add, returns=["total"]), 2), step("s", {"t": "total"})]))
    assert inside(graph, "loop/[]/add") == {"total": Carried("loop/[]", None, Upstream("loop/[<]/add", "total"))}
    assert arguments_of(graph, "loop/0/add") == {}


def test_a_pipeline_is_a_step_and_may_be_used_twice() -> None:
    inner = Pipeline([PythonTask(scale, returns=["y"])], name="inner", params={"C": 3.0})
    other = inner.with_(name="other", inputs={"x": inner["y"]}, params={"C": 4.0})
    graph = graph_of(Pipeline([inner, other, step("end", {"y": other["y"]})], params={"x": 1, "C": 2.0}))
    assert needs_of(graph) == {
        "inner/scale": [],
        "inner": ["inner/scale"],
        "other/scale": ["inner/scale"],
        "other": ["other/scale"],
        "end": ["inner", "other/scale", "other"],
    }
    assert arguments_of(graph, "inner/scale") == {"x": Constant(1, "pipeline"), "C": Constant(3.0, "pipeline")}
    assert arguments_of(graph, "other/scale") == {"x": Upstream("inner/scale", "y"), "C": Constant(4.0, "fixed")}
    assert arguments_of(graph, "end") == {"y": Upstream("other/scale", "y")}


def test_steps_inside_see_what_was_returned_before_their_composite() -> None:
    early, late = step("early", returns=["x"]), step("late", returns=["x"])
    graph = graph_of(Pipeline([early, Parallel({"a": [Map(scale, "xs", "C", name="m")]}), late], params={"xs": [1]}))
    assert inside(graph, "parallel/a/m/[]/scale")["x"] == Upstream("early", "x")


def test_what_takes_over_hangs_on_the_step_and_knows_nothing_of_it() -> None:
    failing = step("fit", returns=["m"], on_failure=[step("mend", {"m": "m"}), Stub("mail")])
    graph = graph_of(Pipeline([step("first", returns=["m"]), failing, step("last", {"m": "m"})]))
    guard = Guard("fit", "on_failure")
    assert [(node.path, node.guard) for node in graph.nodes if node.guard] == [
        ("fit/on_failure/mend", guard),
        ("fit/on_failure/mail", guard),
        ("fit/on_failure", guard),
    ]
    assert needs_of(graph)["fit/on_failure/mend"] == ["first", "fit"]
    assert needs_of(graph)["fit/on_failure/mail"] == ["fit/on_failure/mend"]
    assert arguments_of(graph, "fit/on_failure/mend") == {"m": Upstream("first", "m")}
    assert needs_of(graph)["last"] == ["first", "fit"]
    assert graph.operation_of("fit/on_failure").returns == ()


def test_a_composite_may_be_recovered_and_terminate() -> None:
    graph = graph_of(mapped(on_failure=Stub("mend"), terminate_with_success=True))
    assert graph.node("trials/on_failure/mend").guard == Guard("trials", "on_failure")
    assert graph.operation_of("trials").policy.terminate is Terminate.SUCCESS
    assert graph.operation_of("trials/on_failure").policy.terminate is None


def test_the_end_of_a_pipeline_inside_waits_for_what_takes_over_there() -> None:
    inner = Pipeline([step("fit", returns=["m"], on_failure=Stub("mend"))], name="inner")
    graph = graph_of(Pipeline([inner, Stub("last")]))
    assert needs_of(graph)["inner"] == ["inner/fit", "inner/fit/on_failure"]


def test_a_map_in_branches_in_a_map() -> None:
    inner = Map(scale, "row", "x", reducer="sum", name="inner")
    rows = Map(
        Parallel({"a": inner, "b": step("size", {"r": "row"}, ["size"])}, name="par"), "rows", "row", name="outer"
    )
    graph = graph_of(Pipeline([rows, tell], params={"rows": [[1], [2]], "score": 0}))
    split = next(node for node in graph.bodies[1].nodes if node.path == "outer/[]/par/a/inner/items")
    assert (split.arguments, split.grows) == ((Argument("items", Item("outer/[]", None)),), 0)
    whole = grown(graph, [Growth("outer/items", 2), Growth("outer/1/par/a/inner/items", 1)])
    assert arguments_of(whole, "outer/1/par/a/inner/0/scale")["x"] == Upstream("outer/1/par/a/inner/items", "0")
    assert whole.node("outer/1/par/a/inner/0/scale").family == "outer/*/par/a/inner/*/scale"
    assert arguments_of(whole, "outer")["scale"] == Gather(
        (Upstream("outer/0/par/a/inner", "scale"), Upstream("outer/1/par/a/inner", "scale"))
    )


def test_a_conditional_in_a_loop_in_a_map_carries_what_was_there_before() -> None:
    cond = Conditional("kind", {"up": PythonTask(count, returns=["n"]), "stay": Stub("stay")}, name="cond")
    loop = Loop([step("pick", returns=["kind"]), cond], 3, index_as="i", name="loop", inputs={"n": "start"})
    graph = graph_of(Pipeline([Map(loop, "ns", "start", name="m")], params={"ns": [1]}))
    whole = grown(graph, [Growth("m/items", 1), Growth("m/0/loop/0", 1)])
    assert arguments_of(whole, "m/0/loop/0/cond/up/count") == {"n": Upstream("m/items", "0")}
    assert arguments_of(whole, "m/0/loop/1/cond/up/count") == {"n": Upstream("m/0/loop/0/cond", "n")}
    assert arguments_of(whole, "m/0/loop/0/cond")["n"] == Either(
        (Upstream("m/0/loop/0/cond/up/count", "n"), Upstream("m/items", "0"))
    )
    assert whole.node("m/0/loop/1/cond/up/count").guard == Guard("m/0/loop/1/cond/choice", "up")
    assert whole.node("m/0/loop/1/cond/up/count").family == "m/*/loop/1/cond/up/count"
    assert whole.node("m/0/loop/1/cond/up/count").environ == (("i", "1"),)


def test_items_and_iterations_wait_for_values_from_outside_that_may_come_later() -> None:
    slow = step("slow", returns=["C"])
    graph = graph_of(Pipeline([step("list", returns=["xs"]), slow, Map(scale, "xs", "x", name="m")]))
    assert needs_of(graph)["m/items"] == ["list"]
    assert graph.bodies[0].nodes[0].needs == ("slow", "m/items")


def test_plain_pipelines_compile_as_they_always_did() -> None:
    load, fit = PythonTask(make, returns=["x"]), PythonTask(scale, returns=["y"], retries=1)
    graph = graph_of(Pipeline([load, fit, Stub("fence"), step("s", {"y": "y"})], params={"C": 2.0}))
    assert [json.loads(json.dumps(node)) for node in _documents(graph)] == [
        {"path": "make", "operation": 0},
        {
            "path": "scale",
            "operation": 1,
            "arguments": [
                ["x", {"node": "make", "output": "x"}],
                ["C", {"value": 2.0, "origin": "pipeline"}],
            ],
            "needs": ["make"],
        },
        {"path": "fence", "operation": 2, "needs": ["scale"]},
        {
            "path": "s",
            "operation": 2,
            "arguments": [["y", {"node": "scale", "output": "y"}]],
            "needs": ["scale", "fence"],
        },
    ]


def _documents(graph: Graph) -> list[Any]:
    document = graph_to_json(graph)
    assert "bodies" not in document
    nodes: list[Any] = document["nodes"]
    return nodes


def test_an_outline_of_what_was_compiled_is_in_order() -> None:
    for pipeline in (mapped(), branched(), chosen(), looped()):
        graph = outlined(graph_of(pipeline))
        seen: set[str] = set()
        for node in graph.nodes:
            assert seen.issuperset(node.needs)
            seen.add(node.path)
