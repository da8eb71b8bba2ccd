"""How a graph grows while its run goes on: the items of a map, the iterations of a loop.

A body holds nodes with `HERE` (`[]`) in their paths for the number that is not known yet: `trials/[]/fit`. In a map
inside a map both are open: `trials/[]/folds/[]/fit` grows when `trials/3/folds/items` has succeeded, and the parts
before it are those of that path. Growing is pure and depends on nothing but the body, the node and the size: who
replays the growth of a run gets the same graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias, assert_never

from .graph import Argument, Body, BodyKind, Graph, Growth, Guard, Node
from .named import NamedTuple
from .records import replace
from .supply import HERE, PREVIOUS, Blob, Carried, Constant, Either, Gather, Index, Item, Source, Stored, Upstream

ITEMS = "items"
"""Last part of the path of a map's split: items themselves are numbers, so nothing else can have it."""

Number: TypeAlias = int | str
"""Of an item or iteration; a text stands for all of them in drawings (`*`)."""
_Maker: TypeAlias = Callable[[Number], Source | None]


class Grown(NamedTuple):
    """What growing added."""

    added: tuple[Node, ...]
    """Item by item, each in definition order."""
    end: Node
    """The composite's end, as it is now."""


class Plot:
    """The graph of a run as it stands, while it grows.

    Args:
        graph: as compiled, or as it had grown.
    """

    def __init__(self, graph: Graph):
        self.origin = graph.origin or graph
        self.growth: list[Growth] = []
        self.nodes: dict[str, Node] = {node.path: node for node in self.origin.nodes}
        """By path. A node's place among them is its number in the store: growth only appends."""
        self.dependants: dict[str, list[str]] = {path: [] for path in self.nodes}
        """Paths that wait for each path."""
        self._before: dict[str, list[Node]] = {}
        """By path of a composite's end, the nodes that grew inside, in definition order."""
        for node in self.origin.nodes:
            for need in node.needs:
                self.dependants[need].append(node.path)
        for growth in graph.growth:
            self.grow(*growth)

    def grow(self, path: str, size: int) -> Grown:
        """Add what grows when a node succeeded: `size` items of a map, or the next iteration of a loop."""
        body = self._body(path)
        above, _, last = path.rpartition("/")
        numbers = range(size) if body.kind is BodyKind.MAP else range(int(last) + 1, int(last) + 2)
        filled = Filled(body, above)
        added = tuple(node for number in numbers for node in filled.nodes(number))
        end = filled.end(self.nodes[above], numbers)
        self._graft(above, added, end)
        self.growth.append(Growth(path, size))
        return Grown(added, end)

    def graph(self) -> Graph:
        """Return what stands now as a graph, its nodes in definition order."""
        if not self.growth:
            return self.origin
        return replace(self.origin, nodes=self._in_order(), origin=self.origin, growth=tuple(self.growth))

    def outline(self) -> Graph:
        """Return a graph for looking at: each map that has not grown with one item `*` that stands for all of them."""
        done = {growth.node for growth in self.growth}
        waiting = [path for path, node in self.nodes.items() if node.grows is not None and path not in done]
        while waiting:
            path = waiting.pop(0)
            body = self._body(path)
            if body.kind is BodyKind.MAP:  # the first iteration of a loop is there already
                above = path.rpartition("/")[0]
                filled = Filled(body, above)
                added = tuple(filled.nodes("*"))
                self._graft(above, added, filled.end(self.nodes[above], ("*",)))
                waiting += [node.path for node in added if node.grows is not None]
        return replace(self.origin, nodes=self._in_order(), origin=self.origin, growth=tuple(self.growth))

    def _body(self, path: str) -> Body:
        position = self.nodes[path].grows
        assert position is not None
        return self.origin.bodies[position]

    def _graft(self, above: str, added: Sequence[Node], end: Node) -> None:
        """Put nodes inside a composite whose end is now this one."""
        for node in added:
            self.nodes[node.path] = node
            self.dependants[node.path] = []
        for node in added:
            for need in node.needs:
                self.dependants[need].append(node.path)
        for need in end.needs[len(self.nodes[above].needs) :]:
            self.dependants[need].append(above)
        self.nodes[above] = end
        self._before.setdefault(above, []).extend(added)

    def _in_order(self) -> tuple[Node, ...]:
        return tuple(each for node in self.origin.nodes for each in self._with_inside(node.path))

    def _with_inside(self, path: str) -> Iterator[Node]:
        for node in self._before.get(path, ()):
            yield from self._with_inside(node.path)
        yield self.nodes[path]


def grown(graph: Graph, growth: Sequence[Growth]) -> Graph:
    """Return a graph that grew, step after step; the graph itself when there is no growth."""
    plot = Plot(graph)
    for each in growth:
        plot.grow(*each)
    return plot.graph()


def pruned(graph: Graph, paths: set[str]) -> Graph:
    """Return a grown graph without what grew out of these paths, and out of what grew there."""
    plot = Plot(graph.origin or graph)
    for each in graph.growth:
        if each.node in plot.nodes and each.node not in paths:
            plot.grow(*each)
    return plot.graph()


def with_grown(graph: Graph, paths: Iterable[str]) -> set[str]:
    """Return these paths and those of all nodes that grew out of one of them, or out of what grew so."""
    found = set(paths)
    plot = Plot(graph.origin or graph)
    for each in graph.growth:
        added, _ = plot.grow(*each)
        if each.node in found:
            found.update([node.path for node in added])
    return found


def outlined(graph: Graph) -> Graph:
    """Return a graph for looking at: each map that has not grown with one item `*` that stands for all of them."""
    return Plot(graph).outline() if graph.bodies else graph


class Filled:
    """A body whose place is known: all but the number of the item or iteration.

    Args:
        body: of the map or loop.
        above: path of the map or loop, numbers of what it is in filled in; in a body they may still be open.
    """

    def __init__(self, body: Body, above: str):
        self._body = body
        self._above = above.split("/")
        self._level = len(self._above)
        self._is_loop = body.kind is BodyKind.LOOP
        self._makers = [self._node(node) for node in body.nodes]
        self._exits = [self._text(path) for path in body.exits]
        self._files = [self._text(path) for path in body.files]
        self._results = [(each, self._source(each.source)) for each in body.results]

    def nodes(self, number: Number) -> Iterator[Node]:
        """Yield the nodes of one item or iteration, in definition order."""
        for make in self._makers:
            yield make(number)

    def end(self, old: Node, numbers: Sequence[Number]) -> Node:
        """Return the composite's end, bound to these items or to the last of these iterations."""
        return replace(
            old,
            needs=(*old.needs, *(path(number) for number in numbers for path in self._exits)),
            files=(*old.files, *(path(number) for number in numbers for path in self._files)),
            arguments=tuple(self._results_of(numbers)),
        )

    def _results_of(self, numbers: Sequence[Number]) -> Iterator[Argument]:
        for argument, make in self._results:
            if self._is_loop:
                source = make(numbers[-1])
                if source is not None:
                    yield argument._replace(source=source)
            else:
                made = [make(number) for number in numbers]
                yield argument._replace(source=Gather(tuple(source for source in made if source is not None)))

    def _node(self, node: Node) -> Callable[[Number], Node]:
        path = self._text(node.path)
        needs = [self._text(need) for need in node.needs]
        files = [(self._text(file), file.endswith(PREVIOUS)) for file in node.files]
        guard = None if node.guard is None else self._text(node.guard.node)
        family = None if node.family is None else self._text(node.family)
        arguments = [(each, self._source(each.source)) for each in node.arguments]
        environ = [(name, self._text(scope)) for name, scope in node.environ]

        def make(number: Number) -> Node:
            made = [(each, source(number)) for each, source in arguments]
            return Node(
                path=path(number),
                operation=node.operation,
                arguments=tuple([Argument(a.name, s, a.is_optional) for a, s in made if s is not None]),
                needs=tuple([need(number) for need in needs]),
                files=tuple([one for file, is_before in files if not _is_never(one := file(number), is_before)]),
                guard=None if guard is None or node.guard is None else Guard(guard(number), node.guard.word),
                grows=node.grows,
                family=None if family is None else family(number),
                environ=tuple([(name, _last_if_known(scope(number))) for name, scope in environ]),
            )

        return make

    def _text(self, text: str) -> Callable[[Number], str]:
        """Return what makes a path of a template; only the number of this body is still open then."""
        parts = text.split("/")
        for level, part in enumerate(self._above):
            if level < len(parts) and parts[level] in (HERE, PREVIOUS):
                parts[level] = _numbered(part, parts[level])
        open_part = parts[self._level] if len(parts) > self._level else ""
        if open_part not in (HERE, PREVIOUS):
            fixed = "/".join(parts)
            return lambda number: fixed
        head = "/".join((*parts[: self._level], ""))
        tail = "/".join(("", *parts[self._level + 1 :])) if len(parts) > self._level + 1 else ""
        if open_part == HERE:
            return lambda number: f"{head}{number}{tail}"
        return lambda number: f"{head}{_numbered(str(number), PREVIOUS)}{tail}"

    def _source(self, source: Source) -> _Maker:
        match source:
            case Upstream(node, output):
                path = self._text(node)
                return lambda number: Upstream(path(number), output)
            case Constant() | Blob() | Stored():
                return lambda number: source
            case Gather(items):
                makers = [self._source(item) for item in items]
                return lambda number: Gather(tuple(_present(makers, number)))
            case Either(items):
                makers = [self._source(item) for item in items]
                return lambda number: Either(tuple(_present(makers, number)))
            case Item(scope, key):
                return self._item(scope, key)
            case Index(scope):
                return self._index(scope)
            case Carried(scope, first, later):
                return self._carried(scope, first, later)
        assert_never(source)

    def _item(self, scope: str, key: str | None) -> _Maker:
        found = self._text(scope)

        def make(number: Number) -> Source:
            above, _, index = found(number).rpartition("/")
            if index == HERE:
                return Item(found(number), key)
            return Upstream(f"{above}/{ITEMS}", index if key is None else f"{index}.{key}")

        return make

    def _index(self, scope: str) -> _Maker:
        found = self._text(scope)

        def make(number: Number) -> Source:
            index = found(number).rpartition("/")[2]
            if index == HERE:
                return Index(found(number))
            return Constant(int(index) if index.isdecimal() else index, "index")

        return make

    def _carried(self, scope: str, first: Source | None, later: Source) -> _Maker:
        found = self._text(scope)
        before = None if first is None else self._source(first)
        after = self._source(later)

        def make(number: Number) -> Source | None:
            index = found(number).rpartition("/")[2]
            if index == HERE:
                then = after(number)
                assert then is not None
                return Carried(found(number), None if before is None else before(number), then)
            if index == "0":
                return None if before is None else before(number)
            return after(number)

        return make


def _numbered(part: str, place: str) -> str:
    """Return a place holder filled with a number; the place stays open where the number is."""
    if place == HERE:
        return part
    return str(int(part) - 1) if part.isdecimal() else PREVIOUS


def _is_never(path: str, is_before: bool) -> bool:
    """Tell whether a path is that of the iteration before the first."""
    return is_before and path.endswith("/-1")


def _last_if_known(scope: str) -> str:
    """Return the number a scope ends in; while that is open, the scope."""
    return scope if HERE in scope else scope.rpartition("/")[2]


def _present(makers: Sequence[_Maker], number: Number) -> Iterator[Source]:
    for make in makers:
        source = make(number)
        if source is not None:
            yield source
