"""`graft verify` and `graft lock` as a person calls them: real steps in real processes, exit codes, what is left."""

from __future__ import annotations

import io
import json
import os
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from graftline.cli.main import main

STEPS = """
import os
import random

class Model:
    def __init__(self, rows):
        self.rows = rows
        self.names = {"alpha", "beta", "gamma", "delta", "epsilon", "zeta"}

def load():
    return [f"row {number}" for number in range(30)]

def shuffled(rows):
    return list(set(rows))

def drawn(rows):
    return random.random()

def fit(rows, depth=3):
    return Model(rows[:depth])

def item(row):
    return row.upper()

def told(rows):
    with open("told.txt", "a") as book:
        book.write("told\\n")

def saved(rows):
    with open("saved.txt", "a") as file:
        file.write("x")
    return 1

def read():
    with open("data.csv") as file:
        return file.read()
"""
PIPELINE = """
from graftline import Catalog, Map, Pipeline, PythonTask
import steps

odd = Pipeline(name="odd", steps=[
    PythonTask(steps.load, returns=["rows"]),
    PythonTask(steps.shuffled, returns=["shuffled"]),
    PythonTask(steps.drawn, returns=["drawn"]),
    PythonTask(steps.fit, returns=["model"]),
    PythonTask(steps.saved, returns=["size"], catalog=Catalog(put=["saved.txt"])),
    Map(name="trials", iterate_on="rows", iterate_as="row",
        branch=Pipeline(name="one", steps=[PythonTask(steps.item, returns=["upper"])])),
    PythonTask(steps.told),
])
"""
SMALL = """
from graftline import Pipeline, PythonTask
import steps

small = Pipeline(name="small", steps=[
    PythonTask(steps.read, returns=["text"], reads=["data.csv"]),
    PythonTask(steps.load, returns=["rows"]),
    PythonTask(steps.fit, returns=["model"]),
])
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "graftline.toml").write_text("[project]\nname = 'odd'\n")
    (tmp_path / "steps.py").write_text(STEPS)
    (tmp_path / "pipeline.py").write_text(PIPELINE)
    (tmp_path / "small.py").write_text(SMALL)
    (tmp_path / "data.csv").write_text("1,2\n")
    return tmp_path


def graft(project: Path, *arguments: str, code: int = 0) -> str:
    """Run a command line in this process, in the project; return what it printed, with complaints if it complained."""
    out, err = io.StringIO(), io.StringIO()
    with chdir(project), redirect_stdout(out), redirect_stderr(err):
        left = main(arguments)
    assert left == code, f"{out.getvalue()}\n{err.getvalue()}"
    return out.getvalue() + (err.getvalue() if code in (2, 3, 4) else "")


def document(project: Path, *arguments: str, code: int = 0) -> Any:
    return json.loads(graft(project, "--json", *arguments, code=code))


def test_steps_that_make_something_else_are_found_named_and_marked(project: Path) -> None:
    run = document(project, "run", "pipeline.py")["run"]
    before = (project / "told.txt").read_text(), (project / "saved.txt").read_text()

    found = document(project, "verify", code=5)

    steps = {step["path"]: step for step in found["steps"]}
    levels = {path: [each["level"] for each in step["outputs"]] for path, step in steps.items()}
    assert levels["load"] == levels["trials/7/item"] == ["IDENTICAL"]
    assert levels["shuffled"] == levels["drawn"] == ["DIFFERENT"]
    assert levels["fit"] == ["EQUAL"]
    assert {path for path, step in steps.items() if step["marked"]} == {"shuffled", "drawn"}
    assert "row" in steps["shuffled"]["outputs"][0]["detail"]
    assert {path: step["outcome"] for path, step in steps.items() if step["outcome"] == "SKIPPED"} == {
        "saved": "SKIPPED",
        "told": "SKIPPED",
    }
    assert before == ((project / "told.txt").read_text(), (project / "saved.txt").read_text())
    assert document(project, "show")["nondeterministic"].keys() == {"shuffled", "drawn"}
    assert document(project, "check", "pipeline.py")["nondeterministic"].keys() == {"shuffled", "drawn"}
    assert [each["run"] for each in document(project, "ls")["runs"]] == [run]
    assert "a check of run" in graft(project, "rerun", found["again"], code=2)

    text = graft(project, "verify", "--only", "drawn", "--rtol", "1e9", "--hash-seed", "3")
    assert "1 equal in value" in text
    assert "PYTHONHASHSEED=3" in text


def test_marks_hold_for_the_code_that_was_checked(project: Path) -> None:
    graft(project, "run", "pipeline.py")
    graft(project, "verify", "--only", "drawn", code=5)
    steps = project / "steps.py"

    steps.write_text(STEPS.replace("return random.random()", "return len(rows)"))

    assert "nondeterministic" not in document(project, "check", "pipeline.py")
    assert "nondeterministic" in document(project, "show")


def test_what_was_read_and_is_not_what_it_was_is_not_run_again(project: Path) -> None:
    graft(project, "run", "small.py")
    (project / "data.csv").write_text("3,4\n")

    found = document(project, "verify")

    steps = {step["path"]: step["detail"] for step in found["steps"] if step["outcome"] == "SKIPPED"}
    assert steps == {"read": "it read data.csv, which is not what it was"}


def test_a_lock_holds_until_something_it_names_changes(project: Path) -> None:
    assert "there is no graftline.lock" in graft(project, "lock", "small.py", "--check", code=2)
    assert document(project, "lock", "small.py")["results"] == 0
    assert document(project, "lock", "small.py", "--check")["differences"] == []
    first = (project / "graftline.lock").read_text()

    (project / "steps.py").write_text(STEPS.replace("self.rows = rows", "self.rows = list(rows)"))
    (project / "data.csv").write_text("3,4\n")
    found = document(project, "lock", "small.py", "--check", "-p", "depth=4", code=5)["differences"]

    assert [(each["part"], each["name"], each["steps"]) for each in found] == [
        ("code", "steps.py:Model", ["fit"]),
        ("parameter", "fit:depth", ["fit"]),
        ("file", "data.csv", ["read"]),
    ]
    assert (project / "graftline.lock").read_text() == first
    text = graft(project, "lock", "small.py", "--check", code=5)
    assert "2 differences from graftline.lock" in text
    assert "graft lock small.py" in text


def test_a_comment_a_docstring_and_layout_are_no_difference(project: Path) -> None:
    graft(project, "lock", "small.py")

    text = STEPS.replace("def load():", '# first of all\ndef load():\n    """Load."""\n')
    (project / "steps.py").write_text(text)

    assert "3 steps as graftline.lock has them" in graft(project, "lock", "small.py", "--check")


def test_locking_again_changes_nothing_and_a_run_adds_only_results(project: Path) -> None:
    graft(project, "lock", "small.py")
    before = os.stat(project / "graftline.lock")
    assert "nothing changed" in graft(project, "lock", "small.py")
    assert os.stat(project / "graftline.lock").st_mtime_ns == before.st_mtime_ns

    graft(project, "run", "small.py")

    assert "only results are new" in graft(project, "lock", "small.py")
    graft(project, "lock", "small.py", "--check", "--outputs")
    assert not [path for path in project.iterdir() if path.name.endswith(".part")]


def test_a_result_with_other_bytes_than_locked_is_found_when_asked_for(project: Path) -> None:
    graft(project, "run", "small.py")
    graft(project, "lock", "small.py")
    lock = project / "graftline.lock"
    rows = document(project, "output", "@last")["outputs"]["load"]["rows"]["sha256"]
    lock.write_text(lock.read_text().replace(rows, "0" * 64))

    graft(project, "lock", "small.py", "--check")
    found = document(project, "lock", "small.py", "--check", "--outputs", code=5)["differences"]

    assert [(each["part"], each["name"]) for each in found] == [("output", "load:rows")]


def test_a_lock_that_cannot_be_read_is_told_with_its_line(project: Path) -> None:
    graft(project, "lock", "small.py")
    lock = project / "graftline.lock"
    text = lock.read_text()

    lock.write_text(f"{text}<<<<<<< HEAD\n")
    told = graft(project, "lock", "small.py", "--check", code=2)
    assert f"graftline.lock:{text.count(chr(10)) + 1}: it holds a merge conflict" in told
    lock.write_bytes(b"\xff\xfe")
    assert "graftline.lock:1: the lock is no UTF-8 text" in graft(project, "lock", "small.py", code=2)
    lock.unlink()
    lock.mkdir()
    assert "the lock cannot be read: Is a directory" in graft(project, "lock", "small.py", code=2)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("verify", "--all", "--sample", "3"), "exclude each other"),
        (("verify", "--rtol", "-1"), "no relative difference"),
        (("verify", "--rtol", "nan"), "no relative difference"),
        (("lock", "--outputs"), "--outputs goes with --check"),
    ],
)
def test_misuse_is_refused_before_anything_is_looked_at(project: Path, arguments: tuple[str, ...], told: str) -> None:
    assert told in graft(project, *arguments, code=2)
