"""The suite of every runner, on one celery worker: its `flaky` step counts its tries in the working directory."""

from __future__ import annotations

from typing import ClassVar

import pytest
from celery_places import Workers

from graftline.testing import RunnerConformance


class TestCelery(RunnerConformance):
    """Claims everything."""

    runner = "cluster"
    config: ClassVar[str] = ""
    unreachable: ClassVar[str] = '[runner.cluster]\nprovider = "celery"\nbroker = "redis://127.0.0.1:9/0"\n'

    @pytest.fixture(autouse=True)
    def _configured(self, workers: Workers) -> None:
        type(self).config = workers.table()
