"""Named tuples: `NamedTuple` of the standard library, made without reading annotations.

`typing` compiles the annotation of every field, two thirds of the 0.18 ms that a class takes: 5 ms of each command that
runs something. Type checkers take this for the real one. What it makes is what `collections.namedtuple` makes.
"""

from __future__ import annotations

from collections import namedtuple
from typing import TYPE_CHECKING, Any

_MADE = frozenset({"__module__", "__qualname__", "__annotations__", "__firstlineno__", "__static_attributes__"})
"""What the body of a class holds beside what was written in it."""


class _Naming(type):
    def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> Any:
        if not bases:
            return super().__new__(cls, name, bases, body)
        fields: dict[str, Any] = body.get("__annotations__", {})
        defaults = [body[field] for field in fields if field in body]
        if any(field in body for field in list(fields)[: len(fields) - len(defaults)]):
            raise TypeError(f"{name}: a field without a default follows one that has some")
        made: Any = namedtuple(name, fields, defaults=defaults, module=body["__module__"])  # type: ignore[misc]
        for key, value in body.items():
            if key not in fields and key not in _MADE:
                setattr(made, key, value)
        made.__qualname__ = body["__qualname__"]
        made.__annotations__ = made.__new__.__annotations__ = fields
        return made


if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple
else:

    class NamedTuple(metaclass=_Naming):
        """Base of what is written as a class of annotated fields, and becomes a tuple with names."""
