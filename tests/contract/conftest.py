"""The adapters that the contract suite runs against."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from any_store import AnyStore, Make
from memory_store import MemoryStore
from run_specs import spec

from graftline.core.events import Fact
from graftline.core.ports import RunLog
from graftline.core.runs import RunSpec
from graftline.store.store import open_store


@pytest.fixture(params=["sqlite", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AnyStore]:
    if request.param == "memory":
        yield MemoryStore()
    else:
        with open_store(tmp_path / "store") as opened:
            yield opened


@pytest.fixture
def run(store: AnyStore) -> Iterator[Make]:
    """Return a function that creates and opens a run and appends facts; logs are closed at the end."""
    logs: list[RunLog] = []

    def make(*facts: Fact, given: RunSpec | None = None) -> tuple[RunSpec, RunLog]:
        given = given or spec()
        store.runs.create(given, None)
        log = store.runs.open(given.id)
        logs.append(log)
        if facts:
            log.append(facts)
        return given, log

    yield make
    for log in logs:
        log.close()
