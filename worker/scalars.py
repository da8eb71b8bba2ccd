"""Single values of a cast: one small function a type, and how a message names what came instead."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any, NoReturn

from ..core.errors import GraftError, InvalidError

_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})
_TYPE_WORDS = {str: "text", int: "a whole number", float: "a number", bool: "a truth value", dict: "an object"}


class CastError(InvalidError):
    """A value is not what the annotation asks for; the message says what was expected and what came."""


def text_value(text: str) -> object:
    """Return a text as JSON if it parses to something finite, else as it is."""
    try:
        return json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
    except (ValueError, RecursionError):
        return text


def shown(value: object) -> str:
    """Return a value as a message shows it: short, with the name of its type."""
    if value is None:
        return "null"
    text = repr(value) if isinstance(value, str | int | float | list | dict | tuple) else ""
    text = text if len(text) <= 60 else f"{text[:57]}..."
    return f"{text} ({_TYPE_WORDS.get(type(value), type(value).__name__)})" if text else type(value).__name__


def wrong(expected: str, value: object, hint: str | None = None) -> CastError:
    """Return the error that names what was expected and what came."""
    return CastError(f"expected {expected}, got {shown(value)}", hint)


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(text)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _to_text(value: object) -> object:
    if isinstance(value, str):
        return value
    raise wrong("text", value, "quote it" if isinstance(value, int | float) else None)


def _to_int(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            pass
    elif _is_scalar_of_numpy(value, "iu"):
        return value
    raise wrong("a whole number", value)


def _to_float(value: object) -> object:
    if isinstance(value, float):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            pass
    elif _is_scalar_of_numpy(value, "iuf"):
        return value
    raise wrong("a number", value)


def _to_bool(value: object) -> object:
    if isinstance(value, bool) or _is_scalar_of_numpy(value, "b"):
        return value
    word = value.strip().lower() if isinstance(value, str) else None
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise wrong("true or false", value)


def _to_bytes(value: object) -> object:
    if isinstance(value, bytes | bytearray | memoryview):
        return value
    if isinstance(value, str):
        return value.encode()
    raise wrong("text or bytes", value)


def _to_complex(value: object) -> object:
    return parsed(value, complex, complex, "a complex number", also=(int, float))


def parsed(
    value: object, kind: type, parse: Callable[[Any], object], expected: str, also: tuple[type, ...] = ()
) -> object:
    """Return the value if it is of the kind, else what `parse` makes of a text (or of one of the types in `also`)."""
    if isinstance(value, kind):
        return value
    if isinstance(value, (str, *also)) and not isinstance(value, bool):
        try:
            return parse(value)
        except (ValueError, ArithmeticError, GraftError):
            pass
    raise wrong(expected, value)


def _is_scalar_of_numpy(value: object, kinds: str) -> bool:
    return getattr(getattr(value, "dtype", None), "kind", "") in tuple(kinds) and getattr(value, "shape", None) == ()


SCALARS: dict[type, Callable[[object], object]] = {
    str: _to_text,
    int: _to_int,
    float: _to_float,
    bool: _to_bool,
    bytes: _to_bytes,
    complex: _to_complex,
}
"""What makes a value of each simple type of the language."""
_LIBRARIES = frozenset({"datetime", "decimal", "fractions", "pathlib", "uuid"})


def scalar_of(kind: type) -> Callable[[object], object] | None:
    """Return what makes a value of a simple type, of the language or its library; None for any other."""
    found = SCALARS.get(kind)
    if found is None and kind.__module__.partition(".")[0] in _LIBRARIES:
        from .libraryscalars import LIBRARY_SCALARS  # 5 ms, for steps that are annotated so

        found = LIBRARY_SCALARS.get(kind)
    return found
