"""An executor that executes nothing: it hands in how attempts ended elsewhere, as the word they left says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .events import AttemptCancelled, AttemptEnded, AttemptFailed, AttemptSucceeded, StepTold
from .orders import Order
from .records import replace

End = AttemptSucceeded | AttemptFailed
_ALL = 1 << 30


class NoMoreWord(Exception):
    """Of everything that could go on now, nobody left word."""


class Homecoming:
    """Implements `Executor`. Attempts come in the order in which they ended, at the times at which they did.

    Args:
        ends: by path how the last attempt of a step ended.
    """

    def __init__(self, ends: Mapping[str, End]):
        self._ends = ends
        self._here: list[AttemptEnded] = []
        self.now = min((_begun(end) for end in ends.values()), default=0.0)
        """Wall time of what was handed in last: the clock of the run."""
        self.taken: list[str] = []
        """Paths of the steps whose end was handed in."""

    def clock(self) -> float:
        """Return when this happened, elsewhere."""
        return self.now

    def room(self) -> int:
        """Return how many more orders it takes: all."""
        return _ALL

    def submit(self, orders: Sequence[Order]) -> None:
        """Take orders; of those nobody left word of there will be no end."""
        known = [order for order in orders if order.node in self._ends]
        self._here += [replace(self._ends[order.node], attempt=order.attempt) for order in known]

    def cancel(self, nodes: Sequence[str], *, grace_s: float) -> None:
        """Stop attempts: those that left word have ended, the others ended without."""
        waiting = {end.node for end in self._here}
        self._here += [
            AttemptCancelled(node=node, attempt=1, at=self.now, started=None, seconds=None, worker=None)
            for node in nodes
            if node not in waiting
        ]

    def wait(self, timeout_s: float | None) -> list[AttemptEnded | StepTold]:
        """Return the end that came first.

        Raises:
            NoMoreWord: there is none.
        """
        if not self._here:
            raise NoMoreWord
        first = min(self._here, key=lambda end: end.at)
        self._here.remove(first)
        self.now = max(self.now, first.at)
        self.taken.append(first.node)
        return [first]

    def close(self) -> None:
        """Nothing was opened."""


def _begun(end: End) -> float:
    return end.at if end.started is None else end.started
