"""Plain functions to make pipelines of, and a compiler with the real workshop, for tests of the authoring model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from graftline.core.compiler import Compiled
from graftline.core.given import Given
from graftline.core.graph import Graph
from graftline.core.pipeline import Pipeline
from graftline.worker.workshop import compile_in

ROOT = str(Path(__file__).parent)


def load() -> list[int]:
    return [1, 2, 3]


def clean(df: Any, drop: bool = False) -> Any:
    return [each for each in df if each or not drop]


def fit(df: Any, C: float = 1.0, depth: int = 3) -> Any:
    return sum(df) * C + depth


def publish(model: Any) -> None:
    print(model)


def everything(**kwargs: Any) -> Any:
    return kwargs


def at(path: Path) -> str:
    return str(path)


def pair(bounds: tuple[int, int]) -> Any:
    return bounds


class Estimator:
    def __init__(self, C: float = 1.0):
        self.C = C

    def clone(self) -> Estimator:
        return Estimator(self.C)


def compiled(pipeline: Pipeline, **layers: Mapping[str, object]) -> Compiled:
    return compile_in(ROOT, pipeline, Given(**layers), name="demo")  # type: ignore[arg-type]  # layers by name


def graph_of(pipeline: Pipeline, **layers: Mapping[str, object]) -> Graph:
    return compiled(pipeline, **layers).graph


def needs_of(graph: Graph) -> dict[str, list[str]]:
    return {node.path: list(node.needs) for node in graph.nodes}


def arguments_of(graph: Graph, path: str) -> dict[str, object]:
    return {argument.name: argument.source for argument in graph.node(path).arguments}
