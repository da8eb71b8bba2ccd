"""A graph grows by the items of its maps and the iterations of its loops, always in the same way."""

from __future__ import annotations

from dataclasses import replace

from grown_graphs import loop, map_in_map

from graftline.core.graph import Argument, Growth
from graftline.core.graphcodec import graph_from_json, graph_to_json
from graftline.core.growth import Plot, grown, outlined, pruned
from graftline.core.supply import Constant, Gather, Upstream


def test_a_map_grows_an_item_for_each_number_and_its_end_waits_for_all_of_them() -> None:
    graph = grown(map_in_map(), [Growth("outer/items", 2)])

    assert [node.path for node in graph.nodes] == [
        "load",
        "outer/items",
        "outer/0/prep",
        "outer/0/inner/items",
        "outer/0/inner",
        "outer/1/prep",
        "outer/1/inner/items",
        "outer/1/inner",
        "outer",
        "report",
    ]
    end = graph.node("outer")
    assert end.needs == ("outer/items", "outer/0/inner", "outer/1/inner")
    both = Gather((Upstream("outer/0/inner", "out"), Upstream("outer/1/inner", "out")))
    assert end.arguments == (Argument("out", both),)


def test_a_map_inside_a_map_takes_its_item_and_that_of_the_map_around_it() -> None:
    graph = grown(map_in_map(), [Growth("outer/items", 2), Growth("outer/1/inner/items", 3)])

    fit = graph.node("outer/1/inner/2/fit")
    assert {name: source for name, source, _ in fit.arguments} == {
        "x": Upstream("outer/1/inner/items", "2"),
        "of": Upstream("outer/items", "1.C"),
        "prepared": Upstream("outer/1/prep", "out"),
        "loaded": Upstream("load", "out"),
        "i": Constant(1, "index"),
    }
    assert fit.needs == ("outer/1/inner/items",)
    assert fit.family == "outer/*/inner/*/fit"


def test_a_map_without_items_ends_with_empty_lists() -> None:
    graph = grown(map_in_map(), [Growth("outer/items", 0)])

    assert graph.node("outer").arguments == (Argument("out", Gather(())),)
    assert len(graph.nodes) == 4


def test_an_iteration_takes_what_the_one_before_returned() -> None:
    graph = grown(loop(), [Growth("loop/0", 1), Growth("loop/1", 1)])

    second = graph.node("loop/2/count")
    assert second.arguments == (
        Argument("n", Upstream("loop/1/count", "out")),
        Argument("i", Constant(2, "index")),
    )
    assert second.needs == ("loop/1",)
    assert second.environ == (("i", "2"),)
    assert graph.node("loop").arguments == (Argument("out", Upstream("loop/2/count", "out")),)
    assert graph.node("loop").needs == ("loop/0", "loop/1", "loop/2")


def test_growing_only_appends_to_the_numbers_nodes_have_in_the_store() -> None:
    plot = Plot(map_in_map())
    first = list(plot.nodes)

    plot.grow("outer/items", 2)
    second = list(plot.nodes)
    plot.grow("outer/0/inner/items", 1)

    assert second[: len(first)] == first
    assert list(plot.nodes)[: len(second)] == second
    assert list(plot.nodes)[-1] == "outer/0/inner/0/fit"


def test_a_graph_that_grew_goes_on_growing_where_it_stood() -> None:
    at_once = grown(map_in_map(), [Growth("outer/items", 2), Growth("outer/1/inner/items", 3)])

    in_two = grown(grown(map_in_map(), [Growth("outer/items", 2)]), [Growth("outer/1/inner/items", 3)])

    assert in_two == at_once
    assert list(Plot(at_once).nodes) == list(Plot(in_two).nodes)


def test_pruning_takes_away_what_grew_and_what_grew_there() -> None:
    graph = grown(map_in_map(), [Growth("outer/items", 2), Growth("outer/1/inner/items", 3)])

    assert pruned(graph, {"outer/items"}) == map_in_map()
    assert pruned(graph, {"outer/1/inner/items"}) == grown(map_in_map(), [Growth("outer/items", 2)])


def test_an_outline_shows_one_item_for_all() -> None:
    graph = outlined(map_in_map())

    assert [node.path for node in graph.nodes] == [
        "load",
        "outer/items",
        "outer/*/prep",
        "outer/*/inner/items",
        "outer/*/inner/*/fit",
        "outer/*/inner",
        "outer",
        "report",
    ]


def test_a_graph_with_bodies_comes_back_from_json_as_it_was_compiled() -> None:
    for graph in (map_in_map(), loop()):
        assert graph_from_json(graph_to_json(graph)) == graph
        assert replace(graph_from_json(graph_to_json(outlined(graph))), nodes=()) == replace(graph, nodes=())
