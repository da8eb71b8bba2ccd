"""A module that executes a pipeline when it is imported would do so in every worker, for ever: it is refused."""

from __future__ import annotations

import pytest
from fault_project import Project

pytestmark = pytest.mark.fault

SAID = "the file executes a pipeline when it is imported"


def test_as_a_target_it_is_refused_before_anything_runs(project: Project) -> None:
    done = project.graft("run", "eager.py")

    assert done.returncode == 2
    assert SAID in done.stderr
    assert project.only_run() is None


def test_imported_by_a_step_it_fails_that_step(project: Project) -> None:
    run = project.document("run", "imports_eager.py", exit_code=1)

    (step,) = run["steps"]
    assert SAID in step["error"]["message"]
    assert len(project.document("ls")["runs"]) == 1
    assert project.is_gone()
