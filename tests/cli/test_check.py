"""`graft check -R` looks at what the runner is configured with, as `graft plan` does."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import call
from loading import write

PIPELINE = """
from graftline import Pipeline, PythonTask

def load():
    return 1

flow = Pipeline([PythonTask(load, returns=["rows"], labels=["gpu"])])
"""
CONFIG = """
[runner.far]
provider = "dask"
adress = "tcp://box:8786"

[runner.beside]
provider = "local"

[route]
gpu = "far"
"""


@pytest.mark.parametrize("runner", ["far", "beside"])
def test_options_of_the_runner_and_of_those_that_steps_go_to_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runner: str
) -> None:
    monkeypatch.setenv("GRAFTLINE_HOME", str(tmp_path / "store"))
    root = tmp_path / "project"
    write(root, {"graftline.toml": CONFIG, "pipeline.py": PIPELINE})

    checked, planned = (call(root, word, "pipeline.py", "-R", runner) for word in ("check", "plan"))

    assert (checked.code, planned.code) == (2, 2)
    assert "'adress'" in checked.err
    assert "did you mean 'address'" in checked.err
    assert "graftline.toml:2" in checked.err
