"""Calls that steer: they run no code but ours. Apart from `evidencing`, which a loader would pay 15 ms for."""

from __future__ import annotations

from .graph import CallKind, Operation

CONTROL = frozenset({CallKind.SPLIT, CallKind.CHOOSE, CallKind.UNTIL, CallKind.JOIN, CallKind.STUB})
"""Calls that run no code but ours, for which `keys.KEY_VERSION` stands; a reduction without a function is one too."""


def is_control(operation: Operation) -> bool:
    """Tell whether a call runs no code but ours."""
    call = operation.call
    if call.kind is CallKind.REDUCE:
        return call.qualname is None and call.module is None and call.blob is None
    return call.kind in CONTROL
