"""The same project on each of the registries that come with graftline."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import registries
from shelved import Shelved

from graftline.core.registry import Registry


@pytest.fixture(params=sorted(registries.REGISTRIES))
def registry(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Registry]:
    """Yield an empty registry."""
    made = registries.REGISTRIES[request.param](tmp_path)
    yield made
    made.close()


@pytest.fixture
def shelved(registry: Registry) -> Shelved:
    """Return a project on a registry."""
    return Shelved(registry)


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Shelved]:
    """Yield a project on one registry, where it does not matter which."""
    made = registries.REGISTRIES["filesystem"](tmp_path / "one")
    yield Shelved(made)
    made.close()
