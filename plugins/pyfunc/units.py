"""The nodes of a graph as calls in this process: functions imported, arguments found, nothing stored between them.

A value goes from one step to the next as the object it is. Workers give each step a copy of its own, read from stored
bytes: a step that writes into what it is given changes it here for those after it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from ...core.artifacts import Output
from ...core.decisions import BRANCH
from ...core.errors import InvalidError
from ...core.graph import ON_FAILURE, CallKind, Graph, Node, Return
from ...core.named import NamedTuple
from ...core.supply import Blob, Constant, Either, Gather, Source, Stored, Upstream
from ...worker.bind import Binder
from ...worker.blobs import object_path, open_object
from ...worker.call import Functions, PythonStep, Step, prepare
from ...worker.codefiles import CodeFiles
from ...worker.context import WorkerContext
from ...worker.pickles import load_by_value
from ...worker.scalars import text_value
from ...worker.stored import value_of
from ...worker.streams import LAZY, finished


class _Missing:
    """What stands for a value that is not there."""


MISSING = _Missing()
Getter: TypeAlias = Callable[[list[Any]], Any]
"""Takes the values of one call by slot, and returns one of them."""
_CALLED = frozenset(
    {CallKind.PYTHON, CallKind.STUB, CallKind.CHOOSE, CallKind.FEED, CallKind.SINK, CallKind.REDUCE, CallKind.SCRIPT}
)
_TYPED = ("cli", "env")


class Take(NamedTuple):
    """One argument of a step."""

    name: str
    get: Getter
    is_optional: bool


class Unit:
    """One node that is called."""

    __slots__ = ("_choice", "_gives", "_takes", "node", "step")

    def __init__(
        self, node: Node, step: Step, takes: Sequence[Take], gives: Mapping[str, int], choice: tuple[int, str] | None
    ) -> None:
        self.node = node
        self.step = step
        self._takes = tuple(takes)
        self._gives = gives
        self._choice = choice

    def is_taken(self, values: list[Any]) -> bool:
        """Tell whether it runs: its branch was chosen."""
        return self._choice is None or values[self._choice[0]] == self._choice[1]

    def arguments(self, values: list[Any]) -> dict[str, Any]:
        """Return what the step is called with.

        Raises:
            InvalidError: a value is not there.
        """
        found = {}
        for name, get, is_optional in self._takes:
            value = get(values)
            if value is not MISSING:
                found[name] = value
            elif not is_optional:
                raise InvalidError(f"step '{self.node.path}' takes '{name}', which nothing has made")
        return found

    def direct(self) -> Callable[[list[Any]], object] | None:
        """Return the call of a plain function that returns one value, without the steps between; None: it is none.

        Three steps of one argument take 2.4 us so.
        """
        step = self.step
        if not isinstance(step, PythonStep) or self._choice is not None or len(self._gives) != 1:
            return None
        function = step.plain_function()
        if function is None or any(each.is_optional for each in self._takes):
            return None
        takes, path = [(each.name, each.get) for each in self._takes], self.node.path
        (slot,) = self._gives.values()

        def call(values: list[Any]) -> None:
            arguments = {}
            for name, get in takes:
                value = arguments[name] = get(values)
                if value is MISSING:
                    self.arguments(values)  # says so
            result = function(**arguments)
            values[slot] = finished(result, step.returns.direct, None) if type(result) in LAZY else result

        call.__qualname__ = path
        return call

    def call(self, values: list[Any]) -> list[tuple[Return, object]]:
        """Call the step, keep what it returns for those after it, and return it."""
        pairs = list(self.step.call(self.arguments(values)))
        for declared, value in pairs:
            slot = self._gives.get(declared.name)
            if slot is not None:
                values[slot] = value
        return pairs


class Units:
    """The calls of one graph, in an order they can be made in.

    Args:
        graph: compiled; without maps and loops, whose calls are known only when they run.
        context: what attempts share; its code must be importable already.
        known: outputs by path of steps that are not called: states of a generation, what a run has recorded.

    Raises:
        InvalidError: a step is no function, or is repeated by a map or loop; or another copy of a project module is
            imported in this process already.
        BaseException: whatever the user's modules raise on import, and what unpickling a state raises.
    """

    def __init__(self, graph: Graph, context: WorkerContext, known: Mapping[str, Sequence[Output]]) -> None:
        self._graph = graph
        self._objects = context.objects
        self._slots: dict[Upstream, int] = {}
        self._start: list[Any] = []
        self._functions = Functions(context)
        self._files = CodeFiles(context.root, {})
        self._context = context
        self._steps: dict[int, Step] = {}
        self._joins = {
            Upstream(node.path, argument.name): argument.source
            for node in graph.nodes
            if self._kind(node) is CallKind.JOIN
            for argument in node.arguments
        }
        for path, outputs in known.items():
            for output in outputs:
                if output.role in ("value", "state", "metric"):
                    self._start[self.slot(Upstream(path, output.name))] = value_of(output.ref, self._objects)
        self.units = [unit for node in graph.nodes if (unit := self._unit(node, known)) is not None]
        _refuse_other_code(graph, context)

    def values(self) -> list[Any]:
        """Return the values of a new call: states and constants are there, the rest is missing."""
        return self._start.copy()

    def slot(self, value: Upstream) -> int:
        """Return where among the values of a call one of them is."""
        found = self._slots.get(value)
        if found is None:
            found = self._slots[value] = len(self._start)
            self._start.append(MISSING)
        return found

    def getter(self, source: Source, binder: Binder | None = None, name: str = "") -> Getter:
        """Return what finds a value; constants are cast and read once, here."""
        if isinstance(source, Upstream):
            handed = self._joins.get(source)
            if handed is not None:
                return self.getter(handed, binder, name)
            return _found(self.slot(source), binder, name)
        if isinstance(source, Constant | Blob):
            value = self._constant(source, binder, name)
            return lambda values: value
        if isinstance(source, Stored):
            found = value_of(source.ref, self._objects)
            return lambda values: found
        if isinstance(source, Gather | Either):
            inner = [self.getter(each) for each in source.items]
            return _gathered(inner) if isinstance(source, Gather) else _first(inner)
        raise InvalidError(f"'{name}' is of a map or loop, which a function cannot do")

    def _unit(self, node: Node, known: Mapping[str, Sequence[Output]]) -> Unit | None:
        kind = self._kind(node)
        if kind in (CallKind.JOIN, CallKind.LOAD) or node.path in known:
            return None
        if node.guard is not None and node.guard.word == ON_FAILURE:
            return None
        operation = self._graph.operations[node.operation]
        if kind not in _CALLED or node.grows is not None or operation.policy.terminate is not None:
            what = "is repeated" if node.grows is not None else f"is a {kind}"
            what = "ends its pipeline" if operation.policy.terminate is not None else what
            raise InvalidError(
                f"step '{node.path}' {what}, which pyfunc cannot do",
                "it calls functions; the local runner runs everything",
                file=operation.call.file,
                line=operation.call.line,
            )
        step = self._steps.get(node.operation)
        if step is None:
            step = self._steps[node.operation] = prepare(operation, self._context, self._functions, self._files)
        takes = [
            Take(each.name, self.getter(each.source, step.binder, each.name), each.is_optional)
            for each in node.arguments
        ]
        gives = {each.name: self.slot(Upstream(node.path, each.name)) for each in operation.returns}
        if kind is CallKind.CHOOSE:
            gives[BRANCH] = self.slot(Upstream(node.path, BRANCH))
        choice = None
        if node.guard is not None:
            choice = self.slot(Upstream(node.guard.node, BRANCH)), node.guard.word
        return Unit(node, step, takes, gives, choice)

    def _constant(self, source: Constant | Blob, binder: Binder | None, name: str) -> Any:
        if isinstance(source, Blob):
            size = os.stat(object_path(self._objects, source.sha256)).st_size
            return load_by_value(open_object(self._objects, source.sha256, size))
        is_text = source.origin in _TYPED and isinstance(source.value, str)
        if binder is not None:
            return binder.constant(name, source.value, is_text=is_text)
        return text_value(str(source.value)) if is_text else source.value

    def _kind(self, node: Node) -> CallKind:
        return self._graph.operations[node.operation].call.kind


def _found(slot: int, binder: Binder | None, name: str) -> Getter:
    if binder is None:
        return lambda values: values[slot]

    def get(values: list[Any]) -> Any:
        value = values[slot]
        return value if value is MISSING else binder.upstream(name, value)

    return get


def _gathered(inner: Sequence[Getter]) -> Getter:
    def get(values: list[Any]) -> Any:
        found = [each(values) for each in inner]
        return MISSING if any(each is MISSING for each in found) else found

    return get


def _first(inner: Sequence[Getter]) -> Getter:
    return lambda values: next((value for each in inner if (value := each(values)) is not MISSING), MISSING)


def _refuse_other_code(graph: Graph, context: WorkerContext) -> None:
    """Refuse a project module of another lineage or of the working copy: one process has one of each name."""
    for operation in graph.operations:
        call = operation.call
        if call.kind is not CallKind.PYTHON or call.module is None or call.file is None or os.path.isabs(call.file):
            continue  # of a package, or by value
        file = getattr(sys.modules.get(call.module), "__file__", None)
        wanted = os.path.join(context.root, call.file)
        if file is not None and os.path.realpath(file) != os.path.realpath(wanted):
            raise InvalidError(
                f"module '{call.module}' is imported from {file} in this process, and not from this code",
                "one process holds one version of the code: load the other in a process of its own",
            )
