"""Each cause that is planted in a project is named by `why`, at the steps it concerns, and no other is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from planted_project import Plant, PlantedProject, told

from graftline.core.whys import RunWhy


def _zone(project: PlantedProject) -> None:
    project.environ["PLANTED_ZONE"] = "east"


def _another_step(project: PlantedProject) -> None:
    project.edit("pipeline.py", "features, fit,", "extra, features, fit,")
    project.edit("pipeline.py", "    ],\n", '        PythonTask(function=extra, returns=["more"]),\n    ],\n')
    project.write("steps.py", (project.root / "steps.py").read_text() + "\n\ndef extra(zoned):\n    return zoned\n")


def _silent(project: PlantedProject) -> None:
    project.edit("steps.py", "    # A comment.\n", "    # Another comment.\n\n")
    project.edit("helpers.py", '"""Leave out what is too large."""', '"""Leave out what is larger than LIMIT."""')
    project.edit("helpers.py", "value * 2", "value  *  2")


FIT = {"fit": ["input values of scaled"], "zone": ["input weight of fit"], "size": ["input weight of fit"]}
SCALED = {"scaled": ["input chosen of features"], **FIT}

PLANTED: Mapping[str, tuple[Plant, dict[str, list[str]]]] = {
    "comments, docstrings, blanks": (_silent, {}),
    "function body": (
        lambda project: project.edit("steps.py", "return clean(rows)", "return clean(rows)[1:]"),
        {"features": ["code steps.py:features"], **SCALED},
    ),
    "helper in another module": (
        lambda project: project.edit("helpers.py", "row for row in rows if row", "row + 1 for row in rows if row"),
        {"features": ["code helpers.py:clean"], **SCALED},
    ),
    "constant": (
        lambda project: project.edit("helpers.py", "LIMIT = 30", "LIMIT = 50"),
        {"features": ["code helpers.py:LIMIT"], **SCALED},
    ),
    "default argument": (
        lambda project: project.edit("steps.py", "factor=2", "factor=3"),
        {"scaled": ["code steps.py:scaled"], **FIT},
    ),
    "base class method": (
        lambda project: project.edit("helpers.py", "return value  *  2", "return value * 4"),
        {"scaled": ["code helpers.py:Base"], **FIT},
    ),
    "decorator": (
        lambda project: project.edit(
            "helpers.py", "return function(*args, **kwargs)", "return dict(function(*args, **kwargs))"
        ),
        {"fit": ["code helpers.py:logged"]},
    ),
    "parameter": (
        lambda project: ("-p", "C=0.3"),
        {"fit": ["parameter C 1.0 -> 0.3"], "zone": FIT["zone"], "size": FIT["size"]},
    ),
    "declared file": (
        lambda project: project.write("data.csv", "1 2 3 41"),
        {"load": ["file data.csv"], "features": ["input rows of load"], **SCALED},
    ),
    "observed file": (
        lambda project: project.write("notes.txt", "other words"),
        {"notes": ["READS", "file notes.txt"], "large": ["input words of notes"]},
    ),
    "environment variable": (_zone, {"zone": ["variable PLANTED_ZONE"]}),
    "package": (
        lambda project: project.install("1.1"),
        {"size": ["package gadget_kit 1.0 -> 1.1"]},
    ),
    "never run": (_another_step, {"extra": ["NEVER"]}),
    "damaged artifact": (lambda project: project.damage(), {"large": ["DAMAGED"]}),
}
"""By name, in the order they are planted: how, and what is said of each step that runs."""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, RunWhy]:
    """Run the project after each cause has been planted on top of those before."""
    project = PlantedProject(tmp_path_factory.mktemp("planted"))
    project.run()
    options: tuple[str, ...] = ()
    found = {}
    for name, (plant, _) in PLANTED.items():
        options = plant(project) or options
        found[name] = project.run(*options)
    return found


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_cause_is_named_and_no_other(name: str, said: dict[str, RunWhy]) -> None:
    _, expected = PLANTED[name]
    assert told(said[name]) == expected


def test_what_is_not_concerned_is_reused(said: dict[str, RunWhy]) -> None:
    reused = [path for paths in said["decorator"].reused.values() for path in paths]
    assert sorted(reused) == ["features", "large", "load", "notes", "scaled", "size", "zone"]


def test_the_changed_lines_are_shown_and_comments_are_not(said: dict[str, RunWhy], tmp_path: Path) -> None:
    hunks = said["function body"].groups[0].why.causes[0].hunks

    lines = [line for hunk in hunks for line in hunk.lines]
    assert lines == [" def features(rows):", "-    return clean(rows)", "+    return clean(rows)[1:]"]
