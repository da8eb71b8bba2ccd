"""Composites of models: each row of the training data is predicted once, by who has not seen it."""

from __future__ import annotations

from typing import Any

import pytest
from estimators import Counter, Nearest, Scale
from hypothesis import given, settings
from hypothesis import strategies as st
from learned import Values, compiled_for, executed, states

from graftline import CrossValidated, Ensemble, InvalidError, Model, Pipeline, Source, Stack
from graftline.core.applying import loadings
from graftline.core.ids import name_problem

X = [[float(row)] for row in range(12)]
Y = ["low"] * 6 + ["high"] * 6
SEEN = Model(Nearest(), name="seen", predict="seen")


def learning(*steps: Any) -> Pipeline:
    return Pipeline(list(steps), name="demo", source=Source("rows", labels="y"))


def trained(pipeline: Pipeline, table: Any = X, labels: Any = Y) -> tuple[Values, Values]:
    compiled = compiled_for(pipeline, "train")
    made = executed(compiled, {"source": {"X": table, "y": labels}})
    return made, states(compiled, made)


def applied(pipeline: Pipeline, generation: Values, table: Any) -> Values:
    compiled = compiled_for(pipeline, "apply")
    wanted = {each.path: generation[each.step] for each in loadings(compiled.graph)}
    return executed(compiled, {"source": {"X": table}, **wanted})


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 6), st.integers(0, 5), st.integers(6, 30), st.booleans())
def test_out_of_fold_each_row_is_predicted_once_by_a_model_that_has_not_seen_it(
    folds: int, seed: int, rows: int, stratified: bool
) -> None:
    table = [[float(row)] for row in range(rows)]
    labels = [row % 3 for row in range(rows)]
    pipeline = learning(CrossValidated(SEEN, folds=folds, seed=seed, stratified=stratified))

    made, generation = trained(pipeline, table, labels)

    assert made["cross_validated"]["prediction"] == [False] * rows
    dealt = made["cross_validated/folds"]["folds"]
    assert sorted(set(dealt)) == list(range(1, folds + 1))
    models = [next(iter(each.values())) for each in generation.values()]
    assert sorted(row for model in models for row in model.rows_) == sorted(
        float(row) for row in range(rows) for _ in range(folds - 1)
    )


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 4), st.integers(0, 3))
def test_the_final_model_of_a_stack_learns_from_rows_that_the_models_have_not_seen(folds: int, seed: int) -> None:
    stack = Stack([SEEN, Model(Nearest(), name="near")], Nearest(), folds=folds, seed=seed)

    made, generation = trained(learning(stack))

    held_out = made["stack/final/learned-from"]["columns held out"]
    assert len(held_out) == len(X)
    assert [row[0] for row in held_out] == [False] * len(X)
    assert [row[0] for row in made["stack/final/columns"]["columns prediction"]] == [True] * len(X)
    assert set(generation) == {"stack/seen/fit", "stack/near/fit", "stack/final/fit"}
    assert generation["stack/near/fit"]["near"].rows_ == [row[0] for row in X]


def test_each_model_of_a_stack_and_each_fold_is_a_node_of_its_own() -> None:
    graph = compiled_for(learning(Stack([SEEN, Model(Nearest(), name="near")], Nearest(), folds=3)), "train").graph

    folds = [node for node in graph.nodes if "/fold-" in node.path]
    assert [node.path for node in folds] == [
        f"stack/{name}-folds/fold-{at}" for name in ("seen", "near") for at in (1, 2, 3)
    ]
    assert all(set(node.needs) == {"source", "stack/folds"} for node in folds)  # none waits for another


def test_a_stack_applies_what_it_trained_and_no_folds() -> None:
    stack = Stack([Model(Nearest(), name="a"), Scale() >> Model(Nearest(), name="b")], Nearest(), folds=3)
    pipeline = learning(stack)
    _, generation = trained(pipeline, X, [0] * 6 + [1] * 6)

    made = applied(pipeline, generation, [[0.2], [10.8]])

    assert made["stack"]["prediction"] == [0, 1]
    assert not any("fold" in path for path in made)


def test_predictions_of_a_cross_validated_model_are_combined_when_it_applies() -> None:
    pipeline = learning(CrossValidated(Model(Nearest(), name="near"), name="cv", folds=3))
    _, generation = trained(pipeline)

    made = applied(pipeline, generation, [[0.2], [10.8]])

    assert list(generation) == ["cv/fold-1/fit", "cv/fold-2/fit", "cv/fold-3/fit"]
    assert made["cv"]["prediction"] == ["low", "high"]


def test_a_cross_validated_transformer_needs_no_labels() -> None:
    scale = Model(Scale(), labels=None, predict="transform", returns="scaled")
    pipeline = learning(CrossValidated(scale, name="cv", folds=2, combine=max))
    made, generation = trained(pipeline)

    assert [len(row) for row in made["cv"]["scaled"]] == [1] * len(X)
    assert applied(pipeline, generation, [[1.0]])["cv"]["scaled"][0][0] > 0


@pytest.mark.parametrize(
    ("combine", "weights", "expected"),
    [
        ("vote", None, ["a", "b"]),
        ("auto", None, ["a", "b"]),
        ("vote", [0.1, 0.1, 1.0], ["b", "b"]),
        (lambda parts: [row[-1] for row in zip(*parts, strict=True)], None, ["b", "b"]),
    ],
    ids=["vote", "auto", "weights", "function"],
)
def test_an_ensemble_combines_labels(combine: Any, weights: Any, expected: list[str]) -> None:
    models = [Model(Said(word), name=name) for name, word in zip("abc", ("a", "a", "b"), strict=True)]
    for model in (models[0], models[1]):
        model.estimator.words = ["a", "b"]  # type: ignore[attr-defined]
    pipeline = learning(Ensemble(models, combine=combine, weights=weights))
    made, generation = trained(pipeline, X[:2], ["a", "b"])

    assert made["ensemble"]["prediction"] == expected
    assert applied(pipeline, generation, X[:2])["ensemble"]["prediction"] == expected


@pytest.mark.parametrize(("combine", "expected"), [("mean", [2.0, 2.0]), ("auto", [2.0, 2.0])])
def test_an_ensemble_takes_the_mean_of_numbers(combine: str, expected: list[float]) -> None:
    models = [Model(Said(number), name=name) for name, number in zip("abc", (1.0, 2.0, 3.0), strict=True)]

    made, _ = trained(learning(Ensemble(models, combine=combine)), X[:2], [0, 1])

    assert made["ensemble"]["prediction"] == expected


def test_weights_of_a_mean_count_in_proportion() -> None:
    models = [Model(Said(0.0), name="a"), Model(Said(4.0), name="b")]

    made, _ = trained(learning(Ensemble(models, combine="mean", weights=[1, 3])), X[:1], [0])

    assert made["ensemble"]["prediction"] == [3.0]


def test_models_in_composites_take_parameters_of_the_run() -> None:
    near = Model(Nearest(), name="near", params={"shift": "shift"})
    compiled = compiled_for(learning(Stack([near], Nearest(), folds=2)), "train", shift=100)

    made = executed(compiled, {"source": {"X": X, "y": [0] * 6 + [1] * 6}})

    assert set(made["stack/near-folds/all"]["near held out"]) == {1}


class Said:
    """Predicts what it was told to, whatever it sees."""

    def __init__(self, word: Any):
        self.words = [word, word]

    def fit(self, X: Any, y: Any) -> None:
        """Learn nothing."""

    def predict(self, X: Any) -> Any:
        return self.words[: len(X)]


WRONG: list[tuple[Any, str]] = [
    (lambda: Stack([], Nearest()), "models= takes a list of models"),
    (lambda: Stack([Nearest()], Nearest(), folds=1), "folds= takes a whole number from 2"),
    (lambda: Stack([Nearest()], Nearest(), seed="x"), "seed= takes a whole number"),  # type: ignore[arg-type]
    (lambda: Stack([Nearest(), Nearest()], Nearest()), "two of its models are called 'nearest'"),
    (lambda: Stack([Nearest()], 3), "final= takes models and estimators, not 3"),
    (lambda: Stack([Model(Nearest(), labels="z"), Model(Nearest(), name="b")], Nearest()), "different labels: z, y"),
    (lambda: Stack([Ensemble([Nearest()])], Nearest()), "has 'ensemble', a Ensemble: its folds are trained as a whole"),
    (lambda: Stack([Model(Nearest(), name="final")], Nearest()), "the name 'final' is taken inside"),
    (lambda: Stack([Model(Scale(), labels=None, predict="transform")], Nearest()), "learn without labels"),
    (lambda: Ensemble([Nearest()], combine="vot"), "not 'vot'; did you mean 'vote'"),
    (lambda: Ensemble([Nearest()], combine=3), "combine= takes a function or one of"),  # type: ignore[arg-type]
    (lambda: Ensemble([Nearest()], weights=[1, 2]), "one number for each of 1 models"),
    (lambda: Ensemble([Nearest()], weights=[1], combine=max), "not with a function"),
    (lambda: CrossValidated(3), "models= takes models and estimators, not 3"),
    (lambda: CrossValidated(Nearest(), returns="a/b"), "returns= "),
    (
        lambda: CrossValidated(Model(Scale(), labels=None, predict="transform"), stratified=True),
        "stratified= needs labels",
    ),
]


@pytest.mark.parametrize(("make", "message"), WRONG, ids=[message[:40] for _, message in WRONG])
def test_what_is_wrong_with_a_composite_is_told_where_it_is_written(make: Any, message: str) -> None:
    with pytest.raises(InvalidError, match=message) as caught:
        make()

    assert caught.value.file is not None
    assert caught.value.file.endswith("test_ensembles.py")


def test_fewer_rows_than_folds_fail_with_both_numbers() -> None:
    with pytest.raises(ValueError, match="3 rows cannot be dealt out to 5 folds"):
        trained(learning(CrossValidated(Nearest())), X[:3], Y[:3])


def test_names_of_values_inside_are_names() -> None:
    for model in (Stack([Nearest()], Nearest()), Ensemble([Counter]), CrossValidated(Nearest())):
        graph = compiled_for(learning(model), "train").graph
        assert [name_problem(each.name) for operation in graph.operations for each in operation.returns].count(
            None
        ) == sum(len(operation.returns) for operation in graph.operations)
