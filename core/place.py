"""Where in the user's code something was written, so that messages and editors find it."""

from __future__ import annotations

import posixpath
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

from .errors import InvalidError
from .named import NamedTuple

_PACKAGE = __name__.partition(".")[0]
_UPWARDS = 2
"""Steps upwards that still read well: `../../samples/x.py`."""


class Place(NamedTuple):
    """A line of a source file."""

    file: str
    """As Python names it: absolute for an imported module; `<stdin>` and the like for code without a file."""
    line: int
    """1-based."""


_written: ContextVar[Place | None] = ContextVar("written", default=None)


def caller() -> Place:
    """Return the nearest line outside this package on the stack of the calling thread.

    Inside `written_at` it is the place given there.
    """
    if (written := _written.get()) is not None:
        return written
    frame = sys._getframe(1)
    while frame.f_back is not None and _is_ours(frame.f_globals.get("__name__", "")):
        frame = frame.f_back
    return tuple.__new__(Place, (frame.f_code.co_filename, frame.f_lineno))  # of each of ten thousand steps


@contextmanager
def written_at(place: Place) -> Iterator[None]:
    """Let steps and pipelines that are made inside be written at a place: a line of a YAML file, which no frame has."""
    token = _written.set(place)
    try:
        yield
    finally:
        _written.reset(token)


def told_at(place: Place, problems: Sequence[InvalidError]) -> InvalidError:
    """Return one error for problems of one place, which is told once and not before each of them."""
    for problem in problems:
        if (problem.file, problem.line) == place:
            problem.file = problem.line = None
    told = InvalidError.all_of(problems)
    told.file, told.line = told.file or place.file, told.line or place.line
    return told


def relative_to(root: str, file: str) -> str:
    """Return the file's path relative to `root` when it is inside, else the path as it is."""
    inside = root.rstrip("/") + "/"
    return file[len(inside) :] if file.startswith(inside) else file


def seen_from(directory: str, file: str) -> str:
    """Return an absolute path as a person standing in `directory` would write it; far away, as it is."""
    if not file.startswith("/"):
        return file
    near = posixpath.relpath(file, directory)
    return near if near.count("../") <= _UPWARDS and len(near) < len(file) else file


@cache  # asked of two or three frames for each step; the modules that make steps are few
def _is_ours(module: str) -> bool:
    # Tests of the package are users of it: they live in `tests`, never in `graftline.tests`.
    return module == _PACKAGE or module.startswith(_PACKAGE + ".")
