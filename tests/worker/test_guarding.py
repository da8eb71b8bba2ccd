"""What the guard sees of a step: variables its project asked for, globals it changed, and what it cannot see."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from graftline.worker import guarding
from graftline.worker.guarding import Guard, Guarded

CODE = """
import os
import tempfile
from collections import deque
from dataclasses import dataclass, field
from functools import partial

import numpy

COUNT = 0
TABLE = {"a": [1]}
SEEN = set()
ARRAY = numpy.zeros(3)
LONG = list(range(30))
QUEUE = deque()
PART = partial(print)


@dataclass
class State:
    items: list = field(default_factory=list)

    def __getattribute__(self, name):
        if name == "explosive":
            raise AssertionError("the guard ran code of the user")
        return super().__getattribute__(name)


class Slotted:
    __slots__ = ("x",)


class Shouting(list):
    def __iter__(self):
        raise AssertionError("the guard ran code of the user")


STATE, SLOTTED, SHOUTING = State(), Slotted(), Shouting()


def nothing(): return sorted(TABLE), len(LONG)
def count():
    global COUNT
    COUNT += 1
def deep(): TABLE["a"].append(2)
def add(): SEEN.add("x")
def fill(): ARRAY[1] = 1
def attribute(): STATE.items.append(1)
def slot(): SLOTTED.x = 1
def new():
    global FRESH
    FRESH = 1
def swap():
    global TABLE
    TABLE = {"a": [1]}
def lazy():
    import guarded_other
    return guarded_other.X
def asks():
    os.environ["HOME"]; os.getenv("GUARD_ONE"); os.environ.get("GUARD_TWO"); "GUARD_THREE" in os.environ
def library(): tempfile.mkdtemp
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    (tmp_path / "guarded_module.py").write_text(CODE)
    (tmp_path / "guarded_other.py").write_text("X = [1]\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield import_module("guarded_module")
    for name in ("guarded_module", "guarded_other"):
        sys.modules.pop(name, None)


@pytest.fixture
def guard(tmp_path: Path) -> Iterator[Guard]:
    made = Guard(str(tmp_path))
    yield made
    made.stop()


def guarded(guard: Guard, module: ModuleType, name: str) -> Guarded:
    guard.begin()
    getattr(module, name)()
    return guard.end()


@pytest.mark.parametrize(
    ("step", "changed"),
    [
        ("nothing", []),
        ("count", ["COUNT"]),
        ("deep", ["TABLE"]),
        ("add", ["SEEN"]),
        ("fill", ["ARRAY"]),
        ("attribute", ["STATE"]),
        ("slot", ["SLOTTED"]),
        ("new", ["FRESH"]),
        ("swap", ["TABLE"]),
        ("lazy", []),
    ],
)
def test_globals_a_step_changed_are_named(guard: Guard, module: ModuleType, step: str, changed: list[str]) -> None:
    found = guarded(guard, module, step)

    assert found.globals == tuple(f"guarded_module.{name}" for name in changed)


def test_what_cannot_be_seen_without_running_its_code_is_said(guard: Guard, module: ModuleType) -> None:
    assert guarded(guard, module, "nothing").unseen == (
        "guarded_module.PART",  # its class is written in C, and looks from outside as if it were not
        "guarded_module.QUEUE",
        "guarded_module.SHOUTING",
    )


def test_a_global_that_is_too_large_is_said_to_be_unseen(
    guard: Guard, module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guarding, "_MOST", 20)

    assert "guarded_module.LONG" in guarded(guard, module, "nothing").unseen


def test_variables_are_named_when_the_project_asks_and_not_when_a_library_does(
    guard: Guard, module: ModuleType
) -> None:
    found = guarded(guard, module, "asks")

    assert found.variables == ("GUARD_ONE", "GUARD_THREE", "GUARD_TWO", "HOME")
    guard.begin()
    assert os.environ.get("GUARD_FOUR") is None  # this file is not below the project root
    assert guard.end().variables == ()


def test_the_environment_is_itself_again_afterwards(guard: Guard, module: ModuleType) -> None:
    before = type(os.environ).__getitem__, type(os.environ).__contains__
    guard.begin()
    guard.begin()
    guard.end()
    guard.stop()

    assert (type(os.environ).__getitem__, type(os.environ).__contains__) == before
