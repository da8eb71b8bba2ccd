"""Whether functions return something, by their source: what decides if a task without `returns=` has an output."""

from __future__ import annotations

from collections.abc import Callable

from .callables import origin
from .sources import Reader, returning_functions


class Returning:
    """Looks into source files, each once.

    Args:
        read: Returns the text of a source file; None when there is none.
    """

    def __init__(self, read: Reader):
        self._read = read
        self._known: dict[str, dict[tuple[str, int], bool]] = {}
        """Source file -> (function, line) -> whether it returns a value."""

    def tells(self, function: Callable[..., object]) -> bool | None:
        """Tell whether a function holds `return <value>`; None when its source cannot be had."""
        place = origin(function)
        if place is None:
            return None
        if place.file not in self._known:
            text = self._read(place.file)
            self._known[place.file] = {} if text is None else returning_functions(text, place.file)
        return self._known[place.file].get((getattr(function, "__name__", ""), place.line))
