"""What attempts take of a place: its cores, and what it offers by name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

CPUS, MEMORY = "cpus", "memory"


def lacking(demand: Mapping[str, float], offered: Mapping[str, float]) -> str | None:
    """Return what a place can never give to an attempt; None: it can, sooner or later."""
    for name, amount in demand.items():
        if name == CPUS or (name == MEMORY and name not in offered):
            continue
        if amount > offered.get(name, 0.0):
            return name
    return None


class Load:
    """The attempts at one place, in numbers."""

    def __init__(self) -> None:
        self.busy = 0.0
        """Cores; more than there are when attempts wait there for the next free one."""
        self._wide = 0
        self._held: dict[str, float] = defaultdict(float)

    def has(self, demand: Mapping[str, float], offered: Mapping[str, float]) -> bool:
        """Tell whether what is demanded by name is free now."""
        return all(self._held[name] + amount <= offered[name] for name, amount in demand.items() if name in offered)

    def has_cores(self, demand: Mapping[str, float], threads: int) -> bool:
        """Tell whether the cores are free now, or the attempt may wait there for one.

        Those of one core may wait. One that takes several must not be begun by a station that counts attempts, not
        cores; it is sent when they are free, or alone when it wants more than there are.
        """
        wanted = _cores(demand)
        return self.busy == 0 or (wanted <= 1 and not self._wide) or self.busy + wanted <= threads

    def take(self, demand: Mapping[str, float]) -> None:
        """Count an attempt in."""
        self._add(demand, 1)

    def give(self, demand: Mapping[str, float]) -> None:
        """Count it out."""
        self._add(demand, -1)

    def _add(self, demand: Mapping[str, float], sign: int) -> None:
        self.busy += sign * _cores(demand)
        self._wide += sign * (_cores(demand) > 1)
        for name, amount in demand.items():
            if name != CPUS:
                self._held[name] += sign * amount


def _cores(demand: Mapping[str, float]) -> float:
    return max(1.0, demand.get(CPUS, 1.0))
