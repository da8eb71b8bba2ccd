"""A project that learns: as nobody has trained it, and trained once on the first ten days."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from churn_project import Churn, copied


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Churn]:
    """Train once; tests work on copies."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRAFTLINE_HOME", str(tmp_path_factory.mktemp("trained-store")))
        made = Churn(tmp_path_factory.mktemp("churn"))
        made.write()
        made.document("train", "--upper", "10")
        yield made


@pytest.fixture
def churn(trained: Churn, tmp_path: Path) -> Churn:
    """Return a copy of the trained project and its store."""
    return copied(trained, tmp_path / "project")


@pytest.fixture
def fresh(tmp_path: Path) -> Churn:
    """Return the project as nobody has trained it yet."""
    made = Churn(tmp_path / "project")
    made.write()
    return made
