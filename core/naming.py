"""Finding a step, or an output, by what a person wrote for it."""

from __future__ import annotations

from collections.abc import Sequence

from .artifacts import ArtifactRef
from .errors import MissingError, nearest
from .graph import Graph
from .ids import RunId
from .runs import StepRun


def named_step(run: RunId, graph: Graph, text: str) -> str:
    """Return the path of the one step that a path or name means.

    Raises:
        MissingError: no step, or several, fit.
    """
    if text in graph.index:
        return text
    if len(named := [node.path for node in graph.nodes if node.name == text]) == 1:
        return named[0]
    if named:
        raise MissingError(f"several steps are called '{text}'", f"name one by its path: {', '.join(named[:6])}")
    raise MissingError(f"run {run} has no step '{text}'{nearest(text, list(graph.index))}")


def named_output(run: RunId, text: str, among: Sequence[StepRun], known: Sequence[StepRun]) -> ArtifactRef:
    """Return the one output that `name` or `step:name` means.

    Args:
        run: for messages.
        text: as it was written.
        among: steps it may be of.
        known: steps whose outputs are offered when there is none.

    Raises:
        MissingError: nothing, or several things, have that name.
    """
    name = text.rpartition(":")[2]
    found = {each.path: output.ref for each in among for output in each.outputs if output.name == name}
    # Of a composite and what is inside of it, the composite: its end hands on what people ask for.
    inside = {path for path in found for at, each in enumerate(path) if each == "/" and path[:at] in found}
    found = {path: ref for path, ref in found.items() if path not in inside}
    if len(found) == 1:
        return next(iter(found.values()))
    if found:
        raise MissingError(
            f"several steps of run {run} have an output '{name}'",
            f"write one as {', '.join(f'{path}:{name}' for path in list(found)[:4])}",
        )
    names = list(dict.fromkeys(output.name for each in known for output in each.outputs))
    hint = f"outputs: {', '.join(names)}" if names else "it has no outputs"
    raise MissingError(f"run {run} has no output '{text}'{nearest(name, names)}", hint)
