"""Pipeline: what it accepts, what it answers to the rest, and how it finds its name."""

from __future__ import annotations

from typing import Any

import pytest
from authoring import Estimator, clean, fit, load

from graftline import InvalidError, Pipeline, PythonJob, PythonTask, ShellJob, Stub
from graftline.core.pipeline import OrderRule, intercepting


def test_functions_and_tasks_are_steps() -> None:
    made = Pipeline([load, PythonTask(clean), fit], name="demo")
    assert [step.name for step in made.steps] == ["load", "clean", "fit"]
    assert made.order is OrderRule.LISTED


pipeline: Any = Pipeline
python_job: Any = PythonJob
"""The same without their types: what is tested is what a type checker would refuse."""

BAD: list[tuple[Any, str]] = [
    (lambda: pipeline(load), "takes a list of steps"),
    (lambda: pipeline("load"), "takes a list of steps"),
    (lambda: pipeline([]), "it has no steps"),
    (lambda: pipeline([load()]), "which is no step"),
    (lambda: pipeline([Estimator]), "which is no step"),
    (lambda: pipeline([pipeline([load])]), "which needs a name to be a step"),
    (lambda: pipeline([lambda: 1]), "a name is text"),
    (lambda: pipeline([load], name="a:b"), "may not contain ':'"),
    (lambda: pipeline([load], order="lister"), "did you mean 'listed'?"),
    (lambda: pipeline([load], order=3), "is one of listed, data, declared"),
    (lambda: pipeline([load], params=["C"]), "takes a dict"),
    (lambda: pipeline([load], description=3), "takes text"),
    (lambda: pipeline([load], parms={}), "no argument 'parms'; did you mean 'params'?"),
    (lambda: python_job(3), "takes a function"),
    (lambda: ShellJob("ls", name=""), "a name may not be empty"),
    (lambda: pipeline([load]).execute(params=["C"]), "takes a dict of parameters"),
    (lambda: pipeline([load]).execute({"C": 1}, C=2), "'C' is given twice"),
]


@pytest.mark.parametrize(("make", "text"), BAD, ids=[text for _, text in BAD])
def test_a_misuse_is_one_message(make: Any, text: str) -> None:
    with pytest.raises(InvalidError) as caught:
        make()
    assert text in str(caught.value)
    assert "problems:" not in str(caught.value)


def test_all_problems_of_a_pipeline_are_told_at_once() -> None:
    with pytest.raises(InvalidError) as caught:
        pipeline([load, 3, lambda: 1], name="x/y", order="no", color="red")
    assert "5 problems" in str(caught.value)


def test_a_job_is_a_pipeline_of_one_step() -> None:
    job = PythonJob(fit, returns=["model"], params={"df": [1]})
    assert [step.name for step in job.steps] == ["fit"]
    assert job.name == "fit"
    assert [step.name for step in ShellJob("ls", "list").steps] == ["list"]


def test_a_name_comes_from_the_argument_then_the_variable_then_the_file() -> None:
    named, other = Pipeline([load], name="mine"), Pipeline([load])
    assert named.name_in({"x": named}) == "mine"
    assert other.name_in({"_hidden": other, "iris": other}) == "iris"
    assert other.name_in({}) == "test_pipeline"


def test_an_interceptor_sees_the_pipeline_before_anything_runs() -> None:
    class Seen(BaseException):
        pass

    seen: list[Any] = []

    def stop(stopped: Pipeline, params: Any) -> None:
        seen.append((stopped, dict(params)))
        raise Seen

    made = Pipeline([Stub("a")])
    with intercepting(stop), pytest.raises(Seen):
        made.execute({"C": 1}, depth=2)
    with intercepting(stop), pytest.raises(Seen):
        made.submit()
    assert seen == [(made, {"C": 1, "depth": 2}), (made, {})]


def test_compile_returns_the_graph() -> None:
    graph = Pipeline([load, PythonTask(clean, inputs={"df": "load"}, returns=["df"])]).compile()
    assert [node.path for node in graph.nodes] == ["load", "clean"]
    assert graph.name == "test_pipeline"


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(InvalidError, match="not compiled as 'trian'; did you mean 'train'"):
        Pipeline([load]).compile(mode="trian")
