"""What is searched by `tune` and `sweep`: values of parameters, and which sets of them are tried."""

from __future__ import annotations

import itertools
import math
import random
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .errors import InvalidError
from .graph import Json
from .records import dataclass

Trial = dict[str, Json]
"""Parameters of one trial, by name."""


class Space(ABC):
    """Values that a parameter may have."""

    @abstractmethod
    def grid(self, steps: int) -> list[Json]:
        """Return at most `steps` values that cover it evenly; a list of choices is returned whole."""

    @abstractmethod
    def draw(self, chance: random.Random) -> Json:
        """Return a value at random."""


@dataclass(frozen=True, slots=True)
class Choice(Space):
    """One of several values."""

    values: tuple[Json, ...]

    def grid(self, steps: int) -> list[Json]:
        """Return all values."""
        return list(self.values)

    def draw(self, chance: random.Random) -> Json:
        """Return one of them, each as likely."""
        return chance.choice(self.values)


@dataclass(frozen=True, slots=True)
class Interval(Space):
    """Numbers between two ends, which belong to it."""

    low: float
    high: float
    is_log: bool = False
    """True: each factor is as likely as any other of its size, so that 0.001 to 0.01 gets as many as 1 to 10."""
    is_whole: bool = False

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high)) or self.low > self.high:
            raise InvalidError(f"a range goes from a number up to a greater one, not from {self.low} to {self.high}")
        if self.is_log and self.low <= 0:
            raise InvalidError(f"a logarithmic range begins above zero, not at {self.low:g}")

    def grid(self, steps: int) -> list[Json]:
        """Return numbers at even distances, both ends among them."""
        if steps < 2 or self.low == self.high:
            return [self._number(self._at(0.5 if self.low != self.high else 0.0))]
        # Of twelve digits, so that it is not 0.010000000000000002.
        inner = [float(f"{self._at(step / (steps - 1)):.12g}") for step in range(1, steps - 1)]
        return list(dict.fromkeys(map(self._number, (self.low, *inner, self.high))))

    def draw(self, chance: random.Random) -> Json:
        """Return a number between the ends."""
        if self.is_whole and not self.is_log:
            return chance.randint(math.ceil(self.low), math.floor(self.high))
        return self._number(self._at(chance.random()))

    def _at(self, share: float) -> float:
        if self.is_log:
            return math.exp(math.log(self.low) + share * (math.log(self.high) - math.log(self.low)))
        return self.low + share * (self.high - self.low)

    def _number(self, value: float) -> float | int:
        value = min(max(value, self.low), self.high)  # exp(log(10)) is 10.000000000000002
        return round(value) if self.is_whole else value


def uniform(low: float, high: float) -> Interval:
    """Return the numbers from `low` to `high`.

    Raises:
        InvalidError: they are no numbers in this order.
    """
    return Interval(float(low), float(high))


def log(low: float, high: float) -> Interval:
    """Return the numbers from `low` to `high`, as many in each power of ten.

    Raises:
        InvalidError: they are no numbers above zero in this order.
    """
    return Interval(float(low), float(high), is_log=True)


def whole(low: int, high: int, *, is_log: bool = False) -> Interval:
    """Return the whole numbers from `low` to `high`.

    Raises:
        InvalidError: they are no numbers in this order.
    """
    return Interval(float(low), float(high), is_log=is_log, is_whole=True)


def space_of(name: str, value: object) -> Space:
    """Return the space a value stands for: itself, or a list of choices.

    Raises:
        InvalidError: it is neither.
    """
    if isinstance(value, Space):
        return value
    if isinstance(value, Sequence) and not isinstance(value, str | bytes) and value:
        return Choice(tuple(value))
    hint = "write a list, uniform(0, 1), log(1e-3, 10) or whole(1, 8)"
    raise InvalidError(f"'{name}' is searched in {value!r}, which is no list and no range", hint)


def grid(spaces: Mapping[str, Space], steps: int = 5) -> Iterator[Trial]:
    """Yield every combination, the last name varying fastest.

    Args:
        spaces: by parameter.
        steps: values of a range.
    """
    names = list(spaces)
    for values in itertools.product(*(spaces[name].grid(steps) for name in names)):
        yield dict(zip(names, values, strict=True))


def drawn(spaces: Mapping[str, Space], count: int, seed: int) -> Iterator[Trial]:
    """Yield `count` combinations at random, none twice while there are others; the same for the same seed."""
    chance = random.Random(seed)
    seen: set[str] = set()
    for _ in range(count):
        trial: Trial = {}
        for _ in range(100):  # few choices may all have been drawn
            trial = {name: space.draw(chance) for name, space in spaces.items()}
            if repr(trial) not in seen:
                break
        seen.add(repr(trial))
        yield trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One round of successive halving: how many trials, and how much each may spend."""

    trials: int
    resource: int


def rungs(trials: int, least: int, most: int, factor: int = 3) -> list[Rung]:
    """Return the rounds of successive halving: each keeps the best part and gives it more.

    Args:
        trials: at the start.
        least: of the resource (epochs, rows, trees) that a trial of the first round gets.
        most: that a trial of the last round gets.
        factor: by which trials fall and the resource grows.

    Raises:
        InvalidError: a number makes no sense.

    Source: Jamieson and Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter Optimization", 2016.
    """
    if trials < 1 or least < 1 or most < least or factor < 2:
        raise InvalidError(f"no rounds go from {trials} trials of {least} to {most} by a factor of {factor}")
    found = []
    resource: int = least
    while True:
        found.append(Rung(trials=trials, resource=min(resource, most)))
        if resource >= most or trials == 1:
            return found
        trials, resource = max(1, trials // factor), resource * factor


def best(scores: Sequence[float | None], count: int, *, is_maximum: bool) -> list[int]:
    """Return the positions of the best scores, the best first; of equal ones the earlier. None and NaN are left out."""
    known = [(at, score) for at, score in enumerate(scores) if score is not None and not math.isnan(score)]
    known.sort(key=lambda pair: (-pair[1] if is_maximum else pair[1], pair[0]))
    return [at for at, _ in known[:count]]


def described(space: Space) -> str:
    """Return a space as people write it."""
    if isinstance(space, Choice):
        return ", ".join(map(_text, space.values))
    assert isinstance(space, Interval)
    name = "whole" if space.is_whole else "log" if space.is_log else "uniform"
    return f"{name}({space.low:g}, {space.high:g})"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:g}" if isinstance(value, float) else str(value)
