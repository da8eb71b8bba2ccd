"""One cluster of two workers for the tests of a module; who kills workers has one of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from dask_places import wait_for_workers

from graftline.plugins.dask.cluster import OwnCluster


@pytest.fixture(scope="module")
def cluster() -> Iterator[OwnCluster]:
    found = OwnCluster(2, resources={"gpu": 1})
    wait_for_workers(found, 2)
    yield found
    found.close()
