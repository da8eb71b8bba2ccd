"""What holds across the borders of composites: order, files, policies, parameters."""

from __future__ import annotations

from typing import Any

from authoring import arguments_of, everything, graph_of, needs_of
from shaped import scale, step

from graftline import Catalog, Loop, Map, Parallel, Pipeline, PythonTask, ShellTask, Stub, metric
from graftline.core.graph import Graph, Growth
from graftline.core.growth import grown
from graftline.core.supply import Constant, Index, Item, Source


def inside(graph: Graph, path: str, body: int = 0) -> dict[str, Source]:
    """Arguments of a node in a body."""
    return {each.name: each.source for node in graph.bodies[body].nodes if node.path == path for each in node.arguments}


def test_a_step_that_is_no_fence_does_not_wait_for_the_rest_of_the_branches() -> None:
    branches: dict[str, Any] = {"a": step("fit", returns=["m"]), "b": step("slow", returns=["n"])}
    graph = graph_of(Pipeline([Parallel(branches), step("next", {"m": "m"}, ["o"])]))
    assert needs_of(graph)["next"] == ["parallel/a/fit"]


def test_policies_of_a_composite_hold_inside_where_nothing_else_is_said() -> None:
    steps = [Stub("plain"), Stub("own", retries=0, timeout=5)]
    inner = Pipeline(steps, name="inner").with_(retries=1)
    graph = graph_of(Pipeline([Parallel({"a": inner}, retries=3, timeout="1m", labels="gpu", name="par")]))
    policies = {node.name: graph.operation_of(node.path).policy for node in graph.nodes}
    assert (policies["plain"].retries, policies["plain"].timeout_s, policies["plain"].labels) == (1, 60.0, ("gpu",))
    assert (policies["own"].retries, policies["own"].timeout_s) == (0, 5.0)
    assert (policies["par"].retries, policies["par"].labels) == (0, ())


def test_a_composite_that_keeps_nothing_is_a_fence() -> None:
    quiet: dict[str, Any] = {"a": Stub("mail"), "b": step("log", returns=[metric("m")])}  # type: ignore[list-item]
    steps = [step("one", returns=["a"]), Parallel(quiet, name="par"), step("two", returns=["b"])]
    assert needs_of(graph_of(Pipeline(steps))) == {
        "one": [],
        "par/a/mail": ["one"],
        "par/b/log": ["one"],
        "par": ["par/a/mail", "par/b/log"],
        "two": ["par"],
    }
    free = graph_of(Pipeline([steps[0], Parallel(quiet, fence=False), steps[2]]))
    assert needs_of(free)["two"] == []


def test_every_node_a_composite_starts_with_waits_for_the_fence_before_it() -> None:
    fence = Stub("fence")
    late = Parallel({"a": step("x", {"v": "v"}, ["p"]), "b": step("y", returns=["q"])}, name="par")
    graph = graph_of(Pipeline([fence, step("after", returns=["v"]), late]))
    assert needs_of(graph)["par/a/x"] == ["after"]
    assert needs_of(graph)["par/b/y"] == ["fence"]


def test_a_fence_waits_for_a_whole_composite_of_which_a_value_was_taken() -> None:
    branches: dict[str, Any] = {"a": step("x", returns=["p"]), "b": step("y", returns=["q"])}
    graph = graph_of(Pipeline([Parallel(branches, name="par"), step("user", {"p": "p"}, ["r"]), Stub("fence")]))
    assert needs_of(graph)["fence"] == ["par", "user"]


def test_a_fence_inside_a_branch_orders_that_branch_alone() -> None:
    left = [step("a", returns=["x"]), Stub("fence"), step("b", returns=["y"])]
    graph = graph_of(Pipeline([Parallel({"l": left, "r": step("c", returns=["z"])}, name="par")]))
    assert needs_of(graph)["par/l/b"] == ["par/l/fence"]
    assert needs_of(graph)["par/r/c"] == []


def test_order_may_name_steps_around() -> None:
    inner = Pipeline([Stub("x", after="slow")], name="inner")
    graph = graph_of(Pipeline([step("slow", returns=["s"]), inner], order="data"))
    assert needs_of(graph)["inner/x"] == ["slow"]


def test_declared_order_holds_for_composites_as_a_whole() -> None:
    branches: dict[str, Any] = {"a": step("x", returns=["p"]), "b": step("y", returns=["q"])}
    steps = [step("first", returns=["f"]), Parallel(branches, name="par"), step("last", returns=["l"])]
    graph = graph_of(Pipeline(steps, order="declared"))
    assert (needs_of(graph)["par/a/x"], needs_of(graph)["par/b/y"], needs_of(graph)["last"]) == (
        ["first"],
        ["first"],
        ["par"],
    )


def test_a_composite_hands_on_catalog_files() -> None:
    put = {name: step(name, catalog=Catalog(put=f"{name}.bin")) for name in ("one", "two", "three", "old")}
    want = step("want", catalog=Catalog(get="*.bin"))
    steps = [
        put["old"],
        Parallel({"a": put["one"]}, name="par"),
        Map(put["two"], "xs", name="m"),
        Loop(put["three"], 2, name="l"),
        want,
    ]
    graph = graph_of(Pipeline(steps, params={"xs": [1]}))
    assert graph.node("want").files == ("old", "par/a/one", "m", "l")
    assert set(graph.node("want").files) <= set(graph.node("want").needs)
    assert graph.bodies[0].files == ("m/[]/two",)
    assert (graph.node("l").files, graph.node("l/0").files) == (("l/0",), ("l/0/three",))
    assert graph.node("par").files == ("par/a/one",)


def test_a_file_made_before_a_composite_is_found_inside_unless_it_is_made_there() -> None:
    old, new = step("old", catalog=Catalog(put="a.bin")), step("new", catalog=Catalog(put="a.bin"))
    inner = Pipeline([step("x", catalog=Catalog(get="a.bin")), new, step("y", catalog=Catalog(get="a.bin"))], name="in")
    graph = graph_of(Pipeline([old, inner]))
    assert graph.node("in/x").files == ("old",)
    assert graph.node("in/y").files == ("in/new",)


def test_a_loop_carries_files_to_its_next_iteration() -> None:
    old = step("old", catalog=Catalog(put="a.bin"))
    body = step("train", catalog=Catalog(get="a.bin", put="a.bin"))
    graph = grown(graph_of(Pipeline([old, Loop(body, 3)])), [Growth("loop/0", 1)])
    assert graph.node("loop/0/train").files == ("old",)
    assert graph.node("loop/1/train").files == ("old", "loop/0")
    assert graph.node("loop/0").files == ("loop/0/train",)


def test_a_plain_task_names_the_makers_of_its_files() -> None:
    graph = graph_of(Pipeline([step("a", catalog=Catalog(put="m.bin")), step("b", catalog=Catalog(get="m.bin"))]))
    assert graph.node("b").files == ("a",)


def test_a_parameter_is_for_a_step_by_name_or_by_path_without_numbers() -> None:
    two = Pipeline(
        [Parallel({"a": Map(scale, "xs", "x", name="m"), "b": PythonTask(scale, params={"x": 1})}, name="par")]
    )
    two.params = {"xs": [1]}
    by_path = graph_of(two, typed={"par/a/m/scale:C": "2", "C": "9"})
    assert inside(by_path, "par/a/m/[]/scale")["C"] == Constant(2.0, "cli")
    assert arguments_of(by_path, "par/b/scale")["C"] == Constant(9.0, "cli")
    by_name = graph_of(two, typed={"scale:C": "2", "xs": "[1, 2]"})
    assert inside(by_name, "par/a/m/[]/scale")["C"] == arguments_of(by_name, "par/b/scale")["C"] == Constant(2.0, "cli")
    assert arguments_of(by_name, "par/a/m/items") == {"items": Constant([1, 2], "cli")}


def test_a_step_that_takes_everything_takes_what_composites_give() -> None:
    every = PythonTask(everything, returns=["r"])
    inner = Pipeline([Loop(Map(every, "xs", "x", name="m"), 2, index_as="i", name="l")], name="in").with_(
        params={"k": 5}
    )
    graph = graph_of(Pipeline([inner], params={"xs": [1], "z": 1}))
    assert inside(graph, "in/l/[]/m/[]/everything") == {
        "x": Item("in/l/[]/m/[]", None),
        "i": Index("in/l/[]"),
        "k": Constant(5, "fixed"),
        "xs": Constant([1], "pipeline"),
        "z": Constant(1, "pipeline"),
    }


def test_a_shell_command_takes_the_item_as_a_variable() -> None:
    graph = graph_of(Pipeline([Map(ShellTask("echo $chunk", name="say"), "xs", "chunk")], params={"xs": [1]}))
    assert inside(graph, "map/[]/say") == {"chunk": Item("map/[]", None)}


def test_a_step_that_makes_a_file_again_waits_for_the_one_before() -> None:
    steps = [step(name, returns=[name], catalog=Catalog(put="a.bin")) for name in ("one", "two")]
    assert needs_of(graph_of(Pipeline(steps))) == {"one": [], "two": ["one"]}
