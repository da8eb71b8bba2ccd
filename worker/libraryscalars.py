"""Single values of a cast of types of the standard library. Apart from `scalars`, as these five modules take 5 ms."""

from __future__ import annotations

import datetime
import decimal
import fractions
import pathlib
import uuid
from collections.abc import Callable
from typing import Any

from ..core.quantities import seconds
from .scalars import parsed


def _to_path(value: object) -> object:
    return parsed(value, pathlib.PurePath, pathlib.Path, "a path")


def _to_datetime(value: object) -> object:
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return datetime.datetime(value.year, value.month, value.day)
    return parsed(value, datetime.datetime, datetime.datetime.fromisoformat, "a date and time such as 2026-01-31T12:30")


def _to_date(value: object) -> object:
    return parsed(value, datetime.date, datetime.date.fromisoformat, "a date such as 2026-01-31")


def _to_time(value: object) -> object:
    return parsed(value, datetime.time, datetime.time.fromisoformat, "a time such as 12:30")


def _to_timedelta(value: object) -> object:
    def parse(given: Any) -> datetime.timedelta:
        return datetime.timedelta(seconds=seconds(given))

    return parsed(value, datetime.timedelta, parse, "a duration such as 10m or 90 (seconds)", also=(int, float))


def _to_decimal(value: object) -> object:
    def parse(given: object) -> decimal.Decimal:
        return decimal.Decimal(repr(given) if isinstance(given, float) else str(given))

    return parsed(value, decimal.Decimal, parse, "a decimal number", also=(int, float))


def _to_fraction(value: object) -> object:
    return parsed(value, fractions.Fraction, fractions.Fraction, "a fraction such as 1/3", also=(int, float))


def _to_uuid(value: object) -> object:
    return parsed(value, uuid.UUID, uuid.UUID, "a UUID")


LIBRARY_SCALARS: dict[type, Callable[[object], object]] = {
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
"""What makes a value of each."""
