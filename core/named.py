"""Named tuples: `NamedTuple` of the standard library, made without reading annotations or writing code.

`typing` compiles the annotation of every field, and `collections` the constructor of every class: 0.18 ms a class, and
a command that runs something has 80. Here the constructors of one size are one piece of code under other names, and the
other methods are inherited: 0.013 ms. Type checkers take this for the real one; what is made can do what that can.
"""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterable
from functools import cache
from operator import itemgetter
from types import FunctionType
from typing import TYPE_CHECKING, Any

_getter: Callable[[int, str], Any] = getattr(
    collections, "_tuplegetter", lambda index, doc: property(itemgetter(index), doc=doc)
)
"""Makes the attribute of a field: what `collections` takes, in C where it can."""
_MADE = frozenset({"__module__", "__qualname__", "__annotations__", "__firstlineno__", "__static_attributes__"})
"""What the body of a class holds beside what was written in it."""


class _Named(tuple[Any, ...]):
    """What all named tuples do, by the names and values of their own."""

    __slots__ = ()
    _fields: tuple[str, ...] = ()

    @classmethod
    def _make(cls, values: Iterable[Any]) -> Any:
        made = tuple.__new__(cls, values)
        if len(made) != len(cls._fields):
            raise TypeError(f"Expected {len(cls._fields)} arguments, got {len(made)}")
        return made

    def _replace(self, /, **changes: Any) -> Any:
        made = self._make(map(changes.pop, self._fields, self))
        if changes:
            raise ValueError(f"Got unexpected field names: {list(changes)!r}")
        return made

    __replace__ = _replace

    def _asdict(self) -> dict[str, Any]:
        return dict(zip(self._fields, self, strict=True))

    def __repr__(self) -> str:
        told = (f"{name}={value!r}" for name, value in zip(self._fields, self, strict=True))
        return f"{type(self).__name__}({', '.join(told)})"

    def __getnewargs__(self) -> tuple[Any, ...]:
        return tuple(self)


class _Naming(type):
    def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> Any:
        if not bases:
            return super().__new__(cls, name, bases, body)
        fields: dict[str, Any] = body.get("__annotations__", {})
        names = tuple(fields)
        defaults = {field: body[field] for field in names if field in body}
        if names[len(names) - len(defaults) :] != tuple(defaults):
            raise TypeError(f"{name}: a field without a default follows one that has some")
        made = {key: value for key, value in body.items() if key not in _MADE}
        made |= {field: _getter(index, f"Alias for field number {index}") for index, field in enumerate(names)}
        made |= {"__slots__": (), "__module__": body["__module__"], "__qualname__": body["__qualname__"]}
        made |= {"_fields": names, "__match_args__": names, "_field_defaults": defaults, "__annotations__": fields}
        return type(name, (_Named,), {**made, "__new__": _constructor(body["__qualname__"], fields, defaults)})


def _constructor(kind: str, fields: dict[str, Any], defaults: dict[str, Any]) -> FunctionType:
    """Return `__new__` of a class."""
    pattern = _pattern(len(fields))
    code = pattern.__code__.replace(co_varnames=("_cls", *fields))
    made = FunctionType(code, pattern.__globals__, "__new__", tuple(defaults.values()))
    made.__qualname__ = f"{kind}.__new__"
    made.__annotations__ = fields
    return made


@cache
def _pattern(size: int) -> FunctionType:
    """Return what makes a tuple of this many values, each by a name of its own."""
    values = "".join(f"_{number}, " for number in range(size))
    made: FunctionType = eval(f"lambda _cls, {values}: _new(_cls, ({values}))", {"_new": tuple.__new__})
    return made


if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple
else:

    class NamedTuple(metaclass=_Naming):
        """Base of what is written as a class of annotated fields, and becomes a tuple with names."""
