"""How a function is named in a graph: by import, or by value when no worker could import it."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

from .named import NamedTuple
from .place import Place


class Imported(NamedTuple):
    """A function that any process with the same sys.path can import."""

    module: str
    qualname: str


class Wrapped:
    """What may stand in a module in the place of a function without changing what it does: a `@task`."""

    __wrapped__: Callable[..., Any]


def plain(function: Any) -> Any:
    """Return the function that a `@task` is around; anything else as it is."""
    return function.__wrapped__ if isinstance(function, Wrapped) else function


def imported(function: Callable[..., object]) -> Imported | None:
    """Return how a function is imported by name; None when it must go by value.

    By value go functions of `__main__`, lambdas, closures, partials, bound methods, and whatever its module does not
    hold under its name.
    """
    module = getattr(function, "__module__", None)
    qualname = getattr(function, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(qualname, str) or module == "__main__" or "<" in qualname:
        return None
    holder: object = sys.modules.get(module)
    if getattr(holder, "__spec__", None) is None:  # made by hand: no process could import it again
        return None
    for part in qualname.split("."):
        holder = getattr(holder, part, None)
    return Imported(module, qualname) if plain(holder) is function else None


def origin(function: Callable[..., object]) -> Place | None:
    """Return where a function is written; None when it is not written in Python."""
    inner = _innermost(function)
    code = getattr(inner, "__code__", None)
    return None if code is None else Place(code.co_filename, code.co_firstlineno)


def _innermost(function: Callable[..., object]) -> Any:
    while isinstance(function, functools.partial):
        function = function.func
    if hasattr(function, "__wrapped__"):
        from inspect import unwrap  # 4 ms, for what is decorated

        function = unwrap(function)
    return getattr(function, "__func__", function)
