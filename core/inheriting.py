"""What the values that a step gets from the steps before it may be of: classes of the project, packages.

A pickled value has only the name of its class. When a method of the class changes, the step that made the value runs
again and makes the same bytes; a step that calls the method on what it got does not name the class anywhere. So it
depends on the classes that those reach from whom its values come. The same holds for the packages those use: what
`X.mean()` does is up to numpy, also in a step that never imports it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .control import is_control
from .graph import Argument, Graph, Node
from .supply import upstreams

_Class = tuple[str, str]
"""File and name of a class; or a distribution and its version; or a pair that means something else to the caller."""
_NONE: frozenset[_Class] = frozenset()


def inherited(graph: Graph, own: Mapping[int, frozenset[_Class]]) -> dict[int, frozenset[_Class]]:
    """Return by operation the classes that values it takes may be of, or the packages that they may come from.

    Args:
        graph: as compiled.
        own: by operation, the classes its code reaches, or the packages it uses; or what else values carry along.
    """
    if not any(own.values()):
        return {}
    flow = _Flow(graph, own)
    for node in graph.nodes:
        flow.add(node)
    return flow.taken


class _Flow:
    """Carries classes along the data of a graph."""

    def __init__(self, graph: Graph, own: Mapping[int, frozenset[_Class]]) -> None:
        self._graph = graph
        self._own = own
        self._given: dict[str, frozenset[_Class]] = {}
        self.taken: dict[int, frozenset[_Class]] = {}

    def add(self, node: Node, around: frozenset[_Class] = _NONE) -> None:
        """Take a node up; those it takes from come before it, and a body's nodes after what grows it."""
        taken = around | self._of(node.arguments)
        if is_control(self._graph.operations[node.operation]):
            # What a composite hands on is known when it has grown: anything of what it waits for.
            taken = taken.union(*(self._given.get(need, _NONE) for need in node.needs))
        if taken:
            self.taken[node.operation] = self.taken.get(node.operation, _NONE) | taken
        given = taken | self._own.get(node.operation, _NONE)
        if node.grows is not None and node.path not in self._given:
            self._given[node.path] = given
            given |= self._body(node.grows, given)
        self._given[node.path] = given

    def _body(self, at: int, given: frozenset[_Class]) -> frozenset[_Class]:
        """Take up the nodes of a body, each of which may get anything of the others: iterations hand on."""
        nodes = self._graph.bodies[at].nodes
        inside = given.union(*(self._own.get(node.operation, _NONE) for node in nodes))
        for node in nodes:
            self.add(node, inside)
        return inside.union(*(self._given[node.path] for node in nodes))

    def _of(self, arguments: Iterable[Argument]) -> frozenset[_Class]:
        found = _NONE
        for argument in arguments:
            for each in upstreams(argument.source):
                found |= self._given.get(each.node, _NONE)
        return found
