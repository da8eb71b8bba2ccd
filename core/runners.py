"""Runners by name: those of the configuration, of plugins, and those that come with graftline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import discovery
from .config import Settings
from .errors import InvalidError, PluginError
from .records import dataclass, field
from .runner import Runner

BUNDLED_RUNNERS = {
    "argo": "graftline.plugins.argo.runner:ArgoRunner",
    "celery": "graftline.plugins.celery.runner:CeleryRunner",
    "container": "graftline.plugins.container.runner:ContainerRunner",
    "dask": "graftline.plugins.dask.runner:DaskRunner",
    "graphviz": "graftline.plugins.graphviz.runner:GraphvizRunner",
    "local": "graftline.plugins.local.runner:LocalRunner",
    "mock": "graftline.plugins.mock.runner:MockRunner",
    "pyfunc": "graftline.plugins.pyfunc.runner:PyfuncRunner",
    "ssh": "graftline.plugins.ssh.runner:SshRunner",
}
"""What comes with graftline, as pyproject.toml registers it: to ask all installed distributions costs 26 ms a run, and
a checkout that is merely on the path has none to ask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerChoice:
    """A runner and its options from the configuration."""

    runner: type[Runner]
    options: Mapping[str, Any] = field(default_factory=dict)
    file: str | None = None
    """Configuration file that sets it up; None: it is an option, a variable, or bundled as it is."""
    line: int | None = None

    def is_same(self, other: RunnerChoice) -> bool:
        """Tell whether it means the same place by another name."""
        return (self.runner, self.options) == (other.runner, other.options)

    def problems(self) -> list[InvalidError]:
        """Return what is wrong with its options, each with the place they stand at.

        Raises:
            PluginError: what it needs is not installed here.
        """
        try:
            self.runner.check(self.options)
        except InvalidError as problem:
            found = problem.problems or (problem,)
            return [InvalidError(each.message, each.hint, file=self.file, line=self.line) for each in found]
        return []


def choose_runner(settings: Settings, name: str) -> RunnerChoice:
    """Return a runner by its name in the configuration, as a plugin, or as `module:Class`.

    Raises:
        InvalidError: no runner has that name.
        PluginError: it does not load, or is no runner.
    """
    options: dict[str, Any] = settings.table(f"runner.{name}") if name != "local" else {}
    options.pop("overrides", None)  # of steps, not of the runner
    provider = options.pop("provider", name)
    configured = [each for each, table in settings.table("runner").items() if isinstance(table, dict)]
    known = {*BUNDLED_RUNNERS, *configured}
    found = discovery.load("graftline.runners", BUNDLED_RUNNERS.get(provider, provider), known)
    if not (isinstance(found, type) and issubclass(found, Runner)):
        raise PluginError(f"the runner '{name}' ({provider}) is no subclass of graftline.Runner")
    file, line = settings.written("runner", name)
    return RunnerChoice(runner=found, options=options, file=file, line=line)


def runner_names(settings: Settings) -> list[str]:
    """Return the names of the runners that were set up: each `[runner.NAME]`, and this machine."""
    tables = settings.table("runner")
    configured = [name for name, table in tables.items() if isinstance(table, dict) and name != "local"]
    return list(dict.fromkeys([*configured, "local"]))


def name_of(runner: type[Runner]) -> str:
    """Return the name under which a run records its runner, which `choose_runner` finds it by again."""
    place = f"{runner.__module__}:{runner.__qualname__}"
    return next((name for name, each in BUNDLED_RUNNERS.items() if each == place), place)
