"""Stopping an attempt: SIGTERM raises `StepCancelled` in the step, so that its `finally` blocks run."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class StepCancelled(BaseException):
    """The attempt was asked to stop. A BaseException, so that `except Exception` in a step does not swallow it."""


class CancelSwitch:
    """Owns SIGTERM and SIGINT of a worker. Lives in the main thread; between attempts both signals do nothing.

    The executor sends SIGTERM only to a worker that holds an order, and no order after it. So one that comes before
    the attempt has begun is meant for it and is kept, and one that comes after its end is late and forgotten.
    """

    __slots__ = ("_was_asked", "is_armed")

    def __init__(self) -> None:
        self.is_armed = False
        """True while an attempt may be interrupted. Cleared by its end and by the first SIGTERM."""
        self._was_asked = False

    def expect(self) -> None:
        """Forget what came until now, and keep what comes from now on for the order that is about to be taken.

        Called before it is taken: the executor first tries to take an order back and only then sends SIGTERM, so one
        that comes before this line cannot be meant for it.
        """
        self._was_asked = False

    def arm(self) -> None:
        """Let a SIGTERM interrupt from now on.

        Raises:
            StepCancelled: one has come since `expect`.
        """
        self.is_armed = True
        if self._was_asked:
            self.is_armed = False
            raise StepCancelled

    def disarm(self) -> bool:
        """Let no SIGTERM interrupt any more; return whether one has."""
        was_cancelled = not self.is_armed
        self.is_armed = False
        return was_cancelled

    def install(self) -> None:
        """Take the signals. Real handlers, never SIG_IGN: that would be inherited by programs a step starts."""
        signal.signal(signal.SIGTERM, self.on_terminate)
        signal.signal(signal.SIGINT, self.on_interrupt)

    def on_terminate(self, number: int, frame: FrameType | None) -> None:
        """Handle SIGTERM: once an attempt, so that a second signal does not break the step's own cleaning up."""
        if self.is_armed:
            self.is_armed = False
            raise StepCancelled
        self._was_asked = True

    def on_interrupt(self, number: int, frame: FrameType | None) -> None:
        """Handle SIGINT, which only a step sends to itself: a KeyboardInterrupt, as in any Python program."""
        if self.is_armed:
            raise KeyboardInterrupt


@contextmanager
def held(number: int) -> Iterator[None]:
    """Let a signal wait for the end of the block, whose programs do not inherit that; its handler runs then.

    In other threads than the main one, where no handler runs, nothing is done.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    handler = signal.signal(number, lambda number, _: came.append(number))
    try:
        yield
    finally:
        signal.signal(number, handler)
        if came:
            signal.raise_signal(number)
