"""Reuse of earlier results as a person has it: real store, real workers, `graft run` twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from local_runs import own_environment

DEADLINE_S = 60.0
PIPELINE = """
from graftline import Catalog, Pipeline, PythonTask
from steps import load, scale, total, write

demo = Pipeline(name="demo", steps=[
    PythonTask(load, returns=["rows"]),
    PythonTask(scale, returns=["scaled"]),
    PythonTask(total, returns=["total"]),
    PythonTask(write, returns=["length"], catalog=Catalog(put=["out/report.txt"])),
])
"""
STEPS = """
import os, signal
from pathlib import Path
from helpers import double

def load():
    print("loaded")
    return [int(text) for text in Path("data.txt").read_text().split()]

def scale(rows):
    # a list of 5,000 numbers is no value that is stored inline
    return [double(row) for row in rows] + [0] * 5000

def total(scaled, wanted: int = 1):
    if Path("broken").exists():
        os.kill(os.getpid(), signal.SIGKILL)
    return sum(scaled) * wanted

def write(total):
    os.makedirs("out", exist_ok=True)
    return Path("out/report.txt").write_text(f"total {total}")
"""
HELPERS = "FACTOR = 2\n\ndef double(value):\n    return value * FACTOR\n"


class Project:
    """A project in a folder, with a store of its own."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "project"
        self.home = folder / "store"
        self.root.mkdir()
        for name, text in {
            "pipeline.py": PIPELINE,
            "steps.py": STEPS,
            "helpers.py": HELPERS,
            "data.txt": "1 2 3",
        }.items():
            (self.root / name).write_text(text)
        self.environ = own_environment() | {"GRAFTLINE_HOME": str(self.home)}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "graftline", "--json", *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=self.root, env=self.environ, stdout=pipe, stderr=pipe, text=True)

    def graft(self, *arguments: str, exit_code: int = 0) -> dict[str, Any]:
        """Return the document a command prints."""
        return self.end(self.start(*arguments), exit_code)

    def end(self, process: subprocess.Popen[str], exit_code: int = 0) -> dict[str, Any]:
        out, err = process.communicate(timeout=DEADLINE_S)
        assert process.returncode == exit_code, f"exit {process.returncode}\n{out}\n{err}"
        document: dict[str, Any] = json.loads(out)
        return document

    def ran(self, *arguments: str, exit_code: int = 0) -> list[str]:
        """Run; return the steps that were executed."""
        return executed(self.graft("run", *arguments, exit_code=exit_code))

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.root / name).read_text()
        assert old in text
        (self.root / name).write_text(text.replace(old, new))

    def objects(self) -> list[Path]:
        """Return the object files of the store, the largest first."""
        found = [path for path in (self.home / "v1" / "objects").rglob("*") if path.is_file()]
        return sorted(found, key=lambda path: -path.stat().st_size)


def executed(document: dict[str, Any]) -> list[str]:
    return [step["path"] for step in document["steps"] if step["state"] != "CACHED"]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


ALL = ["load", "scale", "total", "write"]


def test_only_what_an_edit_concerns_runs_again(project: Project) -> None:
    assert project.ran() == ALL
    assert project.ran() == []

    project.edit("helpers.py", "def double", "# twice as much\ndef double")
    assert project.ran() == []  # a comment

    project.edit("helpers.py", "value * FACTOR", "FACTOR * value")
    assert project.ran() == ["scale"]  # another text, the same result: the wave stops there

    project.edit("helpers.py", "FACTOR = 2", "FACTOR = 3")
    assert project.ran() == ["scale", "total", "write"]

    assert project.ran("-p", "wanted=2") == ["total", "write"]


def test_a_file_that_was_seen_counts_by_content_though_size_and_times_are_those_of_before(project: Project) -> None:
    project.ran()
    data = project.root / "data.txt"
    before = data.stat()
    data.write_text("1 2 4")
    os.utime(data, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert project.ran() == ALL

    data.write_text("1 2 3")
    assert project.ran() == ["write"]  # as it was; but the report in the work tree is that of the other content


@pytest.mark.parametrize("harm", ["edited", "deleted"])
def test_a_stored_value_that_was_harmed_is_made_again(project: Project, harm: str) -> None:
    first = project.graft("run")
    large = project.objects()[0]
    if harm == "deleted":
        large.unlink()
    else:
        large.chmod(0o600)
        with large.open("ab") as file:
            file.write(b"x")

    second = project.graft("run")

    assert executed(second) == ["scale"]
    assert [step["outputs"] for step in second["steps"]] == [step["outputs"] for step in first["steps"]]


def test_a_catalog_file_that_is_missing_comes_back_and_one_that_was_edited_is_made_anew(project: Project) -> None:
    project.ran()
    report = project.root / "out" / "report.txt"
    made = report.read_text()
    report.unlink()

    assert project.ran() == []
    assert report.read_text() == made

    report.write_text("by hand")
    assert project.ran() == ["write"]
    assert report.read_text() == made


def test_a_step_whose_process_died_feeds_nothing(project: Project) -> None:
    (project.root / "broken").touch()
    assert project.ran(exit_code=1) == ["load", "scale", "total", "write"][0:4]
    (project.root / "broken").unlink()

    assert project.ran() == ["total", "write"]


def test_code_that_only_execution_would_tell_runs_each_time_and_what_follows_is_reused(project: Project) -> None:
    project.edit(
        "helpers.py", "    return value * FACTOR", "    exec('value = value * FACTOR')\n    return value * FACTOR"
    )
    project.ran()

    assert project.ran() == ["scale"]


def test_runs_at_the_same_time_make_one_value_and_both_serve(project: Project) -> None:
    running = [project.start("run"), project.start("run")]

    documents = [project.end(each) for each in running]

    assert [document["state"] for document in documents] == ["SUCCESS"] * 2
    assert project.ran() == []
    sizes = [path.stat().st_size for path in project.objects()]
    assert len(sizes) == len(set(sizes))


def test_force_runs_everything_and_force_step_what_it_names(project: Project) -> None:
    project.ran()

    assert project.ran("--force") == ALL
    assert project.ran("--force-step", "load,total") == ["load", "total"]
    error = project.graft("run", "--force-step", "totl", exit_code=2)["error"]
    assert error["message"] == "no step is called 'totl'; did you mean 'total'?"
    assert "exclude" in project.graft("run", "--force", "--force-step", "load", exit_code=2)["error"]["message"]


def test_logs_of_a_step_that_was_reused_are_those_of_the_run_that_made_its_result(project: Project) -> None:
    project.ran()
    second = project.graft("run")

    assert executed(second) == []
    assert project.graft("logs", second["run"], "load")["text"] == "loaded"


def test_a_retry_tells_which_kept_steps_are_stale_and_runs_them_if_asked(project: Project) -> None:
    (project.root / "broken").touch()
    run = project.graft("run", exit_code=1)["run"]
    (project.root / "broken").unlink()
    project.edit("helpers.py", "FACTOR = 2", "FACTOR = 3")

    planned = project.graft("retry", run, "--dry-run")
    [stale] = planned["stale_kept"]
    assert (stale["step"], planned["again"]) == ("scale", ["total", "write"])
    assert [cause["name"] for cause in stale["causes"]] == ["helpers.py:FACTOR"]
    assert project.graft("retry", run, "--stale", "rerun", "--dry-run")["again"] == ["scale", "total", "write"]

    done = project.graft("retry", run)

    assert ([each["step"] for each in done["stale_kept"]], done["state"]) == (["scale"], "SUCCESS")
    assert (project.root / "out" / "report.txt").read_text() == "total 12"


def test_a_run_that_reuses_everything_starts_no_process(project: Project) -> None:
    program = """
import graftline.plugins.local.nursery as nursery
from pipeline import demo

made = []
real = nursery.Nursery.__init__
nursery.Nursery.__init__ = lambda self, *args, **named: (made.append(1), real(self, *args, **named))[1]
for force in (False, False, True):
    made.clear()
    print(demo.execute(force=force).state.value, bool(made))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=project.root,
        env=project.environ,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )

    assert done.stdout.split() == ["SUCCESS", "True", "SUCCESS", "False", "SUCCESS", "True"], done.stderr
