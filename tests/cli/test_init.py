"""`graft init`: a project that runs and passes its own test, and nothing that was there touched."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import call

from graftline.plugins.projects.templates import TEMPLATES


@pytest.mark.parametrize("name", ["minimal", "iris"])  # tabular: tests/samples
def test_a_project_runs_at_once(name: str, tmp_path: Path) -> None:
    begun = call(tmp_path, "init", "My Project", "--template", name, "--json").document

    assert (begun["project"], begun["missing"]) == ("my-project", [])
    root = tmp_path / "My Project"
    assert call(root, "run").code == 0
    assert call(root, "--json", "show").document["project"] == "my-project"


def test_its_own_tests_pass(tmp_path: Path) -> None:
    for name in TEMPLATES:
        assert call(tmp_path, "init", name, "--template", name).code == 0
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "graftline.testing"]
    for name in ("minimal", "tabular"):
        done = subprocess.run(
            [sys.executable, *words], cwd=tmp_path / name, capture_output=True, text=True, timeout=90, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_readme_types_the_name_of_the_project(tmp_path: Path) -> None:
    call(tmp_path, "init", "churn", "--template", "tabular")

    readme = (tmp_path / "churn" / "README.md").read_text()
    assert "$ graft apply churn -o scores.csv" in readme
    assert readme.startswith("# churn: ")


def test_nothing_that_is_there_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    (tmp_path / "functions.py").write_text("mine too")

    said = call(tmp_path, "init")

    assert said.code == 2
    assert "the current directory has functions.py, README.md already" in said.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["README.md", "functions.py"]
    assert (tmp_path / "README.md").read_text() == "mine"


def test_a_file_in_the_place_of_the_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "churn").write_text("mine")

    said = call(tmp_path, "init", "churn")

    assert said.code == 2
    assert "churn is no directory" in said.err


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    said = call(tmp_path, "init", "churn", "-n", "--json")

    assert said.document["files"] == list(TEMPLATES["minimal"].files)
    assert said.document["is_written"] is False
    assert list(tmp_path.iterdir()) == []


def test_a_repository_is_made_when_asked_for(tmp_path: Path) -> None:
    assert call(tmp_path, "init", "plain").code == 0
    assert call(tmp_path, "init", "kept", "--git").code == 0

    assert not (tmp_path / "plain" / ".git").exists()
    assert (tmp_path / "kept" / ".git").is_dir()
    assert ".venv/" in (tmp_path / "kept" / ".gitignore").read_text()


def test_templates_are_listed(tmp_path: Path) -> None:
    names = [each["name"] for each in call(tmp_path, "init", "--list", "--json").document["templates"]]

    assert names == ["minimal", "iris", "tabular"]
    assert "scikit-learn" in call(tmp_path, "init", "--list").out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("init", "--template", "irs"), "there is no template 'irs'; did you mean 'iris'?"),
        (("init", "one", "two"), "init takes one NAME, not one two"),
        (("init", "--from", "x.py", "--git"), "--template and --git go without it"),
    ],
)
def test_what_is_wrong_is_said(words: tuple[str, ...], message: str, tmp_path: Path) -> None:
    said = call(tmp_path, *words, "--json")

    assert said.code == 2
    assert message in json.loads(said.out)["error"]["message"]
