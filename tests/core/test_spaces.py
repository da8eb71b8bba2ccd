"""Spaces of parameters: grids cover them, draws stay within, halving keeps the best."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graftline.core.errors import InvalidError
from graftline.core.spaces import Choice, Interval, best, described, drawn, grid, log, rungs, space_of, uniform, whole

_intervals = st.builds(
    lambda low, width, is_log, is_whole: Interval(low, low + width, is_log, is_whole),
    st.integers(1, 100).map(float),
    st.integers(0, 1000).map(float),
    st.booleans(),
    st.booleans(),
)


@given(_intervals, st.integers(1, 20))
def test_a_grid_stays_within_and_has_both_ends(space: Interval, steps: int) -> None:
    values = [float(str(each)) for each in space.grid(steps)]

    assert 1 <= len(values) <= steps
    assert all(space.low <= each <= space.high for each in values)
    assert values == sorted(set(values))
    if steps > 1:
        assert math.isclose(values[0], space.low)
        assert math.isclose(values[-1], space.high)


@given(_intervals, st.integers())
def test_draws_stay_within(space: Interval, seed: int) -> None:
    value = space.draw(random.Random(seed))

    assert isinstance(value, int | float)
    assert space.low <= value <= space.high
    assert isinstance(value, int) == space.is_whole


def test_a_logarithmic_grid_has_as_many_in_each_power() -> None:
    assert log(0.01, 100).grid(5) == pytest.approx([0.01, 0.1, 1, 10, 100])


def test_a_grid_of_several_is_every_combination() -> None:
    trials = list(grid({"C": space_of("C", [1, 2]), "kernel": space_of("kernel", ["a", "b"])}))

    assert trials == [
        {"C": 1, "kernel": "a"},
        {"C": 1, "kernel": "b"},
        {"C": 2, "kernel": "a"},
        {"C": 2, "kernel": "b"},
    ]


def test_draws_are_the_same_for_the_same_seed_and_none_twice() -> None:
    spaces = {"C": Choice((1, 2, 3, 4)), "lr": Choice(("a", "b"))}

    first = list(drawn(spaces, 8, seed=3))

    assert first == list(drawn(spaces, 8, seed=3))
    assert len({repr(each) for each in first}) == 8


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ((9, 1, 9, 3), [(9, 1), (3, 3), (1, 9)]),
        ((4, 10, 10, 2), [(4, 10)]),
        ((1, 1, 100, 3), [(1, 1)]),
        ((8, 1, 4, 2), [(8, 1), (4, 2), (2, 4)]),
        ((5, 2, 7, 2), [(5, 2), (2, 4), (1, 7)]),
    ],
)
def test_halving_gives_the_best_more(args: tuple[int, int, int, int], expected: list[tuple[int, int]]) -> None:
    assert [(each.trials, each.resource) for each in rungs(*args)] == expected


@pytest.mark.parametrize("args", [(0, 1, 9, 3), (9, 0, 9, 3), (9, 9, 1, 3), (9, 1, 9, 1)])
def test_rounds_that_make_no_sense_are_refused(args: tuple[int, int, int, int]) -> None:
    with pytest.raises(InvalidError, match="no rounds"):
        rungs(*args)


def test_the_best_come_first_and_what_has_no_score_never() -> None:
    scores = [0.5, None, 0.9, math.nan, 0.9, 0.1]

    assert best(scores, 3, is_maximum=True) == [2, 4, 0]
    assert best(scores, 9, is_maximum=False) == [5, 0, 2, 4]


@pytest.mark.parametrize("make", [lambda: uniform(2, 1), lambda: log(0, 1), lambda: uniform(0, math.inf)])
def test_a_range_that_makes_no_sense_is_refused(make: object) -> None:
    with pytest.raises(InvalidError):
        make()  # type: ignore[operator]


@pytest.mark.parametrize("value", [3, "abc", [], {}])
def test_what_is_no_space_is_refused(value: object) -> None:
    with pytest.raises(InvalidError, match="'C' is searched in"):
        space_of("C", value)


def test_a_space_is_described_as_it_is_written() -> None:
    assert [described(each) for each in (uniform(0, 1), log(0.001, 10), whole(1, 8), Choice((1, 0.5, "a")))] == [
        "uniform(0, 1)",
        "log(0.001, 10)",
        "whole(1, 8)",
        "1, 0.5, a",
    ]
