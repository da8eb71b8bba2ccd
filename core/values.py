"""What steps of a run have produced, and the arguments of a step resolved from it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias, assert_never

from .artifacts import INLINE_LIMIT, ArtifactRef, Output
from .catalog import matches
from .errors import InvalidError
from .events import StepJoined
from .graph import Argument, CallKind, Json, Node
from .growth import Plot
from .orders import Order, Resolved
from .supply import Blob, Carried, Constant, Either, Gather, Index, Item, Source, Stored, Upstream

_FEW = 8
"""Outputs up to which looking through them is faster than a dictionary of them; a split may have ten thousand."""

_Inputs: TypeAlias = tuple[tuple[tuple[str, Resolved], ...], tuple[tuple[str, ArtifactRef], ...]]
"""Arguments, and catalog files."""

_ABSENT = Constant(None, "absent")


class Values:
    """Outputs by step of one run.

    Args:
        plot: the graph of the run, as it stands.
        recorded: outputs of steps that are not run again, by path.
    """

    def __init__(self, plot: Plot, recorded: Mapping[str, Iterable[Output]]):
        self._plot = plot
        operations = plot.origin.operations
        self._operations = operations
        self._joins = plot.origin.calling({CallKind.JOIN})
        self._reductions = plot.origin.calling({CallKind.REDUCE})
        self._filed = {path for node in plot.nodes.values() for path in node.files}
        self._outputs: dict[str, tuple[Output, ...]] = {path: tuple(outputs) for path, outputs in recorded.items()}
        self._named: dict[str, dict[str, ArtifactRef]] = {}
        self._judged: dict[str, _Inputs] = {}
        """Inputs by path that a step was judged by, until its first order."""

    def add(self, path: str, outputs: tuple[Output, ...]) -> None:
        """Keep what a step produced, if a later one may ask for it; nodes that grow later may ask for anything."""
        if self._plot.dependants[path] or self._plot.origin.bodies or path in self._filed:
            self._outputs[path] = outputs
            self._named.pop(path, None)

    def outputs(self, path: str) -> tuple[Output, ...]:
        """Return what a step produced; empty when it is not there, or nothing can ask for it."""
        return self._outputs.get(path, ())

    def order(self, path: str, attempt: int) -> Order:
        """Return the order for an attempt, its arguments resolved.

        Raises:
            InvalidError: a value it takes is not there.
        """
        node = self._plot.nodes[path]
        known = self._judged.pop(path, None)
        arguments, files = self.inputs(path) if known is None else known
        return Order(path, attempt, node.operation, arguments, files, node.environ)

    def judged_by(self, path: str) -> _Inputs:
        """Return `inputs` of a step that is ready, and keep them for its order: it gets what it was judged by.

        Raises:
            InvalidError: a value it takes is not there.
        """
        found = self._judged[path] = self.inputs(path)
        return found

    def inputs(self, path: str) -> _Inputs:
        """Return the resolved arguments of a step, and the catalog files it wants restored.

        Raises:
            InvalidError: a value it takes is not there.
        """
        node = self._plot.nodes[path]
        arguments: tuple[tuple[str, Resolved], ...]
        if node.operation in self._reductions:
            arguments = tuple([(name, self._items(source)) for name, source, _ in node.arguments])
        else:
            bound = [
                # Nearly all are of other steps; here, as ten thousand steps take thirty thousand.
                (argument.name, ref)
                if type(source := argument.source) is Upstream and (ref := self._find(source)) is not None
                else self._bound(argument)
                for argument in node.arguments
            ]
            arguments = tuple([pair for pair in bound if pair is not None])
        return arguments, self._restored(node)

    def join(self, path: str, at: float) -> StepJoined:
        """Return what the end of a composite hands on: references of what it is bound to, and catalog files.

        A value that is not there (its branch was not taken, its step was stopped) is left out, and so is what is no
        reference: a list, a constant that is pickled or large. Who takes it from the end in this run gets what the end
        is bound to; it only cannot be read as the end's output.
        """
        node = self._plot.nodes[path]
        outputs = [Output(name, "value", ref) for name, ref in self._handed_on(node)]
        outputs += [Output(name, "file", ref) for name, ref in self._files(node.files)]
        return StepJoined(node=path, at=at, outputs=tuple(outputs))

    def missing(self, path: str) -> list[Upstream]:
        """Return the upstream values a step takes that nobody has produced."""
        arguments = self._plot.nodes[path].arguments
        return [each for argument in arguments if not argument.is_optional for each in self._lacking(argument.source)]

    def _items(self, source: Source) -> list[Resolved]:
        """Return what a map's end gets of its items; None stands for an item that ended before it made the value."""
        assert isinstance(source, Gather)
        found = [self._resolve(item) for item in source.items]
        return [_ABSENT if value is None else value for value in found]

    def _bound(self, argument: Argument) -> tuple[str, Resolved] | None:
        value = self._resolve(argument.source)
        if value is not None:
            return argument.name, value
        if argument.is_optional:
            return None
        lacking = self._lacking(argument.source)
        names = " nor ".join([f"'{each.node}' has no recorded output '{each.output}'" for each in lacking])
        raise InvalidError(names or f"'{argument.name}' is bound to nothing")

    def _resolve(self, source: Source) -> Resolved | None:
        """Return a value; None when it is not there."""
        match source:
            case Upstream():
                return self._find(source)
            case Constant() | Blob():
                return source
            case Stored(ref):
                return ref
            case Gather(items):
                values = [value for item in items if (value := self._resolve(item)) is not None]
                return values if len(values) == len(items) else None
            case Either(items):
                return next((value for item in items if (value := self._resolve(item)) is not None), None)
            case Item() | Index() | Carried():
                raise AssertionError(f"{source} is not filled in")  # growing fills in what only bodies hold
        assert_never(source)

    def _lacking(self, source: Source) -> list[Upstream]:
        if isinstance(source, Upstream):
            return [source] if self._find(source) is None else []
        if isinstance(source, Gather):
            return [each for item in source.items for each in self._lacking(item)]
        if isinstance(source, Either) and self._resolve(source) is None:
            return [each for item in source.items for each in self._lacking(item)]
        return []

    def _find(self, wanted: Upstream) -> Resolved | None:
        node = self._plot.nodes.get(wanted.node) if self._joins else None
        if node is not None and node.operation in self._joins:
            # What the end is bound to rather than its output: a constant stays one, so that text is cast where it goes.
            for name, source, _ in node.arguments:
                if name == wanted.output and (value := self._resolve(source)) is not None:
                    return value
        outputs = self._outputs.get(wanted.node, ())
        if len(outputs) > _FEW:
            named = self._named.get(wanted.node)
            if named is None:
                named = {output.name: output.ref for output in outputs if output.role != "file"}
                self._named[wanted.node] = named
            return named.get(wanted.output)
        for output in outputs:
            if output.name == wanted.output and output.role != "file":
                return output.ref
        return None

    def _handed_on(self, node: Node) -> Iterator[tuple[str, ArtifactRef]]:
        for name, source, _ in node.arguments:
            value = self._resolve(source)
            if isinstance(value, Constant):
                value = _written(value.value)
            if isinstance(value, ArtifactRef):
                yield name, value

    def _restored(self, node: Node) -> tuple[tuple[str, ArtifactRef], ...]:
        """Return the catalog files a step asks for."""
        wanted = self._operations[node.operation].policy.get
        if not wanted:
            return ()
        found = self._files(node.files)
        return tuple([(name, ref) for name, ref in found if any(matches(name, glob) for glob in wanted)])

    def _files(self, paths: Iterable[str]) -> list[tuple[str, ArtifactRef]]:
        """Return the catalog files of nodes; of two with one name the later node's counts."""
        found = {
            output.name: output.ref for path in paths for output in self._outputs.get(path, ()) if output.role == "file"
        }
        return list(found.items())


def _written(value: Json) -> ArtifactRef | None:
    """Return a constant as a worker would have written it; None when it is too large to travel inline."""
    data = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    if len(data) > INLINE_LIMIT:
        return None
    return ArtifactRef(hashlib.sha256(data).hexdigest(), len(data), "json", data)
