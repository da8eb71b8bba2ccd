"""Exceptions as records: trimmed, capped, masked, and never in the way."""

from __future__ import annotations

import pickle
from typing import Any, NoReturn

import numpy
import pandas
import pytest
import worker_steps

from graftline.core.runs import StepError
from graftline.worker.failure import describe_failure, describe_value


def failure_of(function: Any, *arguments: Any, secrets: dict[str, str] | None = None) -> StepError:
    try:
        function(*arguments)
    except BaseException as problem:  # noqa: BLE001
        return describe_failure(problem, {}, secrets or {})
    raise AssertionError("it did not fail")


def test_the_chain_of_causes_is_kept() -> None:
    error = failure_of(worker_steps.chained)

    assert (error.type, error.message) == ("ValueError", "outer")
    assert "ZeroDivisionError" in error.traceback
    assert "The above exception was the direct cause" in error.traceback


def test_frames_of_libraries_below_the_users_code_stay_but_are_not_the_users() -> None:
    def step() -> None:
        pandas.DataFrame({"a": [1]})["b"]

    error = failure_of(step)

    assert "pandas" in error.traceback
    assert [frame.function for frame in error.frames][-1] == "step"


def test_a_group_of_exceptions_is_shown_with_its_members() -> None:
    def step() -> NoReturn:
        raise ExceptionGroup("several", [ValueError("one"), KeyError("two")])

    error = failure_of(step)

    assert error.message == "several (2 sub-exceptions)"
    assert "ValueError: one" in error.traceback


def test_a_deep_recursion_and_a_huge_message_are_capped() -> None:
    def shout() -> NoReturn:
        raise ValueError("x" * 1_000_000)

    deep, loud = failure_of(worker_steps.recurse), failure_of(shout)

    assert len(deep.frames) == 50
    assert len(deep.traceback) < 64 * 1024
    assert len(loud.message) == 4096
    assert len(loud.traceback) <= 64 * 1024
    assert "characters cut" in loud.traceback
    assert loud.pickled is None


def test_an_exception_that_breaks_everything_is_still_reported() -> None:
    class Cursed(Exception):
        def __getattribute__(self, name: str) -> Any:
            raise SystemExit(name)

    error = failure_of(worker_steps.broken)

    assert error.message == "<its __str__ raised SystemExit>"
    assert error.pickled is None
    cursed = describe_failure(Cursed(), {}, {})
    assert "Cursed" in cursed.type


def test_a_loop_of_causes_ends() -> None:
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first

    assert describe_failure(first, {}, {}).message == "first"


def test_notes_are_part_of_the_traceback() -> None:
    problem = ValueError("x")
    problem.add_note("while reading line 3")

    assert "while reading line 3" in describe_failure(problem, {}, {}).traceback


def test_secrets_are_masked_in_every_field() -> None:
    problem = ValueError("password hunter2-hunter2")

    error = describe_failure(problem, {"login": "hunter2-hunter2"}, {"P": "hunter2-hunter2"})

    assert error.message == "password ***"
    assert error.inputs == {"login": "str '***'"}
    assert b"hunter2" not in pickle.dumps(error)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "None"),
        (5, "int 5"),
        (10**1000, "int of 3322 bits"),
        (True, "bool True"),
        ("short", "str 'short'"),
        ("x" * 100, "str of 100 characters"),
        ([1, 2], "list of 2"),
        ({"a": 1}, "dict of 1"),
        (numpy.zeros((2, 3)), "numpy.ndarray float64 (2, 3), 48 bytes"),
        (pandas.DataFrame({"a": [1]}), "pandas.DataFrame (1, 1)"),
        (worker_steps.Point(1), "worker_steps.Point"),
    ],
)
def test_inputs_are_described_by_type_shape_and_size(value: object, words: str) -> None:
    assert describe_value(value) == words
