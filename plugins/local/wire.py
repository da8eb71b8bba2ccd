"""Orders as messages: core's records become the tuples of worker/messages.py. The way back is facts.py."""

from __future__ import annotations

from typing import Any

from ...core.artifacts import ArtifactRef
from ...core.orders import Order, Resolved
from ...core.supply import Constant
from ...worker.definitions import Definition

Value = tuple[Any, ...]
"""One argument as a worker reads it. Any: worker/messages.py says what its parts are."""

_TYPED = ("cli", "env")
"""Origins of a constant that a person typed: the worker casts its text to the parameter's annotation."""


def encode_order(token: int, order: Order, definition: Definition | None) -> Value:
    """Return the message for an order."""
    node, attempt, operation, arguments, files, environ = order
    return (
        "order",
        token,
        node,
        attempt,
        operation,
        tuple([(name, _value(value)) for name, value in arguments]),
        tuple([(path, _value(ref)) for path, ref in files]) if files else (),
        definition,
        environ,
    )


def _value(value: Resolved) -> Value:
    if isinstance(value, ArtifactRef):
        sha256, size, serializer, inline = value
        return ("f", serializer, sha256, size) if inline is None else ("v", serializer, inline)
    if isinstance(value, Constant):
        text = value.value
        return ("t", text) if isinstance(text, str) and value.origin in _TYPED else ("c", text)
    if isinstance(value, list):
        return ("l", [_value(item) for item in value])
    return ("b", value.sha256)
