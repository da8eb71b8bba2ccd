"""A compiled graph as DAGs of tasks, which is what Argo executes: one for the pipeline, two for each map.

A node waits for others by `depends`. A branch that is not taken is SKIPPED here and `Skipped` there, and passes; what
is behind a failure is SKIPPED here and `Omitted` there, and does not. So both states have the same consequences.

A map is a task: a DAG of its start, of the items, and of its end. An item is a DAG too, which is told where it is
(`at`: `trials/3`), so that maps in maps need no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ...core.graph import ON_FAILURE, CallKind, Graph, Node
from ...core.growth import ITEMS
from ...core.guards import is_of_recovery, recovery_of, waits_of
from ...core.records import dataclass, field
from ...core.scopes import Scopes, scope_of
from ...core.supply import HERE
from ..remote.single import plain_word
from .names import Names

AT = "at"
"""Parameter of templates inside a map: path of the item."""
BRANCH, NUMBERS = "branch", "items"
"""Output of a choice and of a map's start."""
_ENDS = frozenset({CallKind.JOIN, CallKind.REDUCE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task of a DAG."""

    name: str
    template: str
    depends: str | None = None
    when: str | None = None
    each: str | None = None
    """What it is repeated for (`withParam`); None: it is not."""
    arguments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dag:
    """A template of tasks."""

    name: str
    tasks: tuple[Task, ...]
    is_inside: bool
    """It takes `at`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """A template of one node."""

    name: str
    node: Node
    path: str
    """Of the node, as the command has it."""
    is_inside: bool
    decides: str | None = None
    """Output that others read: `branch` or `items`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All templates of a graph."""

    main: str
    """Name of the DAG that is the pipeline."""
    dags: tuple[Dag, ...]
    pods: tuple[Pod, ...]
    verdict: str | None
    """Name of a template that does nothing: it says that a DAG is well although a step of it failed, for another took
    over. None: there is no need of one."""


def planned(graph: Graph) -> Plan:
    """Return the templates of a graph without loops, in an order that does not change."""
    return _Planner(graph).plan()


@dataclass(slots=True)
class _Scope:
    """One DAG while it is made."""

    above: str
    """Path of the item (`trials/[]`) its nodes are in; empty: the outermost."""
    nodes: Mapping[str, Node]
    tasks: Mapping[str, str]
    """Path of a node -> name of its task, for all that is in this DAG; the parts of a map have the map's."""
    scopes: Scopes
    recoverable: tuple[str, ...]

    def filled(self, path: str) -> str:
        """Return a path as a command inside has it."""
        return f"{{{{inputs.parameters.{AT}}}}}{path[len(self.above) :]}" if self.above else path


class _Planner:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._templates = Names()
        # Taken first, so that no step gets them: no path begins with a slash.
        self._main, self._verdict_name = self._templates.of("/main"), self._templates.of("/verdict")
        self._dags: list[Dag] = []
        self._pods: list[Pod] = []
        self._has_verdict = False

    def plan(self) -> Plan:
        main = self._dag(self._main, "", self._graph.nodes)
        return Plan(
            main=main,
            dags=tuple(self._dags),
            pods=tuple(self._pods),
            verdict=self._verdict_name if self._has_verdict else None,
        )

    def _dag(self, name: str, above: str, nodes: Sequence[Node]) -> str:
        """Make the DAG of nodes that stand side by side, and return its name."""
        run = [node for node in nodes if self._kind(node) is not CallKind.LOAD]
        by_path = {node.path: node for node in run}
        maps = {scope_of(node.path): node for node in run if node.grows is not None}
        names = Names()
        tasks = {}
        for node in run:
            over = scope_of(node.path)
            owner = over if over in maps and node.path == f"{over}/{ITEMS}" else node.path
            tasks[node.path] = names.of(owner[len(above) :].strip("/"))
        recoverable = tuple(
            dict.fromkeys(node.guard.node for node in run if node.guard is not None and node.guard.word == ON_FAILURE)
        )
        scope = _Scope(above=above, nodes=by_path, tasks=tasks, scopes=Scopes(by_path), recoverable=recoverable)
        made = []
        for node in run:
            if node.path in maps:
                made.append(self._map(scope, maps[node.path], node))
            elif node.grows is None:
                made.append(self._step(scope, node))
        if any(self._end_of(scope, failed) is None for failed in recoverable):
            self._has_verdict = True
            made.append(self._verdict(scope, names.of("/verdict")))
        self._dags.append(Dag(name=name, tasks=tuple(made), is_inside=bool(above)))
        return name

    def _step(self, scope: _Scope, node: Node) -> Task:
        return Task(
            name=scope.tasks[node.path],
            template=self._pod(scope, node),
            depends=self._depends(scope, node, waits_of(node)),
            when=self._when(scope, node),
            arguments=_place(scope),
        )

    def _map(self, scope: _Scope, start: Node, end: Node) -> Task:
        """Return the task of a map, whose DAG has three: the start, the items, the end."""
        assert start.grows is not None
        body = self._graph.bodies[start.grows]
        item = f"{end.path}/{HERE}"
        inner = self._dag(self._name(f"/{end.path}/item"), item, body.nodes)
        own = _place(scope)
        first, each, last = "start", "each", "collect"
        tasks = (
            Task(name=first, template=self._pod(scope, start, NUMBERS), arguments=own),
            Task(
                name=each,
                template=inner,
                depends=first,
                each=f"{{{{tasks.{first}.outputs.parameters.{NUMBERS}}}}}",
                arguments={AT: f"{scope.filled(end.path)}/{{{{item}}}}"},
            ),
            Task(name=last, template=self._pod(scope, end), depends=f"{first} && {each}", arguments=own),
        )
        name = self._name(f"/{end.path}/map")
        self._dags.append(Dag(name=name, tasks=tasks, is_inside=bool(scope.above)))
        outside = [*waits_of(start), *end.needs, *self._outside(item, body.nodes)]
        waits = [path for path in dict.fromkeys(outside) if path != start.path]
        return Task(
            name=scope.tasks[end.path],
            template=name,
            depends=self._depends(scope, start, waits),
            when=self._when(scope, start),
            arguments=own,
        )

    def _outside(self, item: str, nodes: Iterable[Node]) -> Iterator[str]:
        """Yield what the nodes of an item, to any depth, wait for outside of it."""
        for node in nodes:
            inner = () if node.grows is None else self._graph.bodies[node.grows].nodes
            for path in (*waits_of(node), *self._outside(item, inner)):
                if not path.startswith(f"{item}/"):
                    yield path

    def _pod(self, scope: _Scope, node: Node, decides: str | None = None) -> str:
        if self._kind(node) is CallKind.CHOOSE:
            decides = BRANCH
        name = self._name(node.path)
        pod = Pod(name=name, node=node, path=scope.filled(node.path), is_inside=bool(scope.above), decides=decides)
        self._pods.append(pod)
        return name

    def _name(self, path: str) -> str:
        return self._templates.of(path, path.replace(HERE, "each"))

    def _when(self, scope: _Scope, node: Node) -> str | None:
        """Return the condition of a node of a branch.

        Both sides are quoted: what a choice that was skipped did not say stays as it is written, and fits no word.
        """
        guard = node.guard
        if guard is None or guard.word == ON_FAILURE or guard.node not in scope.tasks:
            return None  # what is around the item has been asked for the whole map
        said = f"{{{{tasks.{scope.tasks[guard.node]}.outputs.parameters.{BRANCH}}}}}"
        return f"'{said}' == '{plain_word(guard.word)}'"

    def _depends(self, scope: _Scope, node: Node, waits: Iterable[str]) -> str | None:
        is_end = self._kind(node) in _ENDS
        terms = []
        for path in waits:
            if path not in scope.tasks:
                continue  # around the item: the map waits for it; or nobody executes it
            task = scope.tasks[path]
            if is_of_recovery(node.path, path):
                terms.append(f"({task}.Failed || {task}.Errored)")
            else:
                terms.append(self._passed(scope, path) if is_end else task)
        return " && ".join(dict.fromkeys(terms)) or None

    def _passed(self, scope: _Scope, path: str) -> str:
        """Return that a node passed, as the end of what it is in sees it: also when a recovery made up for it."""
        task = scope.tasks[path]
        ways = [task]
        for failed in scope.recoverable:
            recovery = scope.tasks[recovery_of(failed)]
            if path == failed:
                ways.append(recovery)
            elif is_of_recovery(path, failed):
                ways.append(f"({task}.Omitted && {scope.tasks[failed]})")
            elif path in scope.scopes.listed_after(failed):
                ways.append(f"({task}.Omitted && {recovery})")
        return task if len(ways) == 1 else f"({' || '.join(ways)})"

    def _verdict(self, scope: _Scope, name: str) -> Task:
        """Return the task that ends a DAG nothing else ends, after all that nobody waits for."""
        awaited = {path for node in scope.nodes.values() for path in waits_of(node)}
        last = [path for path in scope.nodes if path not in awaited or path in scope.recoverable]
        terms = [self._passed(scope, path) for path in last if path in scope.tasks]
        return Task(name=name, template=self._verdict_name, depends=" && ".join(dict.fromkeys(terms)))

    def _end_of(self, scope: _Scope, path: str) -> str | None:
        """Return the end of the composite a node is in; None: it is right in the DAG."""
        end = scope.scopes.end_of(scope_of(path))
        return end if end in scope.nodes else None

    def _kind(self, node: Node) -> CallKind:
        return self._graph.operations[node.operation].call.kind


def _place(scope: _Scope) -> dict[str, str]:
    return {AT: f"{{{{inputs.parameters.{AT}}}}}"} if scope.above else {}
