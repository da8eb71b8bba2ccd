"""The real `graft` in a terminal of its own (a pty): what is typed, what comes out, how it ends."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from types import TracebackType
from typing import Self

DEADLINE_S = 30.0


class Terminal:
    """`graft` with its standard streams on a pty."""

    def __init__(self, folder: Path, *arguments: str, size: tuple[int, int] = (100, 30), **environ: str) -> None:
        self.main, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        given = {**os.environ, "TERM": "xterm-256color", **environ}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "graftline", *arguments],
            cwd=folder,
            env=given,
            stdin=inner,
            stdout=inner,
            stderr=inner,
            start_new_session=True,
        )
        os.close(inner)
        self.output = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.hang_up()

    def until(self, text: bytes) -> None:
        """Read until a text has come."""
        ends = time.monotonic() + DEADLINE_S
        while text not in self.output:
            assert time.monotonic() < ends, f"{text!r} never came: {self.output[-2000:]!r}"
            self.read(0.1)

    def read(self, timeout_s: float) -> bool:
        """Read what there is; False: nothing came, or nothing ever will."""
        if self.main < 0 or not select.select([self.main], [], [], timeout_s)[0]:
            return False
        try:
            data = os.read(self.main, 65536)
        except OSError:  # the other side has closed it
            return False
        self.output += data
        return bool(data)

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self.main, keys)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def hang_up(self) -> None:
        """Close the terminal, as when its window is closed."""
        if self.main >= 0:
            os.close(self.main)
            self.main = -1

    def ended(self) -> int:
        """Wait for the end, reading what comes, and return the exit code."""
        ends = time.monotonic() + DEADLINE_S
        while self.process.poll() is None:
            assert time.monotonic() < ends, "it never ended"
            if not self.read(0.05):
                time.sleep(0.01)
        while self.read(0.05):
            pass
        return self.process.returncode
