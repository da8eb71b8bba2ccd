"""Nodes of a graph at other places in another one: under new paths, bound to what stands there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .graph import Argument, Body, Call, CallKind, Graph, Guard, Node, Operation, Policy, Return, ReturnKind
from .records import replace
from .supply import HERE, Carried, Either, Gather, Index, Item, Source, Upstream

Renamed = Callable[[str], str]
"""Path of a node of the old graph -> where it is now."""
Rebound = Callable[[Upstream], Upstream]
"""A value of the old graph that has another name now; any other as it is."""


def _same(value: Upstream) -> Upstream:
    return value


class Moved:
    """A graph in the making out of the nodes of another.

    Args:
        graph: The other one, for its name and mode.
    """

    def __init__(self, graph: Graph):
        self._graph = graph
        self._nodes: list[Node] = []
        self._operations: list[Operation] = []
        self._index: dict[int, int] = {}
        """Identity of an operation -> its index; the operations live as long as this."""
        self._held: list[Operation] = []
        self._plain: dict[int, Operation] = {}
        self._bodies: list[Body] = []

    def graph(self) -> Graph:
        """Return what was made so far."""
        return replace(
            self._graph, nodes=tuple(self._nodes), operations=tuple(self._operations), bodies=tuple(self._bodies)
        )

    def add(self, node: Node, operation: Operation) -> None:
        """Add a node that is new."""
        self._nodes.append(replace(node, operation=self._kept(operation)))

    def join(self, path: str, place: Mapping[str, Any]) -> None:
        """Add the end of all that stands below a path."""
        inside = [node for node in self._nodes if node.path.startswith(f"{path}/")]
        needed = {need for node in inside for need in node.needs}
        needs = tuple(node.path for node in inside if node.path not in needed)
        self.add(Node(path=path, operation=-1, needs=needs), Operation(call=Call(kind=CallKind.JOIN, **place)))

    def take(
        self,
        node: Node,
        renamed: Renamed,
        rebound: Rebound = _same,
        graph: Graph | None = None,
        *,
        is_copy: bool = False,
    ) -> None:
        """Take a node over.

        Args:
            node: Of the graph.
            renamed: Where each node it names is now.
            rebound: Values that have another name now.
            graph: The one it is of; None: the first.
            is_copy: True: one of several, so what it measures is no metric of the run, and it does not end the run.
        """
        self._nodes.append(self._node(node, renamed, rebound, graph or self._graph, {}, is_copy=is_copy))

    def source(self, source: Source, renamed: Renamed, rebound: Rebound = _same) -> Source:
        """Return a source as it is bound now."""
        match source:
            case Upstream():
                found = rebound(source)
                return found if found != source else Upstream(renamed(source.node), source.output)
            case Gather(items):
                return Gather(tuple(self.source(each, renamed, rebound) for each in items))
            case Either(items):
                return Either(tuple(self.source(each, renamed, rebound) for each in items))
            case Item(scope, key):
                return Item(renamed(scope), key)
            case Index(scope):
                return Index(renamed(scope))
            case Carried(scope, first, later):
                begun = None if first is None else self.source(first, renamed, rebound)
                return Carried(renamed(scope), begun, self.source(later, renamed, rebound))
        return source

    def _node(
        self, node: Node, renamed: Renamed, rebound: Rebound, graph: Graph, bodies: dict[int, int], *, is_copy: bool
    ) -> Node:
        operation = graph.operations[node.operation]
        path = renamed(node.path)
        prefix = path.removesuffix(node.path)
        return replace(
            node,
            path=path,
            operation=self._kept(self._copy(operation) if is_copy else operation),
            arguments=self._arguments(node.arguments, renamed, rebound),
            needs=tuple(dict.fromkeys(renamed(need) for need in node.needs)),
            files=tuple(dict.fromkeys(renamed(each) for each in node.files)),
            guard=None if node.guard is None else Guard(renamed(node.guard.node), node.guard.word),
            grows=self._grown(node.grows, renamed, rebound, graph, bodies, is_copy=is_copy),
            family=None if node.family is None else prefix + node.family,
            environ=tuple((name, renamed(each) if HERE in each else each) for name, each in node.environ),
        )

    def _grown(
        self,
        at: int | None,
        renamed: Renamed,
        rebound: Rebound,
        graph: Graph,
        bodies: dict[int, int],
        *,
        is_copy: bool,
    ) -> int | None:
        """Return the index of a body's copy; the end of a loop's iteration grows the body it is in."""
        if at is None or at in bodies:
            return None if at is None else bodies[at]
        body = graph.bodies[at]
        bodies[at] = len(self._bodies)
        self._bodies.append(body)
        nodes = [self._node(each, renamed, rebound, graph, bodies, is_copy=is_copy) for each in body.nodes]
        self._bodies[bodies[at]] = replace(
            body,
            nodes=tuple(nodes),
            exits=tuple(renamed(each) for each in body.exits),
            results=self._arguments(body.results, renamed, rebound),
            files=tuple(renamed(each) for each in body.files),
        )
        return bodies[at]

    def _arguments(self, arguments: tuple[Argument, ...], renamed: Renamed, rebound: Rebound) -> tuple[Argument, ...]:
        return tuple(each._replace(source=self.source(each.source, renamed, rebound)) for each in arguments)

    def _copy(self, operation: Operation) -> Operation:
        """Return an operation whose metrics are plain values and that does not end the run."""
        if id(operation) not in self._plain:
            returns = tuple(_plain(each) for each in operation.returns)
            policy: Policy = replace(operation.policy, terminate=None)
            self._held.append(operation)
            self._plain[id(operation)] = replace(operation, returns=returns, policy=policy)
        return self._plain[id(operation)]

    def _kept(self, operation: Operation) -> int:
        if id(operation) not in self._index:
            self._index[id(operation)] = len(self._operations)
            self._operations.append(operation)
        return self._index[id(operation)]


def _plain(declared: Return) -> Return:
    if declared.kind is not ReturnKind.METRIC:
        return declared
    return replace(declared, kind=ReturnKind.AUTO if declared.file is None else ReturnKind.JSON)
