"""Ray on this machine with two CPUs, when it is installed. It keeps nothing when the driver is gone."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import steps
from work import Outcome

NAME = "Ray"


def missing() -> str | None:
    """Say what is not installed; None when it can run."""
    return None if find_spec("ray") else "ray is not installed"


def release() -> str:
    """Return the version measured."""
    return version("ray")


def independent(count: int) -> Outcome:
    """Submit calls and get them all."""
    with _ray() as ray:
        noop = ray.remote(steps.noop)
        ray.get([noop.remote(index) for index in range(4)])
        start = time.perf_counter()
        values = ray.get([noop.remote(index) for index in range(count)])
        return Outcome(time.perf_counter() - start, len(values))


def chain(count: int) -> Outcome:
    """Submit each call on the reference of the one before."""
    with _ray() as ray:
        add = ray.remote(steps.add)
        ray.get(add.remote(0))
        start = time.perf_counter()
        reference: Any = 0
        for _ in range(count):
            reference = add.remote(reference)
        value = ray.get(reference)
        return Outcome(time.perf_counter() - start, value)


def layered(depth: int, width: int = 20) -> Outcome:
    """Submit the whole graph, get the last layer."""
    with _ray() as ray:
        noop, mix = ray.remote(steps.noop), ray.remote(steps.mix)
        ray.get([noop.remote(0), mix.remote(0, 0, 0)])
        start = time.perf_counter()
        layer = [noop.remote(column) for column in range(width)]
        for _ in range(depth - 1):
            layer = [
                mix.remote(*(layer[other] for other in steps.neighbours(column, width))) for column in range(width)
            ]
        value = sum(ray.get(layer)) % steps.MODULUS
        return Outcome(time.perf_counter() - start, value)


def big_array(size_mb: int) -> Outcome:
    """Pass the array through Ray's shared memory."""
    with _ray() as ray:
        make_array, total = ray.remote(steps.make_array), ray.remote(steps.total)
        ray.get(total.remote(make_array.remote(80)))
        start = time.perf_counter()
        value = ray.get(total.remote(make_array.remote(size_mb * 1_000_000)))
        return Outcome(time.perf_counter() - start, value)


@contextmanager
def _ray() -> Iterator[Any]:
    os.environ.setdefault("RAY_AUTH_MODE", "disabled")  # else it writes a token into the home
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    try:
        yield ray
    finally:
        ray.shutdown()
