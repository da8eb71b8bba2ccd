"""Moments as people say them: "3m ago", and `--since 2d` the other way round."""

from __future__ import annotations

from datetime import datetime

from .errors import InvalidError
from .quantities import seconds

_STEPS = ((60.0, 1.0, "s"), (3600.0, 60.0, "m"), (86400.0, 3600.0, "h"), (30 * 86400.0, 86400.0, "d"))
"""Up to so many seconds: divide by this, write that."""


def ago(at: float | None, now: float) -> str:
    """Return how long ago a wall time was: "now", "12s ago", "5d ago", then the date; empty for None."""
    if at is None:
        return ""
    passed = now - at
    if passed < 1:
        return "now"
    for limit, unit, letter in _STEPS:
        if passed < limit:
            return f"{int(passed // unit)}{letter} ago"
    return local(at)[:10]


def local(at: float) -> str:
    """Return a wall time in the time zone of the person: "2026-11-20 12:04:31"."""
    return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def since(text: str, now: float) -> float:
    """Return the wall time of "2d" (ago), "2026-11-20" or "2026-11-20T12:00" (local time).

    Raises:
        InvalidError: it is neither.
    """
    try:
        return datetime.fromisoformat(text).astimezone().timestamp()
    except ValueError:
        pass
    try:
        return now - seconds(text)
    except InvalidError:
        raise InvalidError(f"--since {text!r} is no time", "write '2d', '12h', '2026-11-20' or a time") from None
