"""Two matrices: nine ways a step may reach its code by eight edits, and seven ways of importing by four."""

from __future__ import annotations

from mutations import Edit, Mutation, mutation, project

SHAPES = project('''
import functools

import lib
import lib as renamed
from lib import Child, TABLE, helper, made, traced
from lib import helper as other


def plain():
    return helper(1) + Child().times(2) + wrapped(3)


@traced
def wrapped(x=1):
    return x + helper(1) + Child().times(2)


def attribute():
    return lib.helper(1) + lib.Child().times(2) + lib.traced(_one)()


def alias():
    return renamed.helper(1) + other(2) + renamed.Child().times(2) + renamed.traced(_one)()


def local():
    from lib import helper as inner, Child as C, traced as t

    return inner(1) + C().times(2) + t(_one)()


def table():
    return sum(each(1) for each in TABLE.values())


def comprehension():
    return sum([helper(x) for x in range(3)] + [(lambda y: Child().times(y))(2), traced(_one)()])


def subclass():
    class Own(Child):
        def run(self):
            return self.times(2) + helper(1) + traced(_one)()

    return Own().run()


def nested():
    def inner():
        return helper(1) + Child().times(2) + traced(_one)()

    return inner()


def bystander():
    return 7


def _one():
    return 1
=== lib.py
"""A library."""
import functools

RATE = 2


def deep(x):
    return x * RATE


def helper(x, n=3):
    """Help."""
    # with what is deep
    return deep(x) + n


class Base:
    factor = 5

    def times(self, x):
        return x * self.factor


class Child(Base):
    pass


def traced(function):
    @functools.wraps(function)
    def inner(*args, **kwargs):
        return function(*args, **kwargs)

    return inner


def made():
    return helper


def _times(x):
    return Child().times(x)


TABLE = {"helper": helper, "times": _times, "traced": traced(deep)}


def unused():
    return 1
''')
NINE = ("plain", "wrapped", "attribute", "alias", "local", "table", "comprehension", "subclass", "nested")
EDITS: dict[str, tuple[Edit, bool]] = {
    "deep helper": (("lib.py", "return x * RATE", "return x * RATE + 1"), True),
    "global": (("lib.py", "RATE = 2", "RATE = 3"), True),
    "method": (("lib.py", "return x * self.factor", "return x + self.factor"), True),
    "class attribute": (("lib.py", "factor = 5", "factor = 6"), True),
    "decorator": (("lib.py", "return function(*args, **kwargs)", "return 2 * function(*args, **kwargs)"), True),
    "default": (("lib.py", "n=3", "n=4"), True),
    "comment and blank lines": (("lib.py", "    # with what is deep\n", "\n\n    # with what lies deeper\n"), False),
    "code beside": (("lib.py", "    return 1\n", "    return 2\n"), False),
}

IMPORTS = project('''
import importlib
import math

import package.sub.module
import package.sub.module as short
from package import exported
from registry import HANDLERS
from starred import *
import handlers
import package


def reexport():
    return exported(1)


def star():
    return starry(1)


def dotted():
    return package.sub.module.target(1)


def renamed():
    return short.target(1)


def by_getattr():
    return getattr(short, "tar" + "get")(1)


def registered():
    return HANDLERS["target"](1)


def imported():
    return importlib.import_module("package.sub.module").target(1)


def bystander():
    return math.floor(7.5)
=== package/__init__.py
from .sub.module import target as exported
=== package/sub/__init__.py
=== package/sub/module.py
SCALE = 2


def target(x, n=1):
    """Do."""
    return x * SCALE + n
=== starred.py
from package.sub.module import *

starry = target
=== registry.py
HANDLERS = {}


def handler(function):
    HANDLERS[function.__name__] = function
    return function
=== handlers.py
from package.sub.module import target as inner
from registry import handler


@handler
def target(x):
    return inner(x)
''')
SEVEN = ("reexport", "star", "dotted", "renamed", "by_getattr", "registered", "imported")
IMPORT_EDITS: dict[str, tuple[Edit, bool]] = {
    "body": (("package/sub/module.py", "x * SCALE + n", "x * SCALE - n"), True),
    "constant": (("package/sub/module.py", "SCALE = 2", "SCALE = 4"), True),
    "default": (("package/sub/module.py", "n=1", "n=2"), True),
    "docstring": (("package/sub/module.py", '"""Do."""', '"""Do it."""'), False),
}


REGISTERING = frozenset({"bystander"})
"""It imports what registers itself somewhere, so that it counts for it too: a table may be looked into anywhere."""


def cells() -> list[tuple[Mutation, str]]:
    """Return each edit with each shape it is about; the edit is judged once for all shapes of its project."""
    found = []
    for files, shapes, edits, row, harmless in (
        (SHAPES, NINE, EDITS, "nine shapes by eight edits", frozenset[str]()),
        (IMPORTS, SEVEN, IMPORT_EDITS, "seven imports by four edits", REGISTERING),
    ):
        for name, (edit, is_seen) in edits.items():
            reruns = " ".join(shapes) if is_seen else ""
            aside = " ".join(harmless) if is_seen else ""
            case = mutation(f"{row}: {name}", row, files, edit, reruns=reruns, harmless=aside)
            found += [(case, shape) for shape in (*shapes, "bystander")]
    return found
