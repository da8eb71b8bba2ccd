"""Searching what steps wrote: through the logs of any number of runs, newest first, as long as somebody wants more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from .errors import InvalidError, StoreError
from .logmatch import CARRIED, LogHit, Matching, Sought
from .ports import LogBlock, RunQuery
from .records import dataclass, replace
from .runs import Run

if TYPE_CHECKING:
    from .workspace import Workspace

PAGE = 256
"""Runs that are listed at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A line, and the run that wrote it."""

    run: Run
    hit: LogHit


@dataclass(frozen=True, slots=True, kw_only=True)
class LogQuery:
    """Which lines are looked for. None means no restriction."""

    sought: Sought
    node: str | None = None
    """Path of a step."""
    attempt: int | None = None
    stream: str | None = None
    around: int = 0
    """Lines before and after, of the same step, attempt and stream, that are told with each."""
    longest: int = CARRIED
    """Bytes of a line that are told."""


class LogSearch:
    """One search. It goes on as far as `found` is read."""

    def __init__(self, space: Workspace, query: LogQuery, runs: Iterable[Run]) -> None:
        self._logs = space.parts.logs
        self._query = query
        self._runs = runs
        self.runs = 0
        """Runs that were searched, or are."""
        self.size = 0
        """Bytes that were searched."""
        self.oldest: Run | None = None
        """The run it is at, or ended with."""
        self.problems: list[tuple[Run, StoreError]] = []
        """Runs whose logs could not be read, and why; they do not end the search."""

    def found(self) -> Iterator[Found | None]:
        """Yield lines, run by run, in a run by time; None now and then: a caller may stop, or show how far it is.

        Raises:
            StoreError: the runs cannot be listed.
            InvalidError: a regular expression takes too long in a line; what was found before it was told.
        """
        for run in self._runs:
            self.runs += 1
            self.oldest = run
            yield None
            for hit in self._of(run):
                yield None if hit is None else Found(run=run, hit=hit)

    def _of(self, run: Run) -> Iterator[LogHit | None]:
        matching = Matching(self._query.sought, around=self._query.around, longest=self._query.longest)
        waiting: list[LogHit] = []
        try:
            yield from self._read(run, matching, waiting)
            waiting += matching.rest()
        except InvalidError:
            waiting += matching.held()
            yield from sorted(waiting, key=_time)
            raise
        yield from sorted(waiting, key=_time)

    def _read(self, run: Run, matching: Matching, waiting: list[LogHit]) -> Iterator[LogHit | None]:
        """Yield what nothing earlier can come after; what something may is left in `waiting`."""
        query = self._query
        try:
            for block in self._logs.blocks(run.id, query.node, query.attempt):
                self.size += len(block.data)
                # Blocks come by the time they begin: what is earlier than this one cannot be overtaken any more.
                yield from _taken(waiting, before=block.times[0])
                if _is_wanted(block, query):
                    for hit in matching.take(block):
                        if hit is None:
                            yield None
                        else:
                            waiting.append(hit)
                    waiting.sort(key=_time)
                yield None
        except StoreError as error:
            self.problems.append((run, error))


def newest_first(space: Workspace, query: RunQuery) -> Iterator[Run]:
    """Yield every run of a query, read page by page.

    Raises:
        StoreError: the store cannot be read.
    """
    page = replace(query, limit=PAGE)
    while runs := space.runs(page):
        yield from runs
        if len(runs) < PAGE:
            return
        page = replace(page, before=(runs[-1].created, runs[-1].id))


def _is_wanted(block: LogBlock, query: LogQuery) -> bool:
    return query.stream is None or block.stream == query.stream


def _taken(waiting: list[LogHit], *, before: float) -> list[LogHit]:
    """Take the hits before a time out of a sorted list."""
    count = next((at for at, hit in enumerate(waiting) if hit.at >= before), len(waiting))
    taken = waiting[:count]
    del waiting[:count]
    return taken


def _time(hit: LogHit) -> float:
    return hit.at
