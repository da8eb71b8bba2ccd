"""A workspace of one project on a registry, whose code a test changes as a person changes a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from registries import CONTENT, digest, draft_generation
from run_specs import chain
from spaces import Space

from graftline.core.graph import Graph, Json, Return, ReturnKind
from graftline.core.lineages import Generation, Lineage
from graftline.core.prints import Print
from graftline.core.registry import Registry
from graftline.core.releases import ReleaseRequest
from graftline.core.releasing import Lineages
from graftline.core.requests import RunRequest
from graftline.core.runs import Snapshot, Target

TARGET = Target(text="pipeline.py:churn", root="/project", cwd="/project", sys_path=("/project",))


class Shelved:
    """A project `churn` of the steps features, fit (which returns a state) and report."""

    def __init__(self, registry: Registry, other: Registry | None = None, **changes: Any) -> None:
        self.registry = registry
        given = {"registry": lambda: registry, "registry_at": lambda text: other, "who": lambda: "ada@lab"}
        self.space = Space(_graph(), **{"project": "churn", **given, **changes})
        self.lineages: Lineages = self.space.workspace.lineages
        self.edit("first")
        self.prints(features="1", fit="1", report="1")

    def edit(self, text: str) -> None:
        """Change the code."""
        self.space.loader.snapshot = Snapshot(
            files={"pipeline.py": digest(text.encode())}, contents={digest(text.encode()): text.encode()}
        )

    def prints(self, **steps: str) -> None:
        """Say what the code of a step is, and which numpy it uses after a dash: `fit="2-2.1"`."""
        for at, name in enumerate(("features", "fit", "report")):
            if name in steps:
                code, _, numpy = steps[name].partition("-")
                packages = {"numpy": numpy} if numpy else {}
                self.space.loader.prints[at] = Print(parts={f"pipeline.py:{name}": code}, packages=packages)

    def working(self) -> Lineage:
        """Publish the working copy as a development lineage."""
        return self.lineages.working(self.space.workspace.load(RunRequest(target=TARGET)), TARGET)

    def release(self, **request: Any) -> tuple[Lineage, Generation | None]:
        """Release the working copy."""
        releasing = self.lineages.releasing
        planned = releasing.plan(
            ReleaseRequest(target=TARGET, **request), self.space.workspace.load(RunRequest(target=TARGET))
        )
        return releasing.publish(planned)

    def train(self, version: str, state: bytes = b"one", metrics: Mapping[str, Json] | None = None) -> Generation:
        """Commit a generation, as a training run does."""
        draft = replace(
            draft_generation(state), version=version, metrics=metrics or {}, created=self.space.workspace.parts.clock()
        )
        return self.registry.commit(draft, CONTENT.__getitem__)

    def places(self, moves: Sequence[str]) -> None:
        """Set the champion to one place after another."""
        for each in moves:
            self.lineages.aliasing.move((f"churn/{each}",), "champion")


def _graph() -> Graph:
    """Return the chain with an operation for each step; the second returns a state."""
    graph = chain("features", "fit", "report")
    (same,) = graph.operations
    state = replace(same, returns=(Return(name="value", kind=ReturnKind.STATE),))
    nodes = tuple(replace(node, operation=at) for at, node in enumerate(graph.nodes))
    return replace(graph, nodes=nodes, operations=(same, state, same))
