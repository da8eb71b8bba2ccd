"""A worker for the tests of all modules, at a broker that is a directory; who kills workers has one of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from celery_places import Workers, workers_in


@pytest.fixture(scope="session")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workers]:
    with workers_in(tmp_path_factory.mktemp("celery")) as found:
        found.add("default", "gpu")
        yield found
