"""Records: `dataclass`, `field` and `replace` of the standard library, made without writing code.

`dataclasses` writes and compiles six methods for each class, which takes 0.6 to 1 ms: 70 ms of each command before it
did anything. Here the methods are closures over the fields: 0.03 ms a class. Only a class of which hundreds are made
gets a constructor written for it, 0.1 ms once, which makes an instance in half the time. Type
checkers take these for the real ones; `dataclasses.fields`, `asdict` and `is_dataclass` take records for dataclasses.
What is not offered (`init=False`, `order=`, `field(repr=)`) is a TypeError at import: such a class is a standard one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeAlias

from .named import NamedTuple

_NOTHING: Any = object()
_MANY = 100
"""Instances after which a constructor is written: it saves 1 us or more of each, so that its 0.1 ms come back soon."""


class _Field(NamedTuple):
    """What a class says of one field."""

    annotation: Any = None
    default: Any = _NOTHING
    factory: Callable[[], Any] | None = None
    is_positional: bool = True


_Fields: TypeAlias = Mapping[str, _Field]
_Method: TypeAlias = Callable[..., Any] | None
_Filled: TypeAlias = Callable[[tuple[Any, ...], dict[str, Any]], dict[str, Any]]
_Setters: TypeAlias = list[tuple[str, Callable[[Any, Any], None]]]
"""Field -> what puts a value into its slot."""


class _Late:
    """An attribute of a class that is made when it is asked for, which is seldom."""

    def __init__(self, make: Callable[[], Any]):
        self._make = make
        self._made: Any = None

    def __get__(self, record: object, kind: type) -> Any:
        if self._made is None:
            self._made = self._make()
        return self._made


def _field(*, default: Any = _NOTHING, default_factory: Callable[[], Any] | None = None) -> Any:
    return _Field(default=default, factory=default_factory)


def _replace(record: Any, /, **changes: Any) -> Any:
    kind = type(record)
    fields: _Fields | None = getattr(kind, "__record__", None)
    if fields is None:
        import dataclasses  # the record of a class that is a standard one

        return dataclasses.replace(record, **changes)
    return kind(**{name: getattr(record, name) for name in fields} | changes)


def names_of(kind: type) -> tuple[str, ...]:
    """Return the names of a record's fields, in order: what `dataclasses.fields` takes 0.2 ms a class to tell."""
    fields: _Fields = kind.__record__  # type: ignore[attr-defined]
    return tuple(fields)


def defaults_of(kind: type) -> dict[str, Any]:
    """Return by field what it is when nobody says; fields that must be said are absent. As cheap as `names_of`."""
    fields: _Fields = kind.__record__  # type: ignore[attr-defined]
    said = {name: each for name, each in fields.items() if each.factory is not None or each.default is not _NOTHING}
    return {name: each.default if each.factory is None else each.factory() for name, each in said.items()}


def _dataclass(*, frozen: bool = False, slots: bool = False, kw_only: bool = False) -> Callable[[Any], Any]:
    def make(kind: Any) -> Any:
        own = _own_fields(kind, kw_only=kw_only)
        fields = _inherited(kind) | own
        setters: _Setters | None = [] if slots else None
        constructor = _construction(kind, fields, setters, is_frozen=frozen)
        made = {**_attributes(fields), "__init__": constructor, **_comparison(fields)}
        made |= _freezing(fields) if frozen else {"__hash__": None}
        if setters is not None:
            made |= _pickling(fields, setters)
        body = vars(kind)
        made = {name: each for name, each in made.items() if body.get(name) is None}  # else it has its own
        if setters is None:
            return _with_attributes(kind, own, made)
        kind = _slotted(kind, own, made)
        setters += [(name, getattr(kind, name).__set__) for name in fields]
        return kind

    return make


def _own_fields(kind: Any, *, kw_only: bool) -> dict[str, _Field]:
    """Return the fields that a class adds to those of its bases."""
    found = {}
    body = vars(kind)
    for name, annotation in body.get("__annotations__", {}).items():
        if str(annotation).startswith(("ClassVar", "typing.ClassVar")):
            continue
        said = body.get(name, _NOTHING)
        default, factory = (said.default, said.factory) if type(said) is _Field else (said, None)
        if default is not _NOTHING and type(default).__hash__ is None:
            raise ValueError(f"the default of {kind.__name__}.{name} can be changed: say default_factory=")
        # `tuple.__new__`: a command makes five hundred of these.
        found[name] = tuple.__new__(_Field, (annotation, default, factory, not kw_only))
    return found


def _inherited(kind: Any) -> dict[str, _Field]:
    found: dict[str, _Field] = {}
    for base in reversed(kind.__mro__[1:]):
        if "__dataclass_fields__" in vars(base):
            found |= base.__record__  # AttributeError: a standard one, which no record can be made of
    return found


def _slotted(kind: Any, own: _Fields, made: dict[str, Any]) -> Any:
    """Return the class made anew, with slots: they cannot be added to one that is there."""
    body = dict(vars(kind))
    for name in (*own, "__dict__", "__weakref__"):
        body.pop(name, None)
    inherited = {slot for base in kind.__mro__[1:-1] for slot in vars(base).get("__slots__", ())}
    body["__slots__"] = tuple(name for name in own if name not in inherited)
    return type(kind)(kind.__name__, kind.__bases__, body | made)


def _with_attributes(kind: Any, own: _Fields, made: Mapping[str, Any]) -> Any:
    """Return the class itself, without slots; the default of a field is an attribute of it."""
    for name, each in own.items():
        if each.default is not _NOTHING:
            setattr(kind, name, each.default)
        elif name in vars(kind):
            delattr(kind, name)
    for name, value in made.items():
        setattr(kind, name, value)
    return kind


def _attributes(fields: _Fields) -> dict[str, Any]:
    """Return what others ask of a class: `dataclasses`, `inspect`, `copy`, and `match` statements."""
    return {
        "__record__": fields,
        "__dataclass_fields__": _Late(lambda: _standard(fields).__dataclass_fields__),
        "__signature__": _Late(lambda: _signature(fields)),
        "__match_args__": tuple([name for name, each in fields.items() if each.is_positional]),
        "__replace__": _replace,
    }


def _construction(kind: Any, fields: _Fields, setters: _Setters | None, *, is_frozen: bool) -> _Method:
    """Return `__init__`; with slots, by their own setters: 40 ns a field, `object.__setattr__` takes 75."""
    filled: _Filled | None = None
    size = len(fields)
    has_more = hasattr(kind, "__post_init__")
    left = _MANY

    def construct(self: Any, /, *values: Any, **given: Any) -> None:
        nonlocal filled, left
        left -= 1
        if not left:
            owner: Any = next(each for each in type(self).__mro__ if vars(each).get("__init__") is construct)
            owner.__init__ = _written(owner.__qualname__, fields, setters, is_frozen=is_frozen, has_more=has_more)
        if values or len(given) != size or given.keys() != fields.keys():
            filled = filled or _filling(kind.__qualname__, fields)
            given = filled(values, given)
        if setters is None:
            vars(self).update(given)
        else:
            for name, put in setters:
                put(self, given[name])
        if has_more:
            self.__post_init__()

    return construct


def _written(kind: str, fields: _Fields, setters: _Setters | None, *, is_frozen: bool, has_more: bool) -> _Method:
    """Return the `__init__` that `dataclasses` would write; a TypeError has its own words.

    What is not frozen is assigned to, 10 ns a field; slots of what is frozen are filled by their own setters.
    """
    fill = "_put_{0}(_self, {0})" if is_frozen else "_self.{0} = {0}"
    fill = "_all[{0!r}] = {0}" if setters is None else fill
    scope: dict[str, Any] = {"_nothing": _NOTHING, **{f"_put_{name}": put for name, put in setters or ()}}
    by_position: list[str] = []
    by_name, lines = ["*"], []
    for name, each in fields.items():
        scope[f"_default_{name}"] = each.factory or each.default
        if each.factory is not None:
            lines.append(f"if {name} is _nothing: {name} = _default_{name}()")
        said = "" if each.factory is None and each.default is _NOTHING else "=_nothing"
        said = f"=_default_{name}" if said and each.factory is None else said
        (by_position if each.is_positional else by_name).append(f"{name}{said}")
        lines.append(fill.format(name))
    lines = ["_all = _self.__dict__", *lines] if setters is None else lines
    lines += ["_self.__post_init__()"] if has_more else ["pass"]
    heads = ["_self", "/", *by_position, *(by_name if len(by_name) > 1 else [])]
    code = f"def __init__({', '.join(heads)}):\n " + "\n ".join(lines)
    exec(compile(code, f"<record {kind}>", "exec"), scope)  # names of fields of our own classes, nothing else
    made: _Method = scope["__init__"]
    return made


def _filling(kind: str, fields: _Fields) -> _Filled:
    """Return what makes one value for each field of those given by position, those given by name, and the defaults."""
    positional = [name for name, each in fields.items() if each.is_positional]
    defaults = {name: each.default for name, each in fields.items() if each.default is not _NOTHING}
    factories = [(name, each.factory) for name, each in fields.items() if each.factory is not None]
    names = fields.keys()

    def filled(values: tuple[Any, ...], given: dict[str, Any]) -> dict[str, Any]:
        found = defaults | given
        if values:
            if len(values) > len(positional):
                raise TypeError(f"{kind}() takes {len(positional)} values by position, not {len(values)}")
            placed = dict(zip(positional, values, strict=False))
            if twice := placed.keys() & given.keys():
                raise TypeError(f"{kind}() got two values for {min(twice)!r}")
            found |= placed
        for name, factory in factories:
            if name not in found:
                found[name] = factory()
        if found.keys() == names:
            return found
        if unknown := [name for name in found if name not in fields]:
            raise TypeError(f"{kind}() got an unexpected keyword argument {unknown[0]!r}")
        if missing := [name for name in fields if name not in found]:
            raise TypeError(f"{kind}() is missing {', '.join(map(repr, missing))}")
        return found

    return filled


def _comparison(fields: _Fields) -> dict[str, _Method]:
    values = _values(fields)

    def equal(self: Any, other: object) -> Any:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    def text(self: Any) -> str:
        told = (f"{name}={getattr(self, name)!r}" for name in fields)
        return f"{type(self).__qualname__}({', '.join(told)})"

    return {"__eq__": equal, "__hash__": lambda self: hash(values(self)), "__repr__": text}


def _pickling(fields: _Fields, setters: _Setters) -> dict[str, _Method]:
    values = _values(fields)

    def restore(self: Any, state: tuple[Any, ...]) -> None:
        for (_, put), value in zip(setters, state, strict=True):
            put(self, value)

    return {"__getstate__": lambda self: values(self), "__setstate__": restore}


def _freezing(fields: _Fields) -> dict[str, _Method]:
    def refuse(self: Any, name: str, *value: Any) -> None:
        if "__record__" in vars(type(self)) or name in fields:
            from dataclasses import FrozenInstanceError  # an AttributeError that nobody should ever meet

            raise FrozenInstanceError(f"cannot {'assign to' if value else 'delete'} field {name!r}")
        object.__setattr__(self, name, *value) if value else object.__delattr__(self, name)

    return {"__setattr__": refuse, "__delattr__": refuse}


def _values(fields: _Fields) -> Callable[[Any], tuple[Any, ...]]:
    """Return what takes the values of all fields as a tuple."""
    if len(fields) > 1:
        return attrgetter(*fields)  # in C; of a single name it would return no tuple
    return lambda record: tuple(getattr(record, name) for name in fields)


def _standard(fields: _Fields, *, with_init: bool = False) -> Any:
    """Return a standard dataclass with the same fields."""
    import dataclasses  # 1 ms, and 0.2 ms a class

    body: dict[str, Any] = {"__doc__": "", "__annotations__": {name: each.annotation for name, each in fields.items()}}
    for name, each in fields.items():
        said = {"default": each.default} if each.default is not _NOTHING else {}
        said |= {"default_factory": each.factory} if each.factory is not None else {}
        body[name] = dataclasses.field(kw_only=not each.is_positional, **said)
    return dataclasses.dataclass(init=with_init, repr=False, eq=False)(type("Record", (), body))


def _signature(fields: _Fields) -> Any:
    import inspect  # 4 ms

    return inspect.signature(_standard(fields, with_init=True))


if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
    from dataclasses import field as field
    from dataclasses import replace as replace
else:
    dataclass, field, replace = _dataclass, _field, _replace
