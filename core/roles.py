"""What a person wrote of a graph: steps and composites. The rest (starts, ends of iterations) is how they run.

Display only. Roles are told by paths without their numbers, so that what grows later is known from the start and a
view need not hold the graph as it grew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from itertools import chain

from .graph import ON_FAILURE, Body, CallKind, Graph, Node
from .states import Status
from .supply import HERE

_OF_COMPOSITES = frozenset({CallKind.SPLIT, CallKind.CHOOSE, CallKind.UNTIL, CallKind.REDUCE, CallKind.JOIN})
ANY = "*"
"""Stands for the numbers of items and iterations."""
CHOICE = "choice"
"""Last part of the path of a conditional's start."""


class Role(StrEnum):
    """What a node is to a person."""

    STEP = "step"
    START = "start"
    """Splits a map, or chooses the branch of a conditional: part of the composite above."""
    TURN = "turn"
    """Ends an iteration of a loop: part of the loop above."""
    MAP = "map"
    LOOP = "loop"
    CONDITIONAL = "conditional"
    GROUP = "group"
    """A parallel, or a pipeline as a step."""
    RECOVERY = "recovery"
    """What takes over when a step fails."""

    @property
    def is_composite(self) -> bool:
        """Tell whether other nodes are inside of it."""
        return self not in (Role.STEP, Role.START, Role.TURN)

    @property
    def is_repeated(self) -> bool:
        """Tell whether what is inside has a number: of the item or the iteration."""
        return self in (Role.MAP, Role.LOOP)

    @property
    def is_counted(self) -> bool:
        """Tell whether a person counts it as a step: they wrote it, or it grew out of what they wrote."""
        return self not in (Role.START, Role.TURN, Role.RECOVERY)


class Composites:
    """The roles of a graph's nodes.

    Args:
        graph: of a run, as compiled or as it had grown; None when it cannot be read: everything is a step then.
    """

    def __init__(self, graph: Graph | None):
        graph = Graph(name="", nodes=(), operations=()) if graph is None else graph.origin or graph
        self._roles: dict[str, Role] = {}
        self._bodies: dict[str, Body] = {}
        self._known: dict[str, Role] = {}
        """By path; a table of ten thousand steps asks ten times for each, and to work it out takes 3 us."""
        self._above: dict[str, tuple[str, ...]] = {}
        composite = graph.calling(_OF_COMPOSITES)
        for node in chain(graph.nodes, *[body.nodes for body in graph.bodies]) if composite else ():
            if node.operation in composite:
                self._roles[_key(node.path)] = _role(node, graph.operations[node.operation].call.kind)
                if node.grows is not None:
                    self._bodies[_key(node.path)] = graph.bodies[node.grows]
        for key, role in self._roles.items():
            if role is Role.GROUP:
                self._roles[key] = self._of_join(key)

    @property
    def is_flat(self) -> bool:
        """Tell whether there are only steps."""
        return not self._roles

    def role(self, path: str) -> Role:
        """Return what the node at a path is."""
        if not self._roles:
            return Role.STEP
        found = self._known.get(path)
        if found is None:
            found = self._known[path] = self._roles.get(_key(path), Role.STEP)
        return found

    def body(self, path: str) -> Body | None:
        """Return what grows when the node at a path has succeeded."""
        return self._bodies.get(_key(path))

    def around(self, path: str) -> tuple[str, ...]:
        """Return the paths of the composites a node is inside of, outermost first."""
        if not self._roles:
            return ()
        above, slash, _ = path.rpartition("/")
        if not slash:
            return ()
        found = self._above.get(above)
        if found is None:
            found = self.around(above)
            if self.role(above).is_composite:
                found = (*found, above)
            self._above[above] = found
        return found

    def shown(self, states: Mapping[str, Status]) -> dict[str, Status]:
        """Return where each node stands for people: a composite has started while something inside is at work."""
        found = dict(states)
        if self._roles:
            at_work = [path for path, status in states.items() if status is Status.STARTED]
            for composite in {each for path in at_work for each in self.around(path)}:
                if found.get(composite) is Status.PENDING:
                    found[composite] = Status.STARTED
        return found

    def counted(self, states: Mapping[str, Status]) -> dict[Status, int]:
        """Return how many of what a person counts stands where, only states that occur."""
        if not self._roles:
            return dict(Counter(states.values()))
        found = dict.fromkeys(Status, 0)
        for path, status in self.shown(states).items():
            found[status] += self.role(path).is_counted
        return {status: count for status, count in found.items() if count}

    def items(self, paths: Iterable[str]) -> dict[str, int]:
        """Return how many items or iterations there are of each map and loop that has some."""
        numbers: dict[str, set[str]] = {}
        for path in paths:
            for composite in self.around(path):
                if self.role(composite).is_repeated:
                    part = path[len(composite) + 1 :].partition("/")[0]
                    if part.isdecimal():
                        numbers.setdefault(composite, set()).add(part)
        return {composite: len(found) for composite, found in numbers.items()}

    def _of_join(self, key: str) -> Role:
        if self._roles.get(f"{key}/{ANY}") is Role.TURN:
            return Role.LOOP
        return Role.CONDITIONAL if self._roles.get(f"{key}/{CHOICE}") is Role.START else Role.GROUP


def _role(node: Node, kind: CallKind) -> Role:
    if kind in (CallKind.SPLIT, CallKind.CHOOSE):
        return Role.START
    if kind is CallKind.UNTIL or (kind is CallKind.JOIN and node.grows is not None):
        return Role.TURN
    if kind is CallKind.REDUCE:
        return Role.MAP
    return Role.RECOVERY if node.name == ON_FAILURE else Role.GROUP


def _key(path: str) -> str:
    """Return a path without its numbers."""
    if path.replace("/", "").isalpha():
        return path
    return "/".join([ANY if part == HERE or part.isdecimal() else part for part in path.split("/")])
