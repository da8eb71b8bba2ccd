"""What would make a run fail for certain, found before anything is written: every problem in one message."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from .artifacts import Output
from .demands import DEFAULT_LABEL
from .dispatching import Dispatch, operations_here, served
from .errors import InvalidError, nearest
from .graph import Graph, Node
from .quantities import size_text
from .runs import TRANSLATION, VERIFY, RunSpec
from .secrecy import leaks
from .supply import Either, Gather, Source, Upstream, upstreams

if TYPE_CHECKING:
    from .parts import Parts  # the bundle of ports; workspace builds Preflight, so a real import would be a circle


class Preflight:
    """Looks over specs on the ports of a workspace."""

    def __init__(self, parts: Parts):
        self._parts = parts

    def check(self, spec: RunSpec) -> None:
        """Look over a new run: labels nobody serves, secrets nowhere, inputs nobody has made.

        Raises:
            InvalidError: all problems in one message; or no runner of that name.
            PluginError: the runner does not load.
        """
        outputs: Mapping[str, Sequence[Output]] = {}
        chosen: Collection[str] = spec.graph.index
        if spec.selected is not None:
            chosen = set(spec.selected)
            outside = [node.path for node in spec.graph.nodes if node.path not in chosen]
            newest = self._parts.outputs.newest(spec.project, spec.pipeline, outside)
            outputs = {path: found for path, (_, found) in newest.items()}
        hint = f"add it with --to, or run the whole pipeline once: graft run {spec.target.text}"
        self.check_again(spec, chosen, outputs, hint)

    def check_again(
        self, spec: RunSpec, chosen: Collection[str], outputs: Mapping[str, Sequence[Output]], hint: str
    ) -> None:
        """Look over the chosen steps of a run, which take what they do not make themselves from these outputs.

        Raises:
            InvalidError: all problems in one message; or no runner of that name.
            PluginError: the runner does not load.
        """
        problems: list[InvalidError] = []
        choice = self._parts.runner(spec.runner)
        if not choice.runner.executes and spec.origin != TRANSLATION:
            raise InvalidError(
                f"the runner '{spec.runner}' only writes pipelines down: it executes nothing",
                "graft run, train, apply and eval take it, without -d; for all else name a runner that executes",
            )
        here = operations_here(self._parts, spec.graph, spec.runner)
        problems += (each for one in Dispatch(self._parts, spec, choice).choices for each in one.problems())
        if here is None or here:
            nodes = [node for node in spec.graph.nodes if here is None or node.operation in here]
            wanted = [node for node in nodes if node.path in chosen]
            problems += self._label_problems(spec.graph, wanted)
            problems += self._resource_problems(spec.graph, wanted)
            # Of all steps that run here: whoever hosts the run reads them all at once.
            problems += self._secret_problems(spec, nodes) if chosen else ()
        problems += _input_problems(spec.graph, chosen, outputs, hint)
        if problems:
            raise InvalidError.all_of(problems)

    def _label_problems(self, graph: Graph, wanted: Sequence[Node]) -> Iterator[InvalidError]:
        known = sorted({DEFAULT_LABEL, *served(self._parts, graph)})
        for node in wanted if any(policy.labels for policy in graph.policies) else ():
            for label in graph.operations[node.operation].policy.labels:
                if label not in known:
                    routes = sorted(self._parts.routes.by_label)
                    away = f"; routed: {', '.join(routes)}" if routes else ""
                    yield InvalidError(
                        f"step '{node.path}' wants label '{label}', which nothing serves"
                        f"{nearest(label, [*known, *routes])}",
                        f"labels here: {', '.join(known)}{away}; add it under [runner.local.labels] or [route]",
                    )

    def _resource_problems(self, graph: Graph, wanted: Sequence[Node]) -> Iterator[InvalidError]:
        """Steps that want more than this machine has; they would wait for ever."""
        for node in wanted if any(policy.resources for policy in graph.policies) else ():
            for name, amount in graph.operations[node.operation].policy.resources.items():
                if name == "cpus":
                    continue
                offered = self._parts.capacity(name)
                if amount > offered:
                    asked = f"{amount:g} of '{name}'" if name != "memory" else f"{size_text(int(amount))} of memory"
                    has = f"{offered:g}" if name != "memory" else size_text(int(offered))
                    yield InvalidError(
                        f"step '{node.path}' wants {asked}; this machine has {has}",
                        "lower it, route its label to another runner, or set [runner.local.limits]",
                    )

    def _secret_problems(self, spec: RunSpec, nodes: Sequence[Node]) -> Iterator[InvalidError]:
        operations = spec.graph.operations
        has_some = any(policy.secrets for policy in spec.graph.policies)
        names = {name for node in nodes if has_some for name in operations[node.operation].policy.secrets}
        if names:
            try:
                secrets = self._parts.secrets(sorted(names))
            except InvalidError as problem:
                yield problem
            else:
                yield from leaks(spec, secrets)


def refuse_check(spec: RunSpec) -> None:
    """Refuse to take up again what checked another run: its steps stand on what only the check could give them.

    Raises:
        InvalidError: it is one.
    """
    if spec.origin == VERIFY:
        raise InvalidError(
            f"run {spec.id} is a check of run {spec.parent}: it cannot be continued or repeated",
            f"'graft verify {str(spec.parent)[:6]}' checks it anew",
        )


def _required(source: Source) -> list[Upstream]:
    """Return the values that must be there; of alternatives one is, and which is known only when it is taken."""
    if isinstance(source, Gather):
        return [each for item in source.items for each in _required(item)]
    return [] if isinstance(source, Either) else upstreams(source)


def _input_problems(
    graph: Graph, chosen: Collection[str], outputs: Mapping[str, Sequence[Output]], hint: str
) -> Iterator[InvalidError]:
    """Chosen steps whose inputs come from steps that neither run nor have recorded outputs."""
    if len(chosen) == len(graph.nodes):
        return  # nothing is taken from elsewhere; to look takes 6 us a step
    wanted = {
        each
        for path in chosen
        for argument in graph.node(path).arguments
        if not argument.is_optional
        for each in _required(argument.source)
        if each.node not in chosen
    }
    for each in sorted(wanted):
        if each.node not in outputs:
            yield InvalidError(
                f"'{each.output}' of step '{each.node}' is needed, but '{each.node}' is not selected and has never run",
                hint,
            )
        elif each.output not in {output.name for output in outputs[each.node]}:
            yield InvalidError(
                f"'{each.output}' of step '{each.node}' is needed, but '{each.node}' has not recorded it", hint
            )
