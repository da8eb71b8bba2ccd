"""Steps that end badly in one way each, among steps that have nothing to do with them. HOW says which way."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
import time
from pathlib import Path

from graftline import Pipeline, PythonTask


class Stubborn(Exception):
    """Cannot be made anew from its arguments, so it pickles and does not unpickle."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(first)
        self.second = second


class Hopeless(Exception):
    """Raises again in whatever is done with it."""

    def __str__(self) -> str:
        raise RuntimeError("no text either")

    def __reduce__(self) -> str:
        raise RuntimeError("no pickle either")


def killed() -> None:
    """Be killed by somebody."""
    os.kill(os.getpid(), signal.SIGKILL)


def segfault() -> None:
    """Read address 0."""
    ctypes.string_at(0)


def aborted() -> None:
    """Call abort(), as a failing C++ library does."""
    os.abort()


def exits() -> None:
    """Leave past Python."""
    os._exit(7)


def sys_exits() -> None:
    """Leave as a script does."""
    sys.exit("enough")


def too_long() -> None:
    """Sleep past the limit."""
    time.sleep(60)


def deaf_too_long() -> None:
    """Sleep past the limit and ignore SIGTERM."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(1)


def unpicklable() -> object:
    """Return something with a generator deep in it."""
    return [{"deep": (number for number in (1, 2))}]


def stubborn() -> None:
    """Raise an exception that does not unpickle."""
    raise Stubborn("first", "second")


def hopeless() -> None:
    """Raise an exception that neither pickles nor prints."""
    raise Hopeless


def recursive() -> object:
    """Recurse without end."""
    return recursive()


def out_of_memory() -> object:
    """Ask for more than a limit of address space allows."""
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, resource.RLIM_INFINITY))
    return bytes(8 << 30)


def closes_its_output() -> None:
    """Close what carries the log, then fail."""
    os.close(1)
    os.close(2)
    raise ValueError("with its output closed")


def bad() -> object:
    """Note the moment, then end badly."""
    Path(os.environ["EFFECTS_FOLDER"], "moment").write_text(str(time.time()))
    return globals()[os.environ["HOW"]]()


def good(index: int) -> int:
    """Do a little work."""
    time.sleep(0.02)
    return index


badly = Pipeline(
    name="badly",
    steps=[
        PythonTask(function=bad, returns=["what"], timeout=0.5 if "too_long" in os.environ.get("HOW", "") else None),
        *(
            PythonTask(function=good, name=f"good_{index}", params={"index": index}, returns=[f"index_{index}"])
            for index in range(12)
        ),
        PythonTask(function=good, name="after_it", after=["bad"], params={"index": 1}, returns=["never"]),
    ],
)
