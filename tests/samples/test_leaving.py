"""Leaving graftline is deleting the pipeline files: every other Python file of a sample knows nothing of it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from sample_runs import Sample
from source_tree import ROOT

from graftline.core.sources import imports_of, parse

HIDDEN = """
import runpy, sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "graftline":
            print("asked for", name)
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hidden())
sys.path[0] = "."
sys.argv = [sys.argv[1]]
runpy.run_path(sys.argv[0], run_name="user_module")
"""
"""Runs a file as when it is imported, in an interpreter that cannot import graftline."""


def pipeline_files(sample: Path) -> set[Path]:
    """Return the files of a sample that are graftline's: pipeline.py, and what its configuration names."""
    config = sample / "graftline.toml"
    named = tomllib.loads(config.read_text()).get("project", {}).get("pipeline", "") if config.exists() else ""
    return {sample / "pipeline.py", sample / named.partition(":")[0]}


def user_files() -> list[Path]:
    """Return every other Python file of the samples that are folders."""
    folders = sorted(each for each in (ROOT / "samples").iterdir() if each.is_dir() and not each.name.startswith("_"))
    return [file for sample in folders for file in sorted(sample.rglob("*.py")) if file not in pipeline_files(sample)]


FILES = [str(file.relative_to(ROOT / "samples")) for file in user_files()]


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Sample]:
    """Return each sample; one with scripts after a run, for they read what earlier steps wrote."""
    found = {name: Sample(name, tmp_path_factory.mktemp(name)) for name in {file.partition("/")[0] for file in FILES}}
    for name in {file.partition("/")[0] for file in FILES if file.count("/") > 1}:
        found[name].document("run")
    return found


def test_there_are_such_files() -> None:
    assert {"iris/functions.py", "etl/functions.py", "etl/scripts/outliers.py", "calls/functions.py"} <= set(FILES)


@pytest.mark.parametrize("file", FILES)
def test_no_line_of_it_imports_graftline(file: str) -> None:
    path = ROOT / "samples" / file

    imported = {each.module.partition(".")[0] for each in imports_of(parse(path.read_text(), str(path)))}

    assert "graftline" not in imported


@pytest.mark.parametrize("file", FILES)
def test_it_runs_where_graftline_cannot_be_imported(file: str, copies: dict[str, Sample]) -> None:
    name, _, inside = file.partition("/")

    done = copies[name].python("-c", HIDDEN, inside)

    assert done.returncode == 0, done.stderr
    assert "asked for" not in done.stdout


def test_a_file_that_does_import_it_would_be_found(tmp_path: Path) -> None:
    sample = Sample("wide.py", tmp_path)

    done = sample.python("-c", HIDDEN, "wide.py")

    assert done.returncode == 1
    assert "asked for graftline" in done.stdout
