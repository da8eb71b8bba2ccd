"""Plain data with the line each key was written at, so that what is wrong in a file is told at its line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from .errors import InvalidError
from .place import Place
from .records import dataclass, field

Path: TypeAlias = tuple[str | int, ...]
"""Keys and positions that lead to a value: `("steps", 2, "retries")`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Where data were written."""

    file: str
    """Absolute path; empty for data of no file, whose problems are told without a place."""
    lines: Mapping[Path, int] = field(default_factory=dict)
    """1-based line of the key or item at each path; what is missing has that of the nearest above it."""

    def place(self, path: Path) -> Place:
        """Return where the value at a path was written."""
        while path and path not in self.lines:
            path = path[:-1]
        return Place(self.file, self.lines.get(path, 1))

    def problem(self, path: Path, message: str, hint: str | None = None) -> InvalidError:
        """Return an error at the line of a path."""
        if not self.file:
            return InvalidError(message, hint)
        place = self.place(path)
        return InvalidError(message, hint, file=place.file, line=place.line)


def shown(value: object) -> str:
    """Return how a message calls a value of a wrong type: `nothing`, `a list`, `the text 'x'`."""
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return f"the text {value!r}" if isinstance(value, str) else repr(value)
