"""Durations and sizes as people write them: "10m", "1.5h", "4GB"."""

from __future__ import annotations

import re

from .errors import InvalidError

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_BYTES = {"": 1, "b": 1}
for _power, _letter in enumerate("kmgt", start=1):
    _BYTES |= {_letter: 1000**_power, f"{_letter}b": 1000**_power, f"{_letter}ib": 1024**_power}


def seconds(value: float | str) -> float:
    """Return a duration in seconds from a number of seconds or text such as "250ms", "10m", "1h30m".

    Raises:
        InvalidError: negative, not a number, or an unknown unit.
    """
    if isinstance(value, bool):
        raise InvalidError(f"{value!r} is not a duration", "write seconds, or text such as '10m'")
    if isinstance(value, int | float):
        total = float(value)
    else:
        parts = re.findall(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)?", value.strip())
        spelled = re.sub(r"\s+", "", value)
        if not parts or "".join(number + unit for number, unit in parts) != spelled:
            raise InvalidError(f"{value!r} is not a duration", "write seconds, or text such as '250ms', '10m', '1h30m'")
        total = sum(float(number) * _SECONDS[unit or "s"] for number, unit in parts)
    if not 0 <= total < float("inf"):
        raise InvalidError(f"{value!r} is not a duration: it must be finite and not negative")
    return total


def size_bytes(value: float | str) -> int:
    """Return a size in bytes from a number of bytes or text such as "4GB" (1000) or "4GiB" (1024).

    Raises:
        InvalidError: negative, not a number, or an unknown unit.
    """
    if isinstance(value, bool):
        raise InvalidError(f"{value!r} is not a size")
    if isinstance(value, int | float):
        total = float(value)
    else:
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*", value)
        unit = match.group(2).lower() if match else "?"
        if match is None or unit not in _BYTES:
            raise InvalidError(f"{value!r} is not a size", "write bytes, or text such as '512MB', '4GiB'")
        total = float(match.group(1)) * _BYTES[unit]
    if not 0 <= total < float("inf"):
        raise InvalidError(f"{value!r} is not a size: it must be finite and not negative")
    return int(total)


def duration_text(value: float | None) -> str:
    """Return a short text for a duration in seconds: "0.4s", "12s", "2m11s", "1h02m"; "–" for None."""
    if value is None:
        return "–"
    if value < 0.0995:
        return f"{value * 1000:.0f}ms"
    if value < 9.95:
        return f"{value:.1f}s"
    whole = round(value)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 86400}d{whole % 86400 // 3600:02d}h"


def size_text(value: int | None) -> str:
    """Return a short text for a size in bytes, in powers of 1000: "812 B", "4.9 kB", "1.2 GB"; "–" for None."""
    if value is None:
        return "–"
    if value < 1000:
        return f"{value} B"
    amount = float(value)
    for unit in ("kB", "MB", "GB", "TB"):
        amount /= 1000
        if amount < 999.5 or unit == "TB":
            return f"{amount:.1f} {unit}" if amount < 9.95 else f"{amount:.0f} {unit}"
    raise AssertionError("unreachable")
