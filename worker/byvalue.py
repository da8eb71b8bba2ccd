"""Functions and constants that no process could import, as bytes."""

from __future__ import annotations

import types
from collections.abc import Callable

from ..core.errors import InvalidError
from ..core.quantities import size_text
from .pickles import dump_by_value

HEAVY_BYTES = 1_000_000
"""Bytes above which a function by value is worth a warning: it carries data that belongs in a step's output."""


def carry(value: object) -> bytes:
    """Return a value by value: functions and classes of `__main__`, and closures, with what they use.

    Raises:
        InvalidError: something in it cannot be pickled (an open file, a lock, a connection).
    """
    try:
        return dump_by_value(value)
    except Exception as error:  # pickling runs __reduce__ of the user's objects
        shown = getattr(value, "__qualname__", None) or type(value).__name__
        text = f"'{shown}' cannot be sent to a worker: {type(error).__name__}: {error}"
        raise InvalidError(text, "make what does not pickle inside the function, or put it in a module") from error


def weight_warning(function: Callable[..., object], size: int) -> str | None:
    """Return a warning that names the globals which make a function by value heavy; None when it is light.

    Args:
        function: What was pickled.
        size: Bytes it took.
    """
    if size <= HEAVY_BYTES:
        return None
    name = getattr(function, "__qualname__", type(function).__name__)
    carried = ", ".join(f"{each} ({size_text(weight)})" for each, weight in _weights(function)) or "what it closes over"
    return f"the function '{name}' takes {size_text(size)} to each worker with {carried}; make that an output of a step"


def _weights(function: Callable[..., object]) -> list[tuple[str, int]]:
    """Return (name, bytes) of what a function carries, the heaviest first, at most three."""
    if not isinstance(function, types.FunctionType):
        return []
    carried = {name: function.__globals__[name] for name in function.__code__.co_names if name in function.__globals__}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        carried[name] = cell.cell_contents
    found = []
    for name, value in carried.items():
        if not isinstance(value, types.ModuleType):
            try:
                found.append((name, len(carry(value))))
            except InvalidError:
                continue
    return sorted((each for each in found if each[1] > HEAVY_BYTES // 10), key=lambda each: -each[1])[:3]
