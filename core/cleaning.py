"""What a cleaning frees: said before, and again after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Protocol

from .garbage import Limits
from .ids import RunId
from .records import dataclass, replace
from .registry import Registry


class Kind(StrEnum):
    """What goes."""

    RUNS = "runs"
    """Records of runs: steps, attempts, events, metrics."""
    VALUES = "values"
    """Intermediate values of runs that stay."""
    UNNAMED = "unnamed"
    """Object files that nothing refers to."""
    LOGS = "logs"
    """Of runs that go, or are not on record."""
    CODE = "code"
    """Copies of recorded code."""
    TEMPORARY = "temporary"
    """Half-written files."""
    LOCKS = "locks"
    """Lock files of runs that go, or are not on record."""
    REGISTRY = "registry"
    """Files of a registry in a directory that no lineage and no generation names."""
    DATABASE = "database"
    """What the file became shorter by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What goes of one kind."""

    kind: Kind
    count: int
    """How many; 0 for what is not counted."""
    size: int
    """Bytes on disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a cleaning would free, or has freed."""

    parts: Sequence[Part] = ()
    """By kind; without those of which nothing goes."""
    runs: Sequence[RunId] = ()
    """Whose records go, oldest first."""
    losing: Sequence[RunId] = ()
    """Runs that stay and lose values."""
    waits_for: Sequence[RunId] = ()
    """Live runs, for which all that runs have stays this time."""
    objects: int = 0
    """Object files there were before."""
    size: int = 0
    """Their bytes."""
    holes: int = 0
    """Bytes in the database that later runs use again, and the disk does not get back."""
    is_done: bool = False

    @property
    def freed(self) -> int:
        """Return the bytes of all of it."""
        return sum(part.size for part in self.parts)

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing goes."""
        return not self.parts


class Cleaner(Protocol):
    """Cleans a store."""

    def plan(self, limits: Limits, now: float) -> Plan:
        """Say what would go; changes nothing."""
        ...

    def clean(self, limits: Limits, now: float) -> Plan:
        """Delete what may go, and say what went.

        Raises:
            ConflictError: another process cleans it.
            StoreError: it cannot be written.
        """
        ...


class Housekeeping:
    """What `graft gc` does: the store and the registry at hand."""

    def __init__(self, cleaner: Cleaner, registry: Callable[[], Registry], clock: Callable[[], float]):
        self._cleaner = cleaner
        self._registry = registry
        self._now = clock()

    def plan(self, limits: Limits) -> Plan:
        """Say what would go; changes nothing.

        Raises:
            StoreError: the store or the registry cannot be read.
        """
        return self._with_registry(self._cleaner.plan(limits, self._now), is_plan=True)

    def clean(self, limits: Limits) -> Plan:
        """Delete what may go, and say what went; ages count from the same moment as those of the plan.

        Raises:
            ConflictError: another process cleans the store.
            StoreError: the store or the registry cannot be written.
        """
        return self._with_registry(self._cleaner.clean(limits, self._now), is_plan=False)

    def _with_registry(self, plan: Plan, *, is_plan: bool) -> Plan:
        count, size = self._registry().clean(is_plan=is_plan)
        part = Part(kind=Kind.REGISTRY, count=count, size=size)
        return replace(plan, parts=(*plan.parts, part)) if count else plan
