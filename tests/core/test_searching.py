"""The search of `tune`: asked for trials, told of scores, and the leaderboard that comes of it."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from estimators import accuracy
from hypothesis import given, settings
from hypothesis import strategies as st

from graftline import CrossVal, Evaluation, InvalidError, Pipeline, Source, Tune, log, uniform, whole
from graftline.core.searching import Search


def run(search: Search, score: Any, at_once: int = 1, chance: random.Random | None = None) -> Search:
    """Drive a search to its end; told in any order when there is a chance."""
    for _ in range(1000):
        search.ask(at_once - len(search.pending))
        pending = list(search.pending)
        if not pending:
            assert search.is_over
            return search
        trial = chance.choice(pending) if chance is not None else pending[0]
        search.tell(trial.number, score(trial.params))
    raise AssertionError("it never ends")


def test_a_grid_tries_every_combination_once() -> None:
    search = run(Search(Tune({"C": [1, 2], "depth": [3, 4, 5]}, maximize="auc")), lambda params: params["C"])

    assert [(each.params["C"], each.params["depth"]) for each in search.trials] == [
        (c, depth) for c in (1, 2) for depth in (3, 4, 5)
    ]
    best = search.best()
    assert best is not None
    assert (best.trial.number, best.score) == (4, 2.0)  # of equals the earlier


def test_a_grid_stops_after_as_many_trials_as_it_may_have() -> None:
    search = run(Search(Tune({"C": uniform(0, 1)}, maximize="auc", trials=3)), lambda params: params["C"])

    assert [each.params["C"] for each in search.trials] == [0.0, 0.25, 0.5]


def test_random_draws_as_many_as_asked_and_the_same_for_the_same_seed() -> None:
    space = {"C": log(1e-3, 10), "depth": whole(1, 9)}

    found = [
        [
            each.params
            for each in run(Search(Tune(space, maximize="a", method="random", trials=7, seed=seed)), len).trials
        ]
        for seed in (1, 1, 2)
    ]

    assert len(found[0]) == 7
    assert found[0] == found[1] != found[2]


def halving(**more: Any) -> Tune:
    return Tune({"x": uniform(0, 1)}, maximize="a", method="halving", trials=9, budget=("epochs", 1, 9), **more)


def test_halving_gives_the_best_part_more_of_the_resource() -> None:
    search = run(Search(halving()), lambda params: params["x"])

    rounds = [[each for each in search.trials if each.rung == rung] for rung in range(3)]
    assert [len(each) for each in rounds] == [9, 3, 1]
    assert [{each.params["epochs"] for each in part} for part in rounds] == [{1}, {3}, {9}]
    top = sorted((float(str(each.params["x"])) for each in rounds[0]), reverse=True)
    assert [each.params["x"] for each in rounds[1]] == top[:3]
    assert rounds[2][0].origin == rounds[1][0].number
    best = search.best()
    assert best is not None
    assert best.trial is rounds[2][0]


def test_no_trial_of_the_next_round_is_given_out_before_the_last_of_this_one_is_told_of() -> None:
    search = Search(halving())

    first = search.ask(100)
    for each in first[:-1]:
        search.tell(each.number, 1.0)

    assert len(first) == 9
    assert search.ask(1) == []
    assert not search.is_over
    search.tell(first[-1].number, 2.0)
    assert [each.rung for each in search.ask(100)] == [1, 1, 1]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 6), st.integers(0, 99), st.sampled_from(["grid", "random", "halving"]))
def test_any_order_of_ends_and_any_number_at_once_gives_the_same_best(at_once: int, seed: int, method: str) -> None:
    budget = ("epochs", 1, 9) if method == "halving" else None
    tune = Tune({"x": uniform(0, 1)}, minimize="loss", method=method, trials=9, seed=3, budget=budget)

    def score(params: Any) -> Any:
        return None if 0.4 < params["x"] < 0.6 else abs(params["x"] - 0.7)

    alone = run(Search(tune), score)
    together = run(Search(tune), score, at_once, random.Random(seed))

    assert [each.params for each in alone.trials] == [each.params for each in together.trials]
    one, other = alone.best(), together.best()
    assert one is not None
    assert other is not None
    assert one.trial.params == other.trial.params


def test_an_interrupted_search_is_told_what_is_known_and_goes_on() -> None:
    whole_run = run(Search(halving(seed=5)), lambda params: params["x"])

    again = Search(halving(seed=5))
    for trial in whole_run.trials[:10]:
        assert [each.params for each in again.ask(1)] == [trial.params]
        again.tell(trial.number, whole_run.score(trial.number))
    run(again, lambda params: params["x"])

    assert again.trials == whole_run.trials
    assert again.leaderboard() == whole_run.leaderboard()


def test_failed_trials_stand_last_and_without_any_score_there_is_no_best() -> None:
    scores: dict[object, object] = {1: None, 2: math.nan, 3: 5, 4: True}

    search = run(Search(Tune({"C": [1, 2, 3, 4]}, minimize="loss")), lambda params: scores[params["C"]])

    assert [(each.place, each.trial.params["C"], each.score) for each in search.leaderboard()] == [
        (1, 3, 5.0),
        (2, 1, None),
        (3, 2, None),
        (4, 4, None),
    ]
    nothing = run(Search(Tune({"C": [1]}, maximize="a")), lambda params: None)
    assert nothing.best() is None


def test_a_score_of_a_trial_is_told_once() -> None:
    search = Search(Tune({"C": [1]}, maximize="a"))
    search.ask(5)
    search.tell(1, 1.0)

    with pytest.raises(InvalidError, match="trial 1 was told of already"):
        search.tell(1, 1.0)
    with pytest.raises(InvalidError, match="there is no trial 2: 1 were given out"):
        search.tell(2, 1.0)


def test_optuna_is_asked_for_by_name_of_the_extra() -> None:
    with pytest.raises(InvalidError, match="chosen by optuna") as caught:
        Search(Tune({"C": [1]}, maximize="a", method="optuna"))

    assert caught.value.hint is not None
    assert "graftline[tune]" in caught.value.hint


def tuned(tune: Any) -> Pipeline:
    evaluation = Evaluation({"auc": accuracy}, CrossVal(2))
    return Pipeline([accuracy], name="p", source=Source("rows", labels="y"), evaluation=evaluation, tune=tune)


def test_a_pipeline_keeps_what_it_searches() -> None:
    pipeline = tuned(Tune({"C": log(1e-3, 10), "depth": [2, 3, 4]}, maximize="auc"))

    assert pipeline.tune is not None
    assert (pipeline.tune.metric, pipeline.tune.is_maximum, list(pipeline.tune.space)) == ("auc", True, ["C", "depth"])


WRONG: list[tuple[Any, str]] = [
    (lambda: Tune({}, maximize="a"), "Tune takes parameters with where each is searched"),
    (lambda: Tune({"C": 3}, maximize="a"), "'C' is searched in 3, which is no list and no range"),
    (lambda: Tune({"C": []}, maximize="a"), r"'C' is searched in \[\]"),
    (lambda: Tune({"C": [1, 2, 1]}, maximize="a"), "'C' is searched in 1 twice"),
    (lambda: Tune({"a/b": [1]}, maximize="a"), "Tune searches 'a/b'"),
    (lambda: Tune({"C": [1]}), "one of maximize= and minimize="),
    (lambda: Tune({"C": [1]}, maximize="a", minimize="b"), "one of maximize= and minimize="),
    (lambda: Tune({"C": [1]}, maximize="a", method="gird"), "not 'gird'; did you mean 'grid'"),
    (lambda: Tune({"C": [1]}, maximize="a", trials=0), "trials= takes a whole number of 1 or more"),
    (lambda: Tune({"C": [1]}, maximize="a", seed="x"), "seed= takes a whole number"),  # type: ignore[arg-type]
    (lambda: Tune({"C": [1]}, maximize="a", method="halving"), "budget= does not say which"),
    (lambda: Tune({"C": [1]}, maximize="a", budget=("n", 1, 9)), "budget= is for method='halving', not 'grid'"),
    (lambda: Tune({"n": [1]}, maximize="a", method="halving", budget=("n", 1, 9)), "'n', which is searched as well"),
    (lambda: Tune({"C": [1]}, maximize="a", method="halving", budget=("n", 9, 1)), "budget= no rounds go"),
    (lambda: tuned({"C": [1]}), "tune= takes a Tune"),
    (lambda: tuned(Tune({"C": [1]}, maximize="acu")), "evaluation= does not score; did you mean 'auc'"),
]


@pytest.mark.parametrize(("make", "message"), WRONG, ids=[message[:40] for _, message in WRONG])
def test_what_is_wrong_with_a_search_is_told_where_it_is_written(make: Any, message: str) -> None:
    with pytest.raises(InvalidError, match=message) as caught:
        make()

    assert caught.value.file is not None
    assert caught.value.file.endswith("test_searching.py")
