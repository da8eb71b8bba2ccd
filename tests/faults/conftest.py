"""A project for each fault test, and the page that their figures go to.

Environment (read once, before tests hide it):
    GRAFTLINE_KILLS      kills of the long sweep (default 50)
    GRAFTLINE_FIGURES    command to name in docs/reliability.md; when set, the figures are written there
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from fault_figures import PAGE, Figures
from fault_project import Project

_KILLS = int(os.environ.get("GRAFTLINE_KILLS") or "50")
_COMMAND = os.environ.get("GRAFTLINE_FIGURES")


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """Return a project whose processes are ended after the test, whatever it did."""
    made = Project(tmp_path)
    yield made
    made.end()


@pytest.fixture
def kills() -> int:
    """Return how many kills the long sweep does."""
    return _KILLS


@pytest.fixture(scope="session")
def figures(request: pytest.FixtureRequest) -> Iterator[Figures]:
    """Return where figures are noted; a session that failed writes none."""
    noted = Figures()
    yield noted
    if _COMMAND and not request.session.testsfailed:
        noted.write(PAGE, _COMMAND)
