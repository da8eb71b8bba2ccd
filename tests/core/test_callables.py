"""How a function is named in a graph."""

from __future__ import annotations

import functools
import math
import types
from collections.abc import Callable
from typing import Any

import authoring
import pytest
from authoring import Estimator, fit, load

from graftline.core.callables import Imported, imported, origin


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (fit, Imported("authoring", "fit")),
        (Estimator, Imported("authoring", "Estimator")),
        (Estimator.__init__, Imported("authoring", "Estimator.__init__")),
        (math.sqrt, Imported("math", "sqrt")),
    ],
)
def test_what_its_module_holds_is_imported(function: Callable[..., Any], name: Imported) -> None:
    assert imported(function) == name


def _main() -> Callable[..., Any]:
    made = types.FunctionType(load.__code__, {}, "load")
    made.__module__ = "__main__"
    return made


def _made_by_hand() -> Callable[..., Any]:
    made = types.FunctionType(load.__code__, {}, "load")
    made.__module__ = "authoring"
    return made


@pytest.mark.parametrize(
    "function",
    [lambda: 1, functools.partial(fit, C=1), Estimator().clone, _main(), _made_by_hand(), Estimator(), [].append],
    ids=["lambda", "partial", "method", "main", "another object of the name", "instance", "builtin method"],
)
def test_everything_else_goes_by_value(function: Callable[..., Any]) -> None:
    assert imported(function) is None


def test_a_function_is_found_behind_partials_and_wrappers() -> None:
    @functools.wraps(fit)
    def wrapped(*args: Any) -> Any:
        return fit(*args)

    place = (authoring.__file__, fit.__code__.co_firstlineno)
    assert origin(functools.partial(fit, C=1)) == place
    assert origin(wrapped) == place
    assert origin(math.sqrt) is None
