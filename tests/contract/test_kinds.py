"""The conformance suite of kinds: what any kind must do, those of graftline and one that somebody else brings."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

import graftline
from graftline import Kind, Pipeline
from graftline.core.errors import InvalidError, PluginError
from graftline.core.graph import Json
from graftline.core.ids import name_problem
from graftline.core.kinds import BUNDLED_KINDS, kind_names, load_kind
from graftline.core.registered import FunctionVersion
from graftline.core.steps import Step
from graftline.worker.shelf import Shelf
from graftline.worker.unpacking import manifest_of

NOTEBOOK = '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
SAMPLES: dict[str, tuple[str, str, str | None]] = {
    "python": ("steps.py", "def f(x=1):\n    return x\n", "f"),
    "shell": ("f.sh", "echo hi\n", None),
    "notebook": ("f.ipynb", NOTEBOOK, None),
    "pipeline": ("f.yaml", "steps:\n  - shell: echo hi\n    name: hi\n", None),
    "odd_kinds:ShoutKind": ("f.shout", "hello\n", None),
}
"""Kind -> file, text, name in it of one function."""


def registered(objects: Path, kind: str, **spec: Json) -> FunctionVersion:
    """Return a version whose code is in the store, as `graft function add` leaves it."""
    path, text, name = SAMPLES[kind]
    digest = hashlib.sha256(text.encode()).hexdigest()
    manifest = manifest_of({path: digest})
    key = hashlib.sha256(manifest).hexdigest()
    for sha256, data in ((digest, text.encode()), (key, manifest)):
        (objects / sha256[:2]).mkdir(parents=True, exist_ok=True)
        (objects / sha256[:2] / sha256[2:]).write_bytes(data)
    source: dict[str, Json] = {"type": "file", "path": path, "name": name, "code": key}
    return FunctionVersion(
        name="f", version=1, kind=kind, spec={"source": source, **spec}, project="demo", created=0.0, origin=path
    )


@pytest.mark.parametrize("name", SAMPLES)
class TestAnyKind:
    def test_it_has_a_name_and_can_run(self, name: str, tmp_path: Path) -> None:
        kind = load_kind(name)

        assert isinstance(kind, Kind)
        assert name_problem(kind.name) is None
        assert "job" in kind.actions
        assert all(ending.startswith(".") for ending in kind.endings)

    def test_it_takes_the_spec_of_its_function(self, name: str, tmp_path: Path) -> None:
        load_kind(name).validate(registered(tmp_path / "objects", name).spec)

    def test_it_refuses_an_unknown_key_and_names_it(self, name: str, tmp_path: Path) -> None:
        spec = registered(tmp_path / "objects", name, colour="red").spec

        with pytest.raises(InvalidError, match="colour"):
            load_kind(name).validate(spec)

    def test_it_makes_a_step_of_the_name_that_is_asked_for(self, name: str, tmp_path: Path) -> None:
        if name == "notebook" and not hasattr(graftline, "NotebookTask"):
            pytest.skip("this version has no notebooks")
        found = registered(tmp_path / "objects", name)
        shelf = Shelf([found], str(tmp_path / "objects"))

        made: Any = shelf.step(found, name="other")

        assert isinstance(made, Step | Pipeline)
        if isinstance(made, Step):
            assert made.name == "other"


def test_the_bundled_kinds_are_known_by_name() -> None:
    assert set(BUNDLED_KINDS) <= set(kind_names())


def test_an_unknown_kind_is_answered_with_the_nearest() -> None:
    with pytest.raises(InvalidError, match="did you mean 'python'") as caught:
        load_kind("pyton")

    assert "module:Class" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("odd_kinds:shouted", "no subclass"),
        ("odd_kinds:UnmakeableKind", "cannot be made"),
        ("odd_kinds:NoSuchKind", "does not load"),
    ],
)
def test_what_is_no_kind_is_the_plugins_fault(name: str, said: str) -> None:
    with pytest.raises(PluginError, match=said):
        load_kind(name)


def test_a_kind_that_makes_no_step_is_the_plugins_fault(tmp_path: Path) -> None:
    found = FunctionVersion(
        name="f", version=1, kind="odd_kinds:BrokenKind", spec={}, project="demo", created=0.0, origin=""
    )

    with pytest.raises(PluginError, match="no step"):
        Shelf([found], str(tmp_path)).step(found, name="f")


def test_a_kind_without_a_name_or_without_job_is_refused_when_it_is_defined() -> None:
    with pytest.raises(TypeError, match="must have a name"):
        type("Nameless", (Kind,), {})
    with pytest.raises(TypeError, match="'job'"):
        type("Idle", (Kind,), {"name": "idle", "actions": ("serve",)})
