"""One attempt of a mock run: nothing is done, or what stands in for the step is called or handed on."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from inspect import Parameter
from typing import Any

from ...core.artifacts import ArtifactRef, MetricPoint, Output
from ...core.events import StepProgressed, StepTold, StepYielded
from ...core.graph import CallKind, Return
from ...core.orders import Order, Resolved, RunContext
from ...core.records import replace
from ...core.states import Reason
from ...core.supply import Blob, Constant
from ...worker.bind import Binder, signature_of
from ...worker.blobs import object_path, open_object
from ...worker.call import PythonStep, StubStep
from ...worker.live import Voice
from ...worker.logbook import Book, open_book
from ...worker.pickles import load_by_value
from ...worker.returns import Returns, logged_output
from ...worker.scalars import text_value
from ...worker.stored import value_of
from .shapes import SHAPES

_TYPED = ("cli", "env")
"""Origins of a constant that a person typed: it is cast to the annotation of whoever takes it."""


class StandIn:
    """What one attempt does and leaves, in place of the step's."""

    def __init__(
        self, order: Order, context: RunContext, patch: tuple[object] | None, tell: Callable[[StepTold], None]
    ):
        self.inputs: dict[str, object] = {}
        """Values it was called with, as far as they were read."""
        self.reason = Reason.ERROR
        """What a failure now would be."""
        self.metrics: list[MetricPoint] = []
        self._order = order
        self._context = context
        self._operation = context.operations[order.operation]
        self._patch = patch
        self._tell = tell

    def run(self) -> tuple[Output, ...]:
        """Return what it leaves.

        Raises:
            BaseException: whatever the patch raises.
        """
        # What the step leaves in files or prints, the patch returns like all the rest.
        declared = [replace(each, file=None, pattern=None) for each in self._operation.returns]
        returns = Returns(declared, self._context.cwd, self._context.objects)
        cwd, objects = self._context.cwd, self._context.objects
        artifacts: list[Output] = []
        book = Book(
            lambda value, name: artifacts.append(logged_output(value, name, cwd, objects)),
            lambda: Voice(self._say, self._context.secrets),
        )
        self.metrics = book.metrics
        open_book(book)
        try:
            made = [returns.keep(each, value, book.metrics) for each, value in self._values(returns)]
        finally:
            open_book(None)
        return (*made, *artifacts)

    def _say(self, kind: str, payload: tuple[Any, ...]) -> None:
        node, attempt = self._order.node, self._order.attempt
        if kind == "yield":
            at, value = payload
            self._tell(StepYielded(node=node, attempt=attempt, at=at, value=value))
        else:
            at, done, total = payload
            self._tell(StepProgressed(node=node, attempt=attempt, at=at, done=done, total=total))

    def _values(self, returns: Returns) -> Sequence[tuple[Return, object]]:
        call = self._operation.call
        shape = SHAPES.get(call.kind)
        if self._patch is None:
            return StubStep(returns).call({}) if shape is None else list(shape(call, self._everything(), returns))
        if shape is None or call.kind is CallKind.REDUCE:
            return self._patched(self._patch[0], returns)
        # The start of a map is patched by its list, a choice by the value it looks at, and so the end of an iteration.
        ((_, seen),) = self._patched(self._patch[0], Returns([Return(name="seen")], "", ""))
        return list(shape(call, {"items": seen, "value": seen}, returns))

    def _patched(self, patch: object, returns: Returns) -> Sequence[tuple[Return, object]]:
        if not callable(patch):
            return list(zip(returns.direct, returns.split(patch), strict=True))
        self.reason = Reason.INPUT
        binder = Binder(patch)
        self.inputs = self._arguments(patch, binder)
        self.reason = Reason.ERROR
        return PythonStep(patch, binder, returns, self._operation.call.stream_end).call(self.inputs)

    def _everything(self) -> dict[str, object]:
        """Return all arguments of a composite's start or end; what was typed is JSON if it parses."""
        values = {}
        for name, value in self._order.arguments:
            is_text = isinstance(value, Constant) and value.origin in _TYPED and isinstance(value.value, str)
            read = self._read(value)
            values[name] = text_value(str(read)) if is_text else read
        return values

    def _arguments(self, patch: Callable[..., object], binder: Binder) -> dict[str, object]:
        """Return the step's arguments that the patch takes, by name."""
        parameters = signature_of(patch).parameters
        takes_all = any(each.kind is Parameter.VAR_KEYWORD for each in parameters.values())
        found: dict[str, object] = {}
        for name, value in self._order.arguments:
            if takes_all or name in parameters:
                if isinstance(value, Constant):
                    is_text = value.origin in _TYPED and isinstance(value.value, str)
                    found[name] = binder.constant(name, value.value, is_text=is_text)
                else:
                    found[name] = binder.upstream(name, self._read(value))
        return found

    def _read(self, value: Resolved) -> object:
        objects = self._context.objects
        if isinstance(value, list):
            return [self._read(each) for each in value]
        if isinstance(value, ArtifactRef):
            return value_of(value, objects)
        if isinstance(value, Blob):
            return load_by_value(
                open_object(objects, value.sha256, os.stat(object_path(objects, value.sha256)).st_size)
            )
        return value.value
