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


PREP = """
import argparse
from pathlib import Path
OUT = Path("out")
parser = argparse.ArgumentParser()
parser.add_argument("--raw", default="data/raw.csv")
parser.add_argument("--limit", type=int, default=2)
args = parser.parse_args()
OUT.mkdir(exist_ok=True)
(OUT / "clean.csv").write_text("".join(open(args.raw).readlines()[: args.limit]))
"""
MODEL = """
def load():
    with open("out/clean.csv") as file:
        return file.read().split()
def fit(table, alpha):
    return {"alpha": alpha, "rows": len(table)}
def save(model):
    with open("out/model.txt", "w") as file:
        file.write(str(model))
if __name__ == "__main__":
    rows = load()
    model = fit(rows, alpha=0.5)
    save(model)
"""
PUBLISH = "cat out/model.txt > out/published.txt\n"


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    """Return a directory of scripts, out of order."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data/raw.csv").write_text("a\n1\n2\n")
    for name, text in (("model.py", MODEL), ("prep.py", PREP), ("a_publish.sh", PUBLISH)):
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_pipeline_proposed_of_scripts_checks_and_runs(scripts: Path) -> None:
    proposed = call(scripts, "init", "--from", ".", "--json").document

    assert [each["name"] for each in proposed["steps"]] == ["prep", "load", "fit", "save", "a_publish"]
    assert call(scripts, "check").code == 0
    graph = call(scripts, "graph", "--format", "json").document
    assert [node["needs"] for node in graph["nodes"]] == [each["needs"] for each in proposed["steps"]]
    run = call(scripts, "run", "-p", "limit=3", "--json").document
    assert run["state"] == "SUCCESS"
    assert (scripts / "out/published.txt").read_text() == "{'alpha': 0.5, 'rows': 3}"


def test_a_proposal_may_be_looked_at_first(scripts: Path) -> None:
    said = call(scripts, "init", "--from", "prep.py", "model.py", "-n")

    assert 'args=["--raw", "{raw}", "--limit", "{limit}"],  # prep.py:6, prep.py:7' in said.out
    assert "prep ──▶ load" in said.err
    assert not (scripts / "pipeline.py").exists()


def test_a_pipeline_that_is_there_is_not_overwritten(scripts: Path) -> None:
    (scripts / "pipeline.py").write_text("mine")

    said = call(scripts, "init", "--from", "prep.py")

    assert (said.code, (scripts / "pipeline.py").read_text()) == (2, "mine")
    assert "has pipeline.py already" in said.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("prp.py",), "there is no file 'prp.py'; did you mean 'prep.py'?"),
        ((), "there is no script to read"),
        (("data/raw.csv",), "'data/raw.csv' is no script"),
        (("../other.py",), "there is no file"),
    ],
)
def test_words_that_are_no_scripts_are_refused(words: tuple[str, ...], message: str, scripts: Path) -> None:
    said = call(scripts, "init", "--from", *words)

    assert said.code == 2
    assert message in said.err
