"""doit with two processes: a build tool, each task's result saved in its database at the end.

It passes values through that database as JSON, so an array goes through a file that the tasks name.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import again
import steps
from cold import starts
from work import Outcome
from works.no_change import WIDTH, depth_of

NAME = "doit"
HELLO = """
def one(): return {"a": 1}
def two(a): return {"b": a + 1}
def three(b): print("hello", b)

def task_one(): return {"actions": [one]}
def task_two(): return {"actions": [two], "getargs": {"a": ("one", "a")}}
def task_three(): return {"actions": [three], "getargs": {"b": ("two", "b")}}
"""

NO_CHANGE = """
import os
from steps import mix, neighbours

os.makedirs("out", exist_ok=True)

def note():
    with open("executed", "a") as book:
        book.write(".")

def load(name, targets):
    note()
    with open(name) as file, open(targets[0], "w") as out:
        out.write(file.read())

def combine(names, targets):
    note()
    values = []
    for name in names:
        with open(name) as file:
            values.append(int(file.read()))
    with open(targets[0], "w") as out:
        out.write(str(mix(*values)))

def task_work():
    for column in range(20):
        name, target = f"in_{column:02d}.txt", f"out/0_{column}"
        yield {"name": f"0_{column}", "actions": [(load, [name])], "file_dep": [name], "targets": [target]}
    for layer in range(1, DEPTH):
        for column in range(20):
            needs = [f"out/{layer - 1}_{other}" for other in neighbours(column, 20)]
            target = f"out/{layer}_{column}"
            actions = [(combine, [needs])]
            yield {"name": f"{layer}_{column}", "actions": actions, "file_dep": needs, "targets": [target]}
"""

FINAL = Path("doit-final")


def missing() -> str | None:
    """Say what is not installed; None when it can run."""
    return None if find_spec("doit") else "doit is not installed"


def release() -> str:
    """Return the version measured."""
    return version("doit")


def independent(count: int) -> Outcome:
    """Run tasks that need nothing."""
    tasks = [{"name": f"n{index}", "actions": [(_noop, [index])], "uptodate": [False]} for index in range(count)]
    return Outcome(_run(tasks), count)


def chain(count: int) -> Outcome:
    """Run tasks that each get the value of the one before."""
    tasks: list[dict[str, Any]] = [{"name": "n0", "actions": [(_add, [0])]}]
    for index in range(1, count):
        tasks.append({"name": f"n{index}", "actions": [_add], "getargs": {"value": (f"work:n{index - 1}", "value")}})
    tasks.append(_final([f"n{count - 1}"]))
    return Outcome(_run(tasks), int(FINAL.read_text()))


def layered(depth: int, width: int = 20) -> Outcome:
    """Run a layered graph."""
    tasks: list[dict[str, Any]] = [{"name": f"n0_{column}", "actions": [(_noop, [column])]} for column in range(width)]
    for layer in range(1, depth):
        for column in range(width):
            needs = [f"work:n{layer - 1}_{other}" for other in steps.neighbours(column, width)]
            getargs = {name: (need, "value") for name, need in zip("abc", needs, strict=True)}
            tasks.append({"name": f"n{layer}_{column}", "actions": [_mix], "getargs": getargs})
    tasks.append(_final([f"n{depth - 1}_{column}" for column in range(width)]))
    return Outcome(_run(tasks), int(FINAL.read_text()))


def big_array(size_mb: int) -> Outcome:
    """Write the array to a target, read it as a dependency: doit hashes it with md5."""
    tasks: list[dict[str, Any]] = [
        {"name": "make", "actions": [(_save, [size_mb * 1_000_000])], "targets": ["array.npy"]},
        {"name": "sum", "actions": [_load], "file_dep": ["array.npy"]},
    ]
    return Outcome(_run(tasks), float(FINAL.read_text()))


def cold_help(count: int) -> Outcome:
    """Start `doit help`."""
    return starts([sys.executable, "-m", "doit", "help"], count, Path.cwd())


def cold_list(count: int) -> Outcome:
    """Start `doit list` on three tasks."""
    Path("hello_dodo.py").write_text(HELLO)
    return starts([sys.executable, "-m", "doit", "list", "-f", "hello_dodo.py"], count, Path.cwd())


def cold_hello(count: int) -> Outcome:
    """Start `doit run` on three tasks."""
    Path("hello_dodo.py").write_text(HELLO)
    return starts([sys.executable, "-m", "doit", "run", "-f", "hello_dodo.py", "-n", "2"], count, Path.cwd())


def no_change(size: int) -> Outcome:
    """Run `doit` on tasks with targets and file dependencies: md5 of those whose size or time has changed."""
    Path("no_change_dodo.py").write_text(NO_CHANGE.replace("DEPTH", str(depth_of(size))))

    def total() -> int:
        last = [Path(f"out/{depth_of(size) - 1}_{column}") for column in range(WIDTH)]
        return sum(int(file.read_text()) for file in last) % steps.MODULUS

    command = [sys.executable, "-m", "doit", "run", "-f", "no_change_dodo.py", "--reporter", "error-only"]
    return again.no_change(command, again.executed, total)


def _noop(index: int) -> dict[str, int]:
    return {"value": steps.noop(index)}


def _add(value: int) -> dict[str, int]:
    return {"value": steps.add(value)}


def _mix(a: int, b: int, c: int) -> dict[str, int]:
    return {"value": steps.mix(a, b, c)}


def _keep(**values: int) -> None:
    FINAL.write_text(str(sum(values.values()) % steps.MODULUS))


def _save(size_bytes: int) -> None:
    import numpy as np

    np.save("array.npy", steps.make_array(size_bytes))


def _load() -> None:
    import numpy as np

    FINAL.write_text(repr(steps.total(np.load("array.npy", mmap_mode="r"))))


def _final(needs: list[str]) -> dict[str, Any]:
    getargs = {f"v{at}": (f"work:{need}", "value") for at, need in enumerate(needs)}
    return {"name": "final", "actions": [_keep], "getargs": getargs}


def _run(tasks: list[dict[str, Any]]) -> float:
    from doit.cmd_base import ModuleTaskLoader
    from doit.doit_cmd import DoitMain

    def task_work() -> Iterator[dict[str, Any]]:
        yield from tasks

    loader = ModuleTaskLoader({"task_work": task_work, "DOIT_CONFIG": {"dep_file": "doit.db", "verbosity": 0}})
    start = time.perf_counter()
    code = DoitMain(loader).run(["run", "-n", "2", "--reporter", "error-only"])
    seconds = time.perf_counter() - start
    if code:
        raise RuntimeError(f"doit left with {code}")
    return seconds
