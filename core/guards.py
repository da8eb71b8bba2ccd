"""Who depends on what comes out of a node: the branches of a choice, the pipeline that takes over when a step fails."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .graph import ON_FAILURE, Node


class Guards:
    """The guards of a graph, by the node that decides them.

    Args:
        nodes: of the graph.
    """

    def __init__(self, nodes: Iterable[Node]):
        self.recoverable: set[str] = set()
        """Paths of nodes that have an `on_failure` pipeline."""
        self._guarded: dict[str, list[Node]] = {}
        self._waiting: dict[str, list[str]] = {}
        self.add(nodes)

    def __bool__(self) -> bool:
        return bool(self._guarded)

    def add(self, nodes: Iterable[Node]) -> None:
        """Take in nodes that grew."""
        for node in nodes:
            guard = node.guard
            if guard is None:
                continue
            self._guarded.setdefault(guard.node, []).append(node)
            if guard.word == ON_FAILURE:
                self.recoverable.add(guard.node)
            if guard.node not in node.needs:
                self._waiting.setdefault(guard.node, []).append(node.path)

    def of(self, path: str) -> Sequence[Node]:
        """Return the nodes that run or not by what comes out of a node."""
        return self._guarded.get(path, ())

    def waiting(self, path: str) -> Sequence[str]:
        """Return the paths of those among them that do not name it in their needs; they wait for it all the same."""
        return self._waiting.get(path, ())


def waits_of(node: Node) -> tuple[str, ...]:
    """Return everything a node waits for: what it needs, and what decides whether it runs."""
    if node.guard is None or node.guard.node in node.needs:
        return node.needs
    return (*node.needs, node.guard.node)


def recovery_of(path: str) -> str:
    """Return the path of the pipeline that takes over when a node fails; the node at that path ends it."""
    return f"{path}/{ON_FAILURE}"


def is_recovery(node: Node) -> bool:
    """Tell whether a node is the end of an `on_failure` pipeline, and not a step of one."""
    guard = node.guard
    return guard is not None and guard.word == ON_FAILURE and node.path == recovery_of(guard.node)


def is_of_recovery(path: str, failed: str) -> bool:
    """Tell whether a node belongs to the pipeline that takes over when another one fails, its end included."""
    recovery = recovery_of(failed)
    return path == recovery or path.startswith(f"{recovery}/")
