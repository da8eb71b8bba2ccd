"""Nodes in the making: what a step becomes before its place in the order is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from operator import attrgetter

from .graph import Argument, Body, BodyKind, Guard, Node
from .packing import records_of
from .records import dataclass, field, names_of, replace
from .steps import Step
from .supply import PREVIOUS, Carried, Constant, Either, Gather, Source, Upstream


@dataclass(slots=True, kw_only=True)
class Draft:
    """A node; as `graph.Node`, but what it needs is not complete yet."""

    path: str
    operation: int
    arguments: tuple[Argument, ...] = ()
    needs: dict[str, None] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    guard: Guard | None = None
    grows: int | None = None
    family: str | None = None
    environ: tuple[tuple[str, str], ...] = ()

    def wait_for(self, arguments: Iterable[Argument]) -> None:
        """Let the node wait for what arguments take their values of."""
        needs = self.needs
        for _, source, _ in arguments:
            if type(source) is Upstream:  # with constants nearly all of them
                if PREVIOUS not in source.node:  # no name holds brackets
                    needs[source.node] = None
            elif type(source) is not Constant:
                needs |= dict.fromkeys(needed(source))

    def node(self) -> Node:
        """Return the node, with its needs in the order in which they were found."""
        return Node(
            path=self.path,
            operation=self.operation,
            arguments=self.arguments,
            needs=tuple(self.needs),
            files=self.files,
            guard=self.guard,
            grows=self.grows,
            family=self.family,
            environ=self.environ,
        )


@dataclass(slots=True)
class Piece:
    """All nodes of one step of a pipeline."""

    step: Step
    path: str
    """Of the node that others wait for: the step's, or the composite's end."""
    drafts: list[Draft]
    """Each after what it needs, the end last but for what takes over on failure."""
    entries: list[Draft]
    """Those that surely run and need nothing else of the step."""
    is_fence: bool
    hidden: Set[str] = frozenset()
    """Paths that nodes in bodies need."""
    recovery: str | None = None
    """Path of the end of what takes over on failure."""


@dataclass(slots=True)
class Block:
    """All nodes of one pipeline at its place."""

    drafts: list[Draft] = field(default_factory=list)
    entries: list[Draft] = field(default_factory=list)
    """Those that surely run and need nothing else of the pipeline."""
    exits: list[str] = field(default_factory=list)
    """Paths of the ends of its steps: when they are final, so is all of it."""
    hidden: set[str] = field(default_factory=set)
    """Paths that nodes in bodies need."""

    def needs(self) -> set[str]:
        """Return the paths it needs of what is not in it."""
        own = {draft.path for draft in self.drafts}
        found = {need for draft in self.drafts for need in draft.needs} | self.hidden
        return {need for need in found if need not in own and PREVIOUS not in need}


def needed(source: Source) -> Iterator[str]:
    """Yield the paths whose values a source takes and that a node must wait for.

    What an iteration takes of the one before is there when it starts.
    """
    match source:
        case Upstream(node, _):
            if PREVIOUS not in node:  # no name holds brackets
                yield node
        case Gather(items) | Either(items):
            for item in items:
                yield from needed(item)
        case Carried(_, first, later):
            if first is not None:
                yield from needed(first)
            yield from needed(later)


def numbered(drafts: Sequence[Draft], bodies: Sequence[Body]) -> dict[str, int]:
    """Return the place of each path in definition order, what is in bodies among them."""
    rank: dict[str, int] = {}
    seen: set[int] = set()
    _number(drafts, bodies, rank, seen)
    return rank


def _number(nodes: Iterable[Draft | Node], bodies: Sequence[Body], rank: dict[str, int], seen: set[int]) -> None:
    for node in nodes:
        rank[node.path] = len(rank)
        if node.grows is not None and node.grows not in seen:
            seen.add(node.grows)
            body = bodies[node.grows]
            if body.kind is BodyKind.LOOP:
                rank[body.exits[0].removesuffix("[]") + PREVIOUS] = len(rank)
            _number(body.nodes, bodies, rank, seen)


def settled(drafts: Sequence[Draft], bodies: Sequence[Body]) -> tuple[tuple[Node, ...], tuple[Body, ...]]:
    """Return nodes and bodies with needs and files in definition order."""
    rank = numbered(drafts, bodies)
    return _sorted(drafts, rank), tuple(_sorted_body(body, rank) for body in bodies)


def _sorted_body(body: Body, rank: Mapping[str, int]) -> Body:
    return replace(body, nodes=_sorted([draft_of(node) for node in body.nodes], rank))


def draft_of(node: Node) -> Draft:
    """Return a node as a draft again."""
    return Draft(
        path=node.path,
        operation=node.operation,
        arguments=node.arguments,
        needs=dict.fromkeys(node.needs),
        files=node.files,
        guard=node.guard,
        grows=node.grows,
        family=node.family,
        environ=node.environ,
    )


def _sorted(drafts: Sequence[Draft], rank: Mapping[str, int]) -> tuple[Node, ...]:
    """Return the nodes, by columns: ten thousand at once."""
    at = rank.__getitem__
    columns = {name: list(map(attrgetter(name), drafts)) for name in names_of(Draft)}
    for name in ("needs", "files"):
        columns[name] = [tuple(sorted(paths, key=at) if len(paths) > 1 else paths) for paths in columns[name]]
    return tuple(records_of(Node, [columns[name] for name in names_of(Node)]))
