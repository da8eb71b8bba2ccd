"""What signals mean to a process that hosts a run: Ctrl+C stops it, a lost terminal does not."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeAlias

Handler: TypeAlias = Callable[[int, FrameType | None], None]


class Stops:
    """Counts what the person asked, and asks the run in turn.

    Args:
        stop: asks the run to stop; True: at once. Safe in a signal handler.
        say: tells the person.
    """

    def __init__(self, stop: Callable[[bool], None], say: Callable[[str], None]):
        self._stop = stop
        self._say = say
        self._interrupts = 0
        self.is_terminated = False
        """SIGTERM came."""

    @property
    def asked_by(self) -> signal.Signals | None:
        """Return what asked the run to stop; None when nothing did."""
        if self.is_terminated:
            return signal.SIGTERM
        return signal.SIGINT if self._interrupts else None

    def interrupt(self, number: int, frame: FrameType | None) -> None:
        """Ctrl+C: stop; again: kill; a third time: leave without waiting."""
        self._interrupts += 1
        if self._interrupts == 1:
            self._stop(False)
            self._say("stopping: running steps have 10 s to finish; Ctrl+C again kills them")
        elif self._interrupts == 2:
            self._stop(True)
            self._say("killing running steps")
        else:
            raise KeyboardInterrupt

    def terminate(self, number: int, frame: FrameType | None) -> None:
        """SIGTERM: stop."""
        self.is_terminated = True
        self._stop(False)

    def hang_up(self, number: int, frame: FrameType | None) -> None:
        """SIGHUP: the terminal is gone; drop the output and go on."""
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        os.close(null)


@contextmanager
def handled(stops: Stops) -> Iterator[None]:
    """Let `stops` handle SIGINT, SIGTERM and SIGHUP; only the main thread can, elsewhere nothing changes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers: dict[int, Handler] = {
        signal.SIGINT: stops.interrupt,
        signal.SIGTERM: stops.terminate,
        signal.SIGHUP: stops.hang_up,
    }
    # A signal that somebody ignores on purpose (nohup) stays ignored, and one that C code handles stays with it.
    taken = {
        number: handler
        for number, handler in handlers.items()
        if signal.getsignal(number) not in (signal.SIG_IGN, None)
    }
    before = {number: signal.signal(number, handler) for number, handler in taken.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
