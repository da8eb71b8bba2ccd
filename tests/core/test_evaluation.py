"""Evaluation: what is split, trained, applied and scored; and scoring a generation that is there."""

from __future__ import annotations

from typing import Any

import pytest
from estimators import Nearest, Scale, accuracy
from hypothesis import given, settings
from hypothesis import strategies as st
from learned import Values, compiled_for, executed, states

from graftline import (
    Catalog,
    CrossVal,
    Evaluation,
    HoldOut,
    InvalidError,
    Map,
    Model,
    Pipeline,
    PythonTask,
    Source,
    metric,
    state,
)
from graftline.core.applying import loadings
from graftline.core.graph import CallKind, Graph, ReturnKind

X = [[float(row)] for row in range(10)]
Y = [0] * 5 + [1] * 5
ROWS = {"source": {"X": X, "y": Y}}


def note(prediction: Any) -> None:
    """Do something that no evaluation may do."""
    raise AssertionError("an effect ran")


def features(X: Any) -> Any:
    return [[row[0] * 2] for row in X]


def fit(table: Any, y: Any) -> Any:
    return Nearest().fit(table, y), len(y)


def predict(model: Any, table: Any) -> Any:
    return model.predict(table)


def seen(model: Any, table: Any) -> Any:
    return model.seen(table)


def unseen(y: Any, prediction: Any) -> float:
    """Score how many rows were not trained on."""
    return float(prediction.count(False))


def learning(evaluation: Any, *more: Any) -> Pipeline:
    steps = [
        PythonTask(features, returns=["table"]),
        PythonTask(fit, returns=[state("model"), metric("rows")]),
        PythonTask(predict, returns=["prediction"]),
        PythonTask(seen, returns=["seen"]),
        *more,
    ]
    return Pipeline(steps, name="demo", source=Source("rows", labels="y"), evaluation=evaluation)


def metrics(graph: Graph, made: Values) -> dict[str, Any]:
    """Return the metrics of the run."""
    return {
        each.name: made[node.path][each.name]
        for node in graph.nodes
        for each in graph.operations[node.operation].returns
        if each.kind is ReturnKind.METRIC
    }


def evaluated(pipeline: Pipeline, mode: str = "eval", rows: Any = ROWS) -> dict[str, Any]:
    compiled = compiled_for(pipeline, mode)
    return metrics(compiled.graph, executed(compiled, rows))


def test_a_share_is_held_out_and_scored_by_what_was_trained_on_the_rest() -> None:
    pipeline = learning(Evaluation({"unseen": unseen}, HoldOut(0.3), on="seen"), PythonTask(note))

    compiled = compiled_for(pipeline, "eval")
    made = executed(compiled, ROWS)

    assert metrics(compiled.graph, made) == {"unseen": 3.0}
    assert made["train/fit"]["rows"] == 7
    assert {path.partition("/")[0] for path in made} == {"source", "split", "train", "test", "score"}


def test_each_fold_is_a_branch_and_the_metrics_are_mean_and_deviation() -> None:
    pipeline = learning(Evaluation(accuracy, CrossVal(5, seed=3)))

    graph = compiled_for(pipeline, "eval").graph
    found = evaluated(pipeline)

    assert set(found) == {"accuracy", "accuracy_std"}
    assert 0.5 <= found["accuracy"] <= 1.0
    for fold in range(1, 6):
        before = graph.ancestors({f"fold-{fold}/score/accuracy"})
        assert {path.partition("/")[0] for path in before} == {"source", f"fold-{fold}"}  # no fold waits for another


def test_the_deviation_is_that_of_a_sample() -> None:
    scores = iter([1.0, 2.0, 6.0])
    pipeline = learning(Evaluation({"s": lambda y, p: y[0]}, CrossVal(3, seed=None)))

    found = evaluated(pipeline, rows={"source": {"X": X[:3], "y": list(scores)}})

    assert found == {"s": 3.0, "s_std": pytest.approx(7**0.5)}


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 6), st.integers(6, 40), st.one_of(st.none(), st.integers(0, 9)), st.booleans())
def test_folds_are_a_partition_of_the_rows_in_their_order(
    folds: int, rows: int, seed: int | None, stratified: bool
) -> None:
    method = CrossVal(folds, seed=seed, stratified=stratified and seed is not None)
    compiled = compiled_for(learning(Evaluation(accuracy, method)), "eval")
    labels = [row % 2 for row in range(rows)]

    made = executed(compiled, {"source": {"X": [[float(row)] for row in range(rows)], "y": labels}})

    tested = [made[f"fold-{fold}/split"]["test.X"] for fold in range(1, folds + 1)]
    assert sorted(row[0] for part in tested for row in part) == [float(row) for row in range(rows)]
    for fold in range(1, folds + 1):
        parts = made[f"fold-{fold}/split"]
        assert parts["train.X"] == sorted(parts["train.X"])
        assert sorted(parts["train.X"] + parts["test.X"]) == [[float(row)] for row in range(rows)]
        assert parts["test.y"] == [labels[int(row[0])] for row in parts["test.X"]]
    sizes = [len(part) for part in tested]
    assert max(sizes) - min(sizes) <= 1
    if method.stratified:
        ones = [sum(int(row[0]) % 2 for row in part) for part in tested]
        assert max(ones) - min(ones) <= 1


@settings(max_examples=30, deadline=None)
@given(st.floats(0.01, 0.99), st.integers(2, 40), st.integers(0, 5), st.booleans())
def test_what_is_held_out_has_its_share_and_leaves_something(
    share: float, rows: int, seed: int, stratified: bool
) -> None:
    method = HoldOut(share, seed=seed, stratified=stratified)
    compiled = compiled_for(learning(Evaluation(accuracy, method)), "eval")

    table = [[float(row)] for row in range(rows)]
    parts = executed(compiled, {"source": {"X": table, "y": [row % 3 for row in range(rows)]}})["split"]

    assert sorted(parts["train.X"] + parts["test.X"]) == table
    assert len(parts["test.X"]) == min(max(round(rows * share), 1), rows - 1)


def test_the_same_seed_splits_alike_and_another_otherwise() -> None:
    def split(seed: int) -> Any:
        compiled = compiled_for(learning(Evaluation(accuracy, HoldOut(0.5, seed=seed))), "eval")
        return executed(compiled, ROWS)["split"]["test.X"]

    assert split(1) == split(1)
    assert split(1) != split(2)


def test_without_a_seed_the_last_rows_are_held_out() -> None:
    compiled = compiled_for(learning(Evaluation(accuracy, HoldOut(0.3, seed=None))), "eval")

    assert executed(compiled, ROWS)["split"]["test.X"] == X[-3:]


def test_a_generation_is_scored_on_everything_without_training() -> None:
    pipeline = learning(
        Evaluation({"accuracy": accuracy, "unseen": unseen}, on={"accuracy": "prediction", "unseen": "seen"}),
        PythonTask(note),
    )
    train = compiled_for(learning(None), "train")
    generation = states(train, executed(train, ROWS))

    compiled = compiled_for(pipeline, "eval", of_generation=True)
    wanted = {each.path: generation[each.step] for each in loadings(compiled.graph)}
    made = executed(compiled, {**ROWS, **wanted})

    assert metrics(compiled.graph, made) == {"accuracy": 1.0, "unseen": 0.0}
    assert list(wanted) == ["fit"]
    assert not any(each.call.kind is CallKind.SINK for each in compiled.graph.operations)


def test_a_model_evaluates_as_it_trains_and_applies() -> None:
    chain = Model(Scale(), labels=None, predict="transform") >> Model(Nearest(), name="clf")
    pipeline = Pipeline([chain], name="demo", source=Source("rows", labels="y"), evaluation=Evaluation(accuracy))

    compiled = compiled_for(pipeline, "eval")
    made = executed(compiled, ROWS)
    parts = made["split"]
    train = compiled_for(pipeline, "train")
    generation = states(train, executed(train, {"source": {"X": parts["train.X"], "y": parts["train.y"]}}))
    apply = compiled_for(pipeline, "apply")
    wanted = {each.path: generation[each.step] for each in loadings(apply.graph)}
    by_hand = executed(apply, {"source": {"X": parts["test.X"]}, **wanted})["scale+clf"]["prediction"]

    assert made["test/scale+clf/clf/predict"]["prediction"] == by_hand
    assert metrics(compiled.graph, made) == {"accuracy": accuracy(parts["test.y"], by_hand)}


def test_a_trial_is_an_evaluation_with_its_parameters() -> None:
    model = Model(Nearest(), name="clf", params=["shift"])
    pipeline = Pipeline([model], name="demo", source=Source("rows", labels="y"), evaluation=Evaluation(accuracy))

    compiled = compiled_for(pipeline, "tune", shift=1000)

    assert compiled.graph.mode == "tune"
    assert executed(compiled, ROWS)["train/clf/fit"]["clf"].shift == 1000.0


def test_without_an_evaluation_a_trial_trains_and_leaves_effects_out() -> None:
    found = evaluated(learning(None, PythonTask(note)), "tune")

    assert found == {"rows": 10}


def test_maps_inside_are_taken_along() -> None:
    doubled = Map(PythonTask(features, name="double", returns=["doubled"]), iterate_on="parts", iterate_as="X")
    steps = [
        PythonTask(lambda X: [X], name="parts", returns=["parts"]),
        doubled,
        PythonTask(lambda doubled, y: Nearest().fit(doubled[0], y), name="fit", returns=[state("model")]),
        PythonTask(lambda model, doubled: model.predict(doubled[0]), name="predict", returns=["prediction"]),
    ]
    pipeline = Pipeline(steps, name="demo", source=Source("rows", labels="y"), evaluation=Evaluation(accuracy))

    graph = compiled_for(pipeline, "eval").graph

    assert {node.path for node in graph.nodes} >= {"train/map/items", "train/map", "test/map/items", "test/map"}
    bodies = [[node.path for node in body.nodes] for body in graph.bodies]
    assert bodies == [["train/map/[]/double"], ["test/map/[]/double"]]
    split = graph.node("test/map/items")
    assert split.grows == 1


WRONG: list[tuple[Any, str]] = [
    (lambda: HoldOut(1.0), "HoldOut takes a share of the rows between 0 and 1, not 1.0"),
    (lambda: HoldOut(seed="x"), "HoldOut takes a whole number as seed="),  # type: ignore[arg-type]
    (lambda: HoldOut(seed=None, stratified=True), "by label or in their order, not both"),
    (lambda: CrossVal(1), "CrossVal takes a number of folds from 2"),
    (lambda: Evaluation({}), "Evaluation takes functions by name of the metric"),
    (lambda: Evaluation(lambda y, p: 0.0), "Evaluation takes functions by name of the metric"),
    (lambda: Evaluation({"auc": 3}), "scores 'auc' by 3, which is no function"),  # type: ignore[dict-item]
    (lambda: Evaluation({"a/b": accuracy}), "has the metric 'a/b'"),
    (lambda: Evaluation({"a": accuracy, "a_std": accuracy}), "as the deviation of another is called"),
    (lambda: Evaluation(accuracy, method=0.2), r"method= takes HoldOut\(...\) or CrossVal"),  # type: ignore[arg-type]
    (lambda: Evaluation(accuracy, on={"acuracy": "x"}), "on= does not say what 'accuracy' is scored on"),
    (lambda: learning("accuracy"), "evaluation= takes an Evaluation, not 'accuracy'"),
    (lambda: Pipeline([fit], name="p", evaluation=Evaluation(accuracy)), "splits the rows of a source"),
    (lambda: Pipeline([fit], name="p", source=Source("rows"), evaluation=Evaluation(accuracy)), "source has none"),
    (
        lambda: Pipeline(
            [fit], name="p", source=Source("t", labels={"a": "a", "b": "b"}), evaluation=Evaluation(accuracy)
        ),
        "has to choose of the labels a, b",
    ),
    (lambda: learning(Evaluation(accuracy, labels="yy")), "compares with 'yy', which the source does not give; did"),
]


@pytest.mark.parametrize(("make", "message"), WRONG, ids=[message[:40] for _, message in WRONG])
def test_what_is_wrong_with_an_evaluation_is_told_where_it_is_written(make: Any, message: str) -> None:
    with pytest.raises(InvalidError, match=message) as caught:
        make()

    assert caught.value.file is not None
    assert caught.value.file.endswith("test_evaluation.py")


LATE: list[tuple[Any, str, str]] = [
    (
        lambda: learning(Evaluation(accuracy, on="predictions")),
        "eval",
        "scores 'predictions', which no step returns; did",
    ),
    (lambda: learning(Evaluation(accuracy, on="model")), "eval", "which is not there when it applies: 'fit' is loaded"),
    (lambda: learning(None), "eval", "pipeline 'demo' does not say how it is evaluated"),
    (lambda: Pipeline([features], name="p", source=Source("rows")), "tune", "a trial has nothing to be judged by"),
]


@pytest.mark.parametrize(("make", "mode", "message"), LATE, ids=[message[:40] for _, _, message in LATE])
def test_what_cannot_be_evaluated_is_told_at_compile(make: Any, mode: str, message: str) -> None:
    with pytest.raises(InvalidError, match=message):
        compiled_for(make(), mode)


def test_predictions_of_another_number_than_rows_fail_with_both() -> None:
    short = PythonTask(lambda prediction: prediction[1:], name="short", returns=["short"])

    with pytest.raises(InvalidError, match="1 predictions for 2 rows"):
        evaluated(learning(Evaluation(accuracy, on="short"), short))


def test_a_file_that_every_fold_writes_is_a_warning() -> None:
    def steps(*files: str) -> Pipeline:
        fitted = PythonTask(fit, returns=[state("model"), metric("rows")], catalog=Catalog(put=list(files)))
        made = [PythonTask(features, returns=["table"]), fitted, PythonTask(predict, returns=["prediction"])]
        evaluation = Evaluation(accuracy, CrossVal(3, seed=3))
        return Pipeline(made, name="demo", source=Source("rows", labels="y"), evaluation=evaluation)

    assert compiled_for(steps(), "eval").warnings == ()
    (warning,) = compiled_for(steps("trees.png"), "eval").warnings
    assert warning.startswith(
        "'trees.png' is written by 3 evaluated steps ('fold-1/train/fit', 'fold-2/train/fit', ...)"
    )
