"""Casting and binding: what a typed text or a JSON value becomes under each annotation."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import functools
import inspect
import pathlib
import typing
import uuid
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple, NewType, Optional, TypedDict, Union

import pydantic
import pytest

from graftline.worker.bind import Binder, CastError, cast, signature_of


class Color(enum.Enum):
    RED = "red"
    DEEP = 3


@dataclasses.dataclass
class Point:
    x: int
    y: float = 0.5
    tags: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Checked:
    n: int

    def __post_init__(self) -> None:
        if self.n < 0:
            raise ValueError("n must not be negative")


class Model(pydantic.BaseModel):
    depth: int
    point: Point | None = None


class Options(TypedDict, total=False):
    lr: float


class Pair(NamedTuple):
    a: int
    b: int


class Unknown:
    pass


Seed = NewType("Seed", int)
NO = inspect.Parameter.empty

TYPED: list[tuple[str, object, object]] = [
    ("5", NO, 5),
    ("0.5", NO, 0.5),
    ("true", NO, True),
    ("null", NO, None),
    ("hello", NO, "hello"),
    ("", NO, ""),
    ('"5"', NO, "5"),
    ("[1, 2]", NO, [1, 2]),
    ('{"a": 1}', NO, {"a": 1}),
    ("[1, 2", NO, "[1, 2"),
    ("NaN", NO, "NaN"),
    ("Infinity", NO, "Infinity"),
    ("1e400", NO, "1e400"),
    ("2026-01-31", NO, "2026-01-31"),
    ("[" * 10_000, NO, "[" * 10_000),
    ("9" * 5000, NO, "9" * 5000),
    ("5", Any, 5),
    ("5", object, 5),
    ("5", "Unresolved", 5),
    ("5", typing.TypeVar("T"), 5),
    ("5", Unknown, 5),
    ("5", str, "5"),
    ("null", str, "null"),
    ("5", int, 5),
    (" -5 ", int, -5),
    ("1_000", int, 1000),
    ("5", Seed, 5),
    ("5", Annotated[int, "positive"], 5),
    ("5", float, 5.0),
    ("1e3", float, 1000.0),
    ("inf", float, float("inf")),
    ("yes", bool, True),
    ("OFF", bool, False),
    ("0", bool, False),
    ("none", None, None),
    ("none", Optional[int], None),  # noqa: UP045
    ("5", int | None, 5),
    ("null", str | None, None),
    ("5", str | None, "5"),
    ("5", Union[str, int], 5),  # noqa: UP007
    ("x", Union[str, int], "x"),  # noqa: UP007
    ("1.5", int | float, 1.5),
    ("2026-01-31", datetime.date | str, datetime.date(2026, 1, 31)),
    ("a,b", list[str], ["a", "b"]),
    ("1, 2", list[int], [1, 2]),
    ("[1, 2]", list[float], [1.0, 2.0]),
    ("", list[int], []),
    ("7", list[int], [7]),
    ("a,1", list, ["a", 1]),
    ("[1, 2]", tuple[int, ...], (1, 2)),
    ("1,b", tuple[int, str], (1, "b")),
    ("a,a", set[str], {"a"}),
    ("1,2", Sequence[int], [1, 2]),
    ("1,null", list[int | None], [1, None]),
    ('{"a": 1}', dict[str, float], {"a": 1.0}),
    ('{"1": [2]}', dict[int, list[int]], {1: [2]}),
    ('{"a": 1}', Mapping[str, int], {"a": 1}),
    ("a", Literal["a", "b"], "a"),
    ("2", Literal[1, 2], 2),
    ("true", Literal[True, "auto"], True),
    ("red", Color, Color.RED),
    ("RED", Color, Color.RED),
    ("3", Color, Color.DEEP),
    ('{"x": 1}', Point, Point(1)),
    ('{"x": 1, "y": 2, "tags": ["a"]}', Point, Point(1, 2.0, ["a"])),
    ('{"depth": 3}', Model, Model(depth=3)),
    ('{"depth": 3, "point": {"x": 1}}', Model, Model(depth=3, point=Point(1))),
    ("[[1, 2], [3]]", list[list[int]], [[1, 2], [3]]),
    ('[{"x": 1}]', list[Point], [Point(1)]),
    ('{"lr": 1}', Options, {"lr": 1.0}),
    ("2026-01-31", datetime.date, datetime.date(2026, 1, 31)),
    ("2026-01-31T12:30", datetime.datetime, datetime.datetime(2026, 1, 31, 12, 30)),
    ("2026-01-31", datetime.datetime, datetime.datetime(2026, 1, 31)),
    ("12:30", datetime.time, datetime.time(12, 30)),
    ("10m", datetime.timedelta, datetime.timedelta(minutes=10)),
    ("data/x.csv", pathlib.Path, pathlib.Path("data/x.csv")),
    ("1.10", decimal.Decimal, decimal.Decimal("1.10")),
    ("1+2j", complex, 1 + 2j),
    ("é", bytes, "é".encode()),
    ("12345678-1234-5678-1234-567812345678", uuid.UUID, uuid.UUID("12345678-1234-5678-1234-567812345678")),
]


@pytest.mark.parametrize(("text", "annotation", "wanted"), TYPED)
def test_a_typed_text_becomes_what_the_annotation_asks_for(text: str, annotation: object, wanted: object) -> None:
    made = cast(text, annotation, is_text=True)

    assert made == wanted
    assert type(made) is type(wanted)


VALUES: list[tuple[object, object, object]] = [
    ("5", NO, "5"),
    ([1], NO, [1]),
    ("[1]", Any, "[1]"),
    (5, int, 5),
    (5.0, int, 5),
    ("5", int, 5),
    (5, float, 5.0),
    (True, bool, True),
    ("no", bool, False),
    (None, int | None, None),
    ("5", str | int, "5"),
    (5, str | int, 5),
    ([1, 2], tuple[int, ...], (1, 2)),
    ([1, "2"], list[int], [1, 2]),
    ({"x": "1"}, Point, Point(1)),
    ({"a": {"x": 1}}, dict[str, Point], {"a": Point(1)}),
    (Point(1), Point, Point(1)),
    ({"depth": "3"}, Model, Model(depth=3)),
    (Pair(1, 2), Pair, Pair(1, 2)),
    (3, Color, Color.DEEP),
    (Color.RED, Color, Color.RED),
    (90, datetime.timedelta, datetime.timedelta(seconds=90)),
    (0.1, decimal.Decimal, decimal.Decimal("0.1")),
]


@pytest.mark.parametrize(("value", "annotation", "wanted"), VALUES)
def test_a_value_becomes_what_the_annotation_asks_for(value: object, annotation: object, wanted: object) -> None:
    made = cast(value, annotation, is_text=False)

    assert made == wanted
    assert type(made) is type(wanted)


BAD: list[tuple[object, object, bool, str]] = [
    ("x", int, True, "expected a whole number, got 'x' (text)"),
    ("1.5", int, True, "expected a whole number"),
    (True, int, False, "expected a whole number, got True (a truth value)"),
    (1.5, int, False, "expected a whole number"),
    ("x", float, True, "expected a number"),
    (True, float, False, "expected a number"),
    ("maybe", bool, True, "expected true or false"),
    (1, bool, False, "expected true or false"),
    (5, str, False, "expected text, got 5 (a whole number)"),
    (None, int, False, "got null"),
    ("x", int | None, True, "expected a whole number"),
    ("x", int | float, True, "expected a whole number, got 'x' (text); or expected a number"),
    ("1,x", list[int], True, "item 2: expected a whole number"),
    ("[1", list[int], True, "expected a JSON array"),
    ("a", list[int], False, "expected a list"),
    (5, list[int], False, "expected a list"),
    ("1,2,3", tuple[int, int], True, "expected 2 values, got 3"),
    ("5", dict[str, int], True, "expected a JSON object"),
    ({"a": "x"}, dict[str, int], False, "'a': expected a whole number"),
    ({"x": 1}, dict[int, int], False, "key 'x': expected a whole number"),
    ("c", Literal["a", "b"], True, "expected one of 'a', 'b', got 'c'"),
    ("blue", Color, True, "expected one of RED, DEEP"),
    ({"z": 1}, Point, False, "Point has no field 'z'"),
    ({"y": 1}, Point, False, "Point needs 'x'"),
    ({"x": "q"}, Point, False, "'x': expected a whole number"),
    ({"n": -1}, Checked, False, "Checked does not accept {'n': -1} (an object): n must not be negative"),
    ({"depth": "q"}, Model, False, "Model does not accept {'depth': 'q'} (an object): depth: Input should be"),
    ("2026-13-01", datetime.date, True, "expected a date such as"),
    ("5 parsecs", datetime.timedelta, True, "expected a duration"),
    (5, pathlib.Path, False, "expected a path"),
    ("x" * 200, int, True, "..."),
]


@pytest.mark.parametrize(("value", "annotation", "is_text", "message"), BAD)
def test_a_value_that_does_not_fit_says_what_was_expected(
    value: object, annotation: object, is_text: bool, message: str
) -> None:
    with pytest.raises(CastError) as caught:
        cast(value, annotation, is_text=is_text)

    assert message in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_value_that_already_fits_is_not_copied() -> None:
    value = [[1], [2]]

    assert cast(value, list[list[int]], is_text=False) is value


def test_an_array_under_a_list_annotation_goes_through_as_it_is() -> None:
    numpy = pytest.importorskip("numpy")
    value = numpy.arange(3)

    assert cast(value, list[int], is_text=False) is value


def test_a_value_nested_too_deeply_is_an_error_and_not_a_recursion_error() -> None:
    nested: list[Any] = []
    for _ in range(100_000):
        nested = [nested]
    Deep = list["Deep"]  # type: ignore[misc]
    annotation: object = int
    for _ in range(5000):
        annotation = list[annotation]  # type: ignore[valid-type]

    with pytest.raises(CastError, match="nested too deeply"):
        cast(nested, annotation, is_text=False)
    assert cast([1], Deep, is_text=False) == [1]


def test_signatures_are_found_for_every_kind_of_callable() -> None:
    class Actor:
        def __call__(self, x: int) -> int:
            return x

    def plain(x: int, *, y: float = 1.0) -> None: ...

    assert signature_of(plain).parameters["x"].annotation is int
    assert signature_of(functools.partial(plain, 1)).parameters["y"].annotation is float
    assert signature_of(Actor()).parameters["x"].annotation is int
    assert list(signature_of(Point).parameters) == ["x", "y", "tags"]
    assert list(signature_of(len).parameters) == ["obj"]
    assert [p.kind.name for p in signature_of(max).parameters.values()] == ["VAR_POSITIONAL", "VAR_KEYWORD"]


def test_one_annotation_that_does_not_evaluate_spoils_only_itself() -> None:
    def step(a: int, b: Missing) -> None: ...  # type: ignore[name-defined] # noqa: F821

    parameters = signature_of(step).parameters

    assert parameters["a"].annotation is int
    assert parameters["b"].annotation == "Missing"


def test_arguments_go_where_the_function_takes_them() -> None:
    def step(a: int, /, b: int, *rest: int, c: int = 0, **more: int) -> object:
        return a, b, rest, c, more

    args, kwargs = Binder(step).call_arguments({"c": 3, "b": 2, "a": 1, "rest": [7, 8], "z": 9})

    assert step(*args, **kwargs) == (1, 2, (7, 8), 3, {"z": 9})


def test_a_plain_function_is_called_by_names_alone() -> None:
    def step(a: int, b: int) -> None: ...

    assert Binder(step).call_arguments({"b": 2, "a": 1}) == ((), {"b": 2, "a": 1})


def test_an_upstream_value_is_cast_only_from_a_dict_to_a_record() -> None:
    def step(point: Point, maybe: Point | None, points: list[Point], n: int) -> None: ...

    binder = Binder(step)

    assert binder.upstream("point", {"x": 1}) == Point(1)
    assert binder.upstream("maybe", {"x": 1}) == Point(1)
    assert binder.upstream("points", {"x": 1}) == {"x": 1}
    assert binder.upstream("n", "5") == "5"


def test_a_constant_that_does_not_cast_names_its_argument() -> None:
    def step(n: int) -> None: ...

    with pytest.raises(CastError, match="argument 'n': expected a whole number"):
        Binder(step).constant("n", "x", is_text=True)
