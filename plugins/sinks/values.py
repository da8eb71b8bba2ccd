"""What sinks are given, as rows or columns: outputs of one length side by side, a table as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...core.errors import InvalidError

Columns = dict[str, list[Any]]


def columns_in(values: Mapping[str, Any]) -> Columns:
    """Return outputs as columns of one table.

    A DataFrame or a dict of lists brings its columns (named `output.column` when several outputs do), a series, array
    or list is a column by its output's name, a scalar is a column of one row.

    Raises:
        InvalidError: they are of several lengths, or one has more than two dimensions.
    """
    tables = [name for name, value in values.items() if _is_table(value)]
    found: Columns = {}
    for name, value in values.items():
        prefix = f"{name}." if len(tables) > 1 else ""
        for column, items in _columns(name, value, prefix):
            found[column] = items
    lengths = {column: len(items) for column, items in found.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{column} has {length}" for column, length in lengths.items())
        raise InvalidError(f"the outputs are no one table: {told} rows", "return outputs of one length, or one output")
    return found


def plain_item(item: Any) -> Any:
    """Return a number of numpy, or a time of pandas, as Python has it."""
    if hasattr(item, "to_pydatetime"):
        return item.isoformat()
    return item.item() if hasattr(item, "item") and getattr(item, "ndim", 0) == 0 else item


def _columns(name: str, value: Any, prefix: str) -> Iterable[tuple[str, list[Any]]]:
    if _is_table(value):
        for column in value:
            yield f"{prefix}{column}", _listed(value[column])
        return
    dimensions = getattr(value, "ndim", None)
    if dimensions is not None and dimensions > 2:
        raise InvalidError(f"'{name}' has {dimensions} dimensions", "a table has two")
    if dimensions == 2:
        for at, column in enumerate(value.T):
            yield f"{name}.{at}", _listed(column)
    else:
        yield name, _listed(value)


def _listed(value: Any) -> list[Any]:
    if isinstance(value, str | bytes | Mapping) or not hasattr(value, "__iter__") or getattr(value, "ndim", 1) == 0:
        return [plain_item(value)]
    return [plain_item(item) for item in value]


def _is_table(value: Any) -> bool:
    if isinstance(value, Mapping):
        return bool(value) and all(
            isinstance(column, Sequence) and not isinstance(column, str) for column in value.values()
        )
    return hasattr(value, "columns") and hasattr(value, "iloc")
