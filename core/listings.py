"""Lists of runs: which ones are asked for, and how long such a list is."""

from __future__ import annotations

from typing import Protocol

from .ids import RunId
from .records import dataclass
from .states import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class RunQuery:
    """Which runs to list. None means no restriction."""

    project: str | None = None
    states: tuple[Status, ...] | None = None
    pipeline: str | None = None
    tag: str | None = None
    parent: RunId | None = None
    since: float | None = None
    """Created at or after this wall time."""
    before: tuple[float, RunId] | None = None
    """Keyset page: only runs older than this (created, id)."""
    with_children: bool = False
    """Also sweep children and watch waves."""
    limit: int = 50
    text: str | None = None
    """Only runs whose id, pipeline, tag or origin holds this text; ASCII letters in either case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How many runs a query finds, and where they are: what a list longer than any screen scrolls by."""

    count: int
    """Without regard to `RunQuery.limit` and `before`."""
    keys: tuple[tuple[float, RunId], ...]
    """(created, id) of the run at position every - 1, 2 * every - 1, ...; a page begins after each, by `before`."""


class RunIndex(Protocol):
    """The runs as one long list."""

    def spread(self, query: RunQuery, every: int) -> Spread:
        """Count the runs of a query and mark every so many of them. Takes 0.6 us a run: for a thread, not a screen."""
        ...
