"""Turn what a person typed, or what JSON can hold, into what a function's annotation asks for.

Apart from binding because the compiler uses it too: a value that does not cast is found before the run starts.
Standard library only; pydantic is never imported, a model is recognised by its class.
"""

from __future__ import annotations

import collections
import collections.abc as abc
import dataclasses
import enum
import inspect
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any

from ..core.errors import nearest
from .records import is_model, is_record
from .scalars import CastError, scalar_of, shown, text_value, wrong

__all__ = ["CastError", "cast", "is_structured", "text_value"]

_NULL = frozenset({"null", "none"})
_ANYTHING = (inspect.Parameter.empty, Any, object)


def cast(value: object, annotation: object, *, is_text: bool) -> object:
    """Return the value as the annotation wants it; as it is when the annotation says nothing we know.

    Args:
        value: a text as typed, or any value.
        annotation: a type as written on a parameter; `inspect.Parameter.empty` or an unresolved string for none.
        is_text: the value was typed (command line, environment), so containers and models are read from JSON and,
            without annotation, the text is JSON if it parses, else text. NaN, Infinity and 1e400 stay text.

    Raises:
        CastError: it does not fit.
    """
    try:
        return _cast(value, annotation, is_text and isinstance(value, str))
    except RecursionError:
        raise CastError("the value is nested too deeply") from None


def is_structured(annotation: object) -> bool:
    """Tell whether a dict that comes from an upstream step is turned into this type: a dataclass or pydantic model."""
    annotation = _plain(annotation)
    is_union = typing.get_origin(annotation) in (typing.Union, types.UnionType)
    members = typing.get_args(annotation) if is_union else (annotation,)
    return any(_is_record(_plain(member)) for member in members)


def _cast(value: object, annotation: object, is_text: bool) -> object:
    annotation = _plain(annotation)
    if any(annotation is each for each in _ANYTHING):
        return text_value(value) if is_text and isinstance(value, str) else value
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        return _cast_union(value, typing.get_args(annotation), is_text)
    if origin is typing.Literal:
        return _cast_literal(value, typing.get_args(annotation), is_text)
    if annotation is None or annotation is type(None):
        return _cast_none(value)
    kind = origin if isinstance(origin, type) else annotation
    if not isinstance(kind, type):
        return value
    return _cast_class(value, kind, typing.get_args(annotation), is_text)


def _cast_class(value: object, kind: type, inner: tuple[Any, ...], is_text: bool) -> object:
    scalar = scalar_of(kind)
    if scalar is not None:
        return scalar(value)
    if issubclass(kind, enum.Enum):
        return _cast_enum(value, kind)
    if typing.is_typeddict(kind):
        return _cast_typed_dict(value, kind, is_text)
    if _is_record(kind):
        return value if isinstance(value, kind) else _cast_record(value, kind, is_text)
    if kind in _LISTS:
        return _cast_items(value, kind, inner, is_text)
    if kind in _DICTS:
        return _cast_dict(value, kind, inner, is_text)
    # A class we know nothing about (DataFrame, Callable, the user's own): the step gets what was given.
    return text_value(value) if is_text and isinstance(value, str) and not issubclass(kind, str) else value


def _plain(annotation: object) -> object:
    """Take off what changes no value: Annotated, NewType, type aliases, type variables; None for what is unresolved."""
    while True:
        if typing.get_origin(annotation) is typing.Annotated:
            annotation = typing.get_args(annotation)[0]
        elif isinstance(annotation, typing.NewType):
            annotation = annotation.__supertype__
        elif isinstance(annotation, typing.TypeVar):
            annotation = annotation.__bound__ or Any
        elif type(annotation).__name__ == "TypeAliasType":  # `type X = ...` of Python 3.12
            annotation = annotation.__value__  # type: ignore[attr-defined]
        elif isinstance(annotation, str | typing.ForwardRef):
            return Any
        else:
            return annotation


def _is_record(kind: object) -> bool:
    return isinstance(kind, type) and is_record(kind)


def _cast_none(value: object) -> object:
    if value is None or (isinstance(value, str) and value.strip().lower() in _NULL):
        return None
    raise wrong("null", value)


def _cast_union(value: object, members: tuple[Any, ...], is_text: bool) -> object:
    """Take the member the value already is, else the first that casts; of a text, `str` only when nothing else fits."""
    if not is_text:
        for member in members:
            plain = _plain(member)
            if isinstance(plain, type) and type(value) is plain:
                return value
    text_last = sorted(members, key=lambda member: (_plain(member) is str, member is not type(None)))
    problems: list[str] = []
    for member in text_last:
        try:
            return _cast(value, member, is_text)
        except CastError as problem:
            problems.append(problem.message)
    raise CastError("; or ".join(dict.fromkeys(problems)))


def _cast_literal(value: object, members: tuple[Any, ...], is_text: bool) -> object:
    for member in members:
        if type(member) is type(value) and member == value:
            return member
    for member in members:
        if is_text and (str(_enum_value(member)) == value or text_value(str(value)) == member != value):
            return member
    choices = ", ".join(repr(_enum_value(member)) for member in members)
    raise wrong(
        f"one of {choices}", value, nearest(str(value), [str(member) for member in members]).lstrip("; ") or None
    )


def _enum_value(member: object) -> object:
    return member.value if isinstance(member, enum.Enum) else member


def _cast_enum(value: object, kind: type[enum.Enum]) -> object:
    if isinstance(value, kind):
        return value
    candidates: list[object] = [value]
    if isinstance(value, str):
        if value in kind.__members__:
            return kind[value]
        candidates.append(text_value(value))
    for candidate in candidates:
        try:
            return kind(candidate)
        except (ValueError, TypeError):
            continue
    raise wrong(f"one of {', '.join(kind.__members__)}", value)


def _cast_items(value: object, kind: type, inner: tuple[Any, ...], is_text: bool) -> object:
    found = _items(value, is_text)
    if found is None:
        return value
    items, are_text = found
    if kind is tuple and inner and inner[-1] is not Ellipsis:
        wanted = () if inner == ((),) else inner
        if len(items) != len(wanted):
            raise CastError(f"expected {len(wanted)} values, got {len(items)}: {shown(value)}")
        return tuple(_at(index, item, wanted[index], are_text) for index, item in enumerate(items))
    each = inner[0] if inner else Any
    made = [_at(index, item, each, are_text) for index, item in enumerate(items)]
    if type(value) is kind and all(new is old for new, old in zip(made, items, strict=True)):
        return value
    return _LISTS[kind](made)


def _items(value: object, is_text: bool) -> tuple[list[Any], bool] | None:
    """Return the items of a list-like value and whether they are still text (`a,b` is a list of two).

    None for something else that can be iterated, an array say: the step gets it as it is.
    """
    if is_text and isinstance(value, str):
        parsed = text_value(value)
        if isinstance(parsed, list):
            return parsed, False
        if value.lstrip().startswith(("[", "{")):
            raise wrong("a JSON array, or values with commas between", value)
        return ([part.strip() for part in value.split(",")] if value.strip() else []), True
    if isinstance(value, list | tuple | set | frozenset | collections.deque):
        return list(value), False
    if isinstance(value, str | bytes | dict) or not isinstance(value, abc.Iterable):
        raise wrong("a list", value)
    return None


def _at(index: int, item: object, annotation: object, is_text: bool) -> object:
    try:
        return _cast(item, annotation, is_text and isinstance(item, str))
    except CastError as problem:
        raise CastError(f"item {index + 1}: {problem.message}", problem.hint) from None


def _cast_dict(value: object, kind: type, inner: tuple[Any, ...], is_text: bool) -> object:
    pairs = _mapping(value, is_text)
    key_type, value_type = inner if len(inner) == 2 else (Any, Any)
    made = {_key(key, key_type): _field(key, item, value_type) for key, item in pairs.items()}
    if type(value) is dict and made == value and kind is not collections.OrderedDict:
        return value if all(type(new) is type(value[key]) for key, new in made.items()) else made
    return collections.OrderedDict(made) if kind is collections.OrderedDict else made


def _mapping(value: object, is_text: bool) -> Mapping[Any, Any]:
    parsed = text_value(value) if is_text and isinstance(value, str) else value
    if not isinstance(parsed, Mapping):
        raise wrong("a JSON object", value)
    return parsed


def _key(key: object, annotation: object) -> object:
    try:
        return _cast(key, annotation, False)
    except CastError as problem:
        raise CastError(f"key {key!r}: {problem.message}", problem.hint) from None


def _field(name: object, item: object, annotation: object) -> object:
    try:
        return _cast(item, annotation, False)
    except CastError as problem:
        raise CastError(f"{name!r}: {problem.message}", problem.hint) from None


def _cast_typed_dict(value: object, kind: Any, is_text: bool) -> object:
    pairs = _mapping(value, is_text)
    hints = typing.get_type_hints(kind)
    _check_names(kind, pairs, hints, kind.__required_keys__)
    return {name: _field(name, item, hints[name]) for name, item in pairs.items()}


def _cast_record(value: object, kind: Any, is_text: bool) -> object:
    if is_model(kind):
        return _cast_model(value, kind, is_text)
    pairs = _mapping(value, is_text)
    try:
        hints = typing.get_type_hints(kind)
    except (NameError, TypeError):
        hints = {}
    fields = {field.name: field for field in dataclasses.fields(kind) if field.init}
    missing = dataclasses.MISSING
    required = [name for name, f in fields.items() if f.default is missing and f.default_factory is missing]
    _check_names(kind, pairs, fields, required)
    made = {name: _field(name, item, hints.get(name, Any)) for name, item in pairs.items()}
    try:
        return kind(**made)
    except (ValueError, TypeError) as problem:
        raise CastError(f"{kind.__name__} does not accept {shown(value)}: {problem}") from problem


def _check_names(kind: type, given: Mapping[Any, Any], known: Mapping[str, Any], required: abc.Iterable[str]) -> None:
    for name in given:
        if name not in known:
            raise CastError(f"{kind.__name__} has no field {name!r}{nearest(str(name), list(known))}")
    missing = [name for name in required if name not in given]
    if missing:
        raise CastError(f"{kind.__name__} needs {', '.join(map(repr, sorted(missing)))}")


def _cast_model(value: object, kind: Any, is_text: bool) -> object:
    given = dict(_mapping(value, is_text)) if is_text or isinstance(value, Mapping) else value
    try:
        if hasattr(kind, "model_validate"):
            return kind.model_validate(given)
        return kind(**_mapping(given, False))  # a pydantic dataclass
    except (ValueError, TypeError) as problem:
        raise CastError(f"{kind.__name__} does not accept {shown(value)}: {_model_problem(problem)}") from problem


def _model_problem(problem: Any) -> str:
    if not hasattr(problem, "errors"):
        return str(problem)
    # Never `str(problem)`: it holds the whole input and a link.
    return "; ".join(f"{'.'.join(map(str, each['loc'])) or 'value'}: {each['msg']}" for each in problem.errors()[:5])


_LISTS: dict[type, Callable[[list[Any]], object]] = {
    list: list,
    tuple: tuple,
    set: set,
    frozenset: frozenset,
    collections.deque: collections.deque,
    abc.Sequence: list,
    abc.MutableSequence: list,
    abc.Iterable: list,
    abc.Collection: list,
    abc.Set: set,
    abc.MutableSet: set,
}
_DICTS = frozenset({dict, collections.OrderedDict, abc.Mapping, abc.MutableMapping})
