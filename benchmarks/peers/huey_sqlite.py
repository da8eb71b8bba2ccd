"""huey on SQLite with two worker processes: a task queue that keeps its results in the same kind of file.

It has no graphs: a chain is a task that queues the next one, and the layered graph cannot be said.
Its consumers poll; the delays are set so low that polling costs nothing. Its SQLite does not wait for the disk.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import steps
from work import Outcome

NAME = "huey (SQLite)"
POLL_S = 0.001
DEADLINE_S = 120.0


def missing() -> str | None:
    """Say what is not installed; None when it can run."""
    return None if find_spec("huey") else "huey is not installed"


def release() -> str:
    """Return the version measured."""
    return version("huey")


def independent(count: int) -> Outcome:
    """Queue calls and wait until every result is there."""
    from peers.huey_tasks import huey, noop

    with _consumer():
        before = huey.result_count()
        start = time.perf_counter()
        for index in range(count):
            noop(index)
        _until(lambda: huey.result_count() - before >= count, pause_s=5 * POLL_S)
        return Outcome(time.perf_counter() - start, huey.result_count() - before)


def chain(count: int) -> Outcome:
    """Queue the first of a chain and wait for the last."""
    from peers.huey_tasks import add, huey

    with _consumer():
        start = time.perf_counter()
        add(0, count)
        value = _until(lambda: huey.get("final", peek=True))
        return Outcome(time.perf_counter() - start, value)


def big_array(size_mb: int) -> Outcome:
    """Queue the first call, which queues the second."""
    from peers.huey_tasks import huey, make_array

    with _consumer():
        start = time.perf_counter()
        make_array(size_mb * 1_000_000)
        value = _until(lambda: huey.get("final", peek=True))
        return Outcome(time.perf_counter() - start, value)


@contextmanager
def _consumer() -> Iterator[None]:
    from peers.huey_tasks import huey, noop, total

    process = _start_consumer()
    try:
        noop(-1)
        total(steps.make_array(80))
        # Two results and the key "final".
        _until(lambda: huey.result_count() == 3 or process.poll() is not None)
        if process.poll() is not None:
            raise RuntimeError(f"huey's consumer left: {Path('huey.log').read_text()[-2000:]}")
        huey.get("final")
        yield
    finally:
        _stop(process)


def _start_consumer() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "huey.bin.huey_consumer", "peers.huey_tasks.huey", "-q", "-w", "2"]
    command += ["-k", "process", "-d", str(POLL_S), "-m", str(2 * POLL_S), "-n"]
    with open("huey.log", "w") as log:
        return subprocess.Popen(command, stdout=log, stderr=log)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(timeout=30)


def _until(done: Callable[[], Any], pause_s: float = POLL_S) -> Any:
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        found = done()
        if found:
            return found
        time.sleep(pause_s)
    raise TimeoutError(f"huey did not finish within {DEADLINE_S:g} s")
