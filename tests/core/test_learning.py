"""A pipeline with a source compiles for job, train, apply, tune and eval from one definition."""

from __future__ import annotations

from typing import Any

import pytest
from authoring import ROOT

from graftline.core.definitions import Reading, Writing, definition_of, pipeline_from
from graftline.core.errors import InvalidError
from graftline.core.given import Given
from graftline.core.graph import CallKind, Graph
from graftline.core.learning import Source
from graftline.core.marks import Marks
from graftline.core.pipeline import Pipeline
from graftline.core.returns import metric, state
from graftline.core.supply import Upstream
from graftline.core.tasks import PythonTask
from graftline.worker.workshop import compile_in


def clean(X: Any) -> Any:
    return X


def fit(features: Any, y: Any, C: float = 1.0) -> Any:
    return features, y, C


def predict(model: Any, features: Any) -> Any:
    return model, features


def score(prediction: Any, y: Any) -> Any:
    return prediction, y


def publish(prediction: Any) -> None:
    print(prediction)


def churn(**options: Any) -> Pipeline:
    steps = [
        PythonTask(clean, returns=["features"]),
        PythonTask(fit, returns=[state("model")]),
        PythonTask(predict, returns=["prediction"]),
        PythonTask(score, returns=[metric("auc")]),
        PythonTask(publish, modes=["apply"]),
    ]
    return Pipeline(steps, name="churn", source=Source("customers", labels={"churned": "y"}, ordinal="day"), **options)


def graph(pipeline: Pipeline, mode: str, **options: Any) -> Graph:
    return compile_in(ROOT, pipeline, Given(), name="churn", mode=mode, **options).graph


def paths(pipeline: Pipeline, mode: str, **options: Any) -> list[str]:
    return [node.path for node in graph(pipeline, mode, **options).nodes]


def test_one_definition_compiles_for_every_mode() -> None:
    assert paths(churn(), "job") == ["source", "clean", "fit", "predict", "score"]
    assert paths(churn(), "train") == ["source", "clean", "fit", "predict", "score"]
    assert paths(churn(), "apply") == ["source", "clean", "fit", "predict", "publish"]
    assert paths(churn(), "eval", of_generation=True) == ["source", "clean", "fit", "predict", "score"]
    assert paths(churn(), "tune") == ["source", "clean", "fit", "predict", "score"]


def test_steps_take_what_the_source_hands_on_by_name() -> None:
    made = graph(churn(), "train")

    assert [argument.source for argument in made.node("clean").arguments] == [Upstream("source", "X")]
    assert Upstream("source", "y") in [argument.source for argument in made.node("fit").arguments]
    operation = made.operation_of("source")
    assert (operation.call.kind, operation.call.query, operation.call.ordinal) == (CallKind.FEED, "customers", "day")
    assert [each.name for each in operation.returns] == ["X", "y", "lower", "upper"]


def test_in_apply_the_source_hands_on_no_labels() -> None:
    operation = graph(churn(), "apply").operation_of("source")

    assert [each.name for each in operation.returns] == ["X", "lower", "upper"]
    assert operation.call.labels == (("churned", "y"),)


def test_what_was_dropped_is_told_with_its_reason() -> None:
    made = compile_in(ROOT, churn(), Given(), name="churn", mode="apply")

    assert made.dropped == {"score": "takes the label 'y'"}


def test_a_pipeline_that_trains_nothing_applies_as_it_is() -> None:
    pipeline = Pipeline([PythonTask(clean, returns=["features"])], source="customers")

    assert paths(pipeline, "apply") == ["source", "clean"]


def test_a_step_called_as_the_source_is_refused() -> None:
    with pytest.raises(InvalidError, match=r"'source'.*its name is that of the pipeline's source"):
        graph(Pipeline([PythonTask(clean, name="source", returns=["features"])], source="customers"), "job")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"query": ""}, "takes SQL, the name of a table, or an expression"),
        ({"query": "t", "labels": 3}, "labels= takes a column"),
        ({"query": "t", "labels": {"a": "X"}}, "two things on under one name"),
        ({"query": "t", "features": "a/b"}, "hands something on as 'a/b'"),
        ({"query": "t", "ordinal": ""}, "ordinal= takes a column"),
        ({"query": "t", "features": "upper", "ordinal": "day"}, "the name of a bound"),
    ],
)
def test_a_source_that_makes_no_sense_is_refused_where_it_is_written(given: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidError, match=told) as caught:
        Source(**given)
    assert caught.value.file == __file__


def test_source_takes_a_source() -> None:
    with pytest.raises(InvalidError, match="source= takes a Source, not 7"):
        Pipeline([clean], name="x", source=7)  # type: ignore[arg-type]


def test_a_source_comes_back_from_data() -> None:
    data = definition_of(churn(), Writing(lambda function: function.__name__))
    found = {each.__name__: each for each in (clean, fit, predict, score, publish)}

    again = pipeline_from(data, Reading(Marks(file=""), found.__getitem__))

    assert data["source"] == {"query": "customers", "labels": {"churned": "y"}, "ordinal": "day"}
    assert graph(again, "apply").node("predict") == graph(churn(), "apply").node("predict")
    assert definition_of(again, Writing(lambda function: function.__name__)) == data
