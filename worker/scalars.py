"""Single values of a cast: one small function a type, and how a message names what came instead."""

from __future__ import annotations

import datetime
import decimal
import fractions
import json
import math
import pathlib
import uuid
from collections.abc import Callable
from typing import Any, NoReturn

from ..core.errors import GraftError, InvalidError
from ..core.quantities import seconds

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
    return _parsed(value, complex, complex, "a complex number", also=(int, float))


def _to_path(value: object) -> object:
    return _parsed(value, pathlib.PurePath, pathlib.Path, "a path")


def _to_datetime(value: object) -> object:
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return datetime.datetime(value.year, value.month, value.day)
    return _parsed(
        value, datetime.datetime, datetime.datetime.fromisoformat, "a date and time such as 2026-01-31T12:30"
    )


def _to_date(value: object) -> object:
    return _parsed(value, datetime.date, datetime.date.fromisoformat, "a date such as 2026-01-31")


def _to_time(value: object) -> object:
    return _parsed(value, datetime.time, datetime.time.fromisoformat, "a time such as 12:30")


def _to_timedelta(value: object) -> object:
    def parse(given: Any) -> datetime.timedelta:
        return datetime.timedelta(seconds=seconds(given))

    return _parsed(value, datetime.timedelta, parse, "a duration such as 10m or 90 (seconds)", also=(int, float))


def _to_decimal(value: object) -> object:
    def parse(given: object) -> decimal.Decimal:
        return decimal.Decimal(repr(given) if isinstance(given, float) else str(given))

    return _parsed(value, decimal.Decimal, parse, "a decimal number", also=(int, float))


def _to_fraction(value: object) -> object:
    return _parsed(value, fractions.Fraction, fractions.Fraction, "a fraction such as 1/3", also=(int, float))


def _to_uuid(value: object) -> object:
    return _parsed(value, uuid.UUID, uuid.UUID, "a UUID")


def _parsed(
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
    pathlib.Path: _to_path,
    pathlib.PurePath: _to_path,
    datetime.datetime: _to_datetime,
    datetime.date: _to_date,
    datetime.time: _to_time,
    datetime.timedelta: _to_timedelta,
    decimal.Decimal: _to_decimal,
    fractions.Fraction: _to_fraction,
    uuid.UUID: _to_uuid,
}
"""What makes a value of each simple type."""
