"""Stopping an attempt: SIGTERM raises `StepCancelled` in the step, so that its `finally` blocks run."""

from __future__ import annotations

import signal
from types import FrameType


class StepCancelled(BaseException):
    """The attempt was asked to stop. A BaseException, so that `except Exception` in a step does not swallow it."""


class CancelSwitch:
    """Owns SIGTERM and SIGINT of a worker. Lives in the main thread; between attempts both signals do nothing."""

    __slots__ = ("is_armed",)

    def __init__(self) -> None:
        self.is_armed = False
        """True while an attempt may be interrupted. Set by the worker, cleared by it and by the first SIGTERM."""

    def install(self) -> None:
        """Take the signals. Real handlers, never SIG_IGN: that would be inherited by programs a step starts."""
        signal.signal(signal.SIGTERM, self.on_terminate)
        signal.signal(signal.SIGINT, self.on_interrupt)

    def on_terminate(self, number: int, frame: FrameType | None) -> None:
        """Handle SIGTERM: once an attempt, so that a second signal does not break the step's own cleaning up."""
        if self.is_armed:
            self.is_armed = False
            raise StepCancelled

    def on_interrupt(self, number: int, frame: FrameType | None) -> None:
        """Handle SIGINT, which only a step sends to itself: a KeyboardInterrupt, as in any Python program."""
        if self.is_armed:
            raise KeyboardInterrupt
