"""What steps take of the machine beside cpus."""

from __future__ import annotations

from graphs import graph_of

from graftline.core.demands import capacities, demand_of, demands_of
from graftline.core.graph import Policy


def test_most_steps_demand_nothing() -> None:
    assert demand_of(Policy()) == {}
    assert demand_of(Policy(resources={"cpus": 4, "gpu": 0}, labels=("default",))) == {}


def test_a_label_is_a_slot_of_its_own() -> None:
    assert demand_of(Policy(resources={"db": 2}, labels=("gpu", "default"))) == {"db": 2, "label:gpu": 1.0}


def test_capacities_are_asked_for_what_the_graph_demands_alone() -> None:
    graph = graph_of({"a": [], "b": []}, {"b": Policy(resources={"db": 1, "cpus": 2}, labels=("big",))})

    assert demands_of(graph) == {graph.node("b").operation: {"db": 1, "label:big": 1.0}}
    assert capacities(graph, {"big": 3, "other": 1}, lambda name: 7.0) == {"db": 7.0, "label:big": 3.0}
