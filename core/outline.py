"""A graph for looking at: what is drawn of composites, how it is labelled, and what stands together."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from .graph import ON_FAILURE, CallKind, Graph, Guard
from .growth import outlined

CONTROLS: Mapping[CallKind, str] = {
    CallKind.SPLIT: "each",
    CallKind.CHOOSE: "which",
    CallKind.UNTIL: "again?",
    CallKind.REDUCE: "collect",
    CallKind.JOIN: "end",
}
"""Kinds of nodes that start or end a composite: people did not write them. And what one is called inside its frame."""
_STARTS = {CallKind.SPLIT: "map", CallKind.CHOOSE: "if"}


class Outline:
    """A graph, each map that has not grown with one item `*` that stands for all of them.

    Args:
        graph: as compiled, or grown.
    """

    def __init__(self, graph: Graph):
        self.graph = outlined(graph)

    def is_control(self, path: str) -> bool:
        """Tell whether a node only starts or ends a composite."""
        return self._kind(path) in CONTROLS

    @property
    def steps(self) -> list[str]:
        """Paths of what people wrote, in definition order."""
        return [node.path for node in self.graph.nodes if not self.is_control(node.path)]

    @cached_property
    def edges(self) -> list[tuple[str, str]]:
        """Every (before, after) pair that says something: an end waits for all inside, and only the last are drawn."""
        return [
            (need, node.path)
            for node in self.graph.nodes
            for need in node.needs
            if not self.is_control(node.path) or not self._is_implied(need, node.path)
        ]

    def with_inside(self, chosen: set[str]) -> set[str]:
        """Return chosen paths of the graph, and what stands for the items of the maps among them."""
        added = [path for path in self.graph.index if path not in chosen and "*" in path.split("/")]
        return chosen | {path for path in added if path[: f"/{path}/".index("/*/") - 1] in chosen}

    def label(self, path: str) -> str:
        """Return what a node is called where nothing frames it: its path, a start by what it starts."""
        kind = self._kind(path)
        if kind in _STARTS:
            return f"{_STARTS[kind]} {path.rpartition('/')[0]}"
        return f"{path} {CONTROLS[kind]}" if kind is CallKind.UNTIL else path

    def short(self, path: str) -> str:
        """Return what a node is called inside the frames it is in."""
        return CONTROLS.get(self._kind(path)) or path.rpartition("/")[2]

    def frame(self, path: str) -> str:
        """Return the path of the innermost frame a node is in; "" for none. Ends are inside the frame they close."""
        return path if path in self._frames else path.rpartition("/")[0]

    @cached_property
    def _frames(self) -> set[str]:
        return {path.rpartition("/")[0] for path in self.graph.index} | {
            "/".join(path.split("/")[:depth]) for path in self.graph.index for depth in range(1, path.count("/"))
        }

    def _kind(self, path: str) -> CallKind:
        return self.graph.operation_of(path).call.kind

    def _is_implied(self, need: str, end: str) -> bool:
        """Tell whether an end waits for another node that waits for this one, and runs when this one passes."""
        after = [path for path in self.graph.dependants[need] if path.startswith(f"{end}/")]
        inside = [path for path in after if not path.startswith(f"{end}/{ON_FAILURE}")]
        return any(self.graph.node(path).guard != Guard(need, ON_FAILURE) for path in inside)
