"""The list of runs as pages by key: 256 runs are read where one looks, whatever the length of the list.

A page is what lies between two keys, so runs that come or leave change its length and never the pages below. Where the
keys are is told once, by `spread`, after the first page is on the screen.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Awaitable, Callable
from itertools import accumulate, pairwise
from typing import TypeAlias

from ..core.ids import RunId
from ..core.listings import Spread
from ..core.ports import RunQuery
from ..core.records import dataclass, replace
from ..core.runs import Run

PAGE = 256
KEPT = 12
"""Pages that are held, those one looked at last: 3,000 runs, 3 MB."""

RunKey: TypeAlias = tuple[float, RunId]
ReadRuns: TypeAlias = Callable[[RunQuery], Awaitable[list[Run]]]
ReadSpread: TypeAlias = Callable[[RunQuery, int], Awaitable[Spread]]


@dataclass(slots=True)
class _Page:
    before: RunKey | None
    """The runs after this key, older ones; None: from the newest on."""
    until: RunKey | None
    """The last key that belongs to it; None: to the end."""
    length: int = 0
    runs: list[Run] | None = None
    is_stale: bool = True


class RunPages:
    """Rows of the runs table: newest first, or oldest first when `is_reversed`."""

    def __init__(self, read: ReadRuns, spread: ReadSpread, query: RunQuery) -> None:
        self.query = query
        self.is_reversed = False
        self.is_whole = False
        """All keys are known, so the length is that of the whole list."""
        self._read = read
        self._spread = spread
        self._pages: list[_Page] = [_Page(None, None)]
        self._starts: list[int] = [0]
        self._total = 0
        self._recent: list[int] = []

    def __len__(self) -> int:
        return self._total

    def at(self, index: int) -> Run | None:
        """Return the run of a row; None when it has not been read yet."""
        position = self._position(index)
        number = self._page_of(position)
        page = self._pages[number]
        offset = position - self._starts[number]
        return page.runs[offset] if page.runs is not None and offset < len(page.runs) else None

    def index_of(self, key: object) -> int | None:
        """Return the row of a run, by id, among those that were read; None: it is not there."""
        for number in reversed(self._recent):
            for offset, run in enumerate(self._pages[number].runs or ()):
                if run.id == key:
                    return self._position(self._starts[number] + offset)
        return None

    def invalidate(self) -> None:
        """Let every page be read again when somebody looks at it."""
        for page in self._pages:
            page.is_stale = True

    def wants(self, first: int, last: int) -> bool:
        """Tell whether `load` of these rows would read anything."""
        return any(self._is_wanted(number) for number in self._numbers(first, last))

    async def load(self, first: int, last: int) -> None:
        """Read what of these rows is not at hand or stale, and the newest page, which tells what has come.

        Raises:
            StoreError: the store cannot be read.
        """
        if self._pages[0].is_stale:
            await self._fetch(self._pages[0])
            self._split_head()
            self._count()
        for page in [self._pages[number] for number in self._numbers(first, last)]:
            if page.is_stale or page.runs is None:
                await self._fetch(page)
        self._count()
        for number in self._numbers(first, last):
            self._touch(number)

    async def measure(self) -> None:
        """Learn how long the list is and where its pages begin.

        Raises:
            StoreError: the store cannot be read.
        """
        spread = await self._spread(self.query, PAGE)
        head = self._pages[0]
        keys = list(spread.keys)
        if keys and spread.count == len(keys) * PAGE:
            keys.pop()  # the last key ends the list: the page that would begin there is empty
        bounds: list[RunKey | None] = [None, *keys, None]
        self._pages = [_Page(*pair, length=PAGE) for pair in pairwise(bounds)]
        self._pages[-1].length = spread.count - PAGE * len(keys)
        self._recent.clear()
        if head.runs is not None:
            self._pages[0].runs = _within(head.runs, self._pages[0])
            self._pages[0].is_stale = head.is_stale or len(self._pages[0].runs) < self._pages[0].length
            self._pages[0].length = len(self._pages[0].runs)
            self._touch(0)
        self.is_whole = True
        self._count()

    async def _fetch(self, page: _Page) -> None:
        page.is_stale = False  # before the read: what is committed meanwhile makes it stale again
        found: list[Run] = []
        before = page.before
        limit = PAGE + 1 if self.is_whole else PAGE
        while True:
            runs = await self._read(replace(self.query, before=before, limit=limit))
            found += _within(runs, page)
            if len(runs) < limit or not self.is_whole:
                break
            before = _key(runs[-1])
            if page.until is not None and before <= page.until:
                break
        page.runs, page.length = found, len(found)

    def _split_head(self) -> None:
        """Begin a new page at the newest end when the first one has grown to two."""
        head = self._pages[0]
        if not self.is_whole or head.runs is None or len(head.runs) < 2 * PAGE:
            return
        cut = len(head.runs) - PAGE
        last = _key(head.runs[cut - 1])
        fresh = _Page(None, last, cut, head.runs[:cut], is_stale=False)
        head.before, head.runs, head.length = last, head.runs[cut:], len(head.runs) - cut
        self._pages.insert(0, fresh)
        self._recent = [number + 1 for number in self._recent]
        self._touch(0)

    def _count(self) -> None:
        sums = list(accumulate((page.length for page in self._pages), initial=0))
        self._starts, self._total = sums[:-1], sums[-1]

    def _touch(self, number: int) -> None:
        if number in self._recent:
            self._recent.remove(number)
        self._recent.append(number)
        while len(self._recent) > KEPT:
            dropped = self._pages[self._recent.pop(0)]
            dropped.runs, dropped.is_stale = None, True

    def _is_wanted(self, number: int) -> bool:
        return self._pages[number].is_stale or self._pages[number].runs is None

    def _numbers(self, first: int, last: int) -> range:
        if not self._total:
            return range(1)
        ends = (self._position(max(0, first)), self._position(min(max(0, last), self._total - 1)))
        return range(self._page_of(min(ends)), self._page_of(max(ends)) + 1)

    def _page_of(self, position: int) -> int:
        return max(0, bisect_right(self._starts, position) - 1)

    def _position(self, index: int) -> int:
        return self._total - 1 - index if self.is_reversed else index


def _key(run: Run) -> RunKey:
    return run.created, run.id


def _within(runs: list[Run], page: _Page) -> list[Run]:
    return runs if page.until is None else [run for run in runs if _key(run) >= page.until]
