"""Functions that pipelines in YAML name."""

from __future__ import annotations


def load(n: int = 3) -> list[int]:
    """Return n numbers."""
    return list(range(n))


def scale(xs: list[int], factor: float = 2) -> list[float]:
    """Return the numbers, each times a factor."""
    return [x * factor for x in xs]


def report(scaled: list[float], title: str = "t") -> None:
    """Keep nothing."""


def total(*values: float) -> float:
    """Return the sum of values, or of lists of them."""
    return float(sum(values))


def many(word: str = "a") -> list[int]:
    """Return some numbers."""
    return [1, 2]


def double(item: int, factor: int = 2) -> int:
    """Return a number doubled."""
    return item * factor


def again(n: int = 0) -> tuple[int, bool]:
    """Count, and say when it is enough."""
    return n + 1, n > 3


class Maker:
    """A class with a function of its own."""

    @staticmethod
    def make() -> int:
        """Return one."""
        return 1


def measure() -> dict[str, float]:
    """Return something for metrics."""
    return {"auc": 0.5}
