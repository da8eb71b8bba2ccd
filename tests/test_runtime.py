"""`graftline.runtime`: submit now, get later. Hosted in this process here, unless it is about others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from graftline import InvalidError, MissingError, runtime
from graftline.core.asyncresult import RemoteError, ResultStatus
from graftline.core.ids import RunId
from graftline.wiring import Given, open_workspace

SCRIPT = """
class TooMany(Exception):
    pass

def run(values, factor: int = 1):
    if len(values) > 3:
        raise TooMany(len(values))
    return sum(values) * factor

def failing(values):
    raise ValueError(f"cannot take {values}")
"""
PROGRAM = """
import sys
words = sys.argv[1:]
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a script that is called, and one that is run."""
    root = tmp_path / "project"
    root.mkdir()
    (root / "graftline.toml").write_text('[project]\nname = "shop"\n')
    (root / "total.py").write_text(SCRIPT)
    (root / "words.py").write_text(PROGRAM)
    monkeypatch.chdir(root)
    monkeypatch.setenv("GRAFTLINE_HOME", str(tmp_path / "store"))
    return root


@pytest.fixture
def rows(project: Path) -> list[dict[str, float]]:
    """A table that was put by name."""
    table = {"x": [float(n) for n in range(12)], "z": [1.0] * 12, "y": [int(n > 5) for n in range(12)]}
    runtime.put("data", table)
    return [dict(zip(table, each, strict=True)) for each in zip(*table.values(), strict=True)]


@pytest.fixture
def trees(rows: object) -> runtime.Model:
    """An estimator that was put by name."""
    from sklearn.tree import DecisionTreeClassifier

    model = runtime.local.model("trees")
    model.put(DecisionTreeClassifier(random_state=0))
    return model


def test_views_are_new_ones_and_leave_the_first_alone() -> None:
    base = runtime.Runtime()

    gpu = base.require("gpu").require("big", "gpu")

    assert (base.required, gpu.required) == ((), ("gpu", "big"))
    assert gpu.local.is_local
    assert not gpu.is_local


def test_a_script_is_called_with_arguments_by_place_and_name(project: Path) -> None:
    result = runtime.local.script("total.py").run([1, 2], factor=3)

    assert result.status is ResultStatus.SUCCESS
    assert result.get() == 9
    assert runtime.result(result.id[:8]).get() == 9, "any process finds it by its id"


def test_a_program_gets_its_command_line_and_keeps_what_is_asked_for(project: Path) -> None:
    result = runtime.local.script("words.py", returns=["words"]).run("in.csv", day="2026-01-01")

    assert result.get() == ["in.csv", "--day=2026-01-01"]


def test_the_result_of_another_submission_is_an_argument(project: Path) -> None:
    first = runtime.local.script("total.py").run([1, 2])

    assert runtime.local.script("total.py").run([4], factor=first).get() == 12


def test_the_exception_of_a_step_is_raised_with_the_traceback_of_the_worker(project: Path) -> None:
    result = runtime.local.script("total.py:failing").run([1])

    with pytest.raises(ValueError, match=r"cannot take \[1\]") as caught:
        result.get()

    assert result.status is ResultStatus.FAILURE
    assert result.reason == "ValueError: cannot take [1]"
    assert isinstance(caught.value.__cause__, RemoteError)
    assert "total.py" in str(caught.value.__cause__)
    assert "in failing" in str(caught.value.__cause__)


def test_an_exception_whose_class_is_not_here_is_told_as_remote(project: Path) -> None:
    result = runtime.local.script("total.py").run([1, 2, 3, 4])

    with pytest.raises(RemoteError, match="TooMany: 4"):
        result.get()


def test_a_fit_makes_a_generation_and_later_calls_use_it(trees: runtime.Model) -> None:
    fitted = trees.fit("data[x,z]", "data[y]")

    assert fitted.get() == "trees/0.1.0/1"
    assert trees.score("data[x,z]", "data[y]").get() == 1.0
    assert list(trees.predict([[0.0, 1.0], [11.0, 1.0]]).get()) == [0, 1]
    assert trees.predict_proba("data[x,z]").get().shape == (12, 2)
    assert runtime.local.model("trees/0.1.0/1").score("data[x,z]", "data[y]").get() == 1.0


def test_the_package_of_a_model_is_imported_once_for_all_workers_of_a_run(trees: runtime.Model) -> None:
    fitted = trees.fit("data[x,z]", "data[y]")
    counted = runtime.local.script("total.py").run([1])

    space = open_workspace(Given())
    asked = [space.spec(RunId(each.id.partition(":")[0])).environment["imports"] for each in (fitted, counted)]

    assert asked == [["sklearn"], []]


def test_another_estimator_under_a_name_is_a_new_lineage_and_the_same_one_is_not(trees: runtime.Model) -> None:
    from sklearn.tree import DecisionTreeClassifier

    assert trees.put(DecisionTreeClassifier(random_state=0)) == "trees/0.1.0"
    assert trees.put(DecisionTreeClassifier(max_depth=2, random_state=0)) == "trees/0.2.0"


def test_a_sequence_hands_on_and_a_fit_in_it_is_what_it_predicts_with(trees: runtime.Model) -> None:
    group = runtime.local.sequence()
    with group as then:
        fitted = then.model("trees").fit("data[x,z]", "data[y]")
        predicted = then.model("trees").predict("data[x,z]")
        ones = then.script("ones.py").run()

    assert fitted.get() == "trees/0.1.0/1"
    assert list(predicted.get())[:2] == [0, 0]
    assert ones.get() == group.get() == 6
    assert len({each.id.partition(":")[0] for each in group.results}) == 1, "it is one run"


def test_a_fit_whose_run_fails_makes_no_generation(trees: runtime.Model) -> None:
    group = runtime.local.sequence()
    with group as then:
        fitted = then.model("trees").fit("data[x,z]", "data[y]")
        then.script("total.py:failing").run()

    assert fitted.result.status is ResultStatus.FAILURE
    with pytest.raises(ValueError, match="cannot take"):
        fitted.get()
    with pytest.raises(MissingError, match="never fitted"):
        trees.predict("data[x,z]")


def test_a_failure_stops_the_rest_of_a_sequence(project: Path) -> None:
    group = runtime.local.sequence()
    with group as then:
        then.script("total.py:failing").run([1])
        after = then.script("total.py").run()

    assert [each.status for each in group.results] == ["FAILURE", "FAILURE"]
    with pytest.raises(ValueError, match="cannot take"):
        after.get()


def test_mapreduce_hands_the_last_call_all_results_in_order(project: Path) -> None:
    group = runtime.local.mapreduce()
    with group as parts:
        for values in ([1, 2], [3], [4]):
            parts.script("total.py").run(values)
        parts.script("total.py").run(factor=10)

    assert group.get() == 100
    assert group.getall() == [3, 3, 4, 100]


def test_parallel_calls_are_runs_of_their_own(project: Path) -> None:
    group = runtime.local.parallel()
    with group as both:
        for value in (5, 7):
            both.script("total.py").run([value])

    assert group.getall() == [5, 7]
    assert len({each.id for each in group.results}) == 2


def test_a_block_that_raises_submits_nothing(project: Path) -> None:
    group = runtime.local.sequence()
    view = group.__enter__()
    view.script("total.py").run([1])

    group.__exit__(KeyError, KeyError("mine"), None)

    with pytest.raises(InvalidError, match="not submitted yet"):
        group.getall()

    space = open_workspace(Given())
    with pytest.raises(MissingError):
        space.find("@last")


def test_models_map_and_reduce(trees: runtime.Model) -> None:
    trees.fit("data[x,z]", "data[y]")

    group = runtime.local.mapreduce()
    with group as parts:
        parts.model("trees").predict([[0.0, 1.0]])
        parts.model("trees").predict([[11.0, 1.0]])
        parts.script("gather.py").run()

    assert group.get() == [0, 1]


@pytest.fixture(autouse=True)
def gather(project: Path) -> None:
    """Scripts that join and count arrays."""
    (project / "ones.py").write_text("def run(predicted):\n    return int(sum(predicted))\n")
    (project / "gather.py").write_text("def run(parts):\n    return [int(one) for part in parts for one in part]\n")


def notebook(path: Path, *cells: str) -> None:
    """Write a notebook whose first cell is its parameters."""
    written: list[dict[str, object]] = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"cell-{at}",
            "metadata": {"tags": ["parameters"]} if at == 0 else {},
            "outputs": [],
            "source": source,
        }
        for at, source in enumerate(cells)
    ]
    path.write_text(json.dumps({"cells": written, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))


def test_a_map_restarts_only_what_failed_with_the_notebook_as_it_is_now(project: Path) -> None:
    notebook(project / "trial.ipynb", "n = 1", "half = 6 / (n - 2)")
    group = runtime.local.job("trial.ipynb", returns=["half"]).map([{"n": 1}, {"n": 2}])
    assert [task.state for task in group.tasks] == ["SUCCESS", "FAILURE"]
    assert "ZeroDivisionError" in group.table()
    with pytest.raises(ZeroDivisionError):
        group.getall()
    notebook(project / "trial.ipynb", "n = 1", "half = n / 2")

    values = runtime.group(group.id).restart().getall(timeout=60)

    assert values == [-6.0, 1.0], "the first item keeps what it made"
    assert [task.attempts for task in group.tasks] == [1, 2]
    assert group.failed() == []


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: runtime.script("nowhere.py").run(), InvalidError, "no file nowhere.py"),
        (lambda: runtime.script("total.py").run(valeus=[1]), InvalidError, "takes no 'valeus'; did you mean 'values'"),
        (lambda: runtime.script("total.py").run([1], 2, 3), InvalidError, "takes 2 values, not 3"),
        (lambda: runtime.model("tree").fit("data"), MissingError, "no model 'tree'; did you mean 'trees'"),
        (
            lambda: runtime.model("trees").fit("dta[x]", "data[y]"),
            MissingError,
            "no dataset 'dta'; did you mean 'data'",
        ),
        (lambda: runtime.model("trees").fit("data[x", "data[y]"), InvalidError, "names no dataset"),
        (lambda: runtime.model("trees").transform("data"), InvalidError, r"has no transform\(\)"),
        (lambda: runtime.model("trees").predict("data[x]"), MissingError, "never fitted"),
        (lambda: runtime.model("trees").fit(), InvalidError, "needs data"),
        (lambda: runtime.model("Trees!").put(object()), InvalidError, "is no estimator"),
        (lambda: runtime.function("nowhere").run(), MissingError, "no function"),
        (lambda: runtime.result("abcd"), MissingError, "abcd"),
        (lambda: runtime.put("data[x]", 1), InvalidError, "names columns"),
        (lambda: runtime.job("total.ipynb").map([{}]), InvalidError, "no file total.ipynb"),
        (lambda: runtime.require(""), InvalidError, "labels as text"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_submitted(
    trees: runtime.Model, call: Any, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        call()

    assert open_workspace(Given()).submissions.queue.waiting() == []


def test_two_fits_in_one_group_are_refused(trees: runtime.Model) -> None:
    group = runtime.local.sequence()
    view = group.__enter__()
    view.model("trees").fit("data[x]", "data[y]")
    view.model("trees").fit("data[z]", "data[y]")

    with pytest.raises(InvalidError, match="a group fits one model"):
        group.__exit__(None, None, None)


def test_datasets_have_versions_and_columns(project: Path) -> None:
    first = runtime.put("data", {"a": [1, 2], "b": [3, 4]})
    same = runtime.put("data", {"a": [1, 2], "b": [3, 4]})
    second = runtime.put("data", {"a": [5, 6], "b": [7, 8]})

    assert [first.version, same.version, second.version] == [1, 1, 2]
    assert runtime.dataset("data[b]") == [7, 8]
    assert runtime.dataset("data[a,b]") == [[5, 7], [6, 8]]
    assert [each.name for each in runtime.datasets()] == ["data"]
    with pytest.raises(LookupError, match="data has no column 'c'; it has a, b"):
        runtime.dataset("data[a,c]")


def test_a_label_that_nobody_serves_is_warned_of_and_waits(project: Path) -> None:
    with pytest.warns(UserWarning, match="no worker serves label 'gpu'"):
        result = runtime.require("gpu").script("total.py").run([1])

    assert result.status is ResultStatus.PENDING
    assert not result.is_ready
    with pytest.raises(TimeoutError, match="still PENDING"):
        result.get(timeout=0.1)
    assert [each.labels for each in open_workspace(Given()).submissions.queue.waiting()] == [("gpu",)]
