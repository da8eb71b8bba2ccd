"""The items a map runs over, out of whatever value an earlier step returned.

No library is imported here: a value of numpy, pandas, polars or pyarrow is known by its type's module.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .scalars import shown

_FRAMES = {
    ("pandas", "DataFrame"): lambda frame: frame.to_dict("records"),
    ("polars", "DataFrame"): lambda frame: frame.to_dicts(),
    ("pyarrow", "Table"): lambda frame: frame.to_pylist(),
}
"""Frames by library and type, and how each gives its rows as dicts."""
_COLUMNS = {("pandas", "Series"), ("pandas", "Index"), ("polars", "Series")}
_OWN_NUMBERS = frozenset("biufU")
"""dtype kinds of numpy whose scalars become Python's: they are JSON then, which is inline and quick."""


class ShapeError(Exception):
    """A value is not what a map, conditional, loop or reducer takes; the message says what came and what would do."""


def items_of(value: object) -> list[Any]:
    """Return the items of a value, in its own order; rows of a frame are dicts, those of an array are along axis 0.

    Raises:
        ShapeError: it is no collection of items (None, text, bytes, a dict, a number).
    """
    kind = type(value)
    found = kind.__module__.partition(".")[0], kind.__name__
    given: Any = value  # of a library that is not imported here
    if isinstance(value, list | tuple):
        return list(value)
    if found in _FRAMES:
        return list(_FRAMES[found](given))
    if found in _COLUMNS:
        return list(given.to_list())
    if found == ("numpy", "ndarray"):
        return _rows(given)
    if isinstance(value, str | bytes | bytearray | memoryview | Mapping) or not isinstance(value, Iterable):
        raise ShapeError(_refusal(value))
    return list(value)


def entries_of(item: object, keys: Sequence[str], index: int) -> list[Any]:
    """Return the entries of one item by their keys: of a dict, of a record's fields, or of a tuple as long, in order.

    Args:
        item: one item of the map.
        keys: what `iterate_as` lists.
        index: the item's number, for the message.

    Raises:
        ShapeError: an entry is not there.
    """
    if isinstance(item, Mapping):
        missing = [key for key in keys if key not in item]
        if missing:
            raise ShapeError(f"item {index} has no {missing[0]!r}; it has {_listed(item)}")
        return [item[key] for key in keys]
    if type(item) in (tuple, list):
        if len(item) != len(keys):  # type: ignore[arg-type]
            names = ", ".join(keys)
            raise ShapeError(f"item {index} is {shown(item)} of {len(item)}, but {len(keys)} are named: {names}")  # type: ignore[arg-type]
        return list(item)  # type: ignore[call-overload, no-any-return]
    return [_field(item, key, index) for key in keys]


def _rows(array: Any) -> list[Any]:
    if array.ndim == 0:
        raise ShapeError(f"a map takes a list, not one value: the array of shape () holds {shown(array.item())}")
    return list(array.tolist() if array.ndim == 1 and array.dtype.kind in _OWN_NUMBERS else array)


def _refusal(value: object) -> str:
    if value is None:
        return "a map takes a list, and this is None; has the step that makes it returned something?"
    if isinstance(value, Mapping):
        return "a map takes a list, not a dict; return list(d.items()), list(d) or list(d.values())"
    if isinstance(value, str):
        return f"a map takes a list, not text, whose items would be letters: {shown(value)}"
    return f"a map takes a list (or a tuple, set, range, array, column or frame), not {shown(value)}"


def _field(item: object, key: str, index: int) -> Any:
    has_fields = dataclasses.is_dataclass(item) or not isinstance(item, str | bytes | int | float | None)
    if has_fields and hasattr(item, key):
        return getattr(item, key)
    raise ShapeError(f"item {index} has no {key!r}: it is {shown(item)}; items have to be dicts or records with it")


def _listed(item: Mapping[Any, Any]) -> str:
    return ", ".join(map(str, list(item)[:20])) or "nothing"
