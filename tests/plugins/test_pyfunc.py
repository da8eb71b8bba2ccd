"""A generation as a function: what it takes and gives, what it refuses, and its runner."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from churn_project import Churn, copied

PIPELINE = """\
from graftline import Conditional, Parallel, Pipeline, PythonTask, Source, state

import forecasts

inner = Pipeline([PythonTask(forecasts.double, returns=["twice"])])
other = Pipeline([PythonTask(forecasts.halve, returns=["half"])])
small = Pipeline([PythonTask(forecasts.small, returns=["word"])])
large = Pipeline([PythonTask(forecasts.large, returns=["word"])])
churn = Pipeline(
    [
        PythonTask(forecasts.fit, returns=[state("model")]),
        PythonTask(forecasts.total, returns=["total"]),
        Parallel(name="both", branches={"a": inner, "b": other}),
        PythonTask(forecasts.size, returns=["size"]),
        Conditional(name="which", parameter="size", branches={"s": small, "l": large}),
        PythonTask(forecasts.tell, returns=["told"], params={"unit": "EUR"}),
    ],
    name="churn",
    source=Source("data/customers.csv", labels={"churned": "y"}),
)
"""
STEPS = """\
def fit(X, y): return {"factor": 2}
def total(X, model, offset: float = 0): return sum(X["spend"]) * model["factor"] + offset
def double(total): return total * 2
def halve(total): return total / 2
def size(total): return "s" if total < 100 else "l"
def small(total): return "small"
def large(total): return "large"
def tell(word, twice, half, unit): return f"{word} {twice} {half} {unit}"
"""


def run_in(churn: Churn, program: str) -> Any:
    """Run a program in a process of its own, which may import what the project has, and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=churn.root, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Churn]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRAFTLINE_HOME", str(tmp_path_factory.mktemp("pyfunc-store")))
        made = Churn(tmp_path_factory.mktemp("pyfunc"))
        made.write()
        (made.root / "pipeline.py").write_text(PIPELINE)
        (made.root / "forecasts.py").write_text(STEPS)
        (made.root / "graftline.toml").write_text('[project]\nname = "churn"\npipeline = "pipeline.py:churn"\n')
        made.document("train", "-p", "total:offset=1")
        yield made


@pytest.fixture
def churn(trained: Churn, tmp_path: Path) -> Iterator[Churn]:
    """Return a copy; what its module was in this process is forgotten afterwards."""
    yield copied(trained, tmp_path / "project")
    sys.modules.pop("forecasts", None)


def version_of(churn: Churn) -> str:
    return str(churn.document("show")["lineage"])


def test_rows_in_whatever_form_go_through_branches_and_composites(churn: Churn) -> None:
    program = f"""
import json, pandas, graftline
score = graftline.pyfunc("churn/{version_of(churn)}", params={{"total:offset": 1}})
print(json.dumps([
    score({{"day": 1, "spend": 10}}),
    score([{{"day": 1, "spend": 10}}, {{"day": 2, "spend": 90}}]),
    score({{"day": [1, 2], "spend": [10, 90]}}),
    score(pandas.DataFrame({{"day": [1], "spend": [10]}})),
    repr(score),
]))
"""
    said = run_in(churn, program)

    small, large = "small 42.0 10.5 EUR", "large 402.0 100.5 EUR"
    assert [each["told"] if isinstance(each, dict) else each for each in said[:4]] == [small, large, large, small]
    assert said[4] == f"<pyfunc churn/{version_of(churn)}/1>"


def test_two_versions_of_one_module_do_not_mix_in_a_process(churn: Churn) -> None:
    first = version_of(churn)
    churn.change("forecasts.py", '"factor": 2', '"factor": 3')
    second = churn.document("train")["lineage"]
    program = f"""
import json, graftline
graftline.pyfunc("churn/{first}")
try:
    graftline.pyfunc("churn/{second}")
except graftline.InvalidError as problem:
    print(json.dumps(str(problem)))
"""
    assert "module 'forecasts' is imported from" in run_in(churn, program)


def test_a_step_that_is_no_function_is_refused_where_it_is_written(churn: Churn) -> None:
    churn.change("pipeline.py", "Source, state", "ShellTask, Source, state")
    churn.change(
        "pipeline.py",
        'PythonTask(forecasts.size, returns=["size"]),',
        'ShellTask("size=s; : $total", name="size", returns=["size"]),',
    )

    said = churn.graft("apply", "-R", "pyfunc")

    assert said.code == 2
    assert "step 'size' is a shell, which pyfunc cannot do" in said.err


def test_a_run_in_this_process_is_recorded_with_what_its_steps_print(churn: Churn) -> None:
    churn.change(
        "forecasts.py", "def tell(", "def tell(word, twice, half, unit):\n    print('told')\n    return word\ndef old("
    )
    churn.document("train")

    applied = churn.document("apply", "-R", "pyfunc")

    states = {step["path"]: step["state"] for step in applied["steps"]}
    assert states["fit"] == "CACHED"
    assert states["tell"] == "SUCCESS"
    assert "SKIPPED" in states.values()
    assert churn.graft("logs", "@last", "tell").out.strip().endswith("told")


def test_a_step_that_raises_fails_the_run(churn: Churn) -> None:
    churn.change("forecasts.py", "def tell(", "def tell(word, unit): raise ValueError('no word')\ndef old(")

    said = churn.graft("apply", ".", "-R", "pyfunc")

    assert said.code == 1
    assert "ValueError: no word" in said.out
