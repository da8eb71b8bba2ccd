"""How steps are attempted by one runner: resource profiles and the runner's overrides, laid over their policies. Pure.

The strongest first: the override of the runner, the step's own options, the profile it names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .config import Settings
from .errors import InvalidError, nearest
from .graph import Graph, Policy
from .options import choose
from .records import dataclass, field, replace
from .routes import Routes

Places = Mapping[int, tuple[str, int]]
"""Operation -> file and line of its step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overriding:
    """What the configuration says of profiles and overrides."""

    profiles: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """`[profile.NAME]`."""
    tables: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    """Runner -> key -> `[runner.NAME.overrides.KEY]`. Any: options as the configuration holds them."""
    routes: Routes = field(default_factory=Routes)
    """`[route]`: the override of the runner that attempts a step holds."""

    @classmethod
    def of(cls, settings: Settings) -> Overriding:
        """Return what the configuration says."""
        runners = settings.table("runner")
        # `[runner] default` is a text among the tables.
        tables = {name: table.get("overrides", {}) for name, table in runners.items() if isinstance(table, dict)}
        return cls(profiles=settings.table("profile"), tables=tables, routes=Routes.of(settings))

    def applied(self, graph: Graph, runner: str, places: Places | None = None) -> Graph:
        """Return the graph as a runner attempts it. What another runner's override changed is put back first.

        Args:
            graph: as compiled, or as recorded.
            runner: name in the configuration.
            places: where steps are written, for messages.

        Raises:
            InvalidError: a step names a profile or a key that is not configured; all of them in one message.
        """
        if not any(policy.profile or policy.overrides for policy in graph.policies):
            return graph
        named = {at for at, each in enumerate(graph.operations) if each.policy.profile or each.policy.overrides}
        problems: list[InvalidError] = []
        operations = list(graph.operations)
        for at in named:
            try:
                operations[at] = replace(operations[at], policy=self._policy(operations[at].policy, runner))
            except InvalidError as problem:
                file, line = (places or {}).get(at, (None, None))
                text = f"step '{_step_of(graph, at)}': {problem.message}"
                problems.append(InvalidError(text, problem.hint, file=file, line=line))
        if problems:
            raise InvalidError.all_of(problems)
        kept = tuple(operations)
        origin = None if graph.origin is None else replace(graph.origin, operations=kept)
        return replace(graph, operations=kept, origin=origin)

    def _policy(self, policy: Policy, runner: str) -> Policy:
        base = _undone(policy)
        runner = self.routes.runner_of(base, runner)
        changed: dict[str, Any] = {}
        if base.profile is not None:
            changed["resources"] = {**self._profile(base.profile), **base.resources}
        key = base.overrides.get(runner)
        if key is not None:
            changed |= self._override(runner, key, changed.get("resources", base.resources))
        if changed.get("resources", {}).get("gpu") and base.isolation is None:
            # As for a step that names its gpus itself: see `options`.
            changed.setdefault("isolation", "process")
        changed = {name: value for name, value in changed.items() if value != getattr(base, name)}
        declared = {name: _plain(getattr(base, name)) for name in changed}
        return replace(base, **changed, declared=declared) if changed else base

    def _override(self, runner: str, key: str, resources: Mapping[str, float]) -> dict[str, Any]:
        known = self.tables.get(runner, {})
        if key not in known:
            listed = f"it has {', '.join(known)}" if known else f"write [runner.{runner}.overrides.{key}]"
            text = f"overrides= names '{key}' for the runner '{runner}', which has no such override"
            raise InvalidError(text + nearest(key, list(known)), listed)
        table = dict(known[key])
        wanted, problems = choose("an override", table)
        if problems:
            raise InvalidError(f"[runner.{runner}.overrides.{key}]: {problems[0].message}", problems[0].hint)
        policy = wanted.policy
        found = {_FIELDS[name]: getattr(policy, _FIELDS[name]) for name in table if name != "resources"}
        if "resources" in table:
            profile = {} if policy.profile is None else self._profile(policy.profile)
            found["resources"] = {**resources, **profile, **policy.resources}
        return found

    def _profile(self, name: str) -> Mapping[str, float]:
        if name in self.profiles:
            return self.profiles[name]
        listed = (
            f"there are {', '.join(self.profiles)}" if self.profiles else f"write [profile.{name}] in graftline.toml"
        )
        text = f"resources= names the profile '{name}', which is not configured"
        raise InvalidError(text + nearest(name, list(self.profiles)), listed)

    def warnings(self, graph: Graph) -> list[str]:
        """Return what is legal and probably not meant: overrides for a runner whose name is nearly a configured one."""
        runners = [*self.tables, "local"]
        found = {}
        for policy in graph.policies:
            for runner in policy.overrides:
                if runner not in runners and (meant := nearest(runner, runners)):
                    found[runner] = f"overrides= names the runner '{runner}', which has no overrides here{meant}"
        return list(found.values())


_FIELDS = {"timeout": "timeout_s", "retries": "retries", "backoff": "backoff_s", "labels": "labels"}
_FIELDS |= {"isolation": "isolation"}


def _undone(policy: Policy) -> Policy:
    """Return a policy as its step has it."""
    back: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in policy.declared.items()
    }
    return replace(policy, **back, declared={}) if back else policy


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else dict(value) if isinstance(value, Mapping) else value


def _step_of(graph: Graph, operation: int) -> str:
    nodes = (*graph.nodes, *(node for body in graph.bodies for node in body.nodes))
    return next((node.path for node in nodes if node.operation == operation), "?")
