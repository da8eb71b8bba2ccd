"""Records are held against the standard library's dataclasses: the same declarations, made both ways, do the same."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from functools import partial
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graftline.core import records

VALUES = st.none() | st.integers() | st.text(max_size=3) | st.tuples(st.integers())
NAMES = st.sampled_from("abcdefg")
FLAGS = st.fixed_dictionaries({flag: st.booleans() for flag in ("frozen", "slots", "kw_only")})


@st.composite
def declarations(draw: st.DrawFn) -> list[tuple[str, str, object]]:
    """Return fields as (name, how its default is said, the default), those without one first."""
    names = draw(st.lists(NAMES, unique=True, max_size=5))
    required = draw(st.integers(0, len(names)))
    return [
        (name, "required" if at < required else draw(st.sampled_from(["plain", "field", "factory"])), draw(VALUES))
        for at, name in enumerate(names)
    ]


def made(source: Any, fields: list[tuple[str, str, object]], bases: tuple[type, ...] = (), **flags: Any) -> Any:
    """Return a class of these fields as `dataclasses` or `records` makes it."""
    body: dict[str, Any] = {"__annotations__": {name: "object" for name, _, _ in fields}, "__doc__": "A record."}
    for name, kind, default in fields:
        if kind == "plain":
            body[name] = default
        elif kind == "field":
            body[name] = source.field(default=default)
        elif kind == "factory":
            body[name] = source.field(default_factory=lambda value=default: [value])
    return source.dataclass(**flags)(type("Record", bases, body))


def outcome(call: Any) -> tuple[str, object]:
    """Return what comes of a call: its value, or the kind of its error."""
    try:
        return "returned", call()
    except Exception as problem:  # noqa: BLE001 - whatever the standard one raises
        return "raised", type(problem)


def values(record: Any) -> dict[str, object]:
    return {name: getattr(record, name) for name in type(record).__annotations__}


@pytest.mark.parametrize("many", [1, 2, records._MANY])
@given(declarations(), FLAGS, st.dictionaries(NAMES, VALUES, max_size=6), st.lists(VALUES, max_size=6))
def test_a_record_is_made_of_the_same_arguments_as_a_dataclass(
    many: int,
    fields: list[tuple[str, str, object]],
    flags: dict[str, Any],
    named: dict[str, object],
    placed: list[object],
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "_MANY", many)  # from this instance on its constructor is a written one
        ours, theirs = made(records, fields, **flags), made(dataclasses, fields, **flags)

    for arguments in ([], placed):
        complete = {name: default for name, kind, default in fields if kind == "required"} | named
        for given_names in (named, complete, {name: each for name, each in complete.items() if hasattr(ours, name)}):
            mine = outcome(lambda: values(ours(*arguments, **given_names)))  # noqa: B023
            assert mine == outcome(lambda: values(theirs(*arguments, **given_names)))  # noqa: B023


@given(declarations(), FLAGS, st.dictionaries(NAMES, VALUES), st.dictionaries(NAMES, VALUES))
def test_records_compare_print_copy_and_refuse_as_dataclasses_do(
    fields: list[tuple[str, str, object]], flags: dict[str, Any], one: dict[str, object], two: dict[str, object]
) -> None:
    def behaviour(source: Any) -> list[object]:
        kind = made(source, fields, **flags)
        first, second = ({name: each.get(name, default) for name, _, default in fields} for each in (one, two))
        a, b = kind(**first), kind(**second)
        replaced = outcome(lambda: values(source.replace(a, **two)))
        told = [a == b, a == kind(**first), a == 1, repr(a), outcome(lambda: hash(a)), replaced]
        told += [outcome(lambda: values(dataclasses.replace(a, **two))), dataclasses.asdict(a), values(copy.copy(a))]
        told += [copy.deepcopy(a) == a, kind.__match_args__, str(inspect.signature(kind)), dataclasses.is_dataclass(a)]
        told += [outcome(partial(setattr, a, name, 0)) for name in first] + [hasattr(a, "__dict__")]
        told += [outcome(partial(delattr, a, name)) for name in first]
        return [*told, [(each.name, each.kw_only) for each in dataclasses.fields(a)]]

    assert behaviour(records) == behaviour(dataclasses)


@given(declarations(), declarations(), FLAGS, st.booleans())
def test_a_record_inherits_fields_as_a_dataclass_does(
    base: list[tuple[str, str, object]],
    fields: list[tuple[str, str, object]],
    flags: dict[str, Any],
    is_base_positional: bool,
) -> None:
    def behaviour(source: Any) -> list[object]:
        under = made(source, base, **(flags | {"kw_only": not is_base_positional}))
        kind = made(source, own, (under,), **(flags | {"kw_only": True}))
        record = kind(**dict.fromkeys(names, 1))
        return [
            repr(record),
            kind.__match_args__,
            [getattr(record, name) for name in names],
            record == copy.copy(record),
        ]

    own = [each for each in fields if each[0] not in {name for name, _, _ in base}]
    names = [name for name, _, _ in base + own]
    assert outcome(lambda: behaviour(records)) == outcome(lambda: behaviour(dataclasses))


@records.dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A record at module level, as pickle needs it."""

    count: ClassVar[int] = 2
    x: int
    y: int = 0

    def __post_init__(self) -> None:
        if self.x < 0:
            raise ValueError("x is negative")

    def __repr__(self) -> str:
        return f"({self.x}, {self.y})"


@records.dataclass(frozen=True, slots=True, kw_only=True)
class Point3(Point):
    z: int = 0


def test_a_record_survives_pickling_with_its_class_and_values() -> None:
    point = Point3(x=1, z=3)

    assert pickle.loads(pickle.dumps(point, protocol=5)) == point
    assert [each.name for each in dataclasses.fields(Point3)] == ["x", "y", "z"]


def test_a_record_checks_itself_and_keeps_its_own_methods_and_class_variables() -> None:
    assert repr(Point(x=1)) == "(1, 0)"
    assert Point.count == 2
    with pytest.raises(ValueError, match="x is negative"):
        records.replace(Point(x=1), x=-1)


def test_the_thousandth_instance_is_made_as_the_first_of_its_own_class_and_of_one_below() -> None:
    above = made(records, [("x", "required", None), ("many", "factory", 1)], frozen=True, slots=True, kw_only=True)
    below = made(records, [("z", "plain", 2)], (above,), frozen=True, slots=True, kw_only=True)

    class Plain(above):  # type: ignore[misc,valid-type]
        pass

    for kind, own in ((above, {}), (below, {"z": 2}), (Plain, {})):
        found = [kind(x=at) for at in range(1000)]
        assert [(each.x, each.many) for each in found] == [(at, [1]) for at in range(1000)]
        assert found[0].many is not found[999].many
        assert all(getattr(found[-1], name) == value for name, value in own.items())
        assert type(found[-1]) is kind


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, r"^Point\(\) is missing 'x'$"),
        ({"x": 1, "z": 2}, r"^Point\(\) got an unexpected keyword argument 'z'$"),
        ({"y": 1, "z": 2}, r"^Point\(\) got an unexpected keyword argument 'z'$"),
    ],
)
def test_wrong_arguments_are_told_by_name(arguments: dict[str, int], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        Point(**arguments)


@pytest.mark.parametrize("option", ["order", "init", "eq", "unsafe_hash"])
def test_what_records_do_not_offer_is_refused(option: str) -> None:
    flags: dict[str, Any] = {option: True}

    with pytest.raises(TypeError, match=option):
        records.dataclass(**flags)


def test_a_default_that_can_be_changed_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Record\.a can be changed"):
        made(records, [("a", "plain", [])], slots=True)


def test_a_record_made_of_a_standard_dataclass_is_refused() -> None:
    base = made(dataclasses, [("a", "required", None)], frozen=True)

    with pytest.raises(AttributeError, match="__record__"):
        made(records, [("b", "required", None)], (base,), frozen=True)


def test_a_standard_dataclass_is_replaced_as_usual() -> None:
    standard = made(dataclasses, [("a", "required", None)])

    assert records.replace(standard(a=1), a=2).a == 2


def test_no_code_is_written_for_a_class_of_records(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("code is compiled, which takes 0.1 ms a method")

    monkeypatch.setattr("builtins.exec", refuse)

    assert made(records, [("a", "required", None)], frozen=True, slots=True, kw_only=True)(a=1).a == 1
    with pytest.raises(AssertionError, match="compiled"):
        made(dataclasses, [("a", "required", None)], frozen=True)
