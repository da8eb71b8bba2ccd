"""The UI on a pty: keys in, bytes out, and what its process costs."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from types import TracebackType
from typing import Self

TICK_S = 1 / os.sysconf("SC_CLK_TCK")
DEADLINE_S = 30.0
LEAVE_S = 5.0


class Terminal:
    """`graft` with its standard streams on a pty of a size."""

    def __init__(self, folder: Path, size: tuple[int, int]) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self.begun = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "graftline"],
            cwd=folder,
            env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        ends = time.monotonic() + LEAVE_S
        while self._process.poll() is None and time.monotonic() < ends:
            self.read(0.05)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        os.close(self._ours)

    def read(self, timeout_s: float) -> bytes:
        """Return what comes within a time; nothing, if nothing does."""
        if not select.select([self._ours], [], [], timeout_s)[0]:
            return b""
        try:
            return os.read(self._ours, 1 << 20)
        except OSError:
            return b""

    def quiet(self, for_s: float = 0.3, most_s: float = 3.0) -> None:
        """Read until nothing comes for a while."""
        ends = time.monotonic() + most_s
        while time.monotonic() < ends and self.read(for_s):
            pass

    def seconds_until(self, text: bytes, since: float) -> float:
        """Return how long after an instant a text was there.

        Raises:
            TimeoutError: it never came.
        """
        seen = b""
        ends = time.monotonic() + DEADLINE_S
        while time.monotonic() < ends:
            seen += self.read(0.1)
            if text in seen:
                return time.perf_counter() - since
        raise TimeoutError(f"{text!r} never came: {seen[-2000:]!r}")

    def press(self, keys: bytes) -> float:
        """Press a key and return the seconds until something is painted."""
        self.read(0)
        begun = time.perf_counter()
        os.write(self._ours, keys)
        if not self.read(DEADLINE_S):
            raise TimeoutError(f"nothing was painted after {keys!r}")
        return time.perf_counter() - begun

    def type(self, keys: bytes) -> None:
        """Press keys and wait for nothing."""
        os.write(self._ours, keys)

    def cpu_s(self) -> float:
        """Return the CPU seconds of the process until now."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * TICK_S

    def memory_mb(self) -> float:
        """Return what the process holds in memory (RSS)."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024

    def idle(self, seconds: float) -> float:
        """Let it be for a while and return the share of a core it took."""
        begun, before = time.perf_counter(), self.cpu_s()
        while time.perf_counter() - begun < seconds:
            self.read(0.1)
        return (self.cpu_s() - before) / (time.perf_counter() - begun)
