"""Steps that stand alone: on recorded inputs, in the order given, whatever the others make."""

from __future__ import annotations

from dataclasses import replace

from grown_graphs import trials
from run_specs import chain, value

from graftline.core.graph import Graph, Policy, Terminate
from graftline.core.growth import Plot
from graftline.core.repeating import repeat
from graftline.core.supply import Constant, Gather, Upstream
from graftline.core.values import Values


def recorded(graph: Graph) -> dict[str, tuple]:  # type: ignore[type-arg]
    return {node.path: (value(node.path.encode()),) for node in graph.nodes}


def test_each_step_takes_what_was_recorded_and_waits_for_nobody() -> None:
    graph = chain("a", "b", "c")

    found = repeat(graph, recorded(graph), ["c", "b", "a"])

    assert [node.path for node in found.graph.nodes] == ["c", "b", "a"]
    assert all(not node.needs and node.guard is None and node.grows is None for node in found.graph.nodes)
    order = Values(Plot(found.graph), found.given).order("c", 1)
    assert order == Values(Plot(graph), recorded(graph)).order("c", 1)
    assert dict(order.arguments) == {"x": value(b"b").ref, "c": Constant(2, "fixed")}


def test_a_step_gets_its_recorded_input_also_when_the_one_before_it_runs_again() -> None:
    graph = chain("a", "b")
    found = repeat(graph, recorded(graph), ["a", "b"])
    values = Values(Plot(found.graph), found.given)

    values.add("a", (value(b"another"),))

    assert dict(values.order("b", 1).arguments)["x"] == value(b"a").ref


def test_what_cannot_be_put_together_is_told() -> None:
    graph = chain("a", "b", "c")
    kept = recorded(graph)
    del kept["a"]

    found = repeat(graph, kept, ["c", "b"])

    assert [node.path for node in found.graph.nodes] == ["c"]
    assert found.unmade == {"b": "'a' has no recorded output 'value'"}


def test_no_step_ends_the_check_of_the_others() -> None:
    graph = chain("a", "b")
    ending = replace(graph.operations[0], policy=Policy(terminate=Terminate.FAILURE, retries=2))
    graph = replace(graph, operations=(ending,))

    found = repeat(graph, recorded(graph), ["b", "a"])

    assert found.graph.operations[0].policy == Policy(retries=2)


def test_items_of_a_map_and_its_end_stand_alone_too() -> None:
    plot = Plot(trials())
    plot.grow("trials/items", 2)
    graph = plot.graph()
    kept = {
        node.path: (
            value(b"0", "0"),
            value(b"1", "1"),
            *(value(node.path.encode(), name) for name in ("value", "rows")),
        )
        for node in graph.nodes
    }
    items = [node.path for node in graph.nodes if node.family is not None]

    found = repeat(graph, kept, [*items, "trials"])

    assert items
    assert found.unmade == {}
    values, before = Values(Plot(found.graph), found.given), Values(plot, kept)
    for path in items:
        assert values.order(path, 1) == before.order(path, 1)
        assert found.graph.node(path).family == graph.node(path).family
    assert not any(
        source.node in graph.index
        for node in found.graph.nodes
        for _, outer, _ in node.arguments
        for source in (outer.items if isinstance(outer, Gather) else [outer])
        if isinstance(source, Upstream)
    )
