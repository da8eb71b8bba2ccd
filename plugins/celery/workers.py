"""The workers a run's host knows, and since when it has not heard of them. Pure: told the time (monotonic)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from ...core.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A worker as it introduced itself."""

    desk: str
    """Queue of what is said to it, and what tells it from one that was started again under the same name."""
    name: str
    """In the run log."""
    queues: frozenset[str]
    """It takes tasks from these."""
    threads: int
    """Attempts it executes at once."""

    @property
    def station(self) -> str:
        """Return whose log files these are: another process under the same name begins at 0 again."""
        return f"{self.name}-{self.desk[-6:]}"


class Workers:
    """Those that gave a sign of life, in the order they were met."""

    silent_s: ClassVar[float] = 10.0
    """A worker that was not heard for so long is lost; it says something every 2 s."""

    def __init__(self) -> None:
        self._met: dict[str, Worker] = {}
        self._heard: dict[str, float] = {}
        self._unheard: dict[str, float] = {}
        """Queue -> since when something waits in it and nobody listens."""
        self._once: set[str] = set()
        """Queues somebody has listened to."""

    def __iter__(self) -> Iterator[Worker]:
        return iter(list(self._met.values()))

    def get(self, desk: str) -> Worker | None:
        """Return a worker by its desk; None: it is not known, or was given up."""
        return self._met.get(desk)

    def replaced(self, name: str, desk: str) -> Worker | None:
        """Return the worker that had this name before this desk; None: nobody had."""
        return next((each for each in self._met.values() if each.name == name and each.desk != desk), None)

    def hear(self, worker: Worker, now: float) -> None:
        """Take in a sign of life."""
        self._met[worker.desk] = worker
        self._heard[worker.desk] = now
        self._once |= worker.queues

    def forget(self, desk: str) -> None:
        """Strike out a worker."""
        self._met.pop(desk, None)
        self._heard.pop(desk, None)

    def refresh(self, now: float) -> None:
        """Begin to count anew: nobody could be heard till now."""
        self._heard = dict.fromkeys(self._heard, now)
        self._unheard = dict.fromkeys(self._unheard, now)

    def silent(self, now: float) -> list[Worker]:
        """Return those that have been silent for too long."""
        return [self._met[desk] for desk, at in self._heard.items() if now - at > self.silent_s]

    def queues(self) -> set[str]:
        """Return the queues that somebody listens to."""
        return {queue for worker in self._met.values() for queue in worker.queues}

    def threads(self, queue: str | None = None) -> int:
        """Return how many attempts are executed at once, of one queue or of all; at least 1."""
        return max(1, sum(each.threads for each in self._met.values() if queue is None or queue in each.queues))

    def unheard(self, waiting: Iterable[str], now: float, find_s: float, patience_s: float) -> list[str]:
        """Return the queues in which something waits in vain.

        Args:
            waiting: queues in which something waits.
            now: the time.
            find_s: how long nobody may listen to a queue that nobody ever listened to.
            patience_s: how long to one that lost its listeners, or while there is no worker at all.
        """
        listened = self.queues()
        self._unheard = {queue: self._unheard.get(queue, now) for queue in waiting if queue not in listened}
        is_early = not listened or bool(self._once.intersection(self._unheard))
        allowed = patience_s if is_early else min(find_s, patience_s)
        return [queue for queue, since in self._unheard.items() if now - since > allowed]
