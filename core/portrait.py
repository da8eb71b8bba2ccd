"""How a graph is drawn by other programs: one language for `graft graph --format` and the runner that draws.

Composites are frames, names in them are short. Steps that only train are boxes, all others are rounded; an edge that
carries trained state is dotted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from .applying import applied
from .errors import InvalidError
from .graph import CallKind, Graph, ReturnKind
from .outline import Outline
from .supply import upstreams


def portrait(
    outline: Outline,
    nodes: Sequence[str],
    edges: Sequence[tuple[str, str]],
    *,
    name: Callable[[str, str], str],
    kinds: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return the arguments of `dot_source` and `mermaid_source`.

    Args:
        outline: of the graph.
        nodes: paths that are drawn.
        edges: between them.
        name: makes the text of a node from its path and its short name.
        kinds: a word for each node, such as its state.
    """
    return {
        "nodes": nodes,
        "edges": edges,
        "labels": {path: name(path, outline.short(path)) for path in nodes},
        "kinds": kinds,
        "frames": {path: outline.frame(path) for path in nodes},
        "small": {path for path in nodes if outline.is_control(path)},
        "square": training(outline.graph).intersection(nodes),
        "dotted": state_edges(outline.graph, edges),
    }


def training(graph: Graph) -> set[str]:
    """Return the paths of steps that only train: what applies the graph loads what they made, or needs them not."""
    trains = {node.path for node in graph.nodes if _returns(graph, node.path, ReturnKind.STATE)}
    if not trains or graph.mode == "apply":
        return set()
    try:
        found = applied(graph)
    except InvalidError:  # it cannot be applied, so that nobody knows what that would need
        return trains
    return {*found.loaded, *found.dropped}


def state_edges(graph: Graph, edges: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return those edges along which a trained state goes."""
    states = {
        (node.path, each.name)
        for node in graph.nodes
        for each in graph.operations[node.operation].returns
        if each.kind is ReturnKind.STATE or graph.operations[node.operation].call.kind is CallKind.LOAD
    }
    return {
        (need, path)
        for need, path in (edges if states else ())
        if any((each.node, each.output) in states and each.node == need for each in _taken(graph, path))
    }


def _taken(graph: Graph, path: str) -> list[Any]:
    return [each for argument in graph.node(path).arguments for each in upstreams(argument.source)]


def _returns(graph: Graph, path: str, kind: ReturnKind) -> bool:
    return any(each.kind is kind for each in graph.operation_of(path).returns)
