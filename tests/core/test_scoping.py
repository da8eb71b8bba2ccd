"""What is drawn of a graph: composites dissolve, families fold, large graphs are cut, and nothing is invented."""

from __future__ import annotations

import pytest
from authoring import graph_of as compiled_graph
from graphs import graph_of, graphs, layered
from grown_graphs import map_in_map
from hypothesis import given, settings
from hypothesis import strategies as st
from shaped import branched, looped, mapped

from graftline.core.graph import Graph, Growth
from graftline.core.growth import grown
from graftline.core.layout.drawing import draw
from graftline.core.scoping import MOST, NEAR, Scoping
from graftline.core.states import Status


def test_a_small_flat_graph_is_drawn_as_it_is() -> None:
    graph = graph_of({"a": [], "b": ["a"], "c": ["a", "b"]})

    scope = Scoping(graph, is_folded=True).scope({})

    assert scope.nodes == ("a", "b", "c")
    assert set(scope.edges) == {("a", "b"), ("a", "c"), ("b", "c")}
    assert scope.members == {"a": ("a",), "b": ("b",), "c": ("c",)}
    assert scope.focus is None


@pytest.mark.parametrize("pipeline", [mapped(), branched(), looped()], ids=["map", "conditional", "loop"])
def test_starts_and_ends_of_composites_are_not_drawn(pipeline: object) -> None:
    graph = compiled_graph(pipeline)  # type: ignore[arg-type]

    scope = Scoping(graph, is_folded=True).scope({})

    controls = [name for name in scope.nodes if name.endswith(("/items", "/choice"))]
    assert controls == []


def test_items_share_a_node_and_unfold() -> None:
    graph = grown(map_in_map(), [Growth("outer/items", 3), Growth("outer/0/inner/items", 2)])
    fits = [path for path in graph.index if path.endswith("/fit")]

    folded = Scoping(graph, is_folded=True).scope({})
    unfolded = Scoping(graph, is_folded=False).scope({})

    assert folded.members["outer/*/inner/*/fit"] == tuple(fits)
    assert len(fits) == 2
    assert set(fits) <= set(unfolded.nodes)
    assert folded.node_of(fits[0]) == "outer/*/inner/*/fit"


def test_a_node_shows_its_worst_step() -> None:
    graph = grown(map_in_map(), [Growth("outer/items", 2), Growth("outer/0/inner/items", 2)])
    one, two = (path for path in graph.index if path.endswith("/fit"))
    scope = Scoping(graph, is_folded=True).scope({})
    states = {one: Status.SUCCESS, two: Status.FAILURE}

    assert scope.worst("outer/*/inner/*/fit", states) is Status.FAILURE
    assert scope.tally("outer/*/inner/*/fit", states) == {Status.FAILURE: 1, Status.SUCCESS: 1}
    assert scope.worst("load", states) is Status.PENDING


def test_a_large_graph_is_cut_around_the_first_failure() -> None:
    graph = layered(10, 20)

    scope = Scoping(graph, is_folded=True).scope({"s9x4": Status.FAILURE, "s3x1": Status.STARTED})

    assert scope.focus == "s9x4"
    assert len(scope.nodes) <= NEAR
    assert scope.total == 200 > MOST
    assert sum(before + after for before, after in scope.hidden.values()) > 0


def test_of_separate_steps_the_fellows_of_one_are_shown() -> None:
    graph = graph_of({f"s{at}": [] for at in range(1000)})

    scope = Scoping(graph, is_folded=True).scope({"s500": Status.STARTED})

    assert len(scope.nodes) == NEAR
    assert {"s490", "s500", "s510"} <= set(scope.nodes)


@pytest.mark.parametrize(("radius", "count"), [(1, 5), (2, 13)])
def test_a_radius_says_how_far(radius: int, count: int) -> None:
    scope = Scoping(layered(30, 30), is_folded=True).scope({}, focus="s15x15", radius=radius)

    assert len(scope.nodes) == count
    assert scope.focus == "s15x15"


def test_a_hub_of_thousands_shows_some_of_them() -> None:
    graph = graph_of({"hub": [], **{f"n{at}": ["hub"] for at in range(3000)}})

    scope = Scoping(graph, is_folded=True).scope({}, focus="hub")

    assert len(scope.nodes) == NEAR
    assert scope.hidden["hub"] == (0, 3000 - NEAR + 1)


@settings(max_examples=60, deadline=None)
@given(graphs(max_steps=14), st.integers(0, 13), st.sampled_from([None, 1, 2]))
def test_what_is_shown_and_hidden_adds_up_to_the_graph(graph: Graph, at: int, radius: int | None) -> None:
    scoping = Scoping(graph, is_folded=True)
    focus = graph.nodes[at % len(graph.nodes)].path

    scope = scoping.scope({}, focus=focus, radius=radius)

    shown = set(scope.nodes)
    for node in scope.nodes:
        needs = {need for need in graph.node(node).needs if need not in shown}
        after = {each for each in graph.dependants[node] if each not in shown}
        assert scope.hidden.get(node, (0, 0)) == (len(needs), len(after))
    assert set(scope.edges) == {pair for pair in graph.edges if shown.issuperset(pair)}
    draw(scope.nodes, scope.edges, {})  # it can be drawn: no cycle, no unknown name


@settings(max_examples=40, deadline=None)
@given(graphs(max_steps=14))
def test_ranks_put_every_node_after_what_it_needs(graph: Graph) -> None:
    columns = Scoping(graph, is_folded=True).ranks()
    place = {name: at for at, names in enumerate(columns) for name in names}

    assert set(place) == set(graph.index)
    assert all(place[before] < place[after] for before, after in graph.edges)


@settings(max_examples=60, deadline=None)
@given(graphs(), st.data())
def test_folded_chains_lose_no_step_and_lead_nowhere_else(graph: Graph, data: st.DataObject) -> None:
    states = {node.path: data.draw(st.sampled_from([Status.SUCCESS, Status.FAILURE])) for node in graph.nodes}
    whole = Scoping(graph, is_folded=True)

    found = whole.chained(states)

    place = {path: name for name, paths in found.members.items() for path in paths}
    assert sorted(place) == sorted(path for paths in whole.members.values() for path in paths)
    assert all(one in found.members and two in found.members and one != two for one, two in found.edges)
    for name, paths in found.members.items():
        assert len(paths) == 1 or (len(paths) >= 3 and all(states[path].is_good for path in paths)), name
    names = list(found.members)
    assert all(names.index(one) < names.index(two) for one, two in found.edges), "it is drawable: nothing leads back"
