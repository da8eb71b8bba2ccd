"""Save a file of a watched project again and again, and time how soon the step it concerns begins."""

from __future__ import annotations

import os
import queue
import statistics
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from work import Outcome

DEADLINE_S = 60.0
PAUSE_S = 0.6
"""Between a wave and the next save: a person thinks, and the machine comes to rest."""
PIPELINE = """
import numpy as np
import pandas as pd
from graftline import Pipeline, PythonTask
from cleaning import clean

def load():
    rng = np.random.default_rng(0)
    return pd.DataFrame({"a": rng.normal(size=1000), "b": rng.normal(size=1000)})

def fit(good):
    return float(good["a"].mean())

demo = Pipeline([
    PythonTask(load, returns=["raw"]), PythonTask(clean, returns=["good"]), PythonTask(fit, returns=["mean"]),
])
"""
CLEANING = """
LIMIT = {limit}

def clean(raw):
    return raw[raw["a"] < LIMIT]
"""


class _Listener:
    """Puts what it is told into a queue."""

    def __init__(self) -> None:
        self.told: queue.Queue[Any] = queue.Queue()

    def tell(self, news: Any, /) -> None:
        self.told.put(news)

    def observe(self, facts: Sequence[Any], /) -> None:
        for fact in facts:
            self.told.put(fact)


def saves(count: int) -> Outcome:
    """Return the median seconds from a save to the start of its step; the value is how often that step ran."""
    from graftline.core.requests import RunRequest
    from graftline.core.watchnews import WatchRequest, Wish
    from graftline.wiring import Given, find_target, open_workspace

    root = Path.cwd()
    (root / "graftline.toml").touch()
    (root / "pipeline.py").write_text(PIPELINE)
    _save(root, 1)
    choices, listener = Given(), _Listener()
    target = find_target(None, choices)
    watch = open_workspace(choices).watch(WatchRequest(run=lambda: RunRequest(target=target, jobs=2)), listener)
    thread = threading.Thread(target=watch.run, daemon=True)
    thread.start()
    times = [_start_of_wave(listener)]
    taken = []
    for number in range(count):
        time.sleep(PAUSE_S)
        saved = _save(root, 2 + number)
        times.append(_start_of_wave(listener))
        taken.append(times[-1] - saved)
    watch.ask(Wish.STOP)
    thread.join(DEADLINE_S)
    worst = sorted(taken)[int(0.95 * (len(taken) - 1))]
    return Outcome(statistics.median(taken), len(times), f"95 % within {worst:.3f} s")


def _save(root: Path, limit: int) -> float:
    fresh = root / ".cleaning.py.tmp"
    fresh.write_text(CLEANING.format(limit=limit))
    os.replace(fresh, root / "cleaning.py")
    return time.time()


def _start_of_wave(listener: _Listener) -> float:
    """Wait for the end of a wave; return when the step that each save concerns began in it."""
    from graftline.core.events import AttemptSucceeded
    from graftline.core.watchnews import Waiting

    started = None
    while True:
        news = listener.told.get(timeout=DEADLINE_S)
        if isinstance(news, AttemptSucceeded) and news.node == "clean":
            started = news.started
        elif isinstance(news, Waiting):
            if started is None:
                raise RuntimeError("a wave did not run the step that was saved")
            return started
