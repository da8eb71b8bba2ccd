"""Pages by key give the same list as reading all of it, whatever comes and goes meanwhile."""

from __future__ import annotations

import random

import pytest
from run_specs import spec, started
from spaces import Space

from graftline.core.ids import RunId
from graftline.core.listings import Spread
from graftline.core.ports import RunQuery
from graftline.core.runs import Run
from graftline.core.states import Status
from graftline.tui import paging
from graftline.tui.paging import RunPages


class Reader:
    """The two reads of `RunPages` on a store in memory, counted."""

    def __init__(self) -> None:
        self.space = Space()
        self.reads = 0

    async def runs(self, query: RunQuery) -> list[Run]:
        self.reads += 1
        return self.space.store.history.runs(query)

    async def spread(self, query: RunQuery, every: int) -> Spread:
        return self.space.store.history.spread(query, every)

    def add(self, count: int, rng: random.Random | None = None) -> None:
        for _ in range(count):
            created = None if rng is None else {"created": rng.uniform(1e9, 2e9)}
            self.space.runs.create(spec("a", **(created or {})), None)

    def ids(self, query: RunQuery) -> list[RunId]:
        return [run.id for run in self.space.store.history.runs(RunQuery(states=query.states, limit=10_000))]


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "PAGE", 10)
    monkeypatch.setattr(paging, "KEPT", 4)


async def opened(reader: Reader, query: RunQuery | None = None) -> RunPages:
    pages = RunPages(reader.runs, reader.spread, query or RunQuery())
    await pages.load(0, 5)
    await pages.measure()
    return pages


async def every_id(pages: RunPages) -> list[RunId | None]:
    """Read the list as a person scrolls it: a screen at a time."""
    found: list[RunId | None] = []
    first = 0
    while first < len(pages):
        await pages.load(first, min(first + 6, len(pages) - 1))
        for at in range(first, min(first + 7, len(pages))):
            run = pages.at(at)
            found.append(None if run is None else run.id)
        first += 7
    return found


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 20, 95, 100])
async def test_the_pages_are_the_list(count: int) -> None:
    reader = Reader()
    reader.add(count)

    pages = await opened(reader)

    assert len(pages) == count
    assert await every_id(pages) == reader.ids(pages.query)


async def test_the_first_page_is_there_before_the_length_is_known() -> None:
    reader = Reader()
    reader.add(35)
    pages = RunPages(reader.runs, reader.spread, RunQuery())

    await pages.load(0, 5)

    assert not pages.is_whole
    assert len(pages) == 10
    assert pages.at(3) is not None


async def test_a_jump_to_the_end_reads_the_last_page_alone() -> None:
    reader = Reader()
    reader.add(1000)
    pages = await opened(reader)
    reader.reads = 0

    await pages.load(990, 999)

    assert reader.reads <= 2
    last = pages.at(999)
    assert last is not None
    assert last.id == reader.ids(pages.query)[-1]


async def test_oldest_first_is_the_list_turned_over() -> None:
    reader = Reader()
    reader.add(37)
    pages = await opened(reader)
    pages.is_reversed = True

    assert await every_id(pages) == reader.ids(pages.query)[::-1]


@pytest.mark.parametrize("seed", range(6))
async def test_what_comes_and_goes_is_followed(seed: int) -> None:
    # given: pages of waiting runs, some of which start, while others come in anywhere
    rng = random.Random(seed)
    reader = Reader()
    reader.add(60, rng)
    pages = await opened(reader, RunQuery(states=(Status.PENDING,)))

    for _ in range(5):
        reader.add(rng.randrange(0, 30), rng)
        for run in rng.sample(reader.ids(pages.query), 5):
            reader.space.runs.open(run).append([started()])
        pages.invalidate()
        for _ in range(2):  # a page that grew or shrank moves those below; a second look is settled
            shown = await every_id(pages)

        assert shown == reader.ids(pages.query)
        assert len(pages) == len(shown)


async def test_few_pages_are_held() -> None:
    reader = Reader()
    reader.add(300)
    pages = await opened(reader)

    await every_id(pages)

    assert sum(pages.at(at) is not None for at in range(300)) <= 50


async def test_a_run_is_found_by_its_id_among_what_was_read() -> None:
    reader = Reader()
    reader.add(45)
    pages = await opened(reader)
    await pages.load(20, 29)
    run = pages.at(22)

    assert run is not None
    assert pages.index_of(run.id) == 22
    assert pages.index_of("nobody") is None
