"""What a graph holds that Argo cannot be told, or nobody has said how to tell; found before anything is written."""

from __future__ import annotations

import os
from collections.abc import Iterator

from ...core.demands import DEFAULT_LABEL
from ...core.errors import InvalidError, nearest
from ...core.graph import ON_FAILURE, BodyKind, CallKind, Graph, Node, Terminate
from ...core.scopes import scope_of
from ...core.supply import HERE
from .settings import ArgoSettings

MEASURED = ("cpus", "memory", "gpu")
"""Resources that Kubernetes counts."""


def nodes_of(graph: Graph) -> Iterator[Node]:
    """Yield the nodes of a graph and of its bodies."""
    yield from graph.nodes
    for body in graph.bodies:
        yield from body.nodes


def refusals(graph: Graph, settings: ArgoSettings) -> list[InvalidError]:
    """Return everything about a graph that stands in the way."""
    loops = list(_loops(graph))
    problems = loops or list(_endings(graph))  # what is in a loop waits for what only an engine makes
    for node in nodes_of(graph):
        problems += _needs(graph, node, settings)
        if "{{" in node.path:
            problems.append(_problem(graph, node, "has '{{' in its name, which Argo fills in", "call it otherwise"))
        guard = node.guard
        if guard is not None and guard.word == ON_FAILURE and node.path == f"{guard.node}/{ON_FAILURE}":
            failing = next(each for each in nodes_of(graph) if each.path == guard.node)
            if graph.operations[failing.operation].call.kind is CallKind.JOIN:
                text = (
                    "is a composite with on_failure=, which Argo cannot be told: its end does not fail, it is left out"
                )
                problems.append(_problem(graph, failing, text, "give on_failure= to the steps inside"))
    return problems


def _loops(graph: Graph) -> Iterator[InvalidError]:
    for body in graph.bodies:
        if body.kind is BodyKind.LOOP:
            node = body.nodes[-1]
            loop = node.path.rpartition(f"/{HERE}")[0]
            yield _problem(
                graph,
                node,
                "is a loop, and Argo knows no task that is repeated until something holds",
                "write the iterations out (Parallel, Map, or one step that loops itself), or run it elsewhere",
                name=loop,
            )


def _endings(graph: Graph) -> Iterator[InvalidError]:
    """Yield terminate steps that would stop what is under way: Argo lets it go on."""
    by_path = {node.path: node for node in nodes_of(graph)}
    for node in by_path.values():
        word = graph.operations[node.operation].policy.terminate
        if word is None:
            continue
        if word is Terminate.FAILURE:
            text = "ends its pipeline with failure although it succeeds, which Argo cannot be told"
            yield _problem(graph, node, text, "let the step raise")
            continue
        scope = scope_of(node.path)
        before = _before(by_path, node)
        beside = [
            path
            for path in by_path
            if scope_of(path) == scope and path != node.path and path not in before and not scope.startswith(f"{path}/")
        ]
        if beside:
            text = f"ends its pipeline while '{_shown(beside[0])}' may not have run, and Argo would go on with that"
            yield _problem(graph, node, text, "list it last, after all others: after=[...]")


def _before(nodes: dict[str, Node], node: Node) -> set[str]:
    found: set[str] = set()
    waiting = [*node.needs]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += nodes[path].needs
    return found


def _needs(graph: Graph, node: Node, settings: ArgoSettings) -> Iterator[InvalidError]:
    policy = graph.operations[node.operation].policy
    for label in policy.labels:
        if label != DEFAULT_LABEL and label not in settings.labels:
            text = f"wants label '{label}', and nobody says which nodes have it{nearest(label, list(settings.labels))}"
            yield _problem(graph, node, text, f'[runner.NAME.labels] {label} = {{"cloud/name" = "value"}}')
    for name in policy.resources:
        if name not in MEASURED and name not in settings.ignore:
            text = f"wants some of '{name}', a limit that Kubernetes does not keep"
            yield _problem(graph, node, text, f'[runner.NAME] ignore = ["{name}"] does without')
    if policy.secrets and settings.secret is None:
        text = f"wants the secret '{policy.secrets[0]}', and nobody says which Kubernetes secret has it"
        yield _problem(graph, node, text, '[runner.NAME] secret = "graftline"')
    for name in policy.env:
        if "{{" in os.environ.get(name, ""):
            yield _problem(graph, node, f"takes {name}, whose value has '{{{{' in it, which Argo fills in")


def _problem(graph: Graph, node: Node, text: str, hint: str | None = None, *, name: str | None = None) -> InvalidError:
    call = graph.operations[node.operation].call
    return InvalidError(f"step '{_shown(name or node.path)}' {text}", hint, file=call.file, line=call.line)


def _shown(path: str) -> str:
    return path.replace(f"/{HERE}", "")
