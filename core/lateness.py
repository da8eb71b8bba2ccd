"""An executor that is opened when there is something to execute: a run that reuses everything starts no process."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Protocol, runtime_checkable

from .events import AttemptEnded, StepTold
from .orders import Order
from .ports import Executor


@runtime_checkable
class Arriving(Protocol):
    """An executor that takes a while to reach the place its attempts run at; others are there at once."""

    def has_arrived(self) -> bool:
        """Tell whether the place was reached, and found fit for the run."""
        ...


@runtime_checkable
class Expecting(Protocol):
    """An executor that can tell before anything runs whether its place has what attempts will ask for."""

    def expect(self, operations: Collection[int]) -> None:
        """Take in which operations may come: it has not arrived before its place was found fit for all of them.

        When it is not, `wait` raises.
        """
        ...


class LateExecutor:
    """Implements `Executor` by another one, opened on first need.

    Args:
        make: opens it; what it raises comes out of the call that needed it.
    """

    def __init__(self, make: Callable[[], Executor]):
        self._make = make
        self._made: Executor | None = None

    def room(self) -> int:
        """Return how many more orders it takes now."""
        return self._executor().room()

    def submit(self, orders: Sequence[Order]) -> None:
        """Take orders."""
        self._executor().submit(orders)

    def cancel(self, nodes: Sequence[str], *, grace_s: float) -> None:
        """Stop attempts; there are none before it was opened."""
        if self._made is not None:
            self._made.cancel(nodes, grace_s=grace_s)

    def has_arrived(self) -> bool:
        """Tell whether the other one is where its attempts run; it is opened if it was not."""
        made = self._executor()
        return not isinstance(made, Arriving) or made.has_arrived()

    def expect(self, operations: Collection[int]) -> None:
        """Hand on which operations may come."""
        made = self._executor()
        if isinstance(made, Expecting):
            made.expect(operations)

    def wait(self, timeout_s: float | None) -> list[AttemptEnded | StepTold]:
        """Block until something ended, or the time is over."""
        return self._executor().wait(timeout_s)

    def close(self) -> None:
        """End all workers, if there ever were any."""
        if self._made is not None:
            self._made.close()

    def _executor(self) -> Executor:
        if self._made is None:
            self._made = self._make()
        return self._made
