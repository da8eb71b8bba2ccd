"""Where two values differ is told by the first part that does; what is equal in value has no difference."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pytest
from verified_values import Model, Slotted

from graftline.worker.difference import difference


@dataclass
class Point:
    x: float
    names: set[str]


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        3,
        0.5,
        math.nan,
        "text",
        b"bytes",
        [1, [2.0, None]],
        (1, "a"),
        {"a": {1, 2}, "b": [math.inf]},
        frozenset("ab"),
        Point(math.nan, {"a", "b"}),
        Slotted(2),
        Fraction(1, 3),
        Model([0.5]),
    ],
)
def test_a_value_equals_its_copy(value: object) -> None:
    import copy

    assert difference(value, copy.deepcopy(value), 0.0) == ""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (1, 2, "1, now 2"),
        (1, 1.0, "int 1, now float 1.0"),
        (True, 1, "bool True, now int 1"),
        (None, "a", "NoneType None, now str 'a'"),
        (math.nan, 1.0, "nan, now 1.0"),
        ("a", "b", "'a', now 'b'"),
        ([1, 2], [1, 3], "[1]: 2, now 3"),
        ([1, 2], [1], "2 items, now 1"),
        ({"a": [0, {"b": 1}]}, {"a": [0, {"b": 2}]}, "['a'][1]['b']: 1, now 2"),
        ({"a": 1}, {"a": 1, "b": 2}, "['b']: new: 2"),
        ({"a": 1, "b": 2}, {"b": 2}, "['a']: 1, now gone"),
        ({1, 2}, {2, 3}, "{1} only then, {3} only now"),
        (Point(1.0, {"a"}), Point(1.0, {"b"}), ".names: {'a'} only then, {'b'} only now"),
        (Slotted(1), Slotted(2), ".size: 1, now 2"),
        (Fraction(1, 3), Fraction(2, 3), "._numerator: 1, now 2"),
        (Model([0.5]), Model([0.25]), ".weights[0]: 0.5, now 0.25"),
    ],
)
def test_the_first_part_that_differs_is_told(old: object, new: object, told: str) -> None:
    assert difference(old, new, 0.0) == told


def test_numbers_may_differ_by_the_relative_tolerance() -> None:
    assert difference({"a": [1.0, 2 + 1j]}, {"a": [1.0 + 1e-9, 2 + 1j]}, 1e-6) == ""
    assert difference([1.0], [1.1], 1e-6) == "[0]: 1.0, now 1.1"
    assert difference(0.0, 1e-12, 1e-6) != ""
    assert difference([3], [4], 1.0) == "[0]: 3, now 4"


def test_arrays_are_compared_by_type_shape_and_number() -> None:
    np = pytest.importorskip("numpy")
    one = np.array([[1.0, math.nan], [3.0, 4.0]])
    other = one.copy()
    other[1, 0] = 3.5

    assert difference(one, one.copy(), 0.0) == ""
    assert difference(one, other, 0.0) == "[1, 0]: 3.0, now 3.5 (1 of 4)"
    assert difference({"w": one}, {"w": other}, 0.5) == ""
    assert difference(one, one[:1], 0.0) == "float64[2, 2], now float64[1, 2]"
    assert difference(one, one.astype("f4"), 0.0) == "float64[2, 2], now float32[2, 2]"
    assert difference(np.array(["a", None], dtype=object), np.array(["a", 1], dtype=object), 0.0) == (
        "[1]: NoneType None, now int 1"
    )
    assert difference(np.float64(0.1), np.float64(0.2), 0.0) == "np.float64(0.1), now np.float64(0.2)"


def test_frames_are_compared_column_by_column() -> None:
    pd = pytest.importorskip("pandas")
    one = pd.DataFrame({"a": [1, 2], "b": [0.5, math.nan]})

    assert difference(one, one.copy(), 0.0) == ""
    assert difference(one, one.assign(b=[0.5, 1.0]), 0.0) == "['b'][1]: nan, now 1.0 (1 of 2)"
    assert difference(one, one.rename(columns={"a": "c"}), 0.0) == "columns ['a', 'b'], now ['c', 'b']"
    assert difference(one, one.set_index(pd.Index([5, 6])), 0.0).startswith("['index'][0]: 0, now 5")


def test_a_value_that_cannot_be_told_is_no_trouble() -> None:
    class Mute:
        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def __repr__(self) -> str:
            raise ValueError

    endless: list[Any] = []
    endless.append(endless)
    other: list[Any] = []
    other.append(other)

    assert difference(Mute(1), Mute(2), 0.0) == ".inner: 1, now 2"
    assert difference(Mute, 3, 0.0).startswith("type <class")
    assert "too deep" in difference(endless, other, 0.0)
    assert len(difference("a" * 5000, "b" * 5000, 0.0)) < 500
