"""Models, evaluations and searches as plain data, and back: what is loaded compiles to the same graph."""

from __future__ import annotations

from typing import Any

import estimators
import pytest
from estimators import Counter, Nearest, Nest, Scale, accuracy, constant, guess, make_nearest
from learned import compiled_for

from graftline import (
    CrossVal,
    CrossValidated,
    Ensemble,
    Evaluation,
    HoldOut,
    InvalidError,
    Model,
    Pipeline,
    Source,
    Stack,
    Tune,
    log,
    uniform,
    whole,
)
from graftline.core.definitions import Reading, Writing, definition_of, pipeline_from
from graftline.core.marks import Marks

WRITING = Writing(lambda each: f"m:{each.__qualname__}")


def find(text: str) -> Any:
    found = getattr(estimators, text.removeprefix("m:"), None)
    if found is None:
        raise InvalidError(f"there is no {text}")
    return found


def loaded(data: object) -> Pipeline:
    return pipeline_from(data, Reading(Marks(file=""), find))


def steps(*given: Any) -> list[Any]:
    return loaded({"name": "p", "source": {"query": "rows", "labels": "y"}, "steps": list(given)}).steps  # type: ignore[return-value]


STEPS: list[Any] = [
    lambda: Model(Nearest(), name="clf"),
    lambda: Model(Nearest(shift=2.5), params={"C": "shift"}, metrics=["count_"]),
    lambda: Model(Nearest, warm_start=True),
    lambda: Model(make_nearest, features="table", labels="target", returns="guess"),
    lambda: Model(constant),
    lambda: Model(Counter),
    lambda: Model(Scale(), labels=None, predict="transform"),
    lambda: Scale() >> Model(Nearest(), name="clf", retries=2),
    lambda: Stack([Nearest(), Model(Nearest(3.0), name="b")], Nearest(), folds=3, seed=4, stratified=True),
    lambda: Ensemble([Nearest(), Model(Nearest(3.0), name="b")], combine="vote", weights=[1, 2], returns="r"),
    lambda: Ensemble([Nearest()], combine=guess),
    lambda: CrossValidated(Scale() >> Model(Nearest()), name="cv", folds=2),
]


@pytest.mark.parametrize("make", STEPS)
def test_what_is_written_is_loaded_as_the_same_graph(make: Any) -> None:
    pipeline = Pipeline(
        [make()], name="p", source=Source("rows", labels={"a": "target", "b": "y"}), params={"table": 1}
    )

    data = definition_of(pipeline, WRITING)
    again = loaded(data)

    assert definition_of(again, WRITING) == data
    one, other = (compiled_for(each, "train").graph for each in (pipeline, again))
    assert [node.path for node in one.nodes] == [node.path for node in other.nodes]
    assert [node.arguments for node in one.nodes if "fit" not in node.path and "fold" not in node.path] == [
        node.arguments for node in other.nodes if "fit" not in node.path and "fold" not in node.path
    ]


@pytest.mark.parametrize(
    ("evaluation", "tune"),
    [
        (Evaluation({"acc": accuracy}), Tune({"C": [1, 2]}, maximize="acc")),
        (Evaluation({"acc": accuracy}, HoldOut(0.3, seed=2, stratified=True), on="p", labels="y"), None),
        (
            Evaluation({"a": accuracy, "b": accuracy}, CrossVal(3), on={"a": "p", "b": "q"}),
            Tune(
                {"C": log(0.5, 10), "d": whole(1, 9), "u": uniform(0, 1)}, minimize="a_std", method="random", trials=7
            ),
        ),
        (
            Evaluation({"acc": accuracy}, CrossVal(3, seed=None)),
            Tune({"C": [1]}, maximize="acc", method="halving", budget=("epochs", 1, 9), seed=3, steps=2),
        ),
    ],
)
def test_evaluations_and_searches_are_written_and_loaded(evaluation: Any, tune: Any) -> None:
    source = Source("rows", labels="y")
    pipeline = Pipeline([Model(Nearest())], name="p", source=source, evaluation=evaluation, tune=tune)

    data = definition_of(pipeline, WRITING)
    again = loaded(data)

    assert definition_of(again, WRITING) == data
    assert again.evaluation is not None
    assert (again.evaluation.method, again.evaluation.on) == (evaluation.method, evaluation.on)
    if tune is not None:
        assert again.tune is not None
        assert (again.tune.space, again.tune.metric, again.tune.trials) == (tune.space, tune.metric, tune.trials)


def test_a_model_is_written_short() -> None:
    (model,) = steps({"model": "m:Nearest", "name": "clf", "arguments": {"shift": 2.0}, "params": ["shift"]})

    assert isinstance(model, Model)
    assert (model.name, model.estimator.shift, dict(model.bound)) == ("clf", 2.0, {"shift": "shift"})  # type: ignore[attr-defined]
    (stack,) = steps({"stack": ["m:Nearest", {"model": "m:Nearest", "name": "b"}], "final": "m:Nearest"})
    assert [each.name for each in stack.models] == ["nearest", "b"]


def test_an_estimator_that_is_no_plain_data_is_refused_with_what_to_do() -> None:
    pipeline = Pipeline([Model(Nest(Nearest()))], name="p", source=Source("rows", labels="y"))

    with pytest.raises(InvalidError, match="its estimator's 'inner' is a Nearest, which is no plain data") as caught:
        definition_of(pipeline, WRITING)

    assert caught.value.hint is not None
    assert "function that makes" in caught.value.hint


WRONG: list[tuple[Any, str]] = [
    ({"model": "m:Nearst"}, "there is no m:Nearst"),
    ({"model": "m:Nearest", "arguments": {"shfit": 1}}, "m:Nearest cannot be made"),
    ({"model": "m:Nearest", "arguments": [1]}, "arguments are a mapping"),
    ({"model": "m:make_nearest", "arguments": {"a": 1}}, "arguments are those of a class"),
    ({"model": "m:Nearest", "predicts": "x"}, "a model step has no 'predicts'; did you mean 'predict'"),
    ({"chain": "m:Nearest"}, "models are a list"),
    ({"stack": ["m:Nearest"]}, "a stack has a model that learns from the others"),
    ({"ensemble": [{"python": "m:accuracy"}]}, "'accuracy' is no model"),
    ({"cross_validated": "m:Nearest", "folds": 1}, "folds= takes a whole number"),
]


@pytest.mark.parametrize(("data", "message"), WRONG)
def test_what_is_wrong_with_a_step_of_a_file_is_told(data: Any, message: str) -> None:
    with pytest.raises(InvalidError, match=message):
        steps(data)


LEARNING: list[tuple[dict[str, Any], str]] = [
    ({"evaluation": 3}, "an evaluation is a mapping, not 3"),
    ({"evaluation": {"score": "m:accuracy", "hold": 0.2}}, "an evaluation has no 'hold'; did you mean"),
    ({"evaluation": {"score": "m:accuracy", "hold_out": 0.2, "cross_val": 3}}, "by hold_out or by cross_val, not both"),
    (
        {"evaluation": {"score": "m:accuracy", "cross_val": {"fold": 3}}},
        "cross_val has no 'fold'; did you mean 'folds'",
    ),
    ({"evaluation": {"score": {"acc": "m:nothing"}}}, "there is no m:nothing"),
    ({"tune": {"space": {"C": {"lg": [1, 2]}}, "maximize": "a"}}, "a range is one of"),
    ({"tune": {"space": {"C": {"log": [0, 2]}}, "maximize": "a"}}, "a logarithmic range begins above zero"),
    ({"tune": {"space": {"C": {"log": ["x", 2]}}, "maximize": "a"}}, "a range goes from a number to another"),
    ({"tune": {"space": {"C": [1]}, "maximise": "a"}}, "a search has no 'maximise'; did you mean 'maximize'"),
    ({"tune": {"space": 3, "maximize": "a"}}, "Tune takes parameters"),
]


@pytest.mark.parametrize(("data", "message"), LEARNING)
def test_what_is_wrong_with_an_evaluation_or_search_of_a_file_is_told(data: Any, message: str) -> None:
    source = {"query": "rows", "labels": "y"}
    with pytest.raises(InvalidError, match=message):
        loaded({"name": "p", "source": source, "steps": [{"model": "m:Nearest"}], **data})
