"""A project for each fault test, and the page that their figures go to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fault_project import Project


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """Return a project whose processes are ended after the test, whatever it did."""
    made = Project(tmp_path)
    yield made
    made.end()
