"""Laws of compiling: random pipelines, nested to any depth, become graphs whose order holds however they grow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from authoring import graph_of
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import examples

from graftline import Catalog, Conditional, Loop, Map, Parallel, Pipeline, Stub
from graftline.core.canonical import canonical
from graftline.core.graph import BodyKind, Graph, Growth
from graftline.core.graphcodec import graph_from_json, graph_to_json
from graftline.core.graphrows import packed_graph
from graftline.core.graphtext import graph_from_text, graph_text
from graftline.core.growth import Plot, outlined
from graftline.core.outline import Outline
from graftline.core.selection import Selection
from graftline.core.steps import Step
from graftline.core.supply import upstreams

SEEDS = st.integers(0, 2**32)
DEPTH = 3
NAMES = ("u", "v", "w")
"""Values that parameters give, so that every step may take them wherever it is."""


class Author:
    """Writes pipelines by chance; drawing each choice by itself would take hypothesis minutes."""

    def __init__(self, seed: int):
        self.random = Random(seed)

    def names(self, known: Sequence[str], least: int = 0) -> list[str]:
        return [*dict.fromkeys(self.random.choices(known, k=self.random.randint(least, len(known))))]

    def pipeline(self, depth: int) -> Pipeline:
        listed = [self.step(depth) for _ in range(self.random.randint(1, 3))]
        for number, step in enumerate(listed):
            step.name += str(number)
            if number and self.random.random() < 0.2:
                listed[self.random.randrange(number)] >> step
        return Pipeline(listed, order=self.random.choice(["listed", "listed", "data", "declared"]))

    def step(self, depth: int) -> Step:
        options: dict[str, Any] = {"fence": self.random.choice([None, None, True, False])}
        if depth and self.random.random() < 0.2:
            options["on_failure"] = self.pipeline(0)
        makers = [self.task] if depth == 0 else [self.task, self.task, *self.composites]
        return self.random.choice(makers)(depth - 1, options)

    def task(self, depth: int, options: dict[str, Any]) -> Step:
        catalog = self.random.choice([None, Catalog(put="f"), Catalog(put="*.g"), Catalog(get="*")])
        wires: dict[str, Any] = {name: name for name in self.names(NAMES)}
        return Stub("s", returns=self.names(NAMES), inputs=wires, catalog=catalog, **options)

    @property
    def composites(self) -> list[Callable[[int, dict[str, Any]], Step]]:
        return [self.parallel, self.nested, self.map, self.conditional, self.loop]

    def parallel(self, depth: int, options: dict[str, Any]) -> Step:
        branches = {name: self.pipeline(depth) for name in self.names("ab", 1)}
        known = Parallel(branches).outputs
        return Parallel(branches, gather=[name for name in NAMES if name in known], name="p", **options)

    def nested(self, depth: int, options: dict[str, Any]) -> Step:
        return self.pipeline(depth).with_(name="n", **options)

    def map(self, depth: int, options: dict[str, Any]) -> Step:
        collect = self.random.choice([None, "u"])
        return Map(self.pipeline(depth), "items", "item", collect=collect, name="m", **options)

    def conditional(self, depth: int, options: dict[str, Any]) -> Step:
        default = self.random.choice([None, self.pipeline(depth)])
        branches: dict[Any, Any] = {word: self.pipeline(depth) for word in self.names("xy", 1)}
        return Conditional("items", branches, default, name="c", **options)

    def loop(self, depth: int, options: dict[str, Any]) -> Step:
        branch = self.pipeline(depth)
        ends = self.random.choice([None, *(name for step in branch.steps for name in step.outputs)])
        return Loop(branch, self.random.randint(1, 3), ends, "i", "l", **options)


def compile_(pipeline: Pipeline) -> Graph:
    first = Stub("first", catalog=Catalog(put="f"), returns=["first"])
    params = {**dict.fromkeys(NAMES, 0), "items": [1]}
    return graph_of(Pipeline([first, Pipeline([pipeline.with_(name="all")], name="outer")], params=params))


def check(graph: Graph) -> None:
    """Every node comes after what it needs, and what it takes is of a node it waits for, directly or not."""
    before: dict[str, set[str]] = {}
    for node in graph.nodes:
        assert before.keys() >= set(node.needs), f"{node.path} comes before what it needs"
        before[node.path] = set(node.needs).union(*(before[need] for need in node.needs))
        if node.guard is not None:
            assert node.guard.node in before[node.path], f"{node.path} does not wait for {node.guard}"
        for argument in node.arguments:
            for each in upstreams(argument.source):
                assert each.node in before[node.path], f"{node.path} does not wait for {each}"
        assert before[node.path] >= {file for file in node.files if file in before}
        assert before.keys() >= set(node.files)


FEW = settings(max_examples=examples(80), deadline=None)


@FEW
@given(SEEDS)
def test_what_is_compiled_comes_back_from_json(seed: int) -> None:
    graph = compile_(Author(seed).pipeline(DEPTH))
    assert graph_from_json(graph_to_json(graph)) == graph
    assert graph_text(graph) == canonical(graph_to_json(graph))
    assert graph_from_text(graph_text(graph)) == graph
    read_back, columns = packed_graph(graph)
    assert read_back(*columns) == graph


@FEW
@given(SEEDS)
def test_every_node_comes_after_what_it_needs_and_takes_however_the_graph_grows(seed: int) -> None:
    graph = compile_(Author(seed).pipeline(DEPTH))
    check(graph)
    check(outlined(graph))
    plot, chance = Plot(graph), Random(seed)
    waiting = [node.path for node in graph.nodes if node.grows is not None]
    for _ in range(8):
        if not waiting:
            break
        path = waiting.pop(chance.randrange(len(waiting)))
        position = plot.nodes[path].grows
        assert position is not None
        is_map = graph.bodies[position].kind is BodyKind.MAP
        grown = plot.grow(*Growth(path, chance.randint(0, 2) if is_map else 1))
        waiting += [node.path for node in grown.added if node.grows is not None]
    check(plot.graph())
    check(outlined(plot.graph()))


@FEW
@given(SEEDS)
def test_the_end_of_a_composite_waits_for_all_that_is_inside(seed: int) -> None:
    graph = outlined(compile_(Author(seed).pipeline(DEPTH)))
    for node in graph.nodes:
        below = {path for path in graph.index if path.startswith(f"{node.path}/")}
        inside = {path for path in below if not path.startswith(f"{node.path}/on_failure")}
        assert graph.ancestors({node.path}) >= inside


@FEW
@given(SEEDS)
def test_a_picture_reaches_all_that_the_graph_reaches(seed: int) -> None:
    outline = Outline(compile_(Author(seed).pipeline(DEPTH)))
    drawn: dict[str, set[str]] = {path: set() for path in outline.graph.index}
    for before, after in outline.edges:
        drawn[after] |= {before} | drawn[before]
    for node in outline.graph.nodes:
        assert drawn[node.path] >= set(node.needs)


@FEW
@given(SEEDS)
def test_a_composite_is_selected_with_all_that_is_inside(seed: int) -> None:
    graph = compile_(Author(seed).pipeline(DEPTH))
    for path in graph.index:
        chosen = Selection(only=(path,)).paths(graph)
        assert path in chosen
        assert {each for each in graph.index if each.startswith(f"{path}/")} <= chosen
