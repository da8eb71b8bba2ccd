"""dask.distributed with a cluster of two processes on this machine. It keeps nothing when the client is gone."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import steps
from cold import starts
from work import Outcome

NAME = "dask.distributed"
HELLO = """
from distributed import Client, LocalCluster

def one(): return 1
def two(a): return a + 1
def three(b): print("hello", b)

if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        client.submit(three, client.submit(two, client.submit(one))).result()
"""


def missing() -> str | None:
    """Say what is not installed; None when it can run."""
    return None if find_spec("distributed") else "distributed is not installed"


def release() -> str:
    """Return the version measured."""
    return version("distributed")


def independent(count: int) -> Outcome:
    """Map over a range and gather."""
    with _client() as (client, _):
        start = time.perf_counter()
        values = client.gather(client.map(steps.noop, range(count), pure=False))
        return Outcome(time.perf_counter() - start, len(values))


def chain(count: int) -> Outcome:
    """Submit each call on the future of the one before."""
    with _client() as (client, _):
        start = time.perf_counter()
        future: Any = 0
        for _ in range(count):
            future = client.submit(steps.add, future, pure=False)
        value = future.result()
        return Outcome(time.perf_counter() - start, value)


def layered(depth: int, width: int = 20) -> Outcome:
    """Submit the whole graph, gather the last layer."""
    with _client() as (client, _):
        start = time.perf_counter()
        layer = client.map(steps.noop, range(width), pure=False)
        for _ in range(depth - 1):
            layer = [
                client.submit(steps.mix, *(layer[other] for other in steps.neighbours(column, width)), pure=False)
                for column in range(width)
            ]
        value = sum(client.gather(layer)) % steps.MODULUS
        return Outcome(time.perf_counter() - start, value)


def big_array(size_mb: int) -> Outcome:
    """Make the array on one worker, sum it on the other."""
    with _client() as (client, workers):
        start = time.perf_counter()
        array = client.submit(steps.make_array, size_mb * 1_000_000, workers=[workers[0]])
        value = client.submit(steps.total, array, workers=[workers[1]]).result()
        return Outcome(time.perf_counter() - start, value)


def cold_hello(count: int) -> Outcome:
    """Start a script that makes a cluster and runs three calls."""
    Path("hello_dask.py").write_text(HELLO)
    return starts([sys.executable, "hello_dask.py"], count, Path.cwd())


@contextmanager
def _client() -> Iterator[tuple[Any, list[str]]]:
    from distributed import Client, LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        with Client(cluster) as client:
            workers = sorted(client.scheduler_info(n_workers=-1)["workers"])
            for worker in workers:  # numpy is loaded, connections are open
                client.submit(steps.total, client.submit(steps.make_array, 80, workers=[worker])).result()
            yield client, workers
