"""Start a command several times and time whole processes."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from work import Outcome

DEADLINE_S = 120.0


def starts(command: Sequence[str], count: int, cwd: Path, environ: Mapping[str, str] | None = None) -> Outcome:
    """Return the median wall time of starting a command, after one start that fills the file caches.

    Raises:
        RuntimeError: it failed; with its stderr.
    """
    seconds = []
    for _ in range(count + 1):
        before = time.perf_counter()
        done = subprocess.run(
            command,
            cwd=cwd,
            env={**os.environ, **(environ or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
        seconds.append(time.perf_counter() - before)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr[-2000:]}")
    return Outcome(statistics.median(seconds[1:]), 0)
