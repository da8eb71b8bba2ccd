"""What a step reports while it runs: metrics, parameters, artifacts, progress.

Module functions, because unmodified code should need one import and no object. Outside an attempt they do nothing.
The book of the current attempt is a module global and not a context variable: threads of a step report too. A
process that a step forks writes into its own copy, which nobody reads.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from ..core.artifacts import MetricPoint, Output
from .live import Voice

_PROGRESS_EVERY_S = 1.0
_current: Book | None = None


class Book:
    """What one attempt reported so far."""

    __slots__ = ("_new_voice", "_next_progress", "_store", "_voice", "metrics")

    def __init__(
        self, store: Callable[[object, str | None], None], new_voice: Callable[[], Voice] | None = None
    ) -> None:
        """Open a book.

        Args:
            store: called with a path or value and its name for each `log_artifact`.
            new_voice: makes what the attempt speaks with; called when it first does. None: nobody listens.
        """
        self._new_voice = new_voice or _silent
        self._voice: Voice | None = None
        self.metrics: list[MetricPoint] = []
        self._store = store
        self._next_progress = 0.0

    @property
    def voice(self) -> Voice:
        """What the attempt tells live with."""
        if self._voice is None:
            self._voice = self._new_voice()
        return self._voice

    def add_metric(self, point: MetricPoint) -> None:
        """Take a point."""
        self.metrics.append(point)

    def add_artifact(self, path_or_value: object, name: str | None) -> None:
        """Keep a file or value as an output."""
        self._store(path_or_value, name)

    def add_logged(self, output: Output) -> None:
        """Take an artifact that is stored already."""
        self._store(output, None)

    def add_progress(self, done: float, total: float | None) -> None:
        """Tell the progress live, and print it to stderr at most once a second and at the end."""
        self.voice.progress(done, total)
        now = time.monotonic()
        if now < self._next_progress and done != total:
            return
        self._next_progress = now + _PROGRESS_EVERY_S
        share = f" of {total:g} ({100 * done / total:.0f}%)" if total else ""
        print(f"progress: {done:g}{share}", file=sys.stderr)  # noqa: T201  the step's log is the place


def open_book(book: Book | None) -> None:
    """Make this the book of the current attempt; None: no attempt runs."""
    global _current
    _current = book


def current_book() -> Book | None:
    """Return the book of the current attempt; None: no attempt runs."""
    return _current


def log_metric(key: str, value: Any, step: int | None = None) -> None:
    """Record a number (or text, true/false) of this step; `step` is the iteration it belongs to.

    Raises:
        TypeError: the value is no number, text or truth value; numpy scalars are taken.
    """
    if _current is not None:
        _current.add_metric(MetricPoint(str(key), metric_value(value, key), step, time.time()))


def log_param(key: str, value: Any) -> None:
    """Record a parameter that the step chose itself, as the metric `param:KEY`; other than scalars become JSON text."""
    if _current is not None:
        try:
            point = metric_value(value, key)
        except TypeError:
            point = json.dumps(value, default=str)
        _current.add_metric(MetricPoint(f"param:{key}", point, None, time.time()))


def log_artifact(path_or_value: Any, name: str | None = None) -> None:
    """Keep a file (text or Path of one that exists) or a value as an output of this step, as it is now.

    Args:
        path_or_value: a path of an existing file, or any value a serializer can write.
        name: of the output. Left out: the file's path relative to the working directory, its bare name when it is
            outside. A value needs one.
    """
    if _current is not None:
        _current.add_artifact(path_or_value, name)


def progress(done: float, total: float | None = None) -> None:
    """Say how far the step is. Shows live, and in its log at most once a second."""
    if _current is not None:
        _current.add_progress(done, total)


def metric_value(value: Any, key: str) -> float | str | bool | None:
    """Return a metric as JSON holds it: numbers, text, truth values, None; numpy scalars through `.item()`.

    NaN and infinities are kept: a diverged loss is a result.

    Raises:
        TypeError: it is something else.
    """
    if value is None or type(value) in (int, float, bool, str):
        return value  # type: ignore[no-any-return]
    item = getattr(value, "item", None)
    if item is not None and getattr(value, "size", 1) == 1:
        value = item()
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    raise TypeError(f"metric {key!r} must be a number, text or true/false, not {type(value).__name__}")


def _silent() -> Voice:
    return Voice(lambda kind, payload: None, {})
