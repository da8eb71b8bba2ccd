"""Sources of a project whose steps fail in many ways, for the debugger; written to files, as a run records them."""

from notebooks import code, notebook

STEPS = """
import asyncio
import dataclasses
import functools
import json
import os
import sys
import time


def wrapped(function):
    @functools.wraps(function)
    def inner(*args, **kwargs):
        return function(*args, **kwargs)

    return inner


def numbers():
    return [0, 1, 2]


@wrapped
def trial(number: int, offset: int = 5):
    share = number + offset
    if number == 2:
        raise ValueError("two is wrong")
    return share


def library():
    return json.loads("{broken")


def leaves():
    sys.exit(3)


def dies():
    os._exit(7)


def hides():
    sys.stdout = sys.stderr = open(os.devnull, "w")
    os.close(2)
    raise ValueError("said to nobody")


def sleeps():
    for turn in range(3000):
        time.sleep(0.01)


def splits():
    if os.fork() == 0:
        return
    os.wait()
    raise OSError("of the parent")


async def later(x: int = 2):
    y = x + 1
    raise KeyError(y)


def token():
    return 1 / (len(os.environ["DEBUG_TOKEN"]) - 12)


def put():
    with open("made.txt", "w") as file:
        file.write("one")


def change():
    with open("made.txt") as file:
        text = file.read()
    with open("own.txt", "w") as file:
        file.write(text)
    raise RuntimeError(text)


@dataclasses.dataclass
class Wanted:
    name: str


def misfit():
    return {"other": "x"}


def fitted(wanted: Wanted):
    return wanted


def unkeepable():
    return 1, 2
"""
PIPELINE = """
from graftline import Catalog, Map, NotebookTask, Pipeline, PythonTask, ScriptTask, ShellTask, Stub
import steps

one = Pipeline([PythonTask(steps.trial, returns=["y"])], name="one")
mapped = Pipeline(
    [
        PythonTask(steps.numbers, returns=["numbers"]),
        Map(one, iterate_on="numbers", name="trials", iterate_as="number", reducer=sum),
        Stub("rest"),
    ],
    name="mapped",
)
kinds = Pipeline(
    [
        PythonTask(steps.library),
        PythonTask(steps.leaves),
        PythonTask(steps.dies),
        PythonTask(steps.hides),
        PythonTask(steps.splits),
        PythonTask(steps.later),
        PythonTask(steps.sleeps, timeout="0.3s"),
        PythonTask(steps.token, secrets=["DEBUG_TOKEN"], returns=["share"]),
        PythonTask(steps.unkeepable, returns=["a", "b", "c"]),
        PythonTask(steps.misfit, returns=["wanted"]),
        PythonTask(steps.fitted),
        PythonTask(lambda q: q / 0, name="nameless", params={"q": 2}),
        ScriptTask("script.py", name="script", args=[1], returns=["model"]),
        ShellTask("echo rate is $rate; exit 4", name="shell", takes=["rate"], params={"rate": 3}),
        NotebookTask("cells.ipynb", returns=["total"], params={"rows": [4, 5]}),
        PythonTask(steps.put, catalog=Catalog(put=["made.txt"])),
        PythonTask(steps.change, catalog=Catalog(get=["made.txt"], put=["own.txt"])),
    ],
    name="kinds",
    order="data",
)
"""
SCRIPT = """import sys

rate = float(sys.argv[1])
model = 10 / (rate - 1)
"""
NOTEBOOK = notebook(
    code("rate = 1\nrows = []", "parameters"), "def share(x):\n    return x / (rate - 1)", "total = share(rows[0])"
)
FILES = {
    "graftline.toml": "",
    "steps.py": STEPS,
    "pipeline.py": PIPELINE,
    "script.py": SCRIPT,
    "cells.ipynb": NOTEBOOK,
}
