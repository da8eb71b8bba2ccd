"""The queue and tasks that huey's consumers import. Apart from the adapter, as importing it makes the queue's file."""

from __future__ import annotations

from typing import Any

import steps
from huey import SqliteHuey

# Without waiting for the disk, its fastest form: 6,500 tasks/s instead of 1,100 (1,000 tasks, two shared cores).
huey = SqliteHuey("bench", filename="huey.db", fsync=False)


@huey.task()  # type: ignore[untyped-decorator]  # huey has no types
def noop(index: int) -> int:
    """Return what came."""
    return steps.noop(index)


@huey.task()  # type: ignore[untyped-decorator]  # huey has no types
def add(value: int, left: int) -> int:
    """Queue the next of a chain; the last one keeps the value."""
    value = steps.add(value)
    if left > 1:
        add(value, left - 1)
    else:
        huey.put("final", value)
    return value


@huey.task()  # type: ignore[untyped-decorator]  # huey has no types
def make_array(size_bytes: int) -> None:
    """Queue the sum of an array, which huey pickles into its database (its `then` cannot carry arrays)."""
    total(steps.make_array(size_bytes))


@huey.task()  # type: ignore[untyped-decorator]  # huey has no types
def total(array: Any) -> float:
    """Keep and return the sum."""
    value = steps.total(array)
    huey.put("final", value)
    return value
