"""Where the lines of a traceback stand: in the copy of the project that a station unpacked, and in the project at home.

A station says `<project>/steps.py` for the files of its copy, which is deleted with the run; at home that is the file
in the project, so that an editor finds it. The line that is shown is of the code that ran.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from ...core.events import AttemptFailed
from ...core.records import replace
from ...core.runs import Frame, StepError

PROJECT = "<project>"
"""What stands for the root of the project in a report."""


def without_copy(fact: AttemptFailed, root: str) -> AttemptFailed:
    """Return an end whose error names no file of the copy in an absolute directory, but those of the project."""
    return _moved(fact, dict.fromkeys((root, os.path.realpath(root)), PROJECT).items())


def at_home(fact: AttemptFailed, root: str | None) -> AttemptFailed:
    """Return an end whose error names files below the project's root; None: they are relative to it."""
    return _moved(fact, [(PROJECT, root)])


def _moved(fact: AttemptFailed, places: Iterable[tuple[str, str | None]]) -> AttemptFailed:
    error = fact.error
    for old, new in places:
        error = _error(error, os.path.join(old, ""), "" if new is None else os.path.join(new, ""))
    return fact if error is fact.error else replace(fact, error=error)


def _error(error: StepError, old: str, new: str) -> StepError:
    """Replace the beginning of paths; only where a traceback names a file, for messages are the user's own."""
    frames = tuple(_frame(frame, old, new) for frame in error.frames)
    traceback = error.traceback.replace(f'File "{old}', f'File "{new}')
    if frames == error.frames and traceback == error.traceback:
        return error
    return replace(error, frames=frames, traceback=traceback)


def _frame(frame: Frame, old: str, new: str) -> Frame:
    if not frame.file.startswith(old):
        return frame
    return replace(frame, file=new + frame.file.removeprefix(old))
