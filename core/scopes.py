"""The pipelines inside a graph: which nodes are in one, what is listed after a step, which node ends it.

A scope is the prefix that the paths of a pipeline's nodes share: `c/left`, `trials/3`, `fit/on_failure`; "" is the
outermost one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from .graph import ON_FAILURE, Node


class Scopes:
    """The tree of paths of a graph. It is built when it is first asked for: most runs never do.

    Args:
        nodes: by path, in the order they were made; whoever adds to them calls `add`.
    """

    def __init__(self, nodes: Mapping[str, Node]):
        self._nodes = nodes
        self._inside: dict[str, dict[str, None]] = {}
        self._number: dict[str, int] = {}

    def add(self, paths: Iterable[str]) -> None:
        """Take in nodes that grew."""
        if self._number:
            self._insert(paths)

    def below(self, scope: str) -> Iterator[str]:
        """Yield the paths of all nodes of a pipeline, to any depth."""
        for child in self._children(scope):
            yield from self._subtree(child)

    def listed_after(self, path: str) -> Iterator[str]:
        """Yield the paths of all nodes that belong to steps listed after this one in its pipeline."""
        number = self._number_of(path)
        for child in self._children(scope_of(path)):
            # Steps of one pipeline are made at one time, so that their numbers tell how they are listed.
            if self._number.get(child, -1) > number:
                yield from self._subtree(child)

    def end_of(self, scope: str) -> str:
        """Return the path of the node that ends a pipeline other than the outermost one.

        The end of a pipeline, an iteration or an `on_failure` path is at the path itself, that of a branch or an item
        at the composite's.
        """
        return scope if scope in self._nodes else scope_of(scope)

    def _children(self, scope: str) -> Iterator[str]:
        """Yield what is right below a scope and part of its pipeline, which its `on_failure` path is not."""
        self._number_of("")
        recovery = f"{scope}/{ON_FAILURE}"
        for child in self._inside.get(scope, ()):
            if child != recovery:
                yield child

    def _subtree(self, top: str) -> Iterator[str]:
        stack = [top]
        while stack:
            path = stack.pop()
            if path in self._nodes:
                yield path
            stack.extend(self._inside.get(path, ()))

    def _number_of(self, path: str) -> int:
        if not self._number:
            self._insert(self._nodes)
        return self._number.get(path, -1)

    def _insert(self, paths: Iterable[str]) -> None:
        for path in paths:
            self._number[path] = len(self._number)
            child = path
            while child:
                above = scope_of(child)
                inside = self._inside.setdefault(above, {})
                if child in inside:
                    break
                inside[child] = None
                child = above


def scope_of(path: str) -> str:
    """Return the pipeline a node is in."""
    return path.rpartition("/")[0]


def around(path: str) -> Iterator[str]:
    """Yield every path above this one, the nearest first; "" is not among them."""
    above = scope_of(path)
    while above:
        yield above
        above = scope_of(above)
