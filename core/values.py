"""What steps of a run have produced, and the arguments of a step resolved from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import assert_never

from .artifacts import ArtifactRef, Output
from .errors import InvalidError
from .graph import Blob, Constant, Gather, Graph, Node, Source, Upstream, upstreams
from .orders import Order, Resolved

_GIVEN = (Constant, Blob)


class Values:
    """Outputs by step of one run.

    Args:
        graph: of the run.
        recorded: outputs of steps that are not run again, by path.
    """

    def __init__(self, graph: Graph, recorded: Mapping[str, Iterable[Output]]):
        self._graph = graph
        self._with_files = {at for at, operation in enumerate(graph.operations) if operation.policy.get}
        self._outputs: dict[str, tuple[Output, ...]] = {path: tuple(outputs) for path, outputs in recorded.items()}

    def add(self, path: str, outputs: tuple[Output, ...]) -> None:
        """Keep what a step produced, if a later one may ask for it."""
        if self._graph.dependants[path]:
            self._outputs[path] = outputs

    def order(self, path: str, attempt: int) -> Order:
        """Return the order for an attempt, its arguments resolved."""
        node = self._graph.node(path)
        arguments = tuple([(name, self._resolve(source)) for name, source, _ in node.arguments])
        files = self._files(node) if node.operation in self._with_files else ()
        return Order(path, attempt, node.operation, arguments, files)

    def missing(self, path: str) -> list[Upstream]:
        """Return the upstream values a step takes that nobody has produced."""
        found = []
        for argument in self._graph.node(path).arguments:
            found += [each for each in upstreams(argument.source) if self._find(each) is None]
        return found

    def _resolve(self, source: Source) -> Resolved:
        if isinstance(source, _GIVEN):
            return source
        if isinstance(source, Upstream):
            ref = self._find(source)
            if ref is None:
                raise InvalidError(f"'{source.node}' has no recorded output '{source.output}'")
            return ref
        if isinstance(source, Gather):
            return [self._resolve(item) for item in source.items]
        assert_never(source)

    def _find(self, wanted: Upstream) -> ArtifactRef | None:
        for output in self._outputs.get(wanted.node, ()):
            if output.name == wanted.output and output.role != "file":
                return output.ref
        return None

    def _files(self, node: Node) -> tuple[tuple[str, ArtifactRef], ...]:
        """Return the catalog files a step asks for, from the steps it needs; a later step's file wins."""
        wanted = self._graph.operations[node.operation].policy.get
        files = {
            output.name: output.ref
            for need in node.needs
            for output in self._outputs.get(need, ())
            if output.role == "file" and any(fnmatchcase(output.name, glob) for glob in wanted)
        }
        return tuple(files.items())
