"""Dataclasses and pydantic models as JSON, where that gives them back exactly; pydantic is never imported here.

    serializer `json:MODULE:CLASS`   the JSON object of the fields; read by whoever can import the class

Written so, a record can be read by people, by shell steps and by a consumer with a class of its own. It is written so
only if what comes back is equal, of the same types throughout: validators that change values, excluded fields,
attributes beside the fields and secrets end as a pickle, which is exact.
"""

from __future__ import annotations

import dataclasses
import enum
import sys
import warnings
from importlib import import_module
from typing import Any

PREFIX = "json:"
_PLAIN = (bool, int, float, str)


def is_record(kind: type) -> bool:
    """Tell whether a class is a dataclass or a pydantic model."""
    return hasattr(kind, "__dataclass_fields__") or is_model(kind)


def is_model(kind: type) -> bool:
    """Tell whether a class is a pydantic (version 2) model or dataclass."""
    return hasattr(kind, "__pydantic_validator__") and hasattr(kind, "__pydantic_fields__")


def name_of(value: object) -> str | None:
    """Return the serializer of a record whose class any process can import; None for other classes."""
    kind = type(value)
    module, name = kind.__module__, kind.__qualname__
    if module == "__main__" or "<" in name or getattr(sys.modules.get(module), "__spec__", None) is None:
        return None
    return f"{PREFIX}{module}:{name}" if _find(module, name) is kind else None


def plain(value: object) -> object:
    """Return what JSON holds of a record, its fields by name.

    Raises:
        TypeError: something in it has no form there.
        Exception: whatever a model's own code raises.
    """
    kind = type(value)
    if hasattr(value, "model_dump"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a field that holds what it is not annotated with
            return value.model_dump(mode="json")
    if not hasattr(kind, "__dataclass_fields__"):
        raise TypeError(f"{kind.__name__} is no record")
    return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(kind)}  # type: ignore[arg-type]


def is_same(value: object, again: object) -> bool:
    """Tell whether a record that went through JSON is the one it was, down to `1` and `1.0`."""
    if type(again) is not type(value) or again != value or _outside(again) != _outside(value):
        return False
    return repr(plain(again)) == repr(plain(value))


def rebuild(serializer: str, data: object) -> object:
    """Return the record of its JSON object.

    Raises:
        CastError: the class does not take it any more.
        ImportError, AttributeError: the class is not there.
    """
    from .casts import cast  # casts knows records too

    _, module, name = serializer.split(":", 2)
    return cast(data, _find(module, name), is_text=False)


def _plain(value: Any) -> object:
    kind = type(value)
    if value is None or kind in _PLAIN:
        return value
    if kind in (list, tuple):
        return [_plain(item) for item in value]
    if kind is dict:
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, enum.Enum):
        return _plain(value.value)
    if is_record(kind):
        return plain(value)
    from .libraryscalars import LIBRARY_SCALARS  # dates, paths, decimals: 5 ms, and most records have none

    if isinstance(value, (bytes, complex, *LIBRARY_SCALARS)):
        return value.isoformat() if hasattr(value, "isoformat") else str(value)
    raise TypeError(f"{kind.__name__} is no JSON")


def _outside(value: object) -> object:
    """Return the attributes that are no fields: those JSON would lose."""
    names = getattr(type(value), "__dataclass_fields__", None)
    own = getattr(value, "__dict__", {})
    return {} if names is None else {name: each for name, each in own.items() if name not in names}


def _find(module: str, name: str) -> Any:
    found: Any = import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found
