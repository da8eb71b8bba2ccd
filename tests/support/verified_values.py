"""Values that differ in bytes and not in what they are, and the steps that make them, for tests of `verify`."""

from __future__ import annotations

from typing import Any


class Slotted:
    """A class without a dictionary."""

    __slots__ = ("size",)

    def __init__(self, size: int) -> None:
        self.size = size


class Model:
    """What trained models look like: attributes, sets among them."""

    def __init__(self, weights: Any) -> None:
        self.weights = weights
        self.names = {"alpha", "beta", "gamma", "delta"}
