"""Mutations of imports, of pipeline files, and of what is no Python function."""

from __future__ import annotations

import json

from mutations import Edit, Mutation, mutation, project

_IMPORTS = """
import importlib
import sys

import app
import chain.first
import cycle_a
import lazy
import optional
import patched
import spaced.inner
import swapped
from app import models
from app.api import call
from app.models import *
from chain.first import final
from conditional import chosen
from optional import fast
from swapped import one as first, two as second
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typed import Only

import patcher
from listed import *


def relative(): return call(1)
def parent(): return app.api.upwards()
def all_listed(): return public()
def not_listed(): return models._private()
def chain_of_stars(): return final()
def conditioned(): return chosen()
def optional_import(): return fast()
def module_getattr(): return lazy.anything
def namespace(): return spaced.inner.leaf()
def cyclic(): return cycle_a.a()
def swapped_names(): return first() - second()
def patched_value(): return patched.VALUE
def typed_only(x: "Only | None" = None): return 1
def by_name(): return importlib.import_module("named.module").run()
def by_dunder(): return __import__("dundered").run()
def whole(): return sorted(vars(models))
def handed_on(): return _use(models)
def inside():
    from inner import deep
    return deep()
def submodule():
    import app.late
    return app.late.run()
def beside(): return 0


def _use(module): return module.Shared().x
=== app/__init__.py
VERSION = 1
=== app/api.py
from . import models
from .models import Shared
from ..app import VERSION as _version if False else None
=== app/models.py
__all__ = ["public"]


class Shared:
    x = 2


def public(): return 3


def _private(): return 4
=== app/late.py
def run(): return 5
=== chain/first.py
from .second import *
=== chain/second.py
from .third import *
=== chain/third.py
from math import floor as final_helper


def final(): return final_helper(6.5)
=== conditional.py
import sys

if sys.version_info >= (3, 0):
    from variant_new import chosen
else:
    from variant_old import chosen
=== variant_new.py
def chosen(): return 7
=== variant_old.py
def chosen(): return 8
=== optional.py
try:
    from _not_there import fast
except ImportError:
    def fast(): return 9
=== lazy.py
_TABLE = {"anything": 10}


def __getattr__(name): return _TABLE[name]
=== spaced/inner/leaf_module.py
def leaf(): return 11
=== spaced/inner/__init__.py
from spaced.inner.leaf_module import leaf
=== cycle_a.py
import cycle_b


def a(): return cycle_b.b()


def last(): return 12
=== cycle_b.py
import cycle_a


def b(): return cycle_a.last()
=== swapped.py
def one(): return 13


def two(): return 14
=== patched.py
VALUE = 15
=== patcher.py
import patched

patched.VALUE = 16
=== typed.py
class Only: x = 17
=== named/module.py
def run(): return 18
=== dundered.py
def run(): return 19
=== inner.py
def deep(): return 20
=== listed.py
from app.models import public as public_again
"""
_IMPORTS = _IMPORTS.replace(
    "from ..app import VERSION as _version if False else None\n",
    "\n\ndef call(x): return Shared.x + x\n\n\ndef upwards(): return models.Shared.x\n",
)
_EDITS: dict[str, tuple[Edit, str, str]] = {
    "relative import": (("app/models.py", "    x = 2", "    x = 20"), "relative parent whole handed_on", ""),
    "name in __all__": (("app/models.py", "return 3", "return 30"), "all_listed whole handed_on", ""),
    "name not in __all__": (("app/models.py", "return 4", "return 40"), "not_listed whole handed_on", ""),
    "submodule imported inside": (("app/late.py", "return 5", "return 50"), "submodule", ""),
    "end of a chain of stars": (("chain/third.py", "6.5", "60.5"), "chain_of_stars", ""),
    "standard function under one name": (("chain/third.py", "floor", "ceil"), "chain_of_stars", ""),
    "conditional import, taken": (("variant_new.py", "return 7", "return 70"), "conditioned", ""),
    "conditional import, not taken": (("variant_old.py", "return 8", "return 80"), "conditioned", ""),
    "condition of an import": (("conditional.py", ">= (3, 0)", ">= (4, 0)"), "conditioned", ""),
    "fallback of an import": (("optional.py", "return 9", "return 90"), "optional_import", ""),
    "optional module appears": (("_not_there.py", None, "def fast(): return 91\n"), "optional_import", ""),
    "module getattr": (("lazy.py", "10}", "100}"), "module_getattr", ""),
    "namespace package": (("spaced/inner/leaf_module.py", "return 11", "return 110"), "namespace", ""),
    "cycle of imports": (("cycle_a.py", "return 12", "return 120"), "cyclic", ""),
    "the other of a cycle": (("cycle_b.py", "cycle_a.last()", "-cycle_a.last()"), "cyclic", ""),
    "two names swapped": (
        ("steps.py", "one as first, two as second", "two as first, one as second"),
        "swapped_names",
        "",
    ),
    "module that patches another": (("patcher.py", "= 16", "= 160"), "patched_value", "REST"),
    "patched module": (("patched.py", "= 15", "= 150"), "patched_value", "REST"),
    "type for checkers": (("typed.py", "x = 17", "x = 170"), "", ""),
    "imported by a literal name": (("named/module.py", "return 18", "return 180"), "by_name", ""),
    "imported by __import__": (("dundered.py", "return 19", "return 190"), "by_dunder", ""),
    "imported inside": (("inner.py", "return 20", "return 200"), "inside", ""),
    "constant nobody reads": (("app/__init__.py", "VERSION = 1", "VERSION = 2"), "", ""),
    "file nobody imports": (("stray.py", None, "X = 1\n"), "", ""),
    "module that shadows": (("inner/__init__.py", None, "def deep(): return 201\n"), "inside", ""),
}
_STEPS = [line.split("(")[0].split()[-1] for line in _IMPORTS.split("=== ")[0].splitlines() if line.startswith("def ")]
_STEPS = [each for each in _STEPS if not each.startswith("_")]

CASES: list[Mutation] = [
    mutation(
        f"import: {name}",
        "imports",
        _IMPORTS,
        edit,
        reruns=reruns,
        harmless=" ".join(each for each in _STEPS if each not in reruns.split()) if harmless else "",
    )
    for name, (edit, reruns, harmless) in _EDITS.items()
]

_BUILT = project("""
=== pipeline.py
import graftline as g
from graftline import Map, Pipeline, PythonTask, task

DEPTH = 3


def load():
    return [1, 2]


@task(retries=1, returns=["score"])
def fit(load, depth=DEPTH):
    return len(load) + depth


@g.task
def report(score):
    return score


first = PythonTask(load, name="load", returns=["load"])
second = PythonTask(fit, name="fit", returns=["score"], params={"depth": 4})
third = PythonTask(report, name="report", returns=["report"], retries=1)
first >> second >> third
main = Pipeline(name="main", steps=[first, second, third])

if __name__ == "__main__":
    main.execute()
""")
_BUILT_EDITS: dict[str, tuple[Edit, str]] = {
    "other retries": (("pipeline.py", 'returns=["report"], retries=1', 'returns=["report"], retries=2'), ""),
    "retries in a decorator": (("pipeline.py", "@task(retries=1", "@task(retries=5"), ""),
    "another order": (("pipeline.py", "first >> second >> third", "first >> [second, third]"), ""),
    "main block": (("pipeline.py", "    main.execute()", "    print(main.execute())"), ""),
    "name of the pipeline": (("pipeline.py", 'name="main"', 'name="other"'), ""),
    "unused step": (
        ("pipeline.py", "main = Pipeline(", "spare = PythonTask(load, name='spare')\nmain = Pipeline("),
        "",
    ),
    "fixed parameter": (("pipeline.py", '"depth": 4', '"depth": 5'), "fit"),
    "function of a step": (("pipeline.py", "[1, 2]", "[1, 2, 3]"), "load"),
    "decorated function": (("pipeline.py", "len(load) + depth", "len(load) - depth"), "fit"),
    "default of a constant": (("pipeline.py", "DEPTH = 3", "DEPTH = 4"), "fit"),
    "name of a return": (("pipeline.py", 'returns=["load"]', 'returns=["load", "more"]'), "load"),
}
CASES += [
    mutation(f"pipeline file: {name}", "pipeline files", _BUILT, edit, reruns=reruns)
    for name, (edit, reruns) in _BUILT_EDITS.items()
]
CASES.append(
    mutation(
        "pipeline file: a new step",
        "pipeline files",
        _BUILT,
        (
            "pipeline.py",
            "first >> second >> third\n",
            "fourth = PythonTask(load, name='more')\nfirst >> second >> third\n",
        ),
        ("pipeline.py", "first, second, third]", "first, second, third, fourth]"),
        reruns="more",
    )
)


def _notebook(*cells: str, output: str = "") -> str:
    """Return a notebook whose first cell has the parameters."""
    made = [
        {
            "cell_type": "code",
            "metadata": {"tags": ["parameters"]} if number == 0 else {},
            "source": text,
            "outputs": [{"output_type": "stream", "name": "stdout", "text": output}] if output else [],
            "execution_count": number if output else None,
        }
        for number, text in enumerate(cells)
    ]
    made.append({"cell_type": "markdown", "metadata": {}, "source": "# " + output})
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {"x": output}, "cells": made})


_KINDS = {
    "pipeline.py": """
from graftline import Map, NotebookTask, Pipeline, PythonTask, ScriptTask, ShellTask
import steps

main = Pipeline(
    name="main",
    steps=[
        ShellTask("python tool.py --n $n > out.txt", name="shell_python", takes=["n"], cache=True),
        ShellTask("sh count.sh $n", name="shell_script", takes=["n"], cache=True),
        ShellTask("python -m pkg.tool $n", name="shell_module", takes=["n"], cache=True),
        ShellTask("echo $n $MODE; cat table.csv", name="shell_data", takes=["n"], cache=True),
        ScriptTask("train.py", name="script", returns=["score"]),
        ScriptTask("entries.py", entry="run", name="entry", returns=["value"]),
        NotebookTask("report.ipynb", name="notebook", returns=["total"], cache=True),
        PythonTask(steps.agen, name="generator", returns=["generator"]),
        PythonTask(steps.coroutine, name="coroutine", returns=["coroutine"]),
        PythonTask(steps.items, name="items", returns=["items"]),
        Map(name="each", iterate_on="items", iterate_as="x",
            branch=PythonTask(steps.body, name="body", returns=["made"]), collect="all", reducer=steps.reduced),
        PythonTask(steps.beside, name="beside", returns=["beside"]),
    ],
    params={"n": 1},
)
""",
    "steps.py": """
import helpers

def agen():
    yield helpers.one()

async def coroutine():
    return helpers.two()

def items(): return [1, 2]

def body(x): return helpers.three() + x

def reduced(items): return helpers.four(items)

def beside(): return 0
""",
    "helpers.py": "def one(): return 1\ndef two(): return 2\ndef three(): return 3\ndef four(x): return x\n"
    "def five(): return 5\ndef six(): return 6\ndef seven(): return 7\ndef eight(): return 8\ndef nine(): return 9\n",
    "tool.py": "import helpers\n\n\ndef main():\n    print(helpers.five())\n\n\n"
    "if __name__ == '__main__':\n    main()\n",
    "count.sh": "#!/bin/sh\n. ./lib.sh\ncount table.csv\n",
    "lib.sh": "count() { wc -l $1; }\n",
    "pkg/__init__.py": "",
    "pkg/tool.py": "from helpers import six\nprint(six())\n",
    "table.csv": "a,b\n1,2\n",
    "train.py": "import helpers\nscore = helpers.seven()\nif __name__ == '__main__':\n    score += 1\n",
    "entries.py": "import helpers\n\n\ndef run(): return helpers.eight()\n\n\ndef other(): return 1\n",
    "report.ipynb": _notebook("n = 1", "%matplotlib inline\nimport helpers", "total = helpers.nine() + n"),
}
_KIND_EDITS: dict[str, tuple[Edit, str]] = {
    "Python file of a command": (("tool.py", "print(helpers.five())", "print(-helpers.five())"), "shell_python"),
    "main block of it": (("tool.py", "    main()\n", "    main(), main()\n"), "shell_python"),
    "what it imports": (("helpers.py", "return 5", "return 50"), "shell_python"),
    "shell script": (("count.sh", "count table.csv", "count -c table.csv"), "shell_script"),
    "script it sources": (("lib.sh", "wc -l", "wc -c"), "shell_script"),
    "data a command names": (("table.csv", "1,2", "1,3"), "shell_script shell_data"),
    "module of python -m": (("pkg/tool.py", "print(six())", "print(-six())"), "shell_module"),
    "what that imports": (("helpers.py", "return 6", "return 60"), "shell_module"),
    "command": (("pipeline.py", "echo $n $MODE", "echo -n $n $MODE"), "shell_data"),
    "script": (("train.py", "score += 1", "score += 2"), "script"),
    "what a script imports": (("helpers.py", "return 7", "return 70"), "script"),
    "comment in a script": (("train.py", "import helpers\n", "# train\nimport helpers\n"), ""),
    "entry of a script": (("entries.py", "helpers.eight()", "-helpers.eight()"), "entry"),
    "what an entry imports": (("helpers.py", "return 8", "return 80"), "entry"),
    "code beside an entry": (("entries.py", "return 1", "return 2"), ""),
    "what a notebook imports": (("helpers.py", "return 9", "return 90"), "notebook"),
    "generator": (("helpers.py", "def one(): return 1", "def one(): return 10"), "generator"),
    "coroutine": (("helpers.py", "def two(): return 2", "def two(): return 20"), "coroutine"),
    "body of a map": (("helpers.py", "def three(): return 3", "def three(): return 30"), "each/[]/body"),
    "reducer": (("helpers.py", "def four(x): return x", "def four(x): return x[:1]"), "each"),
    "output of a command": (("out.txt", None, "1\n"), ""),
}
CASES += [
    mutation(f"kind: {name}", "shell, scripts, notebooks, maps", _KINDS, edit, reruns=reruns)
    for name, (edit, reruns) in _KIND_EDITS.items()
]
_CELLS = ("n = 1", "%matplotlib inline\nimport helpers", "total = helpers.nine() + n")
CASES += [
    mutation(f"kind: {name}", "shell, scripts, notebooks, maps", _KINDS, ("report.ipynb", None, text), reruns=reruns)
    for name, text, reruns in (
        ("cell of a notebook", _notebook(*_CELLS[:2], "total = helpers.nine() - n"), "notebook"),
        ("magic of a notebook", _notebook(_CELLS[0], "%matplotlib agg\nimport helpers", _CELLS[2]), "notebook"),
        ("outputs of a notebook", _notebook(*_CELLS, output="done"), ""),
        ("comment in a cell", _notebook(*_CELLS[:2], "# sum\ntotal = helpers.nine() + n"), ""),
    )
]
CASES.append(
    mutation(
        "kind: variable a command names",
        "shell, scripts, notebooks, maps",
        _KINDS,
        environ={"MODE": "fast"},
        reruns="shell_data",
    )
)
