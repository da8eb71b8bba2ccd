"""What is drawn of a graph: few enough nodes that a person can read it, whatever the graph's size.

Composites dissolve into their steps, items and iterations fold into one node, and what is still too much is cut to the
surroundings of one step. Pure: states come in, a picture's parts go out.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy

from .graph import Graph
from .outline import Outline
from .records import dataclass, field
from .roles import ANY, Composites
from .signs import WORST_FIRST
from .states import Status

MOST = 60
"""Nodes up to which a graph is drawn whole."""
CHAIN = 3
"""Nodes of a linear chain from which it is worth folding."""
TO = ".."
"""Between the first and the last name of a folded chain."""
NEAR = 40
"""Nodes at most that are drawn around a focus."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The parts of a picture."""

    nodes: tuple[str, ...]
    """Names, in definition order: the path of a step, or of a family with `*` for the numbers."""
    edges: tuple[tuple[str, str], ...]
    members: Mapping[str, tuple[str, ...]]
    """By node, the paths of the steps it stands for; none for what has not grown yet."""
    hidden: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """By node, how many neighbours before and after it are not drawn; only where there are some."""
    focus: str | None = None
    """Node the picture is cut around; None: it is whole."""
    total: int = 0
    """Nodes there would be without the cut."""

    def node_of(self, path: str) -> str | None:
        """Return the node that stands for a step; None when it is not drawn."""
        return next((node for node, paths in self.members.items() if path == node or path in paths), None)

    def worst(self, node: str, states: Mapping[str, Status]) -> Status:
        """Return the state a node shows: the worst of its steps."""
        found = {states[path] for path in self.members[node] if path in states}
        return next((status for status in WORST_FIRST if status in found), Status.PENDING)

    def tally(self, node: str, states: Mapping[str, Status]) -> dict[Status, int]:
        """Return how many steps of a node stand where, only states that occur."""
        found = Counter(states[path] for path in self.members[node] if path in states)
        return {status: found[status] for status in WORST_FIRST if found[status]}


class Scoping:
    """A graph prepared once, to be scoped again and again.

    Args:
        graph: of a run, as it has grown; or as compiled.
        is_folded: items and iterations share a node.
    """

    def __init__(self, graph: Graph, *, is_folded: bool) -> None:
        outline = Outline(graph)
        composites = Composites(graph)
        names = {node.path: node.path for node in outline.graph.nodes}
        if is_folded:
            names = {path: _starred(composites, path) for path in names}
        kept, edges = _dissolved(outline, [node.path for node in outline.graph.nodes])
        members: dict[str, list[str]] = {}
        for path in kept:
            members.setdefault(names[path], []).append(path)
        self.members = {name: tuple(each for each in paths if each in graph.index) for name, paths in members.items()}
        order = {name: at for at, name in enumerate(members)}
        pairs = ((names[before], names[after]) for before, after in edges)
        # Iterations fold onto each other: what would lead back is left out, so that the picture has no cycle.
        self.edges = tuple(dict.fromkeys((one, two) for one, two in pairs if order[one] < order[two]))
        self._before: dict[str, list[str]] = {name: [] for name in members}
        self._after: dict[str, list[str]] = {name: [] for name in members}
        for one, two in self.edges:
            self._before[two].append(one)
            self._after[one].append(two)

    def scope(self, states: Mapping[str, Status], *, focus: str | None = None, radius: int | None = None) -> Scope:
        """Return what to draw.

        Args:
            states: by path; decide what a picture that is too large is cut around.
            focus: node, or path of a step, to cut around; None: only when there is no other way.
            radius: edges from the focus; None: as far as `NEAR` nodes reach.
        """
        whole = Scope(nodes=tuple(self.members), edges=self.edges, members=self.members, total=len(self.members))
        centre = None if focus is None else focus if focus in self.members else whole.node_of(focus)
        if centre is None:
            if len(self.members) <= MOST:
                return whole
            centre = self._interesting(states)
        near = self._around(centre, radius)
        hidden = {}
        for name in near:
            before = sum(each not in near for each in self._before[name])
            after = sum(each not in near for each in self._after[name])
            if before or after:
                hidden[name] = (before, after)
        return Scope(
            nodes=tuple(name for name in self.members if name in near),
            edges=tuple((one, two) for one, two in self.edges if one in near and two in near),
            members={name: self.members[name] for name in self.members if name in near},
            hidden=hidden,
            focus=centre,
            total=len(self.members),
        )

    def chained(self, states: Mapping[str, Status], *, kept: Collection[str] = ()) -> Scoping:
        """Return this with linear chains of at least `CHAIN` nodes whose steps ended well as one node each.

        Args:
            states: by path.
            kept: nodes that stay by themselves, such as the selected one.
        """
        folded: dict[str, str] = {}
        whole = Scope(nodes=(), edges=(), members=self.members)
        for name in self.members:
            if name in folded or not self._is_link(name, whole, states, kept):
                continue
            before = self._before[name]
            if len(before) == 1 and self._is_link(before[0], whole, states, kept) and len(self._after[before[0]]) == 1:
                continue  # not the first of its chain
            chain = [name]
            while len(self._after[chain[-1]]) == 1:
                (after,) = self._after[chain[-1]]
                if len(self._before[after]) != 1 or not self._is_link(after, whole, states, kept):
                    break
                chain.append(after)
            if len(chain) >= CHAIN:
                folded |= dict.fromkeys(chain, f"{chain[0]} {TO} {chain[-1]}")
        return self if not folded else self._renamed(folded)

    def _is_link(self, name: str, whole: Scope, states: Mapping[str, Status], kept: Collection[str]) -> bool:
        if name in kept or len(self._before[name]) > 1 or len(self._after[name]) > 1 or not self.members[name]:
            return False
        return whole.worst(name, states).is_good

    def _renamed(self, names: Mapping[str, str]) -> Scoping:
        found = copy(self)
        members: dict[str, list[str]] = {}
        for name, paths in self.members.items():
            members.setdefault(names.get(name, name), []).extend(paths)
        found.members = {name: tuple(paths) for name, paths in members.items()}
        pairs = ((names.get(one, one), names.get(two, two)) for one, two in self.edges)
        found.edges = tuple(dict.fromkeys((one, two) for one, two in pairs if one != two))
        found._before = {name: [] for name in members}
        found._after = {name: [] for name in members}
        for one, two in found.edges:
            found._before[two].append(one)
            found._after[one].append(two)
        return found

    def ranks(self) -> list[list[str]]:
        """Return the nodes by how many edges the longest way to them has: the columns of the smallest drawing."""
        depth: dict[str, int] = {}
        for name in self.members:  # definition order is a topological order
            depth[name] = max((depth[each] + 1 for each in self._before[name]), default=0)
        columns: list[list[str]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
        for name, at in depth.items():
            columns[at].append(name)
        return columns

    def _interesting(self, states: Mapping[str, Status]) -> str:
        """Return the first node that failed, else the first at work, else the first of all."""
        for wanted in (Status.FAILURE, Status.STARTED, Status.INTERRUPTED):
            for name, paths in self.members.items():
                if any(states.get(path) is wanted for path in paths):
                    return name
        return next(iter(self.members))

    def _around(self, centre: str, radius: int | None) -> set[str]:
        """Return the nodes in rings around one: as many whole rings as fit, and at least a part of the first."""
        found, ring, distance = {centre}, deque([centre]), 0
        while ring and distance != radius:
            outer = dict.fromkeys(
                each for name in ring for each in (*self._before[name], *self._after[name]) if each not in found
            )
            room = NEAR - len(found)
            if len(outer) > room:
                if distance == 0 or radius is not None:
                    found.update(list(outer)[: max(0, room)])
                return found
            found.update(outer)
            ring, distance = deque(outer), distance + 1
        return found if radius is not None else found | self._beside(centre, NEAR - len(found), found)

    def _beside(self, centre: str, room: int, found: set[str]) -> set[str]:
        """Return nodes that stand next to one in definition order: of a thousand separate steps, its fellows."""
        names = list(self.members)
        at = names.index(centre)
        others = sorted(range(len(names)), key=lambda position: abs(position - at))
        return set([names[position] for position in others if names[position] not in found][:room])


def _starred(composites: Composites, path: str) -> str:
    """Return a path with `*` for the numbers of items and iterations."""
    parts = path.split("/")
    for composite in composites.around(path):
        at = composite.count("/") + 1
        if composites.role(composite).is_repeated and parts[at].isdecimal():
            parts[at] = ANY
    return "/".join(parts)


def _dissolved(outline: Outline, paths: Sequence[str]) -> tuple[list[str], Iterable[tuple[str, str]]]:
    """Return nodes and edges without the starts and ends of composites, wherever that adds no edges."""
    before: dict[str, dict[str, None]] = {path: {} for path in paths}
    after: dict[str, dict[str, None]] = {path: {} for path in paths}
    for one, two in outline.edges:
        before[two][one] = None
        after[one][two] = None
    kept = []
    for path in paths:
        ends = before[path], after[path]
        if not outline.is_control(path) or min(map(len, ends)) > 1:
            kept.append(path)
            continue
        for one in before[path]:
            del after[one][path]
            after[one].update(after[path])
        for two in after[path]:
            del before[two][path]
            before[two].update(before[path])
    return kept, [(one, two) for one in kept for two in after[one]]
