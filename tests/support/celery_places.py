"""Celery workers for tests, brokers they listen to, executors on them: all of it ends with the test process."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from dask_places import context_elsewhere
from local_runs import until

from graftline.core.graph import Operation
from graftline.plugins.celery.opening import open_executor
from graftline.plugins.local.child import Child
from graftline.plugins.local.nursery import Nursery
from graftline.plugins.local.rights import pair
from graftline.plugins.remote.executor import RemoteExecutor

START_S = 30.0
_SERVING = b"serving"


class Programs:
    """Programs that end with this process, or when it is closed."""

    def __init__(self) -> None:
        self._nursery = Nursery()
        self._children: list[Child] = []

    def start(self, output: Path, *arguments: str) -> Child:
        """Start a program by its path; what it prints goes to a file."""
        ours, theirs = pair()
        handle = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            child = self._nursery.spawn("celery_entries:become", theirs, arguments, stdout=handle, stderr=handle)
        finally:
            os.close(handle)
            ours.close()
            theirs.close()
        self._children.append(child)
        assert child.wait_born(START_S)
        return child

    def close(self) -> None:
        """End all of them."""
        self._nursery.close()
        for child in self._children:
            child.close()


class Workers:
    """Workers at one broker.

    Args:
        broker: URL.
        folder: takes what they print.
    """

    def __init__(self, broker: str, folder: Path) -> None:
        self.broker = broker
        self._folder = folder
        self._programs = Programs()
        self._count = 0

    def add(self, *labels: str, jobs: int = 2) -> Child:
        """Start one more worker and wait until it serves."""
        self._count += 1
        output = self._folder / f"worker{self._count}.out"
        given = [word for label in labels for word in ("--label", label)]
        child = self._programs.start(
            output, sys.executable, "-m", "graftline", "worker", "--celery", self.broker, "-j", str(jobs), *given
        )
        assert until(lambda: _SERVING in output.read_bytes(), START_S), output.read_text()
        return child

    def printed(self) -> str:
        """Return what all of them printed."""
        return "\n".join(path.read_text() for path in sorted(self._folder.glob("worker*.out")))

    def close(self) -> None:
        """End all of them."""
        self._programs.close()

    def table(self, **options: float) -> str:
        """Return the configuration of a runner on these workers."""
        lines = [f"{key} = {value}" for key, value in {"patience": 10.0, **options}.items()]
        return f'\n[runner.cluster]\nprovider = "celery"\nbroker = "{self.broker}"\n' + "\n".join(lines) + "\n"


@contextmanager
def workers_in(folder: Path) -> Iterator[Workers]:
    """Yield workers, none yet, at a broker in a directory."""
    broker = folder / "broker"
    broker.mkdir(parents=True)
    with workers_at(f"filesystem://{broker}", folder) as found:
        yield found


@contextmanager
def executor_at(
    broker: str,
    folder: Path,
    operations: list[Operation],
    *,
    options: Mapping[str, object] | None = None,
    **more: object,
) -> Iterator[RemoteExecutor]:
    """Open an executor on celery workers; it is closed at the end."""
    made = open_executor(
        context_elsewhere(folder, operations, **more),
        broker=broker,
        **{"patience": 10.0, **(options or {})},  # type: ignore[arg-type]  # options by name
    )
    try:
        yield made
    finally:
        made.close()


def kill(child: Child) -> None:
    """Kill a worker as a machine that fails does: nothing of it says goodbye."""
    child.signal(signal.SIGKILL)
    assert child.wait(START_S) is not None


@contextmanager
def redis_in(folder: Path) -> Iterator[Redis]:
    """Yield a redis-server that answers."""
    found = Redis(folder)
    try:
        found.start()
        yield found
    finally:
        found.close()


@contextmanager
def workers_at(broker: str, folder: Path) -> Iterator[Workers]:
    """Yield workers, none yet, at a broker that is there."""
    found = Workers(broker, folder)
    try:
        yield found
    finally:
        found.close()


class Redis:
    """A redis-server of our own on a free port of this machine, which keeps nothing.

    Args:
        folder: takes its files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._programs = Programs()
        with closing(socket.create_server(("127.0.0.1", 0))) as found:
            self.port = int(found.getsockname()[1])
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._child: Child | None = None

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            AssertionError: there is no redis-server: `make test-redis` installs it.
        """
        program = os.environ.get("REDIS_SERVER") or shutil.which("redis-server")
        assert program, "there is no redis-server; `make test-redis` installs it"
        given = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        output = self._folder / "redis.out"
        self._child = self._programs.start(output, program, *given, "--dir", str(self._folder))
        assert until(self._answers, START_S), output.read_text()

    def stop(self) -> None:
        """Kill it: what it held is gone."""
        assert self._child is not None
        kill(self._child)

    def close(self) -> None:
        """End it for good."""
        self._programs.close()

    def _answers(self) -> bool:
        try:
            with closing(socket.create_connection(("127.0.0.1", self.port), timeout=1.0)) as line:
                line.sendall(b"PING\r\n")
                return line.recv(16).startswith(b"+PONG")
        except OSError:
            time.sleep(0.02)
            return False
