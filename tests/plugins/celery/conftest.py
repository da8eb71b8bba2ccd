"""A worker for the tests of all modules, at a broker that is a directory; who kills workers has one of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from celery_places import Workers, workers_in


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs a redis-server, unless it is asked for by name: `make test-redis`."""
    if "redis" in (config.getoption("markexpr") or ""):
        return
    left_out = [item for item in items if item.get_closest_marker("redis")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workers]:
    with workers_in(tmp_path_factory.mktemp("celery")) as found:
        found.add("default", "gpu")
        yield found
