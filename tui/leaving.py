"""The signals that end the terminal UI, heard also while its main thread waits for a terminal that takes nothing.

Textual writes through a queue of 30 texts. Behind a terminal that is stopped (ctrl+S), or was closed in the midst of a
drawing, the queue is full, the main thread waits, and a handler of the event loop never has its turn.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGHUP)
_GRACE_S = 3.0
"""Seconds to end in good order: it takes 0.1."""


class Leaving:
    """Listens to the signals that end programs."""

    def __init__(self, end: Callable[[int], None]) -> None:
        """Begin, in the main thread and a running event loop. `end`: told the signal, in the loop."""
        self._loop = asyncio.get_running_loop()
        self._end = end
        self._before = {number: signal.signal(number, self._hear) for number in _SIGNALS}
        self._last: threading.Timer | None = None

    def stop_listening(self) -> None:
        """Give the signals back. One that was heard still ends the process, unless `is_done` is said in time."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def is_done(self) -> None:
        """Say that the terminal was given back: what else is to be done may take its time."""
        if self._last is not None:
            self._last.cancel()

    def _hear(self, number: int, _: FrameType | None) -> None:
        self._loop.call_soon_threadsafe(self._end, number)
        if self._last is None:
            self._last = threading.Timer(_GRACE_S, os._exit, (128 + number,))
            self._last.daemon = True
            self._last.start()
