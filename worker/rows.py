"""Tables and lists of any kind as rows: how many there are, some of them, several put together in an order.

pandas, polars, pyarrow, numpy and what indexes like it, mappings of columns, lists and tuples. None of the libraries is
imported here: whoever has a table of one has imported it.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any


def count(table: Any) -> int:
    """Return the number of rows.

    Raises:
        TypeError: it has none.
    """
    if isinstance(table, Mapping):
        sizes = {count(column) for column in table.values()}
        if len(sizes) != 1:
            raise TypeError(f"a table of columns has rows when they are of one length, not {sorted(sizes)}")
        return sizes.pop()
    shape = getattr(table, "shape", None)
    if isinstance(shape, tuple) and shape:
        return int(shape[0])
    try:
        return len(table)
    except TypeError:
        raise TypeError(f"a {type(table).__name__} has no rows") from None


def taken(table: Any, rows: Sequence[int]) -> Any:
    """Return these rows in this order, as a table of the same type.

    Raises:
        TypeError: it has no rows.
    """
    if isinstance(table, Mapping):
        return {name: taken(column, rows) for name, column in table.items()}
    if isinstance(table, list | tuple):
        return type(table)(table[row] for row in rows)
    if hasattr(table, "iloc"):
        return table.iloc[list(rows)]
    library = _library(table)
    if library == "pyarrow":
        return table.take(list(rows)) if rows else table.slice(0, 0)
    if library == "polars" or hasattr(table, "__getitem__"):
        # A list without a number in it would be an index of floats for numpy.
        return table[list(rows)] if rows else table[0:0]
    raise TypeError(f"a {type(table).__name__} has no rows")


def joined(parts: Sequence[Any]) -> Any:
    """Return the rows of several tables of one type, one after the other.

    Raises:
        TypeError: nobody knows how to put such together.
    """
    first = parts[0]
    if len(parts) == 1:
        return first
    if isinstance(first, Mapping):
        return {name: joined([part[name] for part in parts]) for name in first}
    if isinstance(first, list | tuple):
        return type(first)(row for part in parts for row in part)
    library = _library(first)
    if library in ("pandas", "polars"):
        return importlib.import_module(library).concat(list(parts))
    if library == "pyarrow":
        arrow = importlib.import_module("pyarrow")
        return arrow.concat_tables(parts) if hasattr(first, "column_names") else arrow.concat_arrays(parts)
    if library == "scipy":
        return importlib.import_module("scipy.sparse").vstack(list(parts)).asformat(first.format)
    if hasattr(first, "__array__"):
        return importlib.import_module("numpy").concatenate(list(parts))
    raise TypeError(f"rows of a {type(first).__name__} cannot be put together")


def assembled(parts: Sequence[tuple[Sequence[int], Any]], rows: int) -> Any:
    """Return parts of a table in the order of all of its rows.

    Args:
        parts: (Rows, their values).
        rows: How many there are in all.

    Raises:
        ValueError: some row is in none of the parts, or in several.
    """
    numbers = [row for part, _ in parts for row in part]
    for part, values in parts:
        if count(values) != len(part):
            raise ValueError(f"{len(part)} rows were predicted, and {count(values)} predictions came back")
    place = [-1] * rows
    for at, row in enumerate(numbers):
        if place[row] >= 0:
            raise ValueError(f"row {row} is predicted twice")
        place[row] = at
    if -1 in place:
        raise ValueError(f"row {place.index(-1)} is predicted by no fold")
    return taken(joined([values for part, values in parts if part]), place)


def listed(values: Any) -> list[Any]:
    """Return the values of a column as a list of plain ones."""
    if isinstance(values, list):
        return values
    if hasattr(values, "iloc") and getattr(values, "ndim", 1) == 2:
        values = values.iloc[:, 0]
    for name in ("to_list", "tolist", "to_pylist"):
        if callable(made := getattr(values, name, None)):
            found = made()
            return found if isinstance(found, list) else [found]
    return list(values)


def like(first: Any, values: list[Any]) -> Any:
    """Return plain values as a column of the type of another one, and with its labels of rows."""
    if isinstance(first, list | tuple):
        return type(first)(values)
    library = _library(first)
    if library == "pandas":
        return type(first)(values, index=first.index, name=getattr(first, "name", None))
    if library == "polars":
        return importlib.import_module("polars").Series(first.name, values)
    if library == "pyarrow":
        return importlib.import_module("pyarrow").array(values)
    numpy = importlib.import_module("numpy")
    return numpy.asarray(values)


def side_by_side(columns: Sequence[Any]) -> Any:
    """Return columns, or blocks of them, as one table: a numpy array; without numpy a list of rows."""
    if all(isinstance(each, list | tuple) for each in columns):
        rows = []
        for row in zip(*columns, strict=True):
            made: list[Any] = []
            for cell in row:
                made += cell if isinstance(cell, list | tuple) else [cell]
            rows.append(made)
        return rows
    numpy = importlib.import_module("numpy")
    blocks = [numpy.asarray(each) for each in columns]
    return numpy.hstack([each.reshape(len(each), -1) for each in blocks])


def _library(value: Any) -> str:
    return type(value).__module__.partition(".")[0]
