"""Pipeline: what it accepts, what it answers to the rest, and how it finds its name."""

from __future__ import annotations

from typing import Any

import pytest
from authoring import Estimator, clean, fit, load

from graftline import InvalidError, Pipeline, PythonJob, PythonTask, ShellJob, Stub
from graftline.core.pipeline import OrderRule, intercepting


def test_functions_and_tasks_are_steps():
    pipeline = Pipeline([load, PythonTask(clean), fit], name="demo")
    assert [step.name for step in pipeline.steps] == ["load", "clean", "fit"]
    assert pipeline.order is OrderRule.LISTED


BAD: list[tuple[Any, str]] = [
    (lambda: Pipeline(load), "takes a list of steps"),
    (lambda: Pipeline("load"), "takes a list of steps"),
    (lambda: Pipeline([]), "it has no steps"),
    (lambda: Pipeline([load()]), "which is no step"),
    (lambda: Pipeline([Estimator]), "which is no step"),
    (lambda: Pipeline([Pipeline([load])]), "which is no step"),
    (lambda: Pipeline([lambda: 1]), "a name is text"),
    (lambda: Pipeline([load], name="a:b"), "may not contain ':'"),
    (lambda: Pipeline([load], order="lister"), "did you mean 'listed'?"),
    (lambda: Pipeline([load], order=3), "is one of listed, data, declared"),
    (lambda: Pipeline([load], params=["C"]), "takes a dict"),
    (lambda: Pipeline([load], description=3), "takes text"),
    (lambda: Pipeline([load], parms={}), "no argument 'parms'; did you mean 'params'?"),
    (lambda: PythonJob(3), "takes a function"),
    (lambda: ShellJob("ls"), "a name is text"),
    (lambda: Pipeline([load]).execute(params=["C"]), "takes a dict of parameters"),
    (lambda: Pipeline([load]).execute({"C": 1}, C=2), "'C' is given twice"),
]


@pytest.mark.parametrize(("make", "text"), BAD, ids=[text for _, text in BAD])
def test_a_misuse_is_one_message(make: Any, text: str):
    with pytest.raises(InvalidError) as caught:
        make()
    assert text in str(caught.value)
    assert "problems:" not in str(caught.value)


def test_all_problems_of_a_pipeline_are_told_at_once():
    with pytest.raises(InvalidError) as caught:
        Pipeline([load, 3, lambda: 1], name="x/y", order="no", color="red")
    assert "5 problems" in str(caught.value)


def test_a_job_is_a_pipeline_of_one_step():
    job = PythonJob(fit, returns=["model"], params={"df": [1]})
    assert [step.name for step in job.steps] == ["fit"]
    assert job.name == "fit"
    assert [step.name for step in ShellJob("ls", "list").steps] == ["list"]


def test_a_name_comes_from_the_argument_then_the_variable_then_the_file():
    named, other = Pipeline([load], name="mine"), Pipeline([load])
    assert named.name_in({"x": named}) == "mine"
    assert other.name_in({"_hidden": other, "iris": other}) == "iris"
    assert other.name_in({}) == "test_pipeline"


def test_an_interceptor_sees_the_pipeline_before_anything_runs():
    class Seen(BaseException):
        pass

    seen: list[Any] = []

    def stop(pipeline: Pipeline, params: Any) -> None:
        seen.append((pipeline, dict(params)))
        raise Seen

    pipeline = Pipeline([Stub("a")])
    with intercepting(stop), pytest.raises(Seen):
        pipeline.execute({"C": 1}, depth=2)
    with intercepting(stop), pytest.raises(Seen):
        pipeline.submit()
    assert seen == [(pipeline, {"C": 1, "depth": 2}), (pipeline, {})]


def test_compile_returns_the_graph():
    graph = Pipeline([load, PythonTask(clean, inputs={"df": "load"}, returns=["df"])]).compile()
    assert [node.path for node in graph.nodes] == ["load", "clean"]
    assert graph.name == "test_pipeline"


def test_another_mode_than_job_is_refused():
    with pytest.raises(InvalidError, match="compiled as 'job', not 'trian'; did you mean 'train'"):
        Pipeline([load]).compile(mode="trian")
