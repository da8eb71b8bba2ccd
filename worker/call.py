"""Turn an operation into something that can be called with named values, and call it."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, assert_never

from ..core.callables import plain
from ..core.graph import Call, CallKind, Operation, Return
from .bind import Binder
from .blobs import open_object
from .codefiles import CodeFiles
from .context import WorkerContext
from .pickles import load_by_value
from .returns import Returns
from .shapes import Choose, Reduce, Split, Until
from .streams import LAZY, finished


class Step(Protocol):
    """An operation that is ready to be called."""

    binder: Binder | None
    """Casts and places arguments; None: the step takes values as they are (shell, script, stub)."""
    returns: Returns
    peak_bytes: int | None
    """Peak memory of the child the last call waited for; None: there was none."""

    def call(self, values: Mapping[str, Any]) -> Iterable[tuple[Return, object]]:
        """Run it and return each declared return with its value.

        Raises:
            BaseException: whatever the step raises.
        """
        ...


class Functions:
    """The functions of a worker with their parameters, each imported and looked at once.

    Ten thousand steps of one function that return ten thousand names are ten thousand operations: to look at the
    signature for each of them cost 60 us of the 90 us that an attempt took.
    """

    __slots__ = ("_context", "_known")

    def __init__(self, context: WorkerContext) -> None:
        self._context = context
        self._known: dict[Call, tuple[Callable[..., Any], Binder]] = {}

    def knows(self, call: Call) -> bool:
        """Tell whether nothing is imported to find what it calls."""
        return call in self._known

    def find(self, call: Call) -> tuple[Callable[..., Any], Binder]:
        """Return the function of a call and its parameters.

        Raises:
            BaseException: whatever the import raises.
        """
        found = self._known.get(call)
        if found is None:
            function = _function(call, self._context)
            found = self._known[call] = function, Binder(function)
        return found


def prepare(operation: Operation, context: WorkerContext, functions: Functions, files: CodeFiles) -> Step:
    """Import or load what the operation calls. The result serves every attempt of this worker.

    Raises:
        BaseException: whatever the import raises.
    """
    returns = Returns(operation.returns, context.cwd, context.objects, context.secrets)
    match operation.call.kind:
        case CallKind.PYTHON:
            return PythonStep(*functions.find(operation.call), returns, operation.call.stream_end)
        case CallKind.STUB:
            return StubStep(returns)
        case CallKind.SHELL:
            from .shell import ShellStep  # subprocess and tempfile: 9 ms that most workers never need

            return ShellStep(operation.call, returns, context)
        case CallKind.SCRIPT if operation.call.qualname is not None:
            return PythonStep(*functions.find(operation.call), returns)
        case CallKind.SCRIPT:
            from .script import ScriptStep  # as above

            return ScriptStep(operation.call, returns, context, files)
        case CallKind.NOTEBOOK:
            from .notebook import NotebookStep  # as above

            return NotebookStep(operation.call, returns, context, files)
        case CallKind.SPLIT | CallKind.REDUCE | CallKind.CHOOSE | CallKind.UNTIL:
            return _shape(operation.call, returns, functions)
        case CallKind.FEED | CallKind.SINK:
            from .feeding import FeedStep, SinkStep  # entry points, 15 ms

            call = operation.call
            if call.kind is CallKind.SINK:
                return SinkStep(returns, context.run)
            is_expression = call.module is not None or call.blob is not None
            return FeedStep(call, returns, functions.find(call)[0] if is_expression else None)
        case CallKind.LEARN:
            from .learning import LearnStep  # as above: only pipelines that learn need it

            return LearnStep(operation.call, returns)
        case CallKind.JOIN | CallKind.LOAD:
            raise TypeError(f"a worker has nothing to do for a node of kind {operation.call.kind}")
        case _:
            assert_never(operation.call.kind)


class PythonStep:
    """A function of the user."""

    __slots__ = ("_function", "_stream_end", "binder", "peak_bytes", "returns")

    def __init__(
        self, function: Callable[..., Any], binder: Binder, returns: Returns, stream_end: str | None = None
    ) -> None:
        self._function = function
        self._stream_end = stream_end
        self.binder: Binder | None = binder
        self.returns = returns
        self.peak_bytes: int | None = None

    def plain_function(self) -> Callable[..., Any] | None:
        """Return the function when it takes its arguments by name and returns its one value; None: it does not."""
        assert self.binder is not None
        is_plain = self.binder.is_by_name and len(self.returns.direct) == 1 and not self.returns.in_files
        return self._function if is_plain and self._stream_end is None else None

    def call(self, values: Mapping[str, Any]) -> list[tuple[Return, object]]:
        """Call the function; a coroutine is run to its end in an event loop of its own, a generator is consumed."""
        assert self.binder is not None
        returns = self.returns
        marks = returns.marks() if returns.in_files else []
        args, kwargs = self.binder.call_arguments(values)
        result = self._function(*args, **kwargs)
        if type(result) in LAZY:
            result = finished(result, returns.direct, self._stream_end)
        pairs = list(zip(returns.direct, returns.split(result), strict=True))
        return pairs + returns.read_files(marks) if marks else pairs


class StubStep:
    """Accepts anything and does nothing."""

    __slots__ = ("binder", "peak_bytes", "returns")

    def __init__(self, returns: Returns) -> None:
        self.binder: Binder | None = None
        self.returns = returns
        self.peak_bytes: int | None = None

    def call(self, values: Mapping[str, Any]) -> list[tuple[Return, object]]:
        """Return None for each declared return."""
        returns = self.returns
        return [(each, None) for each in (*returns.direct, *returns.in_files, *returns.patterns)]


def _shape(call: Call, returns: Returns, functions: Functions) -> Step:
    """Return the step of a composite's start or end; a reducer may be a function, a builtin, or pickled by value."""
    if call.kind is CallKind.SPLIT:
        return Split(call, returns)
    if call.kind is CallKind.CHOOSE:
        return Choose(call, returns)
    if call.kind is CallKind.UNTIL:
        return Until(returns)
    has_function = call.blob is not None or call.module is not None
    return Reduce(call, functions.find(call)[0] if has_function else None, returns)


def _function(call: Call, context: WorkerContext) -> Callable[..., Any]:
    if call.kind is CallKind.SCRIPT:
        from .script import load_script  # as above

        function: Any = getattr(load_script(os.path.join(context.root, call.script or "")), call.qualname or "")
    elif call.blob is not None:
        path = os.path.join(context.objects, call.blob[:2], call.blob[2:])
        function = load_by_value(open_object(context.objects, call.blob, os.stat(path).st_size))
    else:
        function = importlib.import_module(call.module or "")
        for name in (call.qualname or "").split("."):
            function = getattr(function, name)
        function = plain(function)
    if not callable(function):
        raise TypeError(f"{call.module or call.script}.{call.qualname} is no function but a {type(function).__name__}")
    found: Callable[..., Any] = function
    return found
