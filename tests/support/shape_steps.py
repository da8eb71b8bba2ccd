"""Reducers and items that cross into worker processes, for tests of what workers do for composites."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterator
from typing import Any, NamedTuple


@dataclasses.dataclass
class Trial:
    C: float
    depth: int


class Pair(NamedTuple):
    C: float
    depth: int


class Color(enum.Enum):
    RED = "red"
    DEEP = 7


def largest(*values: float) -> float:
    return max(values)


def last(values: list[Any]) -> Any:
    return values[-1]


def wrapped(*args: Any, **kwargs: Any) -> Any:
    return last(*args, **kwargs)


def best(trials: list[dict[str, Any]]) -> dict[str, Any]:
    return max(trials, key=lambda trial: float(trial["score"]))


def broken(values: list[Any]) -> Any:
    raise LookupError("no such column")


async def later(values: list[Any]) -> int:
    return len(values)


def doubled(values: list[int]) -> Iterator[int]:
    for each in values:
        yield 2 * each
