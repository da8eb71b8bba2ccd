"""What only builds a pipeline is no code of the functions in it."""

from __future__ import annotations

import pytest

from graftline.core.fingerprints.trace import Tracer

ROOT = "/project"
FILE = """
import graftline as g
from graftline import Pipeline, PythonTask, task as a_task
from other import decorate

DEPTH = 1


def load():
    return 1


@a_task(retries=1)
def fit(x=DEPTH):
    return x


@g.task
@decorate
def report():
    return 2


first, second = PythonTask(load), PythonTask(fit)
step = PythonTask(load, name="step")
flow = Pipeline(steps=[step])
step >> flow
flow.add(step)
collected = []
collected.append(DEPTH)
"""


def parts(name: str, text: str = FILE) -> dict[str, str]:
    files = {f"{ROOT}/flow.py": text, f"{ROOT}/other.py": "def decorate(function):\n    return function\n"}
    return dict(Tracer(ROOT, [ROOT], files.get).trace(f"{ROOT}/flow.py", name).parts)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("retries=1", "retries=2"),
        ("step >> flow", "step >> [flow, step]"),
        ("flow.add(step)", "flow.add(step, name='more')"),
        ("@g.task\n", "@g.task(name='r')\n"),
        ('name="step"', 'name="other"'),
    ],
)
@pytest.mark.parametrize("name", ["load", "fit", "report"])
def test_what_builds_the_pipeline_changes_no_function(name: str, old: str, new: str) -> None:
    assert FILE.count(old) == 1

    assert parts(name) == parts(name, FILE.replace(old, new))


def test_a_decorator_that_is_no_task_counts() -> None:
    assert "other.py:decorate" in parts("report")
    assert parts("report") != parts("report", FILE.replace("@decorate\n", ""))


def test_a_call_on_what_is_no_pipeline_acts_on_import() -> None:
    acting = FILE.replace("flow = Pipeline(steps=[step])", "flow = decorate(steps=[step])")

    assert "flow.py:<import>" not in parts("load")
    assert "flow.py:<import>" in parts("load", acting)


def test_a_list_that_is_added_to_counts_for_those_who_read_it_alone() -> None:
    reading = FILE.replace("def load():\n    return 1", "def load():\n    return collected")

    assert parts("load", reading) != parts("load", reading.replace("append(DEPTH)", "append(2)"))
    assert parts("fit") == parts("fit", FILE.replace("append(DEPTH)", "append(2)"))


def test_a_name_made_in_the_main_block_counts_for_who_uses_it() -> None:
    text = 'def step():\n    return LIMIT\n\n\nif __name__ == "__main__":\n    LIMIT = 1\n'

    assert parts("step", text) != parts("step", text.replace("LIMIT = 1", "LIMIT = 2"))


def test_a_function_made_on_import_is_all_of_its_file() -> None:
    text = "def make(x):\n    return lambda: x\n\n\nglobals()['step'] = make(1)\n"

    assert parts("step", text) != parts("step", text.replace("make(1)", "make(2)"))
