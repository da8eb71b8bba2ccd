"""Long steps, to be stopped in the middle: one that cleans up, or (DEAF set) one that ignores SIGTERM."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from graftline import Pipeline, PythonTask


def note(word: str) -> None:
    """Leave a file that a test waits for."""
    Path(os.environ["EFFECTS_FOLDER"], word).touch()


def long() -> None:
    """Sleep for a minute; clean up when stopped, unless deaf."""
    if "DEAF" in os.environ:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    note("began")
    try:
        for _ in range(600):
            time.sleep(0.1)
            if Path(os.environ["EFFECTS_FOLDER"], "enough").exists():
                break
    finally:
        note("cleaned")


stopped = Pipeline(
    name="stopped",
    steps=[
        PythonTask(function=long),
        PythonTask(function=note, name="after", after=["long"], params={"word": "after"}),
    ],
)
