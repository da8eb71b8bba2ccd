"""Whether somebody still waits for an answer, told to what works it out however deep it is called.

A question may take half a minute when a file hangs while it is imported. Handing the way out through every use-case and
port in between would make each of them know of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_asked: ContextVar[Callable[[], bool] | None] = ContextVar("graftline_waiting", default=None)


@contextmanager
def waited_for(is_wanted: Callable[[], bool]) -> Iterator[None]:
    """Give up what is worked out in the block, in this thread, once this says False; whoever notices raises Cancelled.

    Args:
        is_wanted: asked about ten times a second; cheap, and safe in the thread that asks.
    """
    token = _asked.set(is_wanted)
    try:
        yield
    finally:
        _asked.reset(token)


def is_waited_for() -> bool:
    """Tell whether the answer is still wanted: always, outside of any `waited_for`."""
    asked = _asked.get()
    return asked is None or asked()
