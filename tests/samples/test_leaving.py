"""Leaving graftline is deleting the pipeline files and their tests: no other file of a sample knows anything of it."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from sample_runs import Sample
from source_tree import ROOT

from graftline.core.sources import imports_of, parse

HIDDEN = """
import gc, importlib, os, runpy, sys, traceback

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "graftline":
            print("asked for", name)
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hidden())
sys.path[0] = "."
for name in filter(None, sys.argv[1].split(",")):
    importlib.import_module(name)
for job in sys.argv[2:]:
    folder, file, said, name = job.split("|")
    gc.freeze()
    if not os.fork():
        os.chdir(folder)
        os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT), 1)
        os.dup2(1, 2)
        sys.argv = [file]
        code = 1
        try:
            runpy.run_path(file, run_name=name)
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    with open(said + ".code", "w") as code:
        print(os.waitstatus_to_exitcode(os.wait()[1]), file=code)
"""
"""Runs files, each in a fork of an interpreter that cannot import graftline.

Its arguments: what to import once for all (scikit-learn and matplotlib take 1.5 s), then `folder|file|output|name` of
each, the name being that of the module it is run as. A fork leaves at once: to take apart what was imported would cost
each of them 0.5 s more.
"""
PROGRAMS = ("functions.py",)
"""Run as programs, which some of them are; others as when they are imported."""
HEAVY = ("matplotlib.pyplot", "pandas", "sklearn.linear_model")


class Ran(NamedTuple):
    """How a file ended."""

    code: int
    said: str
    root: Path
    """Of its sample."""


def run_without(samples: Sequence[tuple[Sample, str]], folder: Path, imported: Sequence[str] = ()) -> list[Ran]:
    """Run files of samples where graftline cannot be imported."""
    jobs = [
        (sample.root, file, folder / f"said-{number}", "__main__" if file in PROGRAMS else "user_module")
        for number, (sample, file) in enumerate(samples)
    ]
    done = samples[0][0].python("-c", HIDDEN, ",".join(imported), *("|".join(map(str, job)) for job in jobs))
    assert done.returncode == 0, done.stderr
    return [Ran(int(Path(f"{said}.code").read_text()), said.read_text(), root) for root, _, said, _ in jobs]


def pipeline_files(sample: Path) -> set[Path]:
    """Return the files of a sample that are graftline's: its pipeline, and a program that submits (`main.py`)."""
    config = sample / "graftline.toml"
    named = tomllib.loads(config.read_text()).get("project", {}).get("pipeline", "") if config.exists() else ""
    return {sample / "pipeline.py", sample / named.partition(":")[0], sample / "main.py"}


def user_files() -> list[Path]:
    """Return every other Python file of the samples that are folders, but tests of pipelines and parts of graftline."""
    folders = sorted(each for each in (ROOT / "samples").iterdir() if each.is_dir() and not each.name.startswith("_"))
    return [
        file
        for sample in folders
        for file in sorted(sample.rglob("*.py"))
        if file not in pipeline_files(sample) and not file.name.startswith("test_") and sample.name != "custom_runner"
    ]


FILES = [str(file.relative_to(ROOT / "samples")) for file in user_files()]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ran]:
    """Run every file in a copy of its sample; one with scripts after a run, for they read what earlier steps wrote."""
    copies = {name: Sample(name, tmp_path_factory.mktemp(name)) for name in {file.partition("/")[0] for file in FILES}}
    for name in {file.partition("/")[0] for file in FILES if file.count("/") > 1}:
        if (copies[name].root / "pipeline.py").exists():
            copies[name].document("run")
    jobs = [(copies[name], inside) for name, _, inside in (file.partition("/") for file in FILES)]
    return dict(zip(FILES, run_without(jobs, tmp_path_factory.mktemp("said"), HEAVY), strict=True))


def test_there_are_such_files() -> None:
    assert {"iris/functions.py", "etl/functions.py", "etl/scripts/outliers.py", "calls/functions.py"} <= set(FILES)


@pytest.mark.parametrize("file", FILES)
def test_no_line_of_it_imports_graftline(file: str) -> None:
    path = ROOT / "samples" / file

    imported = {each.module.partition(".")[0] for each in imports_of(parse(path.read_text(), str(path)))}

    assert "graftline" not in imported


@pytest.mark.parametrize("file", FILES)
def test_it_runs_where_graftline_cannot_be_imported(file: str, ran: dict[str, Ran]) -> None:
    assert ran[file].code == 0, ran[file].said
    assert "asked for" not in ran[file].said


def test_a_program_does_all_its_work_there(ran: dict[str, Ran]) -> None:
    assert (ran["iris/functions.py"].root / "iris_logistic.png").exists()


def test_a_file_that_does_import_it_would_be_found(tmp_path: Path) -> None:
    (done,) = run_without([(Sample("wide.py", tmp_path), "wide.py")], tmp_path)

    assert done.code == 1
    assert "asked for graftline" in done.said
