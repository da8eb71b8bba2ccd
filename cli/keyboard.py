"""Single keys from the terminal while something else goes on: no Enter, no echo; it is put back afterwards."""

from __future__ import annotations

import atexit
import os
import select
import signal
import sys
import termios
import threading
import tty
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Self


def is_ours() -> bool:
    """Tell whether keys can be read: stdin is a terminal, and this process is in its foreground."""
    try:
        return os.isatty(sys.stdin.fileno()) and os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError):  # closed, or no terminal of this session
        return False


class Keyboard:
    """Hands each key that is pressed to a function, in a thread of its own. Ctrl+C stays a signal.

    Args:
        press: is told the character; must be quick.
    """

    def __init__(self, press: Callable[[str], None]):
        self._press = press
        self._stream = sys.stdin.fileno()
        self._before = termios.tcgetattr(self._stream)
        self._wake, self._woken = os.pipe()
        self._thread = threading.Thread(target=self._read, name="graft-keys", daemon=True)

    def __enter__(self) -> Self:
        atexit.register(self._put_back)
        self._listen()
        if threading.current_thread() is threading.main_thread():
            # After Ctrl+Z and `fg` the shell has set the terminal up for itself.
            signal.signal(signal.SIGCONT, self._on_continue)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.write(self._woken, b"\0")
        self._thread.join(timeout=1.0)
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGCONT, signal.SIG_DFL)
        self._put_back()
        atexit.unregister(self._put_back)

    def _listen(self) -> None:
        tty.setcbreak(self._stream, termios.TCSADRAIN)

    def _put_back(self) -> None:
        try:
            termios.tcsetattr(self._stream, termios.TCSADRAIN, self._before)
        except termios.error:
            return  # the terminal is gone

    def _on_continue(self, number: int, frame: FrameType | None) -> None:
        if is_ours():
            self._listen()

    def _read(self) -> None:
        poll = select.poll()
        poll.register(self._stream, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        while True:
            for descriptor, _ in poll.poll():
                if descriptor == self._wake:
                    return
                try:
                    data = os.read(self._stream, 64)
                except OSError:
                    return
                if not data:
                    return  # the terminal is gone
                if not data.startswith(b"\x1b"):  # arrows and the like
                    for character in data.decode("utf-8", "replace"):
                        self._press(character)
