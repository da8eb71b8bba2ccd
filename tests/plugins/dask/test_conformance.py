"""The suite of every runner, on a cluster of one worker: its `flaky` step counts its tries in the working directory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import pytest
from dask_places import wait_for_workers

from graftline.plugins.dask.cluster import OwnCluster
from graftline.testing import RunnerConformance


@pytest.fixture(scope="module")
def lone() -> Iterator[OwnCluster]:
    found = OwnCluster(1)
    wait_for_workers(found, 1)
    yield found
    found.close()


class TestDask(RunnerConformance):
    """Claims everything."""

    runner = "cluster"
    config: ClassVar[str] = ""
    unreachable: ClassVar[str] = '[runner.cluster]\nprovider = "dask"\naddress = "tcp://127.0.0.1:9"\n'

    @pytest.fixture(autouse=True)
    def _configured(self, lone: OwnCluster) -> None:
        type(self).config = f'[runner.cluster]\nprovider = "dask"\naddress = "{lone.address}"\n'
