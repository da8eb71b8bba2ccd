"""What a step takes of the machine while it runs, beside cpus: counted resources, and a slot of each label."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from .graph import Graph, Policy

DEFAULT_LABEL = "default"
"""Served by every machine, without a limit of its own."""
_LABEL = "label:"
"""Names a label's slots; a resource cannot be called so, as names hold no colon."""


def demand_of(policy: Policy) -> dict[str, float]:
    """Return the machine-wide demand of an attempt by name; empty for most. Cpus are the scheduler's own."""
    demand = {name: amount for name, amount in policy.resources.items() if name != "cpus" and amount > 0}
    return demand | {f"{_LABEL}{label}": 1.0 for label in policy.labels if label != DEFAULT_LABEL}


def demands_of(graph: Graph, here: Collection[int] | None = None) -> dict[int, dict[str, float]]:
    """Return the demands by index of the operation, of those that have any: nodes that grow later have them too.

    Args:
        graph: whose steps ask.
        here: operations that run on this machine; None: all.
    """
    wanted = {id(policy): demand for policy in graph.policies if (demand := demand_of(policy))}
    if not wanted:
        return {}
    found = {at: wanted.get(id(operation.policy)) for at, operation in enumerate(graph.operations)}
    return {at: demand for at, demand in found.items() if demand and (here is None or at in here)}


def capacities(
    graph: Graph,
    labels: Mapping[str, int],
    capacity: Callable[[str], float],
    here: Collection[int] | None = None,
) -> dict[str, float]:
    """Return by name how much there is of everything the graph's steps ask for.

    Args:
        graph: whose steps ask.
        labels: slots of each label this machine serves; another one (of a step that is not selected) has none.
        capacity: how much of a resource this machine offers.
        here: operations that run on this machine; None: all.
    """
    names = {name for demand in demands_of(graph, here).values() for name in demand}
    return {
        name: float(labels.get(name.removeprefix(_LABEL), 0)) if name.startswith(_LABEL) else capacity(name)
        for name in sorted(names)
    }
