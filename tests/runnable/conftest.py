"""The shop, copied once for a module of tests."""

from __future__ import annotations

import pytest
from shop_runs import Shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Return the shop, in which nothing ran yet."""
    return Shop(tmp_path_factory.mktemp("runs"))
