"""Tables as feeds give them, cut by bounds: a DataFrame where pandas is installed, else a dict, column -> list."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from importlib.util import find_spec
from typing import Any

from ...core.errors import InvalidError, nearest
from ...core.feeding import Answer, Query
from ...core.graph import Json

Columns = dict[str, list[Any]]

_WHOLE = re.compile(r"[-+]?\d+")
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*([eE][-+]?\d+)?|\.\d+)")


def has_pandas() -> bool:
    """Tell whether pandas is installed, without importing it."""
    return find_spec("pandas") is not None


def table_of(columns: Columns) -> Any:
    """Return columns as the table that steps get."""
    if not has_pandas():
        return columns
    import pandas  # half a second; only where a feed is read

    return pandas.DataFrame(columns)


def columns_of(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Columns:
    """Return rows as columns."""
    kept = list(rows)
    return {name: [row[at] for row in kept] for at, name in enumerate(names)}


def typed(columns: Mapping[str, Sequence[str]]) -> Columns:
    """Return columns of text as numbers where all of a column are, empty texts as None."""
    return {name: _typed(values) for name, values in columns.items()}


def answer(table: Any, query: Query, read: tuple[str, ...], where: str) -> Answer:
    """Return a table within the bounds of a query.

    Raises:
        InvalidError: the ordinal is no column, or cannot be compared with a bound.
    """
    if query.ordinal is None:
        return Answer(table=_without(table, query.without), read=read)
    check_column(query.ordinal, list(table), where)
    is_kept = _within(list(table[query.ordinal]), query)
    kept = _rows(table, is_kept)
    there = [value for value in kept[query.ordinal] if not _is_missing(value)]
    return Answer(
        table=_without(kept, query.without),
        lower=told(min(there, default=None)),
        upper=told(max(there, default=None)),
        read=read,
    )


def check_column(name: str, known: Sequence[str], where: str) -> None:
    """Refuse a column that is not there.

    Raises:
        InvalidError: it is not, with the nearest.
    """
    if name not in known:
        raise InvalidError(f"{where} has no column '{name}'{nearest(name, known)}", f"it has {', '.join(known)}")


def bound_like(bound: Json, example: Any) -> Any:
    """Return a bound as the values it is compared with: a number, a date, else text.

    Raises:
        InvalidError: it cannot be one.
    """
    try:
        if isinstance(example, bool) or bound is None:
            return bound
        if isinstance(example, int | float):
            return float(str(bound)) if not isinstance(bound, int | float) else bound
        if isinstance(example, datetime):
            return datetime.fromisoformat(str(bound))
        if isinstance(example, date):
            return date.fromisoformat(str(bound))
    except ValueError:
        raise InvalidError(f"the bound {bound!r} cannot be compared with {example!r}") from None
    return str(bound)


def told(value: Any) -> Json:
    """Return an ordinal as JSON holds it."""
    if hasattr(value, "item") and not isinstance(value, date):
        value = value.item()  # a number of numpy
    if value is None or isinstance(value, str | int | float):
        return value
    return value.isoformat() if isinstance(value, date) else str(value)


def _within(ordinals: Sequence[Any], query: Query) -> list[bool]:
    example = next((value for value in ordinals if not _is_missing(value)), None)
    lower, upper = bound_like(query.lower, example), bound_like(query.upper, example)
    try:
        return [
            not _is_missing(value) and (lower is None or value > lower) and (upper is None or value <= upper)
            for value in ordinals
        ]
    except TypeError as error:
        told = f"column '{query.ordinal}' cannot be ordered: {error}"
        raise InvalidError(told, "its values are of several types") from error


def _is_missing(value: Any) -> bool:
    return value is None or value != value  # NaN and NaT


def _rows(table: Any, is_kept: Sequence[bool]) -> Any:
    if not isinstance(table, dict):
        return table.loc[list(is_kept), :]
    return {
        name: [value for value, keep in zip(values, is_kept, strict=True) if keep] for name, values in table.items()
    }


def _without(table: Any, names: Sequence[str]) -> Any:
    if not isinstance(table, dict):
        return table.drop(columns=[name for name in names if name in table])
    return {name: values for name, values in table.items() if name not in names}


def _typed(values: Sequence[str]) -> list[Any]:
    there = [value for value in values if value != ""]
    if there and all(_NUMBER.fullmatch(value) for value in there):
        kind: Callable[[str], Any] = int if all(_WHOLE.fullmatch(value) for value in there) else float
        return [None if value == "" else kind(value) for value in values]
    return [None if value == "" else value for value in values]
