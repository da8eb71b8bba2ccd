"""What workers do for composites, through real attempts: values in, named outputs out."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from typing import Any

import dill
import numpy
import pandas
import pytest
from shape_steps import Color, Pair, Trial
from worker_process import WorkerProcess, operation, outputs_of

from graftline.core.graph import Call, CallKind, Operation, Return, ReturnKind
from graftline.worker.blobs import open_value
from graftline.worker.serializers import dump, load


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerProcess]:
    with WorkerProcess(tmp_path_factory.mktemp("worker")) as started:
        yield started


def value(given: object) -> tuple[Any, ...]:
    """Return a value as an upstream step would have left it."""
    dumped = dump(given)
    return ("v", dumped.serializer, b"".join(dumped.parts))


def results(worker: WorkerProcess, step: Operation, **arguments: tuple[Any, ...]) -> dict[str, Any]:
    """Run one attempt that must succeed and return its outputs as values."""
    report = worker.run(step, arguments)
    assert report[0] == "done", report
    found = {}
    for name, _, digest, size, serializer, inline in outputs_of(report):
        if inline is None:
            found[name] = open_value(str(worker.objects), serializer, digest, size)
        else:
            found[name] = load(serializer, bytearray(inline))
    return found


def split(*keys: str) -> Operation:
    return operation(Call(kind=CallKind.SPLIT, keys=keys))


def choose(*branches: str, default: str | None = None) -> Operation:
    return operation(Call(kind=CallKind.CHOOSE, branches=branches, default=default))


UNTIL = operation(Call(kind=CallKind.UNTIL), "again")


def reduce(function: str | None, *returns: Return | str, collect: str | None = None) -> Operation:
    module, _, qualname = (function or "").rpartition(".")
    call = Call(kind=CallKind.REDUCE, module=module or None, qualname=qualname or None, collect=collect)
    return operation(call, *returns)


def items(worker: WorkerProcess, given: object) -> list[Any]:
    found = results(worker, split(), items=value(given))
    size = found.pop("size")
    assert list(found) == [str(number) for number in range(size)]
    return list(found.values())


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ([1, "b.c", None, None, 1], [1, "b.c", None, None, 1]),
        ((1, 2), [1, 2]),
        (range(3), [0, 1, 2]),
        ({5}, [5]),
        (frozenset({5}), [5]),
        (numpy.array([1.5, 2.5]), [1.5, 2.5]),
        (numpy.array(["a", "b"]), ["a", "b"]),
        (pandas.Series([1, 2], index=["x", "y"]), [1, 2]),
        (pandas.Index(["x", "y"]), ["x", "y"]),
        (pandas.DataFrame({"C": [1.0, 2.0], "depth": [3, 4]}), [{"C": 1.0, "depth": 3}, {"C": 2.0, "depth": 4}]),
        (iter([1, 2]), [1, 2]),
        ([], []),
    ],
    ids=lambda each: type(each).__name__,
)
def test_a_split_gives_every_item_in_order_and_their_number(
    worker: WorkerProcess, given: object, wanted: list[object]
) -> None:
    found = items(worker, given)

    assert found == wanted
    assert [type(each) for each in found] == [type(each) for each in wanted]


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_other_frames_give_their_rows_too(worker: WorkerProcess, library: str) -> None:
    frames = pytest.importorskip(library)
    make = frames.DataFrame if library == "polars" else frames.table

    assert items(worker, make({"C": [1.0, 2.0]})) == [{"C": 1.0}, {"C": 2.0}]


def test_the_rows_of_an_array_are_arrays(worker: WorkerProcess) -> None:
    table = numpy.arange(6, dtype="float32").reshape(3, 2)

    found = items(worker, table)

    assert [row.tolist() for row in found] == table.tolist()
    assert {row.dtype for row in found} == {numpy.dtype("float32")}


def test_the_number_of_items_is_the_last_output_and_json(worker: WorkerProcess) -> None:
    report = worker.run(split(), {"items": value(["a"])})

    assert [(out[0], out[1], out[4], out[5]) for out in outputs_of(report)] == [
        ("0", "value", "json", b'"a"'),
        ("size", "value", "json", b"1"),
    ]


def test_what_was_typed_is_a_list_when_it_parses_to_one(worker: WorkerProcess) -> None:
    assert results(worker, split(), items=("t", "[1, 2]")) == {"0": 1, "1": 2, "size": 2}
    assert "not text" in worker.failure(split(), {"items": ("t", "1,2")})[1].message


@pytest.mark.parametrize(
    "item",
    [{"C": 1.5, "depth": 3, "more": 0}, Trial(1.5, 3), Pair(1.5, 3), (1.5, 3), [1.5, 3]],
    ids=lambda item: type(item).__name__,
)
def test_keys_take_the_items_apart(worker: WorkerProcess, item: object) -> None:
    found = results(worker, split("C", "depth"), items=value([item, item]))

    assert found == {"0.C": 1.5, "0.depth": 3, "1.C": 1.5, "1.depth": 3, "size": 2}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([{"C": 1, "depth": 2}, {"C": 1}], "item 1 has no 'depth'; it has C"),
        ([{}], "item 0 has no 'C'; it has nothing"),
        ([5], "item 0 has no 'C': it is 5 (a whole number)"),
        ([None], "item 0 has no 'C': it is null"),
        ([(1, 2, 3)], "item 0 is (1, 2, 3) (tuple) of 3, but 2 are named: C, depth"),
    ],
)
def test_an_item_without_a_key_is_named_by_its_number(worker: WorkerProcess, given: object, words: str) -> None:
    reason, error = worker.failure(split("C", "depth"), {"items": value(given)})

    assert (reason, error.type) == ("INPUT", "ShapeError")
    assert words in error.message


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (None, "this is None"),
        ("abc", "not text"),
        (b"abc", "not bytes"),
        ({"a": 1}, "list(d.items())"),
        (5, "not 5 (a whole number)"),
        (True, "not True"),
        (numpy.array(5), "array of shape () holds 5"),
        (numpy.float64(2.5), "a map takes a list"),
    ],
    ids=lambda each: type(each).__name__,
)
def test_what_has_no_items_is_refused_with_what_would_do(worker: WorkerProcess, given: object, words: str) -> None:
    reason, error = worker.failure(split(), {"items": value(given)})

    assert reason == "INPUT"
    assert "a map takes a list" in error.message
    assert words in error.message


def test_ten_thousand_items_are_split_in_half_a_second(worker: WorkerProcess) -> None:
    given = [{"C": number / 7, "name": f"trial.{number}"} for number in range(10_000)]
    shipped = value(given)

    started = time.perf_counter()
    report = worker.run(split(), {"items": shipped})
    seconds = time.perf_counter() - started

    assert report[0] == "done"
    assert len(outputs_of(report)) == 10_001
    assert json.loads(outputs_of(report)[9_999][5]) == given[9_999]
    assert seconds < 2.5, "0.1 s on a quiet machine"


def test_a_large_item_is_an_object_file(worker: WorkerProcess) -> None:
    report = worker.run(split(), {"items": value([numpy.arange(5000), 1])})

    (name, role, digest, size, serializer, inline), *_ = outputs_of(report)
    assert (name, role, serializer, inline) == ("0", "value", "npy", None)
    assert (worker.objects / digest[:2] / digest[2:]).stat().st_size == size


@pytest.mark.parametrize(
    ("given", "branches", "word"),
    [
        ("red", ("blue", "red"), "red"),
        (2, ("1", "2"), "2"),
        (2.0, ("1", "2"), "2"),
        (2.5, ("2", "2.5"), "2.5"),
        (numpy.int64(2), ("1", "2"), "2"),
        (numpy.array(2), ("1", "2"), "2"),
        (numpy.str_("red"), ("blue", "red"), "red"),
        (True, ("False", "True"), "True"),
        (True, ("false", "true"), "true"),
        (numpy.bool_(False), ("YES", "FALSE"), "FALSE"),
        (Color.RED, ("red", "7"), "red"),
        (Color.DEEP, ("red", "7"), "7"),
        (Color.DEEP, ("RED", "DEEP"), "DEEP"),
        (None, ("None", "some"), "None"),
        (None, ("null", "some"), "null"),
    ],
)
def test_a_choice_is_the_branch_whose_name_is_the_value_as_text(
    worker: WorkerProcess, given: object, branches: tuple[str, ...], word: str
) -> None:
    assert results(worker, choose(*branches), value=value(given)) == {"branch": word}


def test_what_was_typed_chooses_by_what_it_says(worker: WorkerProcess) -> None:
    assert results(worker, choose("1", "2"), value=("t", "2")) == {"branch": "2"}
    assert results(worker, choose("True", "False"), value=("t", "true")) == {"branch": "True"}
    assert results(worker, choose("red", "007"), value=("t", "007")) == {"branch": "007"}


def test_a_value_that_fits_no_branch_takes_the_default_or_fails_with_the_branches(worker: WorkerProcess) -> None:
    assert results(worker, choose("red", "blue", default="blue"), value=value("green")) == {"branch": "blue"}
    assert results(worker, choose("red", default="other"), value=value([1, 2])) == {"branch": "other"}

    reason, error = worker.failure(choose("red", "blue"), {"value": value("green")})

    assert reason == "INPUT"
    assert error.message == "'green' (text) fits none of the branches: red, blue; there is no default"
    assert "fits none" in worker.failure(choose("TRUE", "True ", "true"), {"value": value(False)})[1].message
    assert "fits none" in worker.failure(choose("TRUE", "tRUE"), {"value": value(True)})[1].message


@pytest.mark.parametrize(
    ("given", "again"),
    [
        (True, False),
        (False, True),
        (None, True),
        (0, True),
        (0.5, False),
        ("converged", False),
        ("", True),
        ("False", True),
        (" no ", True),
        ([], True),
        ([0], False),
        (numpy.bool_(True), False),
        (numpy.array(False), True),
        (numpy.array([True]), False),
        (Color.DEEP, False),
    ],
)
def test_a_loop_goes_on_until_the_value_is_true(worker: WorkerProcess, given: object, again: bool) -> None:
    assert results(worker, UNTIL, value=value(given)) == {"again": again}


def test_a_loop_without_a_value_goes_on_and_typed_words_are_truths(worker: WorkerProcess) -> None:
    assert results(worker, UNTIL) == {"again": True}
    assert results(worker, UNTIL, value=("t", "true")) == {"again": False}
    assert results(worker, UNTIL, value=("t", "false")) == {"again": True}
    assert results(worker, UNTIL, value=("t", "0")) == {"again": True}


@pytest.mark.parametrize(
    ("given", "what"),
    [
        (numpy.array([True, False]), "ndarray of shape (2,)"),
        (pandas.Series([True, False]), "Series of shape (2,)"),
    ],
)
def test_several_truths_at_once_do_not_end_a_loop(worker: WorkerProcess, given: object, what: str) -> None:
    reason, error = worker.failure(UNTIL, {"value": value(given)})

    assert reason == "INPUT"
    assert error.message == f"a loop ends by one truth value, not by {what}; return one, as with .all()"


def gathered(*given: object) -> tuple[Any, ...]:
    return ("l", tuple(value(each) for each in given))


@pytest.mark.parametrize(
    ("function", "wanted"),
    [
        (None, [1, 3, 2]),
        ("builtins.sum", 6),
        ("builtins.max", 3),
        ("builtins.len", 3),
        ("statistics.mean", 2),
        ("numpy.mean", 2.0),
        ("shape_steps.largest", 3),
        ("shape_steps.last", 2),
        ("shape_steps.wrapped", 2),
        ("shape_steps.later", 3),
        ("shape_steps.doubled", [2, 6, 4]),
    ],
)
def test_a_reducer_takes_the_list_or_each_item(worker: WorkerProcess, function: str | None, wanted: object) -> None:
    found = results(worker, reduce(function, "score", "loss"), score=gathered(1, 3, 2), loss=gathered(1, 3, 2))

    assert found == {"score": wanted, "loss": wanted}


@pytest.mark.parametrize(("function", "wanted"), [(lambda *x: max(x), 3), (lambda x: x[-1], 2)])
def test_a_reducer_may_come_by_value(worker: WorkerProcess, function: Any, wanted: int) -> None:
    data = dill.dumps(function, recurse=True)
    digest = hashlib.sha256(data).hexdigest()
    (worker.objects / digest[:2]).mkdir(exist_ok=True)
    (worker.objects / digest[:2] / digest[2:]).write_bytes(data)
    step = operation(Call(kind=CallKind.REDUCE, blob=digest, qualname="<lambda>"), "score")

    assert results(worker, step, score=gathered(1, 3, 2)) == {"score": wanted}


def test_collect_makes_one_record_of_each_item(worker: WorkerProcess) -> None:
    lists = {"C": gathered(0.1, 1.0), "score": gathered(0.8, 0.9)}
    records = [{"C": 0.1, "score": 0.8}, {"C": 1.0, "score": 0.9}]

    assert results(worker, reduce(None, "trials", collect="trials"), **lists) == {"trials": records}
    assert results(worker, reduce("shape_steps.best", "trials", collect="trials"), **lists) == {"trials": records[1]}

    uneven = {"C": gathered(0.1, 1.0), "score": gathered(0.8)}
    error = worker.failure(reduce(None, "trials", collect="trials"), uneven)[1]
    assert error.message.endswith("no records: C 2, score 1")


def test_a_map_over_nothing_has_a_result(worker: WorkerProcess) -> None:
    nothing = gathered()

    assert results(worker, reduce(None, "score"), score=nothing) == {"score": []}
    assert results(worker, reduce("builtins.sum", "score"), score=nothing) == {"score": 0}
    for refuses in ("builtins.max", "shape_steps.last", "shape_steps.largest"):
        assert results(worker, reduce(refuses, "score"), score=nothing) == {"score": []}
    assert results(worker, reduce("shape_steps.best", "t", collect="t"), score=nothing) == {"t": []}
    assert results(worker, reduce(None, "t", collect="t"), score=nothing) == {"t": []}


def test_a_reducer_that_fails_keeps_its_error_and_names_the_return(worker: WorkerProcess) -> None:
    step = reduce("shape_steps.broken", "score")

    reason, error = worker.failure(step, {"score": gathered(1, 2)})

    assert (reason, error.type, error.message) == ("ERROR", "LookupError", "no such column")
    assert "in the reduction of 'score' over 2 items" in error.traceback
    assert "shape_steps.py" in error.traceback


def test_a_join_that_reaches_a_worker_fails_and_the_worker_goes_on(worker: WorkerProcess) -> None:
    reason, error = worker.failure(operation(Call(kind=CallKind.JOIN)))

    assert reason == "ERROR"
    assert error.message == "a worker has nothing to do for a node of kind join"
    assert results(worker, UNTIL) == {"again": True}


def test_a_reduced_metric_is_a_metric_when_it_is_a_number_and_a_plain_value_when_not(worker: WorkerProcess) -> None:
    auc = Return(name="auc", kind=ReturnKind.METRIC)

    def role(function: str, *values: object) -> tuple[str, int]:
        report = worker.run(reduce(function, auc), {"auc": gathered(*values)})
        ((_, found, *_),) = outputs_of(report)
        metrics = report[7]
        assert isinstance(metrics, tuple)
        return found, len(metrics)

    assert role("builtins.max", 0.1, 0.5) == ("metric", 1)
    assert role("shape_steps.doubled", 0.1, 0.5) == ("value", 0)
    assert role("builtins.max") == ("value", 0)
