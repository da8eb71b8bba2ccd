"""How many orders stand before a worker depends on how long its function takes."""

from __future__ import annotations

import pytest

from graftline.core.graph import Call, CallKind, Operation, Return
from graftline.plugins.local.pace import QUEUED, Pace

INSTANT, SHORT, LONG = 0.00002, 0.001, 1.0


def operations(*names: str) -> list[Operation]:
    """Return operations of one function that differ in what they return."""
    call = Call(kind=CallKind.PYTHON, module="steps", qualname="noop")
    return [Operation(call=call, returns=(Return(name=name),)) for name in names]


@pytest.mark.parametrize(("seconds", "depth"), [(INSTANT, QUEUED[0]), (SHORT, QUEUED[1]), (LONG, QUEUED[2])])
def test_the_shorter_a_function_the_more_of_its_orders_are_queued(seconds: float, depth: int) -> None:
    pace = Pace(operations("a"))

    pace.saw(0, seconds)

    assert pace.depth(0) == depth == pace.depth_now


def test_a_function_not_seen_yet_is_not_queued() -> None:
    assert Pace(operations("a")).depth(0) == 1


def test_operations_of_one_function_share_what_was_seen() -> None:
    pace = Pace(operations("a", "b"))

    pace.saw(0, INSTANT)

    assert pace.depth(1) == QUEUED[0]


def test_one_slow_run_changes_nothing_and_a_slow_half_does() -> None:
    pace = Pace(operations("a"))
    for _ in range(9):
        pace.saw(0, INSTANT)

    pace.saw(0, LONG)
    after_one = pace.depth(0)
    for _ in range(4):
        pace.saw(0, LONG)

    assert after_one == QUEUED[0]
    assert pace.depth(0) == 1


def test_a_first_run_with_its_imports_is_outvoted_by_the_next_two() -> None:
    pace = Pace(operations("a"))

    for seconds in (LONG, INSTANT, INSTANT):
        pace.saw(0, seconds)

    assert pace.depth(0) == QUEUED[0]
