"""The loader that mutations are judged by, and the figures of a session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from mutations import Bench

from graftline.plugins.local.loader import LOADER_MODULES, LocalLoader
from graftline.plugins.local.nursery import Nursery


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Give a bench whose projects outlive the tests that share them."""
    with Nursery(modules=LOADER_MODULES) as nursery:
        yield Bench(LocalLoader(nursery), tmp_path_factory.mktemp("projects"))
