"""Search logs: `python benchmarks/logs.py`. Prints megabytes of log per second of CPU time.

Two steps write, one of them much at once, one line by line; the logs of each are searched in this process for what they
do not hold.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from graftline.core.logmatch import Sought
from graftline.core.logsearch import LogQuery, LogSearch
from graftline.core.ports import RunQuery
from graftline.wiring import Given, open_workspace

ROUNDS = 5
"""The fastest counts: what is slower, something else was."""
PIPELINE = """
import os, sys
from graftline import Pipeline, PythonTask

LINE = "2026-11-21 20:00:00 INFO epoch %06d loss: 0.12345 validation: 0.23456 rate: 1e-3 seconds: 12\\n"

def much():
    for block in range(400):
        sys.stdout.write("".join(LINE % (block * 1000 + at) for at in range(1000)))

def lines():
    for at in range(50_000):
        os.write(1, (LINE % at).encode())

flow = Pipeline([PythonTask(much), PythonTask(lines)], order="data")
"""
LOOKED_FOR = {
    "text": Sought("zzzzzz"),
    "regular expression": Sought(r"loss: \d+\.zz", is_regex=True),
    "one with many ways": Sought("loss:.*rate:.*zz", is_regex=True),
}


def main() -> None:
    """Write the logs, search them, print a line for each step and kind."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["GRAFTLINE_HOME"] = str(Path(folder, "store"))
        Path("graftline.toml").write_text("")
        Path("pipeline.py").write_text(PIPELINE)
        subprocess.run([sys.executable, "-m", "graftline", "run", "--plain"], check=True, stdout=subprocess.DEVNULL)
        for step in ("much", "lines"):
            for kind, sought in LOOKED_FOR.items():
                print(f"{step:6} {kind:19} {max(speed(step, sought) for _ in range(ROUNDS)):6.0f} MB/s")


def speed(step: str, sought: Sought) -> float:
    """Return how many megabytes of a step's log are searched in a second of CPU time."""
    space = open_workspace(Given())
    search = LogSearch(space, LogQuery(sought=sought, node=step), space.runs(RunQuery()))
    begun = time.process_time()
    found = [each for each in search.found() if each is not None]
    spent = time.process_time() - begun
    assert not found, "what is looked for is nowhere"
    assert search.size > 4_000_000, "the log is there"
    return search.size / 1e6 / spent


if __name__ == "__main__":
    main()
