"""A pipeline written by calls, and what compiles a body."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from authoring import arguments_of, graph_of
from called_tasks import fit, load, plot

from graftline import pipeline
from graftline.core.graph import Graph
from graftline.core.supply import Constant, Gather, Source, Upstream


@pipeline
def iris(C: float = 1.0) -> None:
    """Fit and plot.

    More of it.
    """
    X, y = load()
    model, _ = fit(X, y, C)
    plot(X, y, model)


def body(function: Callable[[], object], **layers: Any) -> Graph:
    """Compile a body."""
    return graph_of(pipeline(function), **layers)


def argument(graph: Graph, path: str, name: str) -> Source:
    found = arguments_of(graph, path)[name]
    assert isinstance(found, Constant | Gather | Upstream)
    return found
