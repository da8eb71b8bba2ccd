"""A dask cluster for tests, executors on it, and runs of projects that tell how far their steps are."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from distributed import Client
from local_runs import DEADLINE_S, STEPS, SUPPORT, context, until

from graftline.core.graph import Operation
from graftline.core.orders import RunContext
from graftline.plugins.dask.cluster import OwnCluster
from graftline.plugins.dask.opening import open_executor
from graftline.plugins.remote.executor import RemoteExecutor


def context_elsewhere(folder: Path, operations: list[Operation], **more: object) -> RunContext:
    """Return a run context whose step functions travel in the bundle."""
    source = Path(SUPPORT, f"{STEPS}.py").read_bytes()
    planned = {f"{STEPS}.py": sha256(source).hexdigest()}
    return context(folder, operations, planned_files=planned, **more)  # type: ignore[arg-type]  # fields of RunContext


@contextmanager
def executor_on(
    address: str,
    folder: Path,
    operations: list[Operation],
    *,
    options: Mapping[str, object] | None = None,
    **more: object,
) -> Iterator[RemoteExecutor]:
    """Open an executor on a cluster; it is closed at the end."""
    made = open_executor(
        context_elsewhere(folder, operations, **more),
        address=address,
        **{"patience": 10.0, **(options or {})},  # type: ignore[arg-type]  # options by name
    )
    try:
        yield made
    finally:
        made.close()


def pids_of(cluster: OwnCluster) -> dict[str, int]:
    """Return the process of each worker by address."""
    with Client(cluster.address, set_as_default=False) as client:
        return dict(client.run(os.getpid))


def scheduler_pid(cluster: OwnCluster) -> int:
    """Return the process of the scheduler."""
    with Client(cluster.address, set_as_default=False) as client:
        return int(client.run_on_scheduler(os.getpid))


def kill(cluster: OwnCluster, pid: int) -> None:
    """Kill a worker's process and have another one take its place."""
    os.kill(pid, signal.SIGKILL)
    cluster.add_worker()


def wait_for_workers(cluster: OwnCluster, count: int) -> None:
    """Wait until so many workers have come to the scheduler."""
    with Client(cluster.address, set_as_default=False) as client:
        assert until(lambda: len(client.scheduler_info(n_workers=-1)["workers"]) == count, DEADLINE_S)
