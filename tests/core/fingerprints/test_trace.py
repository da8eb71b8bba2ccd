"""A fingerprint changes with whatever the code of a step reaches, and with nothing else."""

from __future__ import annotations

import pytest

from graftline.core.fingerprints.trace import CodePrint, Tracer

ROOT = "/project"

PROJECT = {
    "steps.py": '''"""Steps."""
import os
from functools import lru_cache

import numpy as np
import pandas as pd

import settings
import p.sub.deep
from helpers import clean, Scaler as S
from marks import timed
from registry import TABLE
from shapes import *
import handlers

LIMIT = 10
UNUSED = 1
OPTIONS = {"a": 1}
OPTIONS["b"] = 2


def load(path, n=LIMIT):
    """Read."""
    return clean(path)[:n]


class Base:
    factor = 2

    def times(self, x):
        return x * self.factor


class Model(Base):
    def fit(self, X):
        return S(settings.DEPTH).run(self.times(X))


def fit(X, kind="plain"):
    # train
    return Model().fit(X) + TABLE[kind](X)


def area(r):
    return circle(r) + p.sub.deep.twice(r)


def options():
    from late import tune
    return tune(OPTIONS, np.zeros(3))


@timed
def slow(x):
    return x


def alone(clean):
    local = clean
    return [LIMIT for LIMIT in local]


def by_name(name):
    return getattr(handlers, name)()


def risky(text):
    return eval(text)


def environment():
    return os.environ["HOME"], os.getenv("TZ", "UTC"), os.environ.get("LANG")


def table(path):
    return pd.read_csv(path)


def documented():
    return fit.__doc__, helped.__doc__


def helped():
    """Say."""
    return 1
''',
    "helpers.py": """from low import scale


def clean(path):
    return scale(path)


def untouched():
    return 0


class Scaler:
    def __init__(self, depth):
        self.depth = depth

    def run(self, x):
        return x * self.depth
""",
    "low.py": """FACTOR = 3


def scale(x):
    return x * FACTOR


def other():
    return 1
""",
    "settings.py": "DEPTH = 3\nWIDTH = 4\n",
    "registry.py": """TABLE = {}


def register(name):
    def add(function):
        TABLE[name] = function
        return function
    return add
""",
    "handlers.py": """from registry import register


@register("plain")
def plain(x):
    return x + 1


def free():
    return 5
""",
    "marks.py": """import functools


def timed(function):
    @functools.wraps(function)
    def inner(*args):
        return function(*args)
    return inner
""",
    "shapes.py": "PI = 3\n\n\ndef circle(r):\n    return PI * r * r\n\n\ndef square(r):\n    return r\n",
    "p/__init__.py": "",
    "p/sub/__init__.py": "from .deep import twice as doubled\n",
    "p/sub/deep.py": "def twice(x):\n    return 2 * x\n\n\ndef thrice(x):\n    return 3 * x\n",
    "late.py": "def tune(options, x):\n    return options\n",
}


def fingerprint(name: str, project: dict[str, str] = PROJECT, file: str = "steps.py") -> CodePrint:
    files = {f"{ROOT}/{path}": text for path, text in project.items()}
    return Tracer(ROOT, [ROOT], files.get).trace(f"{ROOT}/{file}", name)


def edited(file: str, old: str, new: str) -> dict[str, str]:
    assert PROJECT[file].count(old) == 1, (file, old)
    return {**PROJECT, file: PROJECT[file].replace(old, new)}


REACHED = [
    ("load", "steps.py", "[:n]", "[: n + 1]"),
    ("load", "steps.py", "LIMIT = 10", "LIMIT = 11"),
    ("load", "steps.py", "n=LIMIT", "n=20"),
    ("load", "helpers.py", "return scale(path)", "return scale(path) + 1"),
    ("load", "low.py", "FACTOR = 3", "FACTOR = 4"),
    ("load", "low.py", "return x * FACTOR", "return FACTOR * x"),
    ("fit", "steps.py", "factor = 2", "factor = 3"),
    ("fit", "steps.py", "return x * self.factor", "return self.factor * x"),
    ("fit", "steps.py", 'kind="plain"', 'kind="other"'),
    ("fit", "steps.py", "class Model(Base)", "class Model(Base, object)"),
    ("fit", "helpers.py", "return x * self.depth", "return x + self.depth"),
    ("fit", "settings.py", "DEPTH = 3", "DEPTH = 5"),
    ("fit", "handlers.py", "return x + 1", "return x + 2"),
    ("fit", "handlers.py", '@register("plain")', '@register("simple")'),
    ("fit", "registry.py", "TABLE[name] = function", "TABLE[name.lower()] = function"),
    ("area", "shapes.py", "return PI * r * r", "return PI * r"),
    ("area", "shapes.py", "PI = 3", "PI = 3.14"),
    ("area", "p/sub/deep.py", "return 2 * x", "return x + x"),
    ("options", "late.py", "return options", "return dict(options)"),
    ("options", "steps.py", 'OPTIONS["b"] = 2', 'OPTIONS["b"] = 3'),
    ("options", "steps.py", 'OPTIONS = {"a": 1}', 'OPTIONS = {"a": 2}'),
    ("slow", "marks.py", "return function(*args)", "return function(*args) or None"),
    ("slow", "steps.py", "@timed\n", ""),
    ("by_name", "handlers.py", "return 5", "return 6"),
    ("documented", "steps.py", '"""Say."""', '"""Say more."""'),
]

ASIDE = [
    ("load", "steps.py", "UNUSED = 1", "UNUSED = 2"),
    ("load", "steps.py", '"""Read."""', '"""Read it."""'),
    ("load", "steps.py", "return clean(path)[:n]", "return clean(\n        path  # which\n    )[:n]"),
    ("load", "helpers.py", "return 0", "return 1"),
    ("load", "low.py", "return 1", "return 2"),
    ("load", "settings.py", "DEPTH = 3", "DEPTH = 5"),
    ("load", "shapes.py", "PI = 3", "PI = 3.14"),
    ("load", "marks.py", "return inner", "return (inner)"),
    ("load", "steps.py", "def slow(x):\n    return x\n", "def slow(x):\n    return -x\n"),
    ("fit", "settings.py", "WIDTH = 4", "WIDTH = 5"),
    ("fit", "steps.py", "# train", "# train the model"),
    ("fit", "steps.py", '"""Steps."""', '"""All steps."""'),
    ("area", "shapes.py", "return r\n", "return r * r\n"),
    ("area", "p/sub/deep.py", "return 3 * x", "return x * 3"),
    ("alone", "helpers.py", "return scale(path)", "return scale(path) + 1"),
    ("alone", "steps.py", "LIMIT = 10", "LIMIT = 11"),
    ("helped", "steps.py", '"""Say."""', '"""Say more."""'),
]


@pytest.mark.parametrize(("step", "file", "old", "new"), REACHED)
def test_a_change_of_reached_code_is_seen(step: str, file: str, old: str, new: str) -> None:
    assert fingerprint(step).digest != fingerprint(step, edited(file, old, new)).digest


@pytest.mark.parametrize(("step", "file", "old", "new"), ASIDE)
def test_a_change_aside_is_not_seen(step: str, file: str, old: str, new: str) -> None:
    before, after = fingerprint(step), fingerprint(step, edited(file, old, new))

    assert before.parts == after.parts


def test_the_parts_name_the_file_and_the_name_that_changed() -> None:
    before, after = fingerprint("load"), fingerprint("load", edited("low.py", "FACTOR = 3", "FACTOR = 4"))

    assert [part for part in before.parts if before.parts[part] != after.parts[part]] == ["low.py:FACTOR"]


def test_packages_are_those_that_reached_code_refers_to() -> None:
    assert "numpy" in fingerprint("options").packages
    assert "numpy" not in fingerprint("load").packages
    assert "pandas" not in fingerprint("options").packages


def test_what_only_running_tells_is_reported() -> None:
    assert [(use.what, use.file) for use in fingerprint("risky").dynamics] == [("eval()", "steps.py")]
    assert fingerprint("fit").dynamics == ()


def test_environment_variables_named_by_a_literal_are_known() -> None:
    assert fingerprint("environment").variables == {"HOME", "TZ", "LANG"}
