"""A graph in which each chosen step stands alone, on what it was given in an earlier run: for `graft verify`.

Whatever order it runs in, each step gets its recorded inputs, and a step that comes out otherwise spoils no other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .artifacts import ArtifactRef, Output
from .errors import InvalidError
from .graph import Argument, Graph, Node, Operation
from .growth import Plot
from .orders import Resolved
from .records import dataclass, replace
from .supply import Gather, Source, Upstream
from .values import Values

_VALUE = "value"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """Steps that stand alone, and what they are given."""

    graph: Graph
    """Its nodes need nothing; their order is the one given."""
    given: Mapping[str, tuple[Output, ...]]
    """By path that no step can have: a recorded value, or the catalog files of a step."""
    unmade: Mapping[str, str]
    """Path -> why it cannot be run again: a value it took is not on record."""


def repeat(graph: Graph, recorded: Mapping[str, Sequence[Output]], paths: Sequence[str]) -> Repeat:
    """Return the steps at `paths`, in that order, each on the recorded outputs of what it needs.

    Args:
        graph: as it had grown when the run ended.
        recorded: outputs by path, of all good steps of that run.
        paths: what is to be run again.
    """
    plot = Plot(graph)
    values = Values(plot, recorded)
    given: dict[str, tuple[Output, ...]] = {}
    nodes, unmade = [], {}
    for path in paths:
        try:
            order = values.order(path, 1)
        except InvalidError as problem:
            unmade[path] = problem.message
            continue
        files = f"[files]/{path}"
        if order.files:
            given[files] = tuple(Output(name, "file", ref) for name, ref in order.files)
        arguments = tuple(Argument(name, _source(value, given)) for name, value in order.arguments)
        old = plot.nodes[path]
        nodes.append(
            Node(
                path=path,
                operation=old.operation,
                arguments=arguments,
                files=(files,) if order.files else (),
                family=old.family,
                environ=old.environ,
            )
        )
    operations = tuple(_alone(operation) for operation in graph.operations)
    return Repeat(
        graph=Graph(name=graph.name, nodes=tuple(nodes), operations=operations, mode=graph.mode),
        given=given,
        unmade=unmade,
    )


def _source(value: Resolved, given: dict[str, tuple[Output, ...]]) -> Source:
    if isinstance(value, ArtifactRef):
        place = f"[value]/{value.serializer}/{value.sha256}"
        given[place] = (Output(_VALUE, "value", value),)
        return Upstream(place, _VALUE)
    if isinstance(value, list):
        return Gather(tuple(_source(item, given) for item in value))
    return value


def _alone(operation: Operation) -> Operation:
    """A step that ends its pipeline would end the checking of all the others."""
    if operation.policy.terminate is None:
        return operation
    return replace(operation, policy=replace(operation.policy, terminate=None))
