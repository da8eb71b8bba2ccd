"""What `Map(reducer=)` takes: a function, a dotted path, the name of a builtin, or the text of a lambda."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from importlib import import_module
from typing import TypeAlias

from .errors import InvalidError, nearest

Reducer: TypeAlias = "Callable[..., object] | str"
"""A function of one list, or of any number of values; or its name."""

BUILTINS = ("sum", "max", "min", "len", "any", "all", "sorted", "list", "tuple", "set", "dict")
"""Builtins that make something of one list."""
_LAMBDA = "lambda"


def check_reducer(reducer: object) -> Reducer | None:
    """Return a reducer whose name, when it is one, can be that of a function, or whose text is that of a lambda.

    A dotted path is not imported yet: the module may be the one that is just being imported. A text stays one, so that
    the pipeline can be written as YAML.

    Raises:
        InvalidError: it is no reducer.
    """
    if reducer is None:
        return None
    if isinstance(reducer, str):
        return _named(reducer.strip())
    if not callable(reducer):
        raise InvalidError(f"reducer= takes a function or its name, not {reducer!r}")
    return reducer


def load_reducer(reducer: Reducer) -> Callable[..., object]:
    """Return the function.

    Raises:
        InvalidError: its module cannot be imported, or does not have it.
    """
    if not isinstance(reducer, str):
        return reducer
    if reducer.startswith(_LAMBDA):
        return _evaluated(reducer)
    if reducer in BUILTINS:
        return getattr(builtins, reducer)  # type: ignore[no-any-return]  # a closed list
    module, _, name = reducer.rpartition(".")
    try:
        holder = import_module(module)
    except Exception as problem:  # the module is the user's: anything may happen in it
        raise InvalidError(f"reducer= '{reducer}': {module} cannot be imported: {problem!r}") from problem
    function: object = getattr(holder, name, None)
    if not callable(function):
        known = [each for each in vars(holder) if not each.startswith("_")]
        raise InvalidError(f"reducer= '{reducer}': {module} has no function '{name}'{nearest(name, known)}")
    return function


def _named(reducer: str) -> Reducer:
    if reducer.startswith(_LAMBDA):
        _evaluated(reducer)
        return reducer
    if reducer in BUILTINS:
        return reducer
    parts = reducer.split(".")
    if len(parts) > 1 and all(part.isidentifier() for part in parts):
        return reducer
    hint = f"a function, 'package.module.function', 'lambda *x: ...', or one of {', '.join(BUILTINS)}"
    raise InvalidError(f"reducer= has no function '{reducer}'{nearest(reducer, BUILTINS)}", hint)


def _evaluated(text: str) -> Callable[..., object]:
    try:
        function = eval(text, {})  # the text stands in the user's own code
    except Exception as problem:
        raise InvalidError(f"reducer= {text!r} is no lambda: {problem}") from problem
    if not callable(function):
        raise InvalidError(f"reducer= {text!r} is no lambda")
    return function  # type: ignore[no-any-return]  # eval gives Any
