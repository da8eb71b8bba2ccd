"""Fingerprints of every kind of operation, as loading a project makes them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from loading import loaded, write

from graftline.core.graph import CallKind
from graftline.core.prints import Print, prints_from_json, prints_to_json

STEPS = """
import os

import pandas


def plain():
    return os.environ.get("MODE"), os.environ["TOKEN"]


def reading():
    return pandas.read_csv("data.csv").to_dict()


def guessed(name):
    return eval(name)


def sleeping():
    yield 1
"""
PIPELINE = """
from graftline import Map, Pipeline, PythonTask, ScriptTask, ShellTask
import steps

main = Pipeline(
    name="main",
    steps=[
        PythonTask(steps.plain, name="plain", returns=["plain"], secrets=["TOKEN"]),
        PythonTask(steps.reading, name="reading", returns=["reading"]),
        PythonTask(steps.reading, name="declared", returns=["declared"], reads=["data.csv"]),
        PythonTask(steps.reading, name="kept", returns=["kept"], cache=True),
        PythonTask(steps.guessed, name="guessed", returns=["guessed"], params={"name": "1"}),
        PythonTask(steps.sleeping, name="sleeping", returns=["sleeping"]),
        PythonTask(lambda: 1, name="inline", returns=["inline"]),
        ShellTask("date", name="alone", returns=["alone"]),
        ShellTask("cat data.csv; echo $n $MODE", name="given", takes=["n"], returns=["given"]),
        ScriptTask("script.py", name="script", returns=["score"]),
        Map(name="each", iterate_on="items", branch=PythonTask(steps.plain, name="body", returns=["b"]), reducer=max),
    ],
    params={"n": 1, "items": [1, 2]},
)
"""


@pytest.fixture(scope="module")
def prints(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Print]:
    """Give the prints by step."""
    folder = tmp_path_factory.mktemp("project")
    files = {"steps.py": STEPS, "pipeline.py": PIPELINE, "script.py": "import os\nscore = 1\n", "data.csv": "a\n1\n"}
    found = loaded(write(folder, files))
    nodes = [*found.graph.nodes, *(node for body in found.graph.bodies for node in body.nodes)]
    assert all(found.graph.operations[index].call.kind not in (CallKind.SPLIT, CallKind.JOIN) for index in found.prints)
    return {node.name: found.prints[node.operation] for node in nodes if node.operation in found.prints}


def test_every_step_has_one(prints: Mapping[str, Print]) -> None:
    names = "plain reading declared kept guessed sleeping inline alone given script body each"

    assert set(prints) == set(names.split())


def test_a_secret_is_no_variable_of_the_key(prints: Mapping[str, Print]) -> None:
    assert prints["plain"].variables == ("MODE",)
    assert prints["given"].variables == ("MODE",)
    assert prints["body"].variables == ("MODE", "TOKEN")


def test_a_reader_makes_a_source_unless_the_author_has_decided(prints: Mapping[str, Print]) -> None:
    assert prints["reading"].source == "reads files by pandas.read_csv"
    assert prints["declared"].source is prints["kept"].source is None
    assert prints["alone"].source == "a shell command that takes nothing"
    assert prints["given"].source is None


def test_code_that_only_running_tells_is_told_with_its_line(prints: Mapping[str, Print]) -> None:
    assert prints["guessed"].unknown == "chooses code while it runs: eval() at steps.py:16"
    assert prints["plain"].unknown is None


def test_packages_are_those_of_reached_code(prints: Mapping[str, Print]) -> None:
    python = ".".join(map(str, sys.version_info[:3]))

    assert prints["plain"].packages == {"python": python}
    assert set(prints["reading"].packages) == {"python", "pandas"}


def test_data_a_command_names_counts_when_it_becomes_ready(prints: Mapping[str, Print]) -> None:
    assert prints["given"].reads == ("data.csv",)
    assert prints["given"].parts == {}


def test_a_script_is_one_part(prints: Mapping[str, Print]) -> None:
    assert list(prints["script"].parts) == ["script.py:<module>"]


def test_prints_come_back_from_json_and_are_written_once(prints: Mapping[str, Print]) -> None:
    numbered = dict(enumerate([*prints.values(), prints["plain"]]))

    assert prints_from_json(prints_to_json(numbered)) == numbered


def test_the_same_project_elsewhere_has_the_same_prints(tmp_path: Path, prints: Mapping[str, Print]) -> None:
    files = {"steps.py": STEPS, "pipeline.py": PIPELINE, "script.py": "import os\nscore = 1\n", "data.csv": "a\n1\n"}
    again = loaded(write(tmp_path, files))

    by_name = {node.name: again.prints[node.operation] for node in again.graph.nodes if node.operation in again.prints}
    assert by_name == {name: prints[name] for name in by_name}
