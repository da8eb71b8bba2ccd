"""The user's functions in every benchmark: importable by any contestant's workers, knowing none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

MODULUS = 1_000_003


def noop(index: int) -> int:
    """Return what came."""
    return index


def add(value: int) -> int:
    """Return one more."""
    return value + 1


def mix(a: int, b: int, c: int) -> int:
    """Return a number that depends on all three."""
    return (3 * a + 5 * b + 7 * c + 1) % MODULUS


def make_array(size_bytes: int) -> np.ndarray:
    """Return an array of float64 of that size."""
    import numpy as np  # most contestants' workers never need it: 100 ms

    return np.arange(size_bytes // 8, dtype="f8")


def total(array: np.ndarray) -> float:
    """Return the sum: every byte is read."""
    return float(array.sum())


def neighbours(column: int, width: int) -> tuple[int, int, int]:
    """Return the columns of the layer before that a node of the layered graph needs."""
    return column, (column + 1) % width, (column + 7) % width
