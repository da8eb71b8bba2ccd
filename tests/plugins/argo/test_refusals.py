"""What is wrong is told in one message, and nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from argo_cluster import Write
from command_line import call

PIPELINE = """\
from graftline import Loop, Parallel, Pipeline, PythonTask, ShellTask

def go(x: int = 0):
    return x

def done(x):
    return True

STEPS
"""
PLAIN = "plain = Pipeline(name='plain', steps=[PythonTask(go, returns=['x'])])"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a project of one step."""
    made = tmp_path / "project"
    made.mkdir()
    (made / "graftline.toml").write_text("")
    (made / "pipeline.py").write_text(PIPELINE.replace("STEPS", PLAIN))
    return made


def is_untouched(root: Path, volume: Path) -> bool:
    """Tell whether nothing was written."""
    return not list(root.glob("*.yaml")) and not list(volume.iterdir())


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('imag = "x"', "has no option 'imag'; did you mean 'image'"),
        ('mount = "volume"', "mount = 'volume' is not an absolute directory"),
        ('name = "Not_A_Label"', "name = 'Not_A_Label' is not a name that Kubernetes takes"),
        ('namespace = "a b"', "namespace = 'a b' is not a name"),
        ('schedule = "at three"', "schedule = 'at three' is not a schedule"),
        ('timezone = "UTC"', "a timezone goes with a schedule"),
        ('schedule = "0 3 * * *"\ntimezone = "Mars/Olympus"', "'Mars/Olympus' is not a time zone"),
        ('labels = {gpu = "a100"}', "is not a table of node selectors"),
        ('env = {"not a name" = "x"}', "is not a table of environment variables"),
        ("parallelism = 0", "parallelism = 0 is not a whole number above 0"),
        ("command = []", "command = [] is not a list of words"),
        ('secret = "UPPER"', "secret = 'UPPER' is not a name"),
    ],
)
def test_a_wrong_option_is_named(root: Path, volume: Path, write: Write, settings: str, said: str) -> None:
    ended = write(root, "run", settings=settings)

    assert ended.code == 2
    assert said in ended.err
    assert is_untouched(root, volume)


def test_what_is_missing_is_told_at_once(root: Path, volume: Path) -> None:
    ended = call(root, "run", "-R", "argo")

    assert ended.code == 2
    assert all(f"needs {name}" in ended.err for name in ("image", "artifacts", "claim"))
    assert is_untouched(root, volume)


def test_a_volume_that_is_not_mounted_here_is_told(root: Path, volume: Path, write: Write) -> None:
    volume.rmdir()
    ended = write(root, "run")
    assert (ended.code, f"there is no directory {volume}" in ended.err) == (2, True)


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (
            "p = Pipeline(name='p', steps=[Loop(Pipeline([PythonTask(go, returns=['x']),"
            " PythonTask(done, returns=['over'])], name='i'), max_iterations=3, break_on='over', name='refine')])",
            "step 'refine' is a loop",
        ),
        ("p = Pipeline([PythonTask(go, name='{{x}}', returns=['x'])], name='p')", "has '{{' in its name"),
        ("p = Pipeline([PythonTask(go, returns=['x'], labels=['gpu'])], name='p')", "wants label 'gpu'"),
        ("p = Pipeline([PythonTask(go, returns=['x'], resources={'db': 1})], name='p')", "wants some of 'db'"),
        ("p = Pipeline([PythonTask(go, returns=['x'], secrets=['KEY'])], name='p')", "wants the secret 'KEY'"),
        (
            "p = Pipeline([PythonTask(go, returns=['x'], terminate_with_failure=True)], name='p')",
            "ends its pipeline with failure",
        ),
        (
            "p = Pipeline([PythonTask(go, returns=['x'], terminate_with_success=True),"
            " PythonTask(go, name='other', returns=['y'])], name='p')",
            "ends its pipeline while 'other' may not have run",
        ),
        (
            "p = Pipeline([Parallel({'one': PythonTask(go, returns=['x'])}, name='sub',"
            " on_failure=PythonTask(go, name='mend', returns=['x']))], name='p')",
            "step 'sub' is a composite with on_failure=",
        ),
    ],
)
def test_what_argo_cannot_be_told_is_refused(root: Path, volume: Path, write: Write, steps: str, said: str) -> None:
    (root / "pipeline.py").write_text(PIPELINE.replace("STEPS", steps))

    ended = write(root, "run")

    assert ended.code == 2
    assert said in ended.err
    assert "pipeline.py:" in ended.err
    assert is_untouched(root, volume)


def test_a_selection_and_a_run_in_the_background_are_refused(root: Path, volume: Path, write: Write) -> None:
    selected, detached = write(root, "run", "--only", "go"), write(root, "run", "-d")
    swept = write(root, "sweep", "-S", "x=1,2")

    assert (selected.code, detached.code, swept.code) == (2, 2, 2)
    assert "whole pipelines" in selected.err
    assert "leave -d out" in detached.err
    assert "it executes nothing" in swept.err
    assert is_untouched(root, volume)
    assert "no run yet" in call(root, "runs").out + call(root, "runs").err


def test_the_document_says_what_was_written(root: Path, volume: Path, write: Write) -> None:
    ended = write(root, "--json", "run", "-p", "x=3")
    told = ended.document

    assert ended.code == 0
    assert (told["file"], told["kinds"], told["name"]) == (str(root / "plain.argo.yaml"), ["WorkflowTemplate"], "plain")
    assert told["parameters"] == {"x": "3"}
    assert (volume / "objects" / told["bundle"][:2] / told["bundle"][2:]).is_file()
    assert ended.err == ""
