"""The raw limit: the same work with nothing around it.

Two forked processes behind pipes, pickle, sqlite3 in WAL mode, np.save and mmap. Starts, ends and digests are committed
once for each pass of the loop, before anything that depends on them is sent: the least that keeps the promise of
"reported means committed", without names, retries, logs, limits, or anybody surviving a crash.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import sqlite3
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from typing import Any, cast

import again
import steps
from cold import starts
from work import Outcome
from works.no_change import depth_of
from works.one_row import FACTOR

NAME = "raw limit"
WORKERS = 2
BATCH = 8
"""Orders in one message; two messages in flight keep a worker busy while the other is committed."""


def missing() -> str | None:
    """Never missing."""
    return None


def independent(count: int) -> Outcome:
    """Run calls that need nothing."""
    seconds, values = _execute([steps.noop] * count, [()] * count, [(index,) for index in range(count)])
    return Outcome(seconds, len(values))


def chain(count: int) -> Outcome:
    """Run calls that each take the value of the one before."""
    needs = [(), *((index,) for index in range(count - 1))]
    seconds, values = _execute([steps.add] * count, needs, [(0,)] + [()] * (count - 1))
    return Outcome(seconds, values[count - 1])


def layered(depth: int, width: int = 20) -> Outcome:
    """Run a layered graph."""
    calls: list[Callable[..., Any]] = [steps.noop] * width + [steps.mix] * (width * (depth - 1))
    needs: list[tuple[int, ...]] = [()] * width
    for layer in range(1, depth):
        needs += [
            tuple((layer - 1) * width + other for other in steps.neighbours(column, width)) for column in range(width)
        ]
    constants: list[tuple[int, ...]] = [(column,) for column in range(width)]
    seconds, values = _execute(calls, needs, constants + [()] * (width * (depth - 1)))
    return Outcome(seconds, sum(values[index] for index in range(width * (depth - 1), width * depth)) % steps.MODULUS)


def big_array(size_mb: int) -> Outcome:
    """Write an array with its sha256 in one process, map and sum it in another."""
    import numpy as np

    def produce(mine: Connection) -> None:
        mine.recv()
        array = steps.make_array(size_mb * 1_000_000)
        digest = hashlib.sha256(array.data).hexdigest()
        with open("array.npy", "wb") as file:
            np.save(file, array)
            file.flush()
            before_sync = time.perf_counter()
            os.fsync(file.fileno())
        mine.send((digest, time.perf_counter() - before_sync))

    def consume(mine: Connection) -> None:
        mine.recv()
        mine.send(steps.total(np.load("array.npy", mmap_mode="c")))

    producer, consumer = _fork(produce), _fork(consume)
    before = time.perf_counter()
    producer.send(None)
    _, sync_s = producer.recv()
    consumer.send(None)
    value = consumer.recv()
    seconds = time.perf_counter() - before
    return Outcome(seconds, value, f"np.save, sha256 and fsync, then mmap; the disk took {sync_s:.3f} s of it")


def no_change(size: int) -> Outcome:
    """Make the key of every step and look it up, in one bare interpreter."""
    command = [sys.executable, str(Path(__file__).with_name("raw_again.py")), str(depth_of(size))]

    def total() -> int:
        return int(Path("total").read_text())

    return again.no_change(command, again.executed, total)


def cold_help(count: int) -> Outcome:
    """Start a bare interpreter."""
    return starts([sys.executable, "-c", "pass"], count, Path.cwd())


cold_list = cold_help


def one_row(count: int) -> Outcome:
    """Call the three functions."""

    def clean(spend: float) -> float:
        return spend + 1.0

    def scale(spend: float, model: int) -> float:
        return spend * model

    def decide(scaled: float) -> float:
        return scaled / 2

    rows = [float(row) for row in range(count)]
    before = time.perf_counter()
    total = sum(decide(scale(clean(row), FACTOR)) for row in rows)
    return Outcome(time.perf_counter() - before, total)


def cold_hello(count: int) -> Outcome:
    """Start a bare interpreter that calls three functions."""
    return starts([sys.executable, "-c", "a = 1\nb = a + 1\nprint('hello', b)"], count, Path.cwd())


def _execute(
    calls: Sequence[Callable[..., Any]], needs: Sequence[tuple[int, ...]], constants: Sequence[tuple[Any, ...]]
) -> tuple[float, dict[int, Any]]:
    """Run a graph of calls; return seconds and the values by index."""
    database = sqlite3.connect("limit.db", isolation_level=None)
    database.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
        "CREATE TABLE step (node INTEGER PRIMARY KEY, started REAL, ended REAL, digest TEXT, value BLOB)"
    )
    workers = {_fork(_serve): 0 for _ in range(WORKERS)}
    dependants: dict[int, list[int]] = {}
    for index, before in enumerate(needs):
        for need in before:
            dependants.setdefault(need, []).append(index)
    open_needs = [len(set(before)) for before in needs]
    ready = deque(index for index, count in enumerate(open_needs) if not count)
    values: dict[int, Any] = {}

    start = time.perf_counter()
    while len(values) < len(calls):
        for worker, in_flight in workers.items():
            while ready and workers[worker] <= BATCH:
                # Never more than a fair share: a batch must not starve the other worker.
                size = min(BATCH, -(-len(ready) // WORKERS))
                orders = [
                    (index, calls[index], (*constants[index], *(values[need] for need in needs[index])))
                    for index in (ready.popleft() for _ in range(size))
                ]
                worker.send_bytes(pickle.dumps(orders, protocol=5))
                workers[worker] = in_flight = in_flight + size
        rows = []
        for awake in wait(list(workers)):
            worker = cast(Connection, awake)  # wait() also takes sockets and numbers; these are ours
            while worker.poll():
                rows.append(pickle.loads(worker.recv_bytes()))
                workers[worker] -= 1
        database.execute("BEGIN IMMEDIATE")
        database.executemany("INSERT INTO step VALUES (?, ?, ?, ?, ?)", rows)
        database.execute("COMMIT")
        for index, _, _, _, data in rows:
            values[index] = pickle.loads(data)
            for after in dependants.get(index, ()):
                open_needs[after] -= 1
                if not open_needs[after]:
                    ready.append(after)
    return time.perf_counter() - start, values


def _serve(mine: Connection) -> None:
    while True:
        for index, call, arguments in pickle.loads(mine.recv_bytes()):
            started = time.time()
            data = pickle.dumps(call(*arguments), protocol=5)
            digest = hashlib.sha256(data).hexdigest()
            mine.send_bytes(pickle.dumps((index, started, time.time(), digest, data), protocol=5))


def _fork(serve: Callable[[Connection], None]) -> Connection:
    """Start a process that serves its end of a pipe until the other end is closed; return the other end."""
    ours, theirs = Pipe()
    if os.fork() == 0:
        ours.close()
        try:
            serve(theirs)
        except EOFError:
            pass
        finally:
            os._exit(0)
    theirs.close()
    return ours
