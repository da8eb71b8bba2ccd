"""Hosts and containers for tests: programs that stand in for `ssh` and `docker`, and executors that go through them."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from dask_places import context_elsewhere
from local_runs import SUPPORT, is_alive, until

import graftline
from graftline.core.graph import Operation
from graftline.core.runner import Runner
from graftline.plugins.pipe import line
from graftline.plugins.remote.executor import RemoteExecutor

GRAFT = f"env PYTHONPATH={Path(graftline.__path__[0]).parent} {shlex.quote(sys.executable)} -m graftline"
"""This checkout's graft, where the environment is not this one."""


class StandIn:
    """Programs on PATH that stand in for others, and what they were called with.

    Args:
        patch: undone at the end.
        folder: where they write.
        programs: `ssh`, `docker`, `podman`.
    """

    def __init__(self, patch: pytest.MonkeyPatch, folder: Path, *programs: str) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        found = [str(Path(SUPPORT, "stand_ins", program)) for program in programs]
        patch.setenv("PATH", os.pathsep.join([*found, os.environ["PATH"]]))
        patch.setenv("STAND_IN", str(folder))
        # What is killed then is the station itself, which leaves its lock and directory; a killed `ssh` closes a pipe.
        patch.setattr(line, "_END_S", 40.0)

    def calls(self) -> list[str]:
        """Return the arguments of each call."""
        path = self.folder / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def pids(self) -> list[int]:
        """Return the process of each station that was started."""
        path = self.folder / "pids"
        return [int(pid) for pid in path.read_text().split()] if path.exists() else []

    def left(self) -> list[str]:
        """Return what stations left: processes that live on, directories and locks."""
        return [f"process {pid}" for pid in survivors(self.pids())] + sorted(
            path.name for path in self.folder.glob("graftline-*")
        )


def survivors(pids: Sequence[int]) -> list[int]:
    """Return which processes still live after a while that all may need."""
    until(lambda: not any(is_alive(pid) for pid in pids), 5.0)
    return [pid for pid in pids if is_alive(pid)]


@contextmanager
def executor_of(
    runner: type[Runner], folder: Path, operations: list[Operation], options: Mapping[str, Any], **more: object
) -> Iterator[RemoteExecutor]:
    """Open a runner's executor with options; it is closed at the end."""
    folder.mkdir(exist_ok=True)
    made = runner.executor(
        context_elsewhere(folder, operations, **more), **{"graft": GRAFT, "patience": 10.0, **options}
    )
    assert isinstance(made, RemoteExecutor)
    try:
        yield made
    finally:
        made.close()
