"""A cluster of our own on this machine, for a runner without an address: dask's own scheduler and worker commands.

Not `LocalCluster`: it spawns processes that import the caller's `__main__` again, which in a script without a guard is
the pipeline itself. These are below a guardian, so none of them outlives the process that hosts the run.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from ...core.errors import PluginError
from ..local.child import Child
from ..local.nursery import Nursery
from ..local.rights import pair
from .cluster_entry import SCHEDULER, WORKER

START_S = 30.0
"""Seconds for the scheduler to say where it listens."""
_ENTRY = "graftline.plugins.dask.cluster_entry:main"


class OwnCluster:
    """A scheduler and workers of one thread each.

    Args:
        workers: how many.
        resources: what each worker offers, by dask's name.
        output: file that takes what dask prints; None: nothing is kept.
    """

    def __init__(
        self, workers: int, *, resources: Mapping[str, float] | None = None, output: str | None = None
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="graftline-dask-", ignore_cleanup_errors=True)
        self._file = Path(self._folder.name, "scheduler.json")
        self._resources = dict(resources or {})
        self._output = os.open(output or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._nursery = Nursery(preload=(SCHEDULER, WORKER))
        self._children: list[Child] = []
        try:
            scheduler = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(self._file)]
            self._start(SCHEDULER, scheduler)
            self.address = self._address()
            for _ in range(workers):
                self.add_worker()
        except BaseException:
            self.close()
            raise

    def add_worker(self) -> Child:
        """Start one more worker; it says that it is there to the scheduler alone."""
        given = ["--nthreads", "1", "--no-dashboard", "--no-nanny", "--death-timeout", "30"]
        given += ["--local-directory", self._folder.name]
        if self._resources:
            given += ["--resources", " ".join(f"{name}={amount:g}" for name, amount in self._resources.items())]
        return self._start(WORKER, [self.address, *given])

    def close(self) -> None:
        """End every process. Safe to call twice."""
        self._nursery.close()
        for child in self._children:
            child.close()
        self._children.clear()
        with contextlib.suppress(OSError):
            os.close(self._output)
        self._output = -1
        self._folder.cleanup()

    def _start(self, module: str, arguments: Sequence[str]) -> Child:
        ours, theirs = pair()
        try:
            child = self._nursery.spawn(_ENTRY, theirs, (module, *arguments), stdout=self._output, stderr=self._output)
        finally:
            ours.close()
            theirs.close()
        self._children.append(child)
        return child

    def _address(self) -> str:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, ValueError, KeyError):  # not there, or not whole yet
                return str(json.loads(self._file.read_text())["address"])
            time.sleep(0.05)
        raise PluginError(f"dask's scheduler did not start within {START_S:g} s")
