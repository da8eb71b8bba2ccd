"""What stands in the way of reuse, as far as code and policy say it before any run: for `graft check`."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from .evidencing import decides, is_bare
from .graph import Graph
from .named import NamedTuple
from .outline import Outline
from .prints import Prints


class Obstacle(StrEnum):
    """Why a step runs although nothing has changed."""

    EFFECT = "effect"
    """It keeps nothing."""
    SOURCE = "source"
    """It may read the world behind our back."""
    UNKNOWN = "unknown"
    """Its code is known only while it runs."""
    OFF = "off"
    """`cache=False`."""


class Foretold(NamedTuple):
    """One step that will not be reused by `run`."""

    path: str
    """Items of a map as `*`."""
    obstacle: Obstacle
    detail: str | None
    """How, as a person would say it; None: the obstacle says all."""


def foretell(graph: Graph, prints: Prints) -> Iterator[Foretold]:
    """Yield the steps of a compiled graph that run each time, in definition order."""
    outline = Outline(graph)
    for path in outline.steps:
        node = outline.graph.node(path)
        operation = outline.graph.operations[node.operation]
        known = prints.get(node.operation)
        if operation.policy.cache == "never":
            yield Foretold(path, Obstacle.OFF, None)
        elif decides(operation):
            continue
        elif known is not None and known.unknown is not None:
            yield Foretold(path, Obstacle.UNKNOWN, known.unknown)
        elif is_bare(operation):
            yield Foretold(path, Obstacle.EFFECT, None)
        elif known is not None and known.source is not None and not operation.policy.reads:
            yield Foretold(path, Obstacle.SOURCE, known.source)
