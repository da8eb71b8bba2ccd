"""Functions that hold values, for tests of fingerprints."""

from __future__ import annotations

import functools
from collections.abc import Callable

SCALE = 2


def plain(x: int) -> int:
    """Scale."""
    return x * SCALE


def made(factor: object) -> Callable[[int], object]:
    """Return a function that holds a value."""

    def inner(x: int, offset: object = factor) -> object:
        return x, factor, offset

    return inner


def calling(function: Callable[..., object]) -> Callable[[int], object]:
    """Return a function that holds a function."""

    def outer(x: int) -> object:
        return function(x)

    return outer


def lambdas() -> tuple[Callable[[int], int], Callable[[int], int]]:
    """Return two lambdas of different lines."""
    return (
        lambda x: x + 1,
        lambda x: x + 2,
    )


class Model:
    """Has state."""

    def __init__(self, depth: int) -> None:
        self.depth = depth

    def fit(self, x: int) -> int:
        """Fit."""
        return x * self.depth

    def __call__(self, x: int) -> int:
        """Apply."""
        return x


def added(a: int, b: int) -> int:
    """Add."""
    return a + b


add_two = functools.partial(added, b=2)
add_three = functools.partial(added, b=3)
