"""What steps of submitted model actions call: fit an estimator, apply a fitted one. Nothing of graftline is needed."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

Columns: TypeAlias = "Mapping[str, str | Sequence[str]] | None"
"""Argument -> the column, or columns, of what it is given."""
_SHOWN = 20
"""Columns that a message names."""


def fit(
    estimator: Any,
    X: Any,
    y: Any = None,
    columns: Columns = None,
    options: Mapping[str, Any] | None = None,
    gathers: bool = False,
) -> Any:
    """Return a fitted copy of an estimator; the one that is given stays as it is."""
    data = _data(X, y, columns, gathers)
    fitted = copy.deepcopy(estimator)
    made = fitted.fit(*data, **(options or {}))
    return fitted if made is None else made


def partial_fit(
    estimator: Any,
    X: Any,
    y: Any = None,
    columns: Columns = None,
    options: Mapping[str, Any] | None = None,
    gathers: bool = False,
) -> Any:
    """Return an estimator that was fitted further; where it was fitted before is part of what it is."""
    fitted = copy.deepcopy(estimator)
    made = fitted.partial_fit(*_data(X, y, columns, gathers), **(options or {}))
    return fitted if made is None else made


def act(
    model: Any,
    X: Any,
    y: Any = None,
    action: str = "predict",
    columns: Columns = None,
    options: Mapping[str, Any] | None = None,
    gathers: bool = False,
) -> Any:
    """Return what a method of a fitted model makes of data."""
    found = getattr(model, action, None)
    if not callable(found):
        raise AttributeError(f"{type(model).__name__} has no {action}()")
    return found(*_data(X, y, columns, gathers), **(options or {}))


def gathered(parts: Sequence[Any]) -> Any:
    """Return the results of a map as one table where they are tables, one array where they are arrays, else a list."""
    first = parts[0] if parts else None
    module = type(first).__module__.partition(".")[0]
    if module == "pandas":
        import pandas

        return pandas.concat(list(parts), ignore_index=True)
    if module == "numpy":
        import numpy

        return numpy.concatenate([numpy.atleast_1d(part) for part in parts])
    return list(parts)


def _data(X: Any, y: Any, columns: Columns, gathers: bool) -> tuple[Any, ...]:
    X = gathered(X) if gathers else X
    chosen = columns or {}
    found = picked(X, chosen.get("X"), "X"), picked(y, chosen.get("y"), "y")
    return found if found[1] is not None else found[:1]


def picked(value: Any, columns: str | Sequence[str] | None, name: str = "data") -> Any:
    """Return columns of a table: one as it is, several as a table of them.

    Raises:
        LookupError: it has no such column.
        TypeError: it has no columns.
    """
    if columns is None:
        return value
    several = not isinstance(columns, str)
    try:
        if isinstance(value, Mapping):  # columns by name: the rows of several are lists, which estimators read
            return (
                [list(row) for row in zip(*(value[each] for each in columns), strict=True)]
                if several
                else value[columns]
            )
        return value[list(columns)] if several else value[columns]
    except KeyError as problem:
        known = [str(each) for each in getattr(value, "columns", value)]
        lacking = [each for each in ([columns] if isinstance(columns, str) else columns) if each not in known]
        shown = f"{', '.join(known[:_SHOWN])}{', ...' if len(known) > _SHOWN else ''}"
        raise LookupError(f"{name} has no column {', '.join(map(repr, lacking))}; it has {shown}") from problem
    except (IndexError, TypeError) as problem:
        raise TypeError(f"{name} is {type(value).__name__}, which has no column {columns!r}") from problem
