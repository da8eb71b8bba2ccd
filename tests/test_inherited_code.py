"""A step that takes an object runs again when the code of the object's class has changed, though its bytes have not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from inheriting_project import FILES
from loading import write


class Project:
    """The project of `inheriting_project`, run by the command line."""

    def __init__(self, root: Path) -> None:
        self.root = root
        write(root, {"graftline.toml": "", **FILES})

    def run(self) -> tuple[set[str], dict[str, str]]:
        """Run it; return the steps that ran, and the serializer of each output."""
        done = subprocess.run(
            [sys.executable, "-m", "graftline", "--json", "run"],
            cwd=self.root, env=os.environ | {"PYTHONPATH": self.path()},
            capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        steps = json.loads(done.stdout)["steps"]
        serializers = {name: each["serializer"] for step in steps for name, each in step["outputs"].items()}
        return {step["name"] for step in steps if step["state"] != "CACHED"}, serializers

    def path(self) -> str:
        """Return PYTHONPATH with the packages of the project."""
        return os.pathsep.join([str(self.root / "deps/site-packages"), os.environ.get("PYTHONPATH", "")])

    def edit(self, file: str, old: str, new: str) -> None:
        """Change a file."""
        text = FILES[file]
        assert old in text
        write(self.root, {file: text.replace(old, new)})


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return the project after a first run."""
    made = Project(tmp_path)
    ran, serializers = made.run()
    assert len(ran) == 7
    assert (serializers["scaler"], serializers["chosen"]) == ("pickle", "pickle")
    assert serializers["bounds"].startswith("json:")
    assert made.run()[0] == set()
    return made


def test_a_method_that_only_its_user_calls_counts_through_a_step_that_hands_it_on(project: Project) -> None:
    project.edit("scaling.py", "each - self.mean", "self.mean - each")

    assert project.run()[0] == {"fit", "choose", "transform", "total"}


def test_a_helper_of_the_method_counts_too(project: Project) -> None:
    project.edit("norms.py", "round(x, 3)", "round(x, 1) + 1")

    assert project.run()[0] == {"fit", "choose", "transform", "total"}


def test_a_comment_in_the_class_is_no_change(project: Project) -> None:
    project.edit("scaling.py", "        self.mean =", "        # of all\n        self.mean =")

    assert project.run()[0] == set()


def test_a_method_of_a_record_counts(project: Project) -> None:
    project.edit("records.py", "self.high - self.low", "self.high - self.low + 1")

    assert project.run()[0] == {"span", "wide"}


def test_plain_data_stops_a_wave_as_before(project: Project) -> None:
    project.edit("pipeline.py", "return [1.0, 2.0, 6.0]", "return [1.0, 2.0, 3.0 * 2]")

    assert project.run()[0] == {"load"}


PACKAGE = {
    "deps/site-packages/shapes/__init__.py": "def corners(): return {1, 2, 3}\n",
    "deps/site-packages/shapes-1.0.dist-info/METADATA": "Name: shapes\nVersion: 1.0\n",
    "pipeline.py": """
from graftline import Pipeline, PythonTask
from shapes import corners

def make():
    return corners()

def plain():
    return len(corners())

def use(made):
    return max(made)

def count(plain):
    return plain + 1

flow = Pipeline([
    PythonTask(make, returns=["made"]), PythonTask(plain, returns=["plain"]),
    PythonTask(use, returns=["used"]), PythonTask(count, returns=["count"]),
])
""",
}


def test_a_new_version_of_a_package_counts_for_who_takes_its_objects_but_not_for_plain_data(tmp_path: Path) -> None:
    project = Project(tmp_path)
    write(tmp_path, PACKAGE)
    project.run()
    assert project.run()[0] == set()

    folder = tmp_path / "deps/site-packages"
    (folder / "shapes-1.0.dist-info").rename(folder / "shapes-2.0.dist-info")

    assert project.run()[0] == {"make", "plain", "use"}
