"""Models: what they compile to, what they make, in which modes they agree, and what is told when one is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from estimators import (
    Counter,
    Half,
    Nearest,
    Nest,
    Scale,
    constant,
    make_nearest,
    make_nothing,
    unfinished,
)
from learned import Values, compiled_for, executed, states

from graftline import Chain, InvalidError, Model, Pipeline, PythonTask, Source, state
from graftline.core.applying import loadings
from graftline.core.graph import CallKind

X = [[1.0], [2.0], [3.0], [10.0], [11.0], [12.0]]
Y = [0, 0, 0, 1, 1, 1]
NEW = [[2.4], [10.6]]


def learning(*steps: Any, **options: Any) -> Pipeline:
    return Pipeline(list(steps), name="demo", source=Source("rows", labels="y"), **options)


def trained(pipeline: Pipeline, mode: str = "train", **params: Any) -> tuple[Values, Values]:
    """Train; return all values and what the generation holds."""
    compiled = compiled_for(pipeline, mode, **params)
    previous = {each.path: dict.fromkeys(each.states) for each in loadings(compiled.graph)}
    made = executed(compiled, {"source": {"X": X, "y": Y}, **previous})
    return made, states(compiled, made)


def applied(pipeline: Pipeline, generation: Values, table: Any = NEW) -> Values:
    compiled = compiled_for(pipeline, "apply")
    wanted = {each.path: generation[each.step] for each in loadings(compiled.graph)}
    return executed(compiled, {"source": {"X": table}, **wanted})


def test_a_model_is_a_node_that_fits_and_one_that_predicts() -> None:
    pipeline = learning(Model(Nearest(), name="clf"))

    graph = compiled_for(pipeline, "train").graph

    assert [node.path for node in graph.nodes] == ["source", "clf/fit", "clf/predict", "clf"]
    assert [graph.operation_of(path).call.kind for path in ("clf/fit", "clf/predict")] == [CallKind.LEARN] * 2
    assert graph.operation_of("clf/fit").call.file is not None


@pytest.mark.parametrize(
    ("estimator", "expected"),
    [
        (Nearest(), [0, 1]),
        (Nearest, [0, 1]),
        (make_nearest, [0, 1]),
        (Nest(Nearest()), [0, 1]),
        (Counter(), [6, 6]),
        (Counter, [6, 6]),
        (constant, [0, 0]),
    ],
    ids=["object", "class", "factory", "nested", "actor", "actor class", "pair"],
)
def test_what_can_be_trained_is_trained_stored_and_applied(estimator: Any, expected: list[int]) -> None:
    pipeline = learning(Model(estimator, name="clf"))

    made, generation = trained(pipeline)

    assert list(generation) == ["clf/fit"]
    assert applied(pipeline, generation)["clf"]["prediction"] == expected
    assert len(made["clf"]["prediction"]) == len(X)


def test_the_estimator_itself_stays_untrained() -> None:
    estimator = Nearest()

    trained(learning(Model(estimator, name="clf", params={"shift": "shift"})), shift=3.0)

    assert (estimator.rows_, estimator.shift) == ([], 0.0)


def test_parameters_of_the_run_reach_the_estimator_by_its_own_names() -> None:
    pipeline = learning(Model(Nest(Nearest()), name="clf", params={"shift": "inner__shift"}))

    _, generation = trained(pipeline, shift=8)

    assert generation["clf/fit"]["clf"].inner.shift == 8.0
    assert type(generation["clf/fit"]["clf"].inner.shift) is float  # as the estimator has it
    assert applied(pipeline, generation, [[2.4]])["clf"]["prediction"] == [1]


def test_a_parameter_nobody_gives_leaves_the_estimators_own() -> None:
    _, generation = trained(learning(Model(Nearest(shift=2.0), name="clf", params=["shift"])))

    assert generation["clf/fit"]["clf"].shift == 2.0


def test_parameters_of_a_pair_are_arguments_of_its_function() -> None:
    _, generation = trained(learning(Model(constant, name="clf", params={"offset": "offset"})), offset=5)

    assert generation["clf/fit"]["clf"] == {"label": 5, "before": None}


def test_attributes_of_what_was_fitted_are_metrics() -> None:
    made, _ = trained(learning(Model(Nearest(), name="clf", metrics={"rows": "count_"})))

    assert made["clf/fit"]["rows"] == 6


def test_a_transformer_is_applied_in_both_modes_with_the_state_of_training() -> None:
    pipeline = learning(Model(Scale(), labels=None, predict="transform"), Model(Nearest(), name="clf"))

    made, generation = trained(pipeline)

    assert generation["clf/fit"]["clf"].rows_ == [row[0] / 12 for row in X]
    assert applied(pipeline, generation)["scale"]["X"] == [[2.4 / 12], [10.6 / 12]]
    assert made["clf"]["prediction"] == Y


@pytest.mark.parametrize(
    "chain",
    [
        lambda: Model(Scale(), labels=None, predict="transform") >> Model(Nearest(), name="clf"),
        lambda: Scale() >> Model(Nearest(), name="clf"),
        lambda: Model(Scale(), predict="transform", returns="scaled") >> Model(Nearest(), name="clf"),
        lambda: Chain([Model(Scale(), predict="transform"), Model(Nearest(), name="clf")], name="scale+clf"),
    ],
    ids=["models", "estimator on the left", "another name between", "by class"],
)
def test_composed_models_are_one_step_and_what_is_between_stays_inside(chain: Any) -> None:
    seen = PythonTask(lambda X: X, name="after", returns=["seen"])
    pipeline = learning(chain(), seen)

    made, generation = trained(pipeline)

    assert set(generation) == {"scale+clf/scale/fit", "scale+clf/clf/fit"}
    assert generation["scale+clf/clf/fit"]["clf"].rows_[0] == 1 / 12
    assert made["after"]["seen"] == X  # not the scaled one
    assert applied(pipeline, generation)["scale+clf"]["prediction"] == [0, 1]


def test_three_composed_models_are_one_step_of_three() -> None:
    chain = Scale() >> Model(Scale(2.0), name="twice", predict="transform") >> Nearest()

    assert isinstance(chain, Chain)
    assert [each.name for each in chain.models] == ["scale", "twice", "nearest"]


def test_a_step_after_a_model_is_ordered_by_arrows_as_any_other() -> None:
    report = PythonTask(print, name="report")
    model = Model(Nearest(), name="clf")

    assert (model >> report) is report
    assert report.flows == [model]


def test_warm_start_goes_on_from_the_last_generation_and_only_where_it_trains() -> None:
    pipeline = learning(Model(Nearest(), name="clf", warm_start=True))
    compiled = compiled_for(pipeline, "train")
    assert [(each.path, each.step, each.states, each.is_previous) for each in loadings(compiled.graph)] == [
        ("clf/fit/previous", "clf/fit", ("clf",), True)
    ]

    first = executed(compiled, {"source": {"X": X, "y": Y}, "clf/fit/previous": {"clf": None}})
    generation = states(compiled, first)["clf/fit"]
    second = executed(compiled, {"source": {"X": NEW, "y": [0, 1]}, "clf/fit/previous": generation})

    assert second["clf/fit"]["clf"].rows_ == [*(row[0] for row in X), 2.4, 10.6]
    in_job = executed(compiled_for(pipeline, "job"), {"source": {"X": X, "y": Y}})
    assert len(in_job["clf/fit"]["clf"].rows_) == len(X)


def fit(X: Any, y: Any, previous: Any) -> Any:
    return [*(previous or []), *y]


def pair_fit(X: Any, previous: Any = "unset") -> Any:
    return 1, previous


def test_a_function_that_takes_previous_and_returns_a_state_gets_the_last_one() -> None:
    pipeline = learning(PythonTask(fit, returns=[state("model")]))

    compiled = compiled_for(pipeline, "train")
    again = executed(compiled, {"source": {"X": X, "y": Y}, "fit/previous": {"model": [7]}})
    in_job = executed(compiled_for(pipeline, "job"), {"source": {"X": X, "y": Y}})

    assert again["fit"]["model"] == [7, *Y]
    assert in_job["fit"]["model"] == Y


def test_of_several_states_previous_is_the_list() -> None:
    pipeline = learning(PythonTask(pair_fit, name="fit", returns=[state("a"), state("b")]))

    compiled = compiled_for(pipeline, "train")
    made = executed(compiled, {"source": {"X": X, "y": Y}, "fit/previous": {"a": 1, "b": 2}})

    assert made["fit"]["b"] == [1, 2]
    assert executed(compiled_for(pipeline, "job"), {"source": {"X": X, "y": Y}})["fit"]["b"] is None


def test_previous_that_is_bound_otherwise_is_an_argument_like_any_other() -> None:
    given = learning(PythonTask(fit, returns=[state("model")], params={"previous": [3]}))
    no_state = learning(PythonTask(fit, returns=["model"]))

    compiled = compiled_for(given, "train")

    assert loadings(compiled.graph) == ()
    assert executed(compiled, {"source": {"X": X, "y": Y}})["fit"]["model"] == [3, *Y]
    with pytest.raises(InvalidError, match="needs 'previous', which no earlier step returns"):
        compiled_for(no_state, "train")


def test_a_state_in_a_map_is_refused_before_anything_trains() -> None:
    from graftline import Map

    inside = Map(
        PythonTask(fit, returns=[state("model")], params={"previous": None}), iterate_on="y", iterate_as="each"
    )

    with pytest.raises(InvalidError, match=r"step 'map/fit' returns state\(\) inside a map or loop"):
        compiled_for(learning(inside), "train")


WRONG: list[tuple[Any, str]] = [
    (lambda: Model(3), r"cannot train int: it has no fit\(\)"),
    (lambda: Model(Half()), "cannot train Half: it has no get_state, set_state"),
    (lambda: Model(Scale()), r"Scale has no predict\(\)"),
    (lambda: Model(Nearest(), predict="predicts"), r"has no predicts\(\); did you mean 'predict'"),
    (lambda: Model(Nearest(), predict="no method"), "predict= takes the name of a method"),
    (lambda: Model(Nearest(), params={"C": "shfit"}), "to 'shfit', which Nearest does not have; did you mean 'shift'"),
    (lambda: Model(Nearest(), params={"shift": 0.5}), "params= takes parameters of the run by name"),  # type: ignore[dict-item]
    (lambda: Model(Nearest(), params={"X": "shift"}), "params= has 'X', which is another argument"),
    (lambda: Model(Nearest(), features="a/b"), "features= "),
    (lambda: Model(Nearest(), features="settings"), "features= is 'settings', which has a meaning of its own"),
    (lambda: Model(Nearest(), name="prediction"), "its state is called 'prediction'"),
    (lambda: Model(Nearest(), labels="X"), "are both 'X'"),
    (lambda: Model(unfinished), "has no function that applies"),
    (lambda: Model(Scale(), predict="transform", warm_start=True), "warm_start= needs an estimator that goes on"),
    (lambda: Model(Nearest(), retrise=1), "Model has no option 'retrise'; did you mean 'retries'"),
    (lambda: Model(lambda: Nearest()), "needs a name|a name"),
    (lambda: Chain([]), "models= takes a list of models"),
    (lambda: Chain([Model(Nearest()), Model(Nearest())]), "two of its models are called 'nearest'"),
    (lambda: Chain([Model(Nearest()), "x"]), "models= takes models and estimators, not 'x'"),  # type: ignore[list-item]
]


@pytest.mark.parametrize(("make", "message"), WRONG, ids=[message[:40] for _, message in WRONG])
def test_what_is_wrong_with_a_model_is_told_once_where_it_is_written(make: Any, message: str) -> None:
    with pytest.raises(InvalidError, match=message) as caught:
        make()

    told = str(caught.value)
    assert caught.value.file is not None
    assert caught.value.file.endswith("test_modelling.py")
    assert told.count("test_modelling.py") <= 1


def test_a_factory_that_makes_nothing_to_train_fails_the_fit_with_its_name() -> None:
    with pytest.raises(InvalidError, match=r"make_nothing\(\) made a int, which has neither"):
        trained(learning(Model(make_nothing)))


def test_a_parameter_that_only_the_worker_can_refuse_names_the_nearest() -> None:
    with pytest.raises(InvalidError, match="Nearest has no parameter 'shfit'; did you mean 'shift'"):
        trained(learning(Model(make_nearest, params={"shift": "shfit"})), shift=1)


def test_a_model_whose_features_nobody_makes_is_told_at_compile() -> None:
    with pytest.raises(InvalidError, match="step 'clf/fit': needs 'Z', which no earlier step returns"):
        compiled_for(learning(Model(Nearest(), name="clf", features="Z")), "train")


def test_an_unknown_parameter_of_the_run_is_told_with_the_nearest() -> None:
    with pytest.raises(InvalidError, match="no step takes the parameter 'shfit'; did you mean 'shift'"):
        compiled_for(learning(Model(Nearest(), params=["shift"])), "train", shfit=1)
