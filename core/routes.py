"""Where steps are attempted: `[route] LABEL = "RUNNER"` sends those with that label to another runner's executor. Pure.

The labels a step has itself decide; what a profile or an override makes of them says what its place must offer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from .errors import InvalidError
from .graph import CallKind, Graph, Json, Node, Operation, Policy
from .named import NamedTuple
from .records import dataclass, field, replace

if TYPE_CHECKING:
    from .config import Settings
    from .runner import Runner
    from .runners import RunnerChoice  # it imports runners; who only plans where steps go needs none

NOTE = "routes"
"""Under this key a run's recorded environment says which routes its steps take: label -> runner."""


NO_ATTEMPT = frozenset({CallKind.JOIN, CallKind.LOAD})
"""Nodes that no executor ever sees."""


class Route(NamedTuple):
    """One line of `[route]`."""

    label: str
    runner: str
    file: str | None = None
    """Configuration file that says so; None: an option or a variable."""
    line: int | None = None

    def __str__(self) -> str:
        return f'[route] {self.label} = "{self.runner}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Sites:
    """The runners whose executors the steps of one run go to."""

    names: tuple[str, ...]
    """By number of the site; the first is the runner of the run."""
    of: tuple[int, ...]
    """By operation: number of its site."""


def operations_of(nodes: Iterable[Node], graph: Graph) -> list[int]:
    """Return the operations that steps execute, and those that may grow out of them."""
    found = list(nodes)
    operations = {node.operation for node in found}
    if any(node.grows is not None for node in found):  # a body may hold starts of others
        operations |= {node.operation for body in graph.bodies for node in body.nodes}
    return sorted(at for at in operations if graph.operations[at].call.kind not in NO_ATTEMPT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """What the configuration says of labels."""

    by_label: Mapping[str, Route] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings) -> Routes:
        """Return what the configuration says."""
        found = {}
        for label, runner in settings.table("route").items():
            file, line = settings.written("route", label)
            found[label] = Route(label, str(runner), file, line)
        return cls(by_label=found)

    @classmethod
    def noted(cls, environment: Mapping[str, object]) -> Routes:
        """Return the routes that a run's recorded environment tells of."""
        told = environment.get(NOTE)
        named = told if isinstance(told, Mapping) else {}
        return cls(by_label={str(label): Route(str(label), str(runner)) for label, runner in named.items()})

    def runner_of(self, policy: Policy, home: str) -> str:
        """Return the runner whose executor attempts steps of a policy.

        Raises:
            InvalidError: their labels lead to several.
        """
        taken = self._taken(policy)
        if not taken:
            return home
        first = taken[0]
        for other in taken[1:]:
            if other.runner != first.runner:
                raise InvalidError(
                    f"its labels lead to two runners: {first} and {other}",
                    "take one of the labels away, or let both routes lead to one runner",
                    file=other.file,
                    line=other.line,
                )
        return first.runner

    def of_graph(self, graph: Graph) -> dict[str, Json]:
        """Return the routes that steps of a graph take: label -> runner."""
        taken = {route.label: route for policy in graph.policies for route in self._taken(policy)}
        return {label: taken[label].runner for label in sorted(taken)}

    def sites(self, graph: Graph, home: str) -> Sites | None:
        """Return where the steps of a graph go; None: all of them to the runner of the run.

        Raises:
            InvalidError: the labels of a step lead to several runners; all such steps in one message.
        """
        if not self.by_label:
            return None
        names, of = {home: 0}, []
        problems: list[InvalidError] = []
        for at, operation in enumerate(graph.operations):
            try:
                of.append(names.setdefault(self.runner_of(operation.policy, home), len(names)))
            except InvalidError as problem:
                text = f"step '{_step_of(graph, at)}': {problem.message}"
                problems.append(InvalidError(text, problem.hint, file=problem.file, line=problem.line))
        if problems:
            raise InvalidError.all_of(problems)
        return Sites(names=tuple(names), of=tuple(of)) if len(names) > 1 else None

    def steps(self, graph: Graph, home: str) -> dict[str, str]:
        """Return path -> runner of the steps that go elsewhere than to the runner of the run; raises as `sites`."""
        sites = self.sites(graph, home)
        if sites is None:
            return {}
        nodes = [node for node in graph.nodes if graph.operations[node.operation].call.kind not in NO_ATTEMPT]
        return {node.path: sites.names[sites.of[node.operation]] for node in nodes if sites.of[node.operation]}

    def check(self, graph: Graph, home: str, choose: Callable[[str], RunnerChoice]) -> None:
        """Look whether every step of a graph can go where its label sends it.

        Args:
            graph: of the run, or what a target compiles to.
            home: the runner of the run.
            choose: finds a runner by its name.

        Raises:
            InvalidError: labels lead to several runners, or to one that is not there, or that executes no single
                steps; all problems in one message, at their lines of the configuration.
            PluginError: a runner does not load.
        """
        if not self.by_label or not follows_routes(choose(home).runner):
            return
        sites = self.sites(graph, home)
        problems: list[InvalidError] = []
        for route in self.by_label.values() if sites is not None else ():
            if route.runner in sites.names[1:]:  # type: ignore[union-attr]  # just looked at
                try:
                    runner = choose(route.runner).runner
                except InvalidError as problem:
                    text = f"{route}: {problem.message}"
                    problems.append(InvalidError(text, problem.hint, file=route.file, line=route.line))
                    continue
                if not follows_routes(runner):
                    text = f"{route}: the runner '{route.runner}' carries whole runs, and executes no single steps"
                    hint = "route to local, dask, or another runner with an executor"
                    problems.append(InvalidError(text, hint, file=route.file, line=route.line))
        if problems:
            raise InvalidError.all_of(problems)

    def _taken(self, policy: Policy) -> list[Route]:
        labels = policy.declared.get("labels", policy.labels) if self.by_label else ()
        return [self.by_label[label] for label in labels if label in self.by_label]


def follows_routes(runner: type[Runner]) -> bool:
    """Tell whether a runner executes single steps for real, so that others may share a run with it."""
    return runner.takes_resources and runner.has_executor()


def trimmed(operations: tuple[Operation, ...], sites: Sites | None, site: int) -> tuple[Operation, ...]:
    """Return operations of which those of other sites want nothing: no secrets, no files, no variables."""
    if sites is None:
        return operations
    return tuple(
        each if sites.of[at] == site else replace(each, policy=_bare(each.policy)) for at, each in enumerate(operations)
    )


def _bare(policy: Policy) -> Policy:
    if not (policy.secrets or policy.reads or policy.env or policy.resources or policy.labels):
        return policy
    return replace(policy, secrets=(), reads=(), env=(), resources={}, labels=())


def _step_of(graph: Graph, operation: int) -> str:
    nodes = (*graph.nodes, *(node for body in graph.bodies for node in body.nodes))
    return next((node.path for node in nodes if node.operation == operation), "?")
