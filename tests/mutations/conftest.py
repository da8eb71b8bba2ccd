"""The loader that mutations are judged by, and the figures of a session."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from fault_figures import PAGE
from mutation_figures import Tally
from mutations import Bench

from graftline.plugins.local.loader import LocalLoader
from graftline.plugins.local.nursery import Nursery

COMMAND = os.environ.get("GRAFTLINE_MUTATIONS")
"""The command that asks for the figures in the page (`make mutations WRITE=1`); tests do not see such variables."""


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Give a bench whose projects outlive the tests that share them."""
    with Nursery() as nursery:
        yield Bench(LocalLoader(nursery), tmp_path_factory.mktemp("projects"))


@pytest.fixture(scope="session")
def tally(request: pytest.FixtureRequest) -> Iterator[Tally]:
    """Give the counts of the session, which are written at its end when somebody asked for them."""
    found = Tally()
    yield found
    if COMMAND and not request.session.testsfailed:
        found.write(PAGE, COMMAND)
