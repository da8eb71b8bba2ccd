"""What a piece of work is, and what a contestant answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, NamedTuple

CONTESTANTS = ("ours", "limit", "peers.dask_local", "peers.doit_tasks", "peers.huey_sqlite", "peers.ray_local")
"""Modules in the order of the table's columns. Each has NAME, missing(), and a function for each work it can do."""


class Outcome(NamedTuple):
    """One measurement."""

    seconds: float
    """Wall time with workers up, to the last result; of a re-run that changes nothing CPU time of whole processes.
    docs/performance.md says when each contestant's clock starts."""
    value: Any
    """What came out; compared with what must come out, so that nobody wins by doing nothing."""
    note: str = ""
    """What a reader of the figure should know besides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A piece of work that every contestant does in its own way."""

    name: str
    title: str
    """With `{size}` for the size."""
    function: str
    """What a contestant's module calls it; without it the contestant cannot do this work."""
    sizes: tuple[int, int]
    """Full and small."""
    expected: Callable[[int], Any]
    """What must come out for a size."""
    figure: Callable[[float, int], str]
    """Seconds and size as the table shows them."""
    target: str

    def size(self, *, is_small: bool) -> int:
        """Return the size to run at."""
        return self.sizes[int(is_small)]

    def run(self, contestant: ModuleType, size: int) -> Outcome:
        """Let a contestant do it once.

        Raises:
            AssertionError: it came out wrong.
        """
        outcome: Outcome = getattr(contestant, self.function)(size)
        expected = self.expected(size)
        assert outcome.value == expected, f"{contestant.NAME} got {outcome.value!r}, not {expected!r}"
        return outcome
