"""A cancel that spares running steps."""

from __future__ import annotations

from graphs import graph_of
from worlds import ok, stopped

from graftline.core.events import CancelRequested, RunFinished
from graftline.core.scheduler import Scheduler
from graftline.core.states import Reason, Status


def test_a_cancel_lets_those_it_spares_end_by_themselves_until_another_does_not() -> None:
    scheduler = Scheduler(graph_of({"a": [], "b": [], "c": [], "d": ["a"]}), jobs=3)
    scheduler.advance([], 0.0)
    scheduler.start(3, 0.0, lambda path: True)

    turns = [
        scheduler.advance([CancelRequested(at=1.0, spared=("a", "b"))], 1.0),
        scheduler.advance([CancelRequested(at=1.5, spared=("a", "b", "c"))], 1.5),
        scheduler.advance([CancelRequested(at=2.0, spared=("a",))], 2.0),
    ]
    scheduler.advance([stopped("c", at=3.0), stopped("b", at=3.0)], 3.0)
    scheduler.advance([ok("a", at=4.0)], 4.0)

    assert [turn.cancel for turn in turns] == [["c"], [], ["b", "c"]]
    assert scheduler.states["a"] is Status.SUCCESS
    assert scheduler.states["d"] is Status.CANCELLED
    assert scheduler.result == RunFinished(state=Status.CANCELLED, reason=Reason.USER, at=4.0)
