"""Tests of the local runner's processes: they are started as the product starts them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from forked_nurseries import started_by_the_product


@pytest.fixture(scope="module", autouse=True)
def _started_by_the_product(_forked_nurseries: None) -> Iterator[None]:
    with started_by_the_product():
        yield
