"""The shop, copied for each test."""

from __future__ import annotations

import pytest
from shop_runs import Shop


@pytest.fixture
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Return the shop, in which nothing ran yet: what other tests ran would be reused."""
    return Shop(tmp_path_factory.mktemp("runs"))
