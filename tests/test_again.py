"""Retry, resume and rerun of real runs: the code and the parameters they take, and what they leave alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from command_line import call
from loading import write
from local_runs import until

PIPELINE = """
from graftline import Pipeline, PythonTask, ScriptTask
from helpers import word

def first(n: int = 1): return n
def second(first):
    import os
    if not os.path.exists("mended"): raise ValueError("broken")
    return f"{word()} {first}"

flow = Pipeline([
    PythonTask(first, returns=["first"]),
    PythonTask(second, returns=["second"]),
    ScriptTask("report.py", returns=["report"], inputs={"second": "second"}, args=["{second}"]),
])
"""
HELPERS = "def word(): return 'old'\n"
REPORT = "import sys\nreport = 'old report of ' + sys.argv[1]\n"


class Project:
    """A project whose second step fails until the file `mended` is there."""

    def __init__(self, root: Path) -> None:
        self.root = root
        write(root, {"graftline.toml": "", "pipeline.py": PIPELINE, "helpers.py": HELPERS, "report.py": REPORT})

    def mend(self) -> None:
        """Make the second step succeed, and edit everything the steps run."""
        write(self.root, {"mended": "", "helpers.py": HELPERS.replace("old", "new")})
        write(self.root, {"report.py": REPORT.replace("old", "new")})

    def graft(self, *arguments: str, exits: int = 0, **environ: str) -> dict[str, Any]:
        """Run one command and return its document."""
        said = call(self.root, "--json", *arguments, environ=os.environ | environ)
        assert said.code == exits, said.out + said.err
        document: dict[str, Any] = said.document
        return document

    def value(self, name: str, run: str = "@last") -> str:
        """Return an output as text."""
        said = call(self.root, "output", run, name)
        assert said.code == 0, said.err
        return said.out.strip().strip('"')


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def states(document: dict[str, Any]) -> dict[str, str]:
    return {step["name"]: step["state"] for step in document["steps"]}


def test_recorded_code_is_what_runs_helpers_and_scripts_too(project: Project) -> None:
    project.graft("run", exits=1)
    project.mend()

    done = project.graft("retry", "--code", "recorded")

    assert states(done) == {"first": "SUCCESS", "second": "SUCCESS", "report": "SUCCESS"}
    assert (project.value("second"), project.value("report")) == ("old 1", "old report of old 1")
    assert [step["reason"] for step in done["steps"]] == [None, None, None]


def test_a_rerun_repeats_the_recorded_code_and_a_later_retry_can_take_the_current_one(project: Project) -> None:
    first = project.graft("run", exits=1)
    project.mend()
    (project.root / "mended").unlink()

    again = project.graft("rerun", exits=1)
    (project.root / "mended").touch()
    project.graft("retry", again["run"], "--code", "current")

    assert again["parent"] == first["run"]
    assert project.graft("show", "@last")["run"] == again["run"]
    assert project.value("second") == "new 1"


def test_a_retry_takes_current_code_and_the_parameters_of_the_run(project: Project) -> None:
    project.graft("run", "-p", "n=5", exits=1)
    project.mend()

    project.graft("retry", "--all", GRAFTLINE_PRM_n="9")

    assert (project.value("second"), project.value("report")) == ("new 5", "new report of new 5")


def test_a_parameter_from_the_environment_is_recorded_too(project: Project) -> None:
    project.graft("run", exits=1, GRAFTLINE_PRM_n="7")
    project.mend()

    project.graft("retry", "--all")

    assert project.value("second") == "new 7"


def test_a_run_whose_process_was_killed_is_resumed(project: Project) -> None:
    slow = PIPELINE.replace("raise ValueError", "open('at-work', 'w').close(); __import__('time').sleep(60)  #")
    write(project.root, {"pipeline.py": slow})
    command = [sys.executable, "-m", "graftline", "run"]
    with subprocess.Popen(command, cwd=project.root, stdout=subprocess.DEVNULL) as host:
        assert until((project.root / "at-work").exists)
        host.send_signal(signal.SIGKILL)
        host.wait(10)
    project.mend()

    assert project.graft("show", "@last")["state"] == "INTERRUPTED"
    done = project.graft("resume")

    assert states(done) == {"first": "SUCCESS", "second": "SUCCESS", "report": "SUCCESS"}
    assert [step["attempts"] for step in done["steps"]] == [1, 2, 1]


def test_a_run_that_succeeded_is_not_retried(project: Project) -> None:
    project.mend()
    run = project.graft("run")["run"]

    refused = project.graft("retry", run, "--all", exits=2)

    assert refused["error"]["message"] == f"run {run} succeeded: there is nothing to retry"
    assert project.graft("show", run)["state"] == "SUCCESS"


def test_another_step_before_kept_ones_is_refused(project: Project) -> None:
    project.graft("run", exits=1)
    changed = PIPELINE.replace("flow = Pipeline([", "def zero(): return 0\nflow = Pipeline([\n    zero,")
    write(project.root, {"pipeline.py": changed.replace("first(n: int = 1)", "first(zero, n: int = 1)")})

    refused = project.graft("retry", "@last", exits=2)

    assert "'zero' is new; 'first' is wired differently" in refused["error"]["message"]
