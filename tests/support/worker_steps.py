"""Functions that the worker tests run in worker processes."""

from __future__ import annotations

from typing import Any


def noop() -> int:
    return 1


def add(a: int, b: int = 1) -> int:
    return a + b


def echo(value: Any) -> Any:
    return value


def many(n: int) -> tuple[int, ...]:
    return tuple(range(n))
