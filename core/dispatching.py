"""Which runners share a run, and what each of them gets to know of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import TYPE_CHECKING

from .graph import Graph, Operation
from .orders import RunContext
from .ports import Executor
from .records import replace
from .routes import Sites, follows_routes, trimmed
from .runs import RunSpec

if TYPE_CHECKING:
    from .parts import Parts  # the bundle of ports; workspace builds who builds this
    from .runner import Runner
    from .runners import RunnerChoice
    from .spread import Away

_PLENTY = 1 << 20
"""Slots of a label that a route serves here, where nothing limits it."""


class Dispatch:
    """Who attempts which steps of one run.

    Args:
        parts: of the workspace.
        spec: of the run.
        choice: the runner of the run.

    Attributes:
        sites: where steps go; None: all to the runner of the run.
        choices: the runners, in the order of their sites.

    Raises:
        InvalidError: the labels of a step lead to several runners, or to one that is not there.
        PluginError: a runner does not load.
    """

    def __init__(self, parts: Parts, spec: RunSpec, choice: RunnerChoice):
        self._parts = parts
        self._spec = spec
        self.sites = parts.routes.sites(spec.graph, spec.runner) if follows_routes(choice.runner) else None
        names = () if self.sites is None else self.sites.names[1:]
        self.choices = [choice, *(parts.runner(name) for name in names)]

    @property
    def here(self) -> frozenset[int] | None:
        """Return the operations whose attempts take of this machine's resources; None: all."""
        return _here(self.sites, [each.runner for each in self.choices])

    def context(self, whole: RunContext, site: int) -> RunContext:
        """Return what the executor of a site is opened with: what its own steps want, and no more."""
        spec, runner = self._spec, self.choices[site].runner
        operations = trimmed(spec.graph.operations, self.sites, site)
        routes = self._parts.routes.by_label.values() if self.sites is not None else ()
        name = spec.runner if self.sites is None else self.sites.names[site]
        return replace(
            whole,
            operations=operations,
            jobs=spec.jobs if site == 0 else self._parts.jobs_of(name),
            secrets=self._secrets(operations) if is_here(runner) else {},
            routed=frozenset(route.label for route in routes if route.runner == name),
        )

    def away(self, whole: RunContext) -> tuple[Away, ...]:
        """Return the other runners, in the order of their sites."""
        if self.sites is None:
            return ()
        from .spread import Away  # of the few runs that several runners share

        return tuple(
            Away(name=name, jobs=self._parts.jobs_of(name), open=partial(self._open, whole, site))
            for site, name in enumerate(self.sites.names)
            if site
        )

    def _open(self, whole: RunContext, site: int) -> Executor:
        choice = self.choices[site]
        return choice.runner.executor(self.context(whole, site), **choice.options)

    def _secrets(self, operations: Collection[Operation]) -> Mapping[str, str]:
        names = sorted({name for operation in operations for name in operation.policy.secrets})
        return self._parts.secrets(names) if names else {}


def is_here(runner: type[Runner]) -> bool:
    """Tell whether attempts of a runner take of this machine's resources."""
    return runner.takes_resources and not runner.is_elsewhere


def operations_here(parts: Parts, graph: Graph, home: str) -> frozenset[int] | None:
    """Return the operations whose attempts take of this machine's resources; None: all.

    Raises:
        InvalidError: labels lead where steps cannot go; or there is no runner of the name.
        PluginError: a runner does not load.
    """
    runner = parts.runner(home).runner
    if not follows_routes(runner):
        return _here(None, [runner])
    parts.routes.check(graph, home, parts.runner)
    sites = parts.routes.sites(graph, home)
    return _here(sites, [runner, *(parts.runner(name).runner for name in (() if sites is None else sites.names[1:]))])


def served(parts: Parts, graph: Graph) -> dict[str, int]:
    """Return the labels this machine serves -> slots: those of its configuration, and those steps are routed here by.

    Raises:
        InvalidError: a route leads to a runner that is not there.
    """
    taken = parts.routes.of_graph(graph)
    routed = {label: _PLENTY for label, runner in taken.items() if is_here(parts.runner(str(runner)).runner)}
    return {**routed, **parts.labels}


def _here(sites: Sites | None, runners: list[type[Runner]]) -> frozenset[int] | None:
    if sites is None:
        return None if is_here(runners[0]) else frozenset()
    chosen = {site for site, runner in enumerate(runners) if is_here(runner)}
    return frozenset(at for at, site in enumerate(sites.of) if site in chosen)
