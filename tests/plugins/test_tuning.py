"""Optuna behind the same two questions as the searches of core."""

from __future__ import annotations

import sys

import pytest

from graftline import Tune, log, whole
from graftline.core.errors import PluginError
from graftline.core.searching import Search
from graftline.plugins.tuning import search_for

SPACE = {"x": log(1e-3, 10), "depth": whole(1, 9), "kind": ["a", ["b"], None]}


def driven(search: Search) -> Search:
    """Drive a search whose best is at x = 1; every fifth trial fails."""
    while trials := search.ask(1):
        x = trials[0].params["x"]
        assert isinstance(x, float)
        search.tell(trials[0].number, None if trials[0].number % 5 == 0 else -abs(x - 1.0))
    assert search.is_over
    return search


def test_without_optuna_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)

    with pytest.raises(PluginError, match="needs optuna") as caught:
        search_for(Tune(SPACE, maximize="a", method="optuna"))

    assert caught.value.hint == "pip install 'graftline[tune]'"


def test_searches_of_core_need_no_optuna(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)

    assert len(driven(search_for(Tune(SPACE, maximize="a", method="random", trials=4))).trials) == 4


def test_optuna_goes_by_what_was_scored_and_alike_for_the_same_seed() -> None:
    pytest.importorskip("optuna")
    tune = Tune(SPACE, maximize="a", method="optuna", trials=25, seed=1)

    one, other = driven(search_for(tune)), driven(search_for(tune))

    assert [each.params for each in one.trials] == [each.params for each in other.trials]
    assert len(one.trials) == 25
    best = one.best()
    assert best is not None
    assert best.score is not None
    assert best.score > -0.2
    assert {type(each.params["depth"]) for each in one.trials} == {int}
    assert len({str(each.params["kind"]) for each in one.trials}) == 3
