"""What the configuration says reaches the run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from command_line import call

from graftline import wiring
from graftline.core.requests import RunRequest
from graftline.core.runs import RunSpec
from graftline.plugins.local import warm

PIPELINE = """
from graftline import Pipeline, PythonTask
def one(n: int = 1) -> int:
    return n
ones = Pipeline([PythonTask(one, returns=["a"])])
"""
Create = Callable[..., RunSpec]


@pytest.fixture
def create(tmp_path: Path) -> Iterator[Create]:
    """Return a function that writes a run of a small project and returns what was frozen."""
    (tmp_path / "pipeline.py").write_text(PIPELINE)

    def made(settings: str, **given: object) -> RunSpec:
        (tmp_path / "graftline.toml").write_text(settings)
        choices = wiring.Given(store=str(tmp_path / "store"), project=str(tmp_path))
        space = wiring.open_workspace(choices)
        return space.spec(space.create(RunRequest(target=wiring.find_target(None, choices), **given)))  # type: ignore[arg-type]

    yield made
    # The loader's nursery waits for a run, which does not come.
    if (kept := warm.take(())) is not None:
        kept.close()


def test_jobs_are_those_of_the_request_then_of_the_configuration(create: Create) -> None:
    assert create("[runner.local]\njobs = 3\n").jobs == 3
    assert create("[runner.local]\njobs = 3\n", jobs=1).jobs == 1


def test_a_run_of_another_project_that_last_stands_for_is_named(tmp_path: Path) -> None:
    environ = os.environ | {"GRAFTLINE_HOME": str(tmp_path / "store")}
    for name in ("shop", "empty"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "graftline.toml").write_text(f'[project]\nname = "{name}"\n')
    (tmp_path / "shop" / "flow.sh").write_text("true\n")
    run = call(tmp_path / "shop", "--json", "run", "flow.sh", environ=environ).document["run"]

    shown = call(tmp_path / "empty", "--json", "show", environ=environ)

    assert shown.document["run"] == run
    assert shown.err == f"warning: project empty has no run yet; @last is {run[:4]} of shop\n"
