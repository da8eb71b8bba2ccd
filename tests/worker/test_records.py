"""Dataclasses and pydantic models as values: JSON where that is exact, else a pickle; and what consumers get."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kind_records
import numpy
import pytest
from kind_records import CONFIG, SHAPE, Arbitrary, Changing, Excluding, Loose, Point, Secretive, Shape
from pydantic import SecretStr
from worker_process import WorkerProcess, operation, outputs_of

from graftline.core.graph import Call, CallKind, Operation, Return, ReturnKind
from graftline.worker.serializers import dump, load


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerProcess]:
    with WorkerProcess(tmp_path_factory.mktemp("records")) as started:
        yield started


def step(name: str, *returns: Return | str) -> Operation:
    return operation(Call(kind=CallKind.PYTHON, module="kind_records", qualname=name), *returns)


def made(worker: WorkerProcess, name: str, *returns: Return | str) -> tuple[Any, ...]:
    """Return the value one step makes, as the argument of the next."""
    ((_, _, _, _, serializer, data),) = outputs_of(worker.run(step(name, *(returns or ("x",)))))
    return ("v", serializer, data)


def taken(worker: WorkerProcess, name: str, value: tuple[Any, ...]) -> Any:
    return json.loads(worker.values(step(name, "x"), {"value": value})["x"] or b"")


@pytest.mark.parametrize("value", [CONFIG, SHAPE, Point(1.0)], ids=["model", "dataclass", "small"])
def test_a_record_is_json_and_comes_back_the_same(value: object) -> None:
    dumped = dump(value)

    assert dumped.serializer == f"json:kind_records:{type(value).__name__}"
    data = b"".join(dumped.parts)
    assert isinstance(json.loads(data), dict)
    again = load(dumped.serializer, bytearray(data))
    assert type(again) is type(value)
    assert again == value


def with_attribute() -> Point:
    point = Point(1.0)
    point.extra = 1  # type: ignore[attr-defined]
    return point


@pytest.mark.parametrize(
    "value",
    [
        Point(1),  # an int where a float is annotated would come back as 1.0
        Shape("s", [], size=(1, 2), options={1: 2}),  # type: ignore[dict-item]
        Loose((1, 2)),
        Loose(float("nan")),
        Loose({1, 2}),
        with_attribute(),
        Changing(value=1),
        Excluding(shown=1, hidden=2),
        Secretive(token=SecretStr("x")),
        Loose(list(range(20_000))),
    ],
    ids=range(10),
)
def test_a_record_that_json_would_change_is_pickled(value: Any) -> None:
    dumped = dump(value)

    assert dumped.serializer == "pickle"
    again: Any = load("pickle", bytearray(b"".join(dumped.parts)))
    assert type(again) is type(value)
    assert repr(again) == repr(value)


def test_a_record_with_an_array_is_pickled() -> None:
    for value in (Loose(numpy.arange(3)), Arbitrary(value=numpy.arange(3))):
        assert dump(value).serializer == "pickle"


def test_a_record_asked_for_as_pickle_or_state_is_one() -> None:
    assert dump(CONFIG, "pickle").serializer == "pickle"
    assert dump(CONFIG, "state").serializer == "pickle"


@pytest.mark.parametrize(
    ("maker", "taker", "wanted"),
    [
        ("make_config", "take_config", ["Config", [1, 2], True]),
        ("make_config", "take_maybe", ["Config"]),
        ("make_config", "take_anything", ["Config"]),
        ("make_config", "take_other", ["Other", {"name": "a", "note": None}]),
        ("make_shape", "take_shape", ["Shape", ["Point", "Point"], True]),
        ("make_shape", "take_anything", ["Shape"]),
        ("make_point", "take_place", ["Place", 1.5]),
        ("make_config", "take_place_as_it_is", ["Config"]),
    ],
)
def test_a_consumer_gets_the_class_it_is_annotated_with(
    worker: WorkerProcess, maker: str, taker: str, wanted: Any
) -> None:
    assert taken(worker, taker, made(worker, maker)) == wanted


def test_json_by_name_is_a_dict_for_who_has_no_annotation(worker: WorkerProcess) -> None:
    value = made(worker, "make_config", Return(name="x", kind=ReturnKind.JSON))

    assert value[1] == "json"
    assert taken(worker, "take_anything", value) == ["dict"]
    assert taken(worker, "take_config", value) == ["Config", [1, 2], True]


def test_a_shell_step_gets_a_record_as_json(worker: WorkerProcess) -> None:
    show = operation(Call(kind=CallKind.SHELL, command='printf "{\\"got\\": %s}" "$value" > "$GRAFT_OUTPUTS"'), "got")

    got = json.loads(worker.values(show, {"value": made(worker, "make_point")})["got"] or b"")

    assert got == {"x": 1.5, "y": 2.5}


def test_a_class_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(AttributeError, match="Gone"):
        load("json:kind_records:Gone", bytearray(b"{}"))
    with pytest.raises(ModuleNotFoundError, match="nowhere_at_all"):
        load("json:nowhere_at_all:Gone", bytearray(b"{}"))


def test_dataclasses_do_not_import_pydantic() -> None:
    support = str(Path(kind_records.__file__).parent)
    text = (
        "import sys, dataclasses\nfrom graftline.worker.serializers import dump, load\n"
        "import http.cookiejar\n@dataclasses.dataclass\nclass A:\n    x: int\n"
        "A.__module__ = 'http.cookiejar'; http.cookiejar.A = A\n"
        "assert dump(A(1)).serializer == 'json:http.cookiejar:A'\nassert 'pydantic' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=30, cwd=support)

    assert done.returncode == 0, done.stderr
