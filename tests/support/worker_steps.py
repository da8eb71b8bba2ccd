"""Functions that the worker tests run in worker processes."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import dataclasses
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, NoReturn

import numpy

from graftline.worker import logbook


@dataclasses.dataclass
class Point:
    x: int


def noop() -> int:
    return 1


def add(a: int, b: int = 1) -> int:
    return a + b


def echo(value: Any) -> Any:
    return value


def shown(value: Any) -> str:
    return repr(value)


def shown_point(point: Point) -> str:
    return repr(point)


def rest(**values: Any) -> Any:
    return values


def many(n: int) -> tuple[int, ...]:
    return tuple(range(n))


async def later(n: int) -> int:
    await asyncio.sleep(0)
    return n + 1


def lazy() -> Iterator[int]:
    yield 1


async def lazy_later() -> AsyncIterator[int]:
    yield 1


def zeros(n: int) -> Any:
    return numpy.zeros(n)


def halve(X: Any) -> float:
    X += 1
    X /= 2
    return float(X.sum())


def measure() -> dict[str, float]:
    return {"accuracy": 0.5}


def score() -> Any:
    return numpy.float32(0.5)


def nan() -> float:
    return float("nan")


def holding_a_generator() -> Any:
    return {"function": lambda: 1, "pool": [(n for n in range(3))]}


def make_lambda(n: int) -> Any:
    return lambda x: x + n


def call(function: Any) -> Any:
    return function(1)


# --- failing


def divide(a: int, b: int) -> float:
    return a / b


def deeper(a: int) -> float:
    return divide(a, 0)


def chained() -> None:
    try:
        divide(1, 0)
    except ZeroDivisionError as problem:
        raise ValueError("outer") from problem


def leave(code: Any) -> NoReturn:
    sys.exit(code)


def interrupt() -> NoReturn:
    raise KeyboardInterrupt


def recurse() -> Any:
    return recurse()


class Broken(Exception):
    def __init__(self, a: int, b: int) -> None:
        super().__init__("two needed")
        self.function = lambda: None

    def __str__(self) -> str:
        raise SystemExit(3)

    __repr__ = __str__

    def __reduce__(self) -> NoReturn:
        raise KeyboardInterrupt


def broken() -> NoReturn:
    raise Broken(1, 2)


class Quiet(BaseException):
    pass


def quiet() -> NoReturn:
    raise Quiet


def die() -> NoReturn:
    os._exit(7)


def segfault() -> NoReturn:
    ctypes.string_at(0)
    raise AssertionError("unreachable")


def fork_and_return() -> int:
    return os.fork() and 1


# --- printing


def print_and_die() -> NoReturn:
    print("last words", end="")
    print("last error", end="", file=sys.stderr)
    os._exit(7)


def print_everywhere() -> None:
    print("python \udc80")
    os.write(1, b"descriptor\n")
    ctypes.CDLL(None).write(1, b"libc\n", 5)
    subprocess.run(["echo", "child"], check=True)


# --- changing the surroundings


def vandalise(directory: str) -> None:
    os.chdir(directory)
    os.umask(0o777)
    os.environ["VANDAL"] = "1"
    os.environ.pop("HOME", None)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(1)
    sys.stdout.close()
    sys.stderr = None
    os.close(1)
    os.close(2)
    threading.Thread(target=time.sleep, args=(60,)).start()
    subprocess.Popen(["sleep", "60"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def surroundings() -> Any:
    umask = os.umask(0)
    os.umask(umask)
    print("still here")
    return [os.getcwd(), umask, os.environ.get("VANDAL"), "HOME" in os.environ]


def sleep_and_tidy(started: str, tidied: str) -> None:
    try:
        Path(started).touch()  # in here: the signal may come right after it
        time.sleep(60)
    finally:
        Path(tidied).touch()


async def sleep_later(started: str, tidied: str) -> None:
    try:
        Path(started).touch()  # in here: the signal may come right after it
        await asyncio.sleep(60)
    finally:
        Path(tidied).touch()


def swallow(started: str) -> NoReturn:
    Path(started).touch()
    with contextlib.suppress(BaseException):
        time.sleep(60)
    raise ValueError("because of the signal")


def nap() -> int:
    time.sleep(1.2)
    return 1


# --- reporting and files


def report(path: str) -> None:
    logbook.log_metric("loss", 0.5, step=1)
    logbook.log_metric("loss", numpy.float64(0.25), step=2)
    logbook.log_param("depth", {"a": 1})
    logbook.log_artifact(path)
    logbook.log_artifact([1, 2], "pair")
    logbook.progress(1, 4)


def log_twice(path: str) -> int:
    for text in ("first", "second"):
        Path(path).write_text(text)
        logbook.log_artifact(path)
    return 1


_kept_alive: list[Any] = []


class Heavy:
    pass


def fail_holding() -> NoReturn:
    import weakref

    heavy = Heavy()
    _kept_alive.append(weakref.ref(heavy))
    raise ValueError


def is_still_held() -> bool:
    return _kept_alive[0]() is not None


def write_files() -> None:
    Path("plots/deep").mkdir(parents=True)
    Path("plots/a.png").write_bytes(b"a")
    Path("plots/deep/b.png").write_bytes(b"b" * 10_000)


def write_and_fail() -> NoReturn:
    Path("made.txt").write_text("half")
    raise ValueError("no more")


def read(path: str) -> str:
    return Path(path).read_text()


def rewrite(path: str) -> None:
    Path(path).write_bytes(b"rewritten")


def secret(fail: bool = False) -> int:
    if fail:
        raise ValueError(f"token {os.environ['TOKEN']}")
    logbook.log_metric("note", os.environ["TOKEN"])
    return len(os.environ["TOKEN"])


def token_left() -> bool:
    return "TOKEN" in os.environ


def save_model() -> int:
    Path("model.pt").write_bytes(b"weights" * 1000)
    return 3


def burn() -> int:
    until = time.process_time() + 0.2
    while time.process_time() < until:
        pass
    return 1
