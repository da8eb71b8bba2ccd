"""From the graph that trains to the one that applies: what is loaded, what is kept, what is dropped and why.

A step that returns `state()` is loaded from a generation instead of run, so it waits for nothing. Steps that take
labels, or what is dropped, are dropped; so are those that only training needs. What is left is what a new row of data
takes on its way to a prediction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .errors import InvalidError
from .graph import Argument, Call, CallKind, Graph, Node, Operation, ReturnKind
from .learntasks import FOLDS, PREVIOUS_STATE
from .records import dataclass, replace
from .supply import Carried, Either, Gather, Source, Upstream, upstreams


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """A graph that applies, and what became of the steps of the one that trains."""

    graph: Graph
    loaded: tuple[str, ...]
    """Paths whose states come from a generation, in definition order."""
    dropped: Mapping[str, str]
    """Path -> why it is not in the graph, as a person would say it, in definition order."""


def applied(graph: Graph, *, with_labels: bool = False) -> Applied:
    """Return the graph that applies what this one trains.

    Args:
        graph: as compiled, with every step of the mode.
        with_labels: the source gives labels too: a generation is scored.

    Raises:
        InvalidError: a kept step needs another output of a step that returns `state()`; a state is made inside a map or
            loop; or nothing is left. All of it in one message.
    """
    return _Reduction(graph, with_labels).result()


_PASSIVE = frozenset({CallKind.FEED, CallKind.JOIN, CallKind.SINK})
"""Kinds that by themselves are nothing to apply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loading:
    """A node whose outputs the host hands over before the run begins."""

    path: str
    """Of the node."""
    step: str
    """Path of the step that made the states, in the graph that trained."""
    states: tuple[str, ...]
    """Names of what it hands on, in order."""
    is_previous: bool
    """True: what training begins with; without a generation, JSON null for each. False: each of them must be there."""


def loadings(graph: Graph) -> tuple[Loading, ...]:
    """Return what the host has to hand over, in definition order."""
    found = []
    for node in graph.nodes:
        operation = graph.operations[node.operation]
        if operation.call.kind is CallKind.LOAD:
            is_previous = graph.mode == "train"
            step = node.path.removesuffix(f"/{PREVIOUS_STATE}") if is_previous else node.path
            states = tuple(each.name for each in operation.returns)
            found.append(Loading(path=node.path, step=step, states=states, is_previous=is_previous))
    return tuple(found)


def check_trained(graph: Graph) -> None:
    """Check that what a graph trains can be loaded again.

    Raises:
        InvalidError: a state is made inside a map or loop; all of these in one message.
    """
    if problems := _inside_bodies(graph):
        raise InvalidError.all_of(problems)


def why_not_applied(graph: Graph) -> str | None:
    """Return why what a graph trains could not be applied, as a warning; None: it can, or it trains nothing.

    Args:
        graph: compiled to train, or as a job.
    """
    if not any(_is_stateful(graph, node) for node in graph.nodes):
        return None
    try:
        applied(graph)
    except InvalidError as problem:
        first, *more = problem.message.splitlines()
        return f"it trains, but its generations cannot be applied: {first}" + (" ..." if more else "")
    return None


class _Reduction:
    def __init__(self, graph: Graph, with_labels: bool) -> None:
        self._graph = graph
        self._with_labels = with_labels
        self._problems: list[InvalidError] = []
        self._lost: dict[Upstream, str] = {}
        """Value that is not there -> why."""
        self._dropped: dict[str, str] = {}
        self._handing = {
            Upstream(node.path, argument.name): argument.source
            for node in graph.nodes
            if self._kind(node) is CallKind.JOIN
            for argument in node.arguments
        }
        """What the end of a composite hands on -> what it is bound to."""
        self._consumers = self._all_consumers()
        self._loaded = {node.path for node in graph.nodes if _is_stateful(graph, node)}
        self._dealing = {node.path for node in graph.nodes if _deals_out(graph, node)}
        """Paths of nodes that deal training data out to folds."""
        self._only_trains = self._all_that_only_trains()

    def result(self) -> Applied:
        """Return the reduced graph, or raise all problems."""
        self._check_bodies()
        for node in self._graph.nodes:
            self._look_at(node)
        self._drop_what_only_trains()
        self._drop_empty_composites()
        kept = [node for node in self._graph.nodes if node.path not in self._dropped]
        if not self._problems and not any(
            self._kind(node) not in _PASSIVE and node.path not in self._loaded for node in kept
        ):
            why = "; ".join(f"'{path}' {reason}" for path, reason in list(self._dropped.items())[:4])
            self._problems.append(
                InvalidError(
                    f"nothing is left to apply: {why or 'every step is trained'}",
                    "a step that predicts takes the features and what state() returns, and no labels",
                )
            )
        if self._problems:
            raise InvalidError.all_of(self._problems)
        order = {node.path: at for at, node in enumerate(self._graph.nodes)}
        dropped = dict(sorted(self._dropped.items(), key=lambda item: order[item[0]]))
        loaded = tuple(node.path for node in kept if node.path in self._loaded)
        return Applied(graph=self._reduced(kept), loaded=loaded, dropped=dropped)

    def _check_bodies(self) -> None:
        self._problems += _inside_bodies(self._graph)

    def _look_at(self, node: Node) -> None:
        """Decide whether a node can run at all without labels, and what it hands on."""
        operation = self._graph.operations[node.operation]
        if operation.call.kind is CallKind.FEED:
            if not self._with_labels:
                for _, label in operation.call.labels:
                    self._lost[Upstream(node.path, label)] = f"the label '{label}'"
            return
        if node.path in self._loaded:
            for each in operation.returns:
                if each.kind is not ReturnKind.STATE:
                    self._lost[Upstream(node.path, each.name)] = f"'{each.name}' of '{node.path}', which is not run"
            return
        if operation.call.kind is CallKind.JOIN:
            for argument in node.arguments:
                if (lost := self._missing(argument.source)) is not None:
                    self._lost[Upstream(node.path, argument.name)] = self._lost[lost]
            if node.guard is not None and node.guard.node in self._dropped:
                self._drop(node, f"belongs to '{node.guard.node}', which is dropped")
            return
        if node.path in self._dealing:
            self._drop(node, "deals training data out to folds")
            return
        lost = next((found for each in self._required(node) if (found := self._missing(each)) is not None), None)
        if lost is not None:
            self._drop(node, f"takes {self._lost[lost]}")
        elif node.guard is not None and (node.guard.node in self._dropped or node.guard.node in self._loaded):
            self._drop(node, f"belongs to '{node.guard.node}', which is not run")

    def _drop_what_only_trains(self) -> None:
        """Drop nodes whose values only reach what makes states; refuse those that lack a value of such a step."""
        for node in self._graph.nodes:
            path = node.path
            if path not in self._dropped:
                continue
            lost = [found for each in self._required(node) if (found := self._missing(each)) is not None]
            from_states = [each for each in lost if each.node in self._loaded]
            if from_states and len(from_states) == len(lost) and path not in self._only_trains:
                first = from_states[0]
                told = f"step '{first.node}' returns state() beside '{first.output}', which '{path}' needs to apply"
                hint = "use Model(...), or make two steps of it: one that fits, one that transforms"
                self._problems.append(self._problem(self._graph.node(first.node), told, hint))
        for node in reversed(self._graph.nodes):
            if node.path in self._dropped or self._is_effect(node):
                continue
            if node.path in self._only_trains and node.path not in self._loaded:
                self._drop(node, "is needed by training alone")
        for node in self._graph.nodes:
            if node.path in self._loaded and not any(each not in self._dropped for each in self._consumers[node.path]):
                self._drop(node, "makes a state that no kept step takes")
        for node in self._graph.nodes:
            if self._kind(node) is CallKind.FEED and not any(
                each not in self._dropped and each not in self._loaded for each in self._consumers[node.path]
            ):
                self._drop(node, "gives nothing that a kept step takes")

    def _drop_empty_composites(self) -> None:
        """Drop the end of a composite of which nothing else is kept."""
        for node in sorted(self._graph.nodes, key=lambda node: -node.path.count("/")):
            if self._kind(node) is not CallKind.JOIN or node.path in self._dropped:
                continue
            inside = f"{node.path}/"
            if not any(each.path.startswith(inside) and each.path not in self._dropped for each in self._graph.nodes):
                self._drop(node, "has nothing inside that is kept")

    def _all_consumers(self) -> dict[str, set[str]]:
        """Return for each node those that take a value of it, through the ends of composites."""
        found: dict[str, set[str]] = {node.path: set() for node in self._graph.nodes}
        for node in self._graph.nodes:
            if self._kind(node) is CallKind.JOIN:
                continue
            stack = [each for source in self._sources(node) for each in upstreams(source)]
            while stack:
                each = stack.pop()
                if each in self._handing:
                    stack += upstreams(self._handing[each])
                if each.node in found:
                    found[each.node].add(node.path)
        return found

    def _all_that_only_trains(self) -> set[str]:
        """Return the nodes of which all that follows makes states: they are of no use when those are loaded."""
        found: set[str] = set()
        for node in reversed(self._graph.nodes):
            followers = self._consumers[node.path]
            if followers and all(each in self._loaded or each in found for each in followers):
                found.add(node.path)
        return found

    def _reduced(self, kept: Sequence[Node]) -> Graph:
        paths = {node.path for node in kept}
        operations = list(self._graph.operations)
        index: dict[int, int] = {}
        nodes = []
        for node in kept:
            if node.path in self._loaded:
                if node.operation not in index:
                    index[node.operation] = len(operations)
                    operations.append(_loading(self._graph.operations[node.operation]))
                nodes.append(
                    replace(node, operation=index[node.operation], arguments=(), needs=(), files=(), guard=None)
                )
                continue
            if self._kind(node) is CallKind.FEED and not self._with_labels:
                operations.append(_unlabelled(operations[node.operation]))
                nodes.append(replace(node, operation=len(operations) - 1))
                continue
            nodes.append(
                replace(
                    node,
                    arguments=tuple(each for argument in node.arguments if (each := self._left(argument)) is not None),
                    needs=self._needs(node, paths),
                    files=tuple(each for each in node.files if each in paths),
                )
            )
        return replace(self._graph, nodes=tuple(nodes), operations=tuple(operations))

    def _needs(self, node: Node, kept: set[str]) -> tuple[str, ...]:
        """Return what a kept node waits for: in place of what is dropped, what that waited for."""
        found: set[str] = set()
        seen: set[str] = set()
        stack = list(node.needs)
        while stack:
            path = stack.pop()
            if path in seen:
                continue
            seen.add(path)
            if path in kept:
                found.add(path)
            elif path in self._graph.index:
                stack += self._graph.node(path).needs
        return tuple(sorted(found, key=self._graph.index.__getitem__))

    def _left(self, argument: Argument) -> Argument | None:
        """Return an argument without the values that are not there; None when nothing of it is."""
        source = argument.source
        if isinstance(source, Either):
            there = tuple(each for each in source.items if self._missing(each) is None)
            return None if not there else argument._replace(source=there[0] if len(there) == 1 else Either(there))
        return None if self._missing(source) is not None else argument

    def _missing(self, source: Source) -> Upstream | None:
        """Return a value without which a source has none; None: it has what it takes."""
        if isinstance(source, Upstream):
            return source if source in self._lost or source.node in self._dropped else None
        if isinstance(source, Gather):
            return next((found for each in source.items if (found := self._missing(each)) is not None), None)
        if isinstance(source, Either):
            missing = [self._missing(each) for each in source.items]
            return missing[0] if missing and None not in missing else None
        if isinstance(source, Carried):
            return self._missing(source.later) or (None if source.first is None else self._missing(source.first))
        return None

    def _drop(self, node: Node, why: str) -> None:
        self._dropped[node.path] = why
        for each in self._graph.operations[node.operation].returns:
            self._lost.setdefault(Upstream(node.path, each.name), f"'{each.name}' of '{node.path}', which is dropped")

    def _required(self, node: Node) -> Iterable[Source]:
        for argument in node.arguments:
            source = argument.source
            if not argument.is_optional and not (isinstance(source, Upstream) and source.node in self._dealing):
                yield source
        yield from self._inside(node)

    def _sources(self, node: Node) -> Iterable[Source]:
        yield from (argument.source for argument in node.arguments)
        yield from self._inside(node)

    def _inside(self, node: Node) -> Iterable[Source]:
        """Yield what the nodes take that a node grows into: without it, the whole map or loop cannot be."""
        seen: set[int] = set()
        stack = [] if node.grows is None else [node.grows]
        while stack:
            at = stack.pop()
            if at in seen:
                continue
            seen.add(at)
            body = self._graph.bodies[at]
            for inner in body.nodes:
                yield from (argument.source for argument in inner.arguments if not argument.is_optional)
                if inner.grows is not None:
                    stack.append(inner.grows)

    def _is_effect(self, node: Node) -> bool:
        operation = self._graph.operations[node.operation]
        return operation.is_effect and operation.call.kind is not CallKind.JOIN

    def _kind(self, node: Node) -> CallKind:
        return self._graph.operations[node.operation].call.kind

    def _problem(self, node: Node, message: str, hint: str) -> InvalidError:
        return _at(self._graph, node, message, hint)


def _is_stateful(graph: Graph, node: Node) -> bool:
    return any(each.kind is ReturnKind.STATE for each in graph.operations[node.operation].returns)


def _deals_out(graph: Graph, node: Node) -> bool:
    call = graph.operations[node.operation].call
    return call.kind is CallKind.LEARN and call.qualname == FOLDS


def _inside_bodies(graph: Graph) -> list[InvalidError]:
    found = []
    for body in graph.bodies:
        for node in body.nodes:
            if _is_stateful(graph, node):
                told = f"step '{node.path.replace('/[]', '')}' returns state() inside a map or loop"
                hint = "how many there are must be known before: use Parallel, or one step that fits them all"
                found.append(_at(graph, node, told, hint))
    return found


def _at(graph: Graph, node: Node, message: str, hint: str) -> InvalidError:
    call = graph.operations[node.operation].call
    return InvalidError(message, hint, file=call.file, line=call.line)


def _loading(operation: Operation) -> Operation:
    call = operation.call
    states = tuple(each for each in operation.returns if each.kind is ReturnKind.STATE)
    return Operation(call=Call(kind=CallKind.LOAD, file=call.file, line=call.line), returns=states)


def _unlabelled(operation: Operation) -> Operation:
    labels = {name for _, name in operation.call.labels}
    return replace(operation, returns=tuple(each for each in operation.returns if each.name not in labels))
