"""Whether a generation may be taken over by other code: when every step that leads to a state would do what it did."""

from __future__ import annotations

from collections.abc import Iterator

from .graph import Graph, Node, ReturnKind
from .lineages import Manifest
from .locking import all_nodes, outline_of
from .locks import Difference, LockedPipeline, LockedStep, LockPart, differences
from .ports import Loaded
from .records import replace
from .supply import upstreams


def state_differences(old: Loaded, manifest: Manifest, new: Loaded) -> list[Difference]:
    """Return what is not as it was in the steps that lead to trained states; empty: they would be trained alike.

    Args:
        old: the lineage a generation is of, compiled to train with that generation's parameters.
        manifest: of that lineage: its packages are those it was released with, not those installed now.
        new: what is to take the generation over, compiled likewise.
    """
    before, after = _leading(old), _leading(new)
    before = replace(before, steps={path: _as_released(step, manifest) for path, step in before.steps.items()})
    found = differences(before, after)
    for path, step in after.steps.items():
        if step.unknown is not None:
            found.append(Difference(part=LockPart.CODE, name=path, old=None, new=step.unknown, steps=(path,)))
    return found


def state_steps(graph: Graph) -> set[str]:
    """Return the paths of the steps that return `state()`, and of all that their values come from."""
    nodes = {node.path: node for node in all_nodes(graph)}
    stack = [path for path, node in nodes.items() if _makes_state(graph, node)]
    found: set[str] = set()
    while stack:
        path = stack.pop()
        if path not in found and path in nodes:
            found.add(path)
            stack += _sources(graph, nodes[path])
    return found


def _makes_state(graph: Graph, node: Node) -> bool:
    return any(each.kind is ReturnKind.STATE for each in graph.operations[node.operation].returns)


def _sources(graph: Graph, node: Node) -> Iterator[str]:
    for argument in node.arguments:
        yield from (each.node for each in upstreams(argument.source))
    if node.guard is not None:
        yield node.guard.node
    yield from node.files
    if node.grows is not None:
        yield from (inner.path for inner in graph.bodies[node.grows].nodes)


def _leading(loaded: Loaded) -> LockedPipeline:
    wanted = state_steps(loaded.graph)
    outline = outline_of(loaded, "")
    return replace(outline, steps={path: step for path, step in outline.steps.items() if path in wanted})


def _as_released(step: LockedStep, manifest: Manifest) -> LockedStep:
    released = {**manifest.requirements, **({"python": manifest.python} if manifest.python else {})}
    return replace(step, packages={name: released.get(name, version) for name, version in step.packages.items()})
