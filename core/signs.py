"""How states are written: sign, word and colour, the same on every face.

A state is never shown by colour or sign alone; the word stands beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from .errors import InvalidError, nearest
from .named import NamedTuple
from .states import Status


class Ink(StrEnum):
    """Colours by their SGR code; the terminal's own palette decides what they are."""

    BOLD = "1"
    DIM = "2"
    RED = "31"
    GREEN = "32"
    YELLOW = "33"
    BLUE = "34"
    CYAN = "36"


class Mark(NamedTuple):
    """How a state is written."""

    glyph: str
    ascii: str
    word: str
    ink: Ink


MARKS: Mapping[Status, Mark] = {
    Status.PENDING: Mark("○", ".", "pending", Ink.DIM),
    Status.STARTED: Mark("●", "*", "running", Ink.BLUE),
    Status.SUCCESS: Mark("✓", "+", "ok", Ink.GREEN),
    Status.FAILURE: Mark("✗", "x", "failed", Ink.RED),
    Status.SKIPPED: Mark("⊘", "-", "skipped", Ink.DIM),
    Status.CACHED: Mark("◇", "=", "cached", Ink.CYAN),
    Status.CANCELLED: Mark("‖", "#", "cancelled", Ink.YELLOW),
    Status.INTERRUPTED: Mark("!", "!", "interrupted", Ink.YELLOW),
}
WORST_FIRST = (
    Status.FAILURE,
    Status.INTERRUPTED,
    Status.CANCELLED,
    Status.STARTED,
    Status.PENDING,
    Status.SUCCESS,
    Status.CACHED,
    Status.SKIPPED,
)
"""Which state a row of several steps shows: the first that one of them is in."""
RETRYING = Mark("↻", "~", "retrying", Ink.YELLOW)
WORDS = {mark.word: status for status, mark in MARKS.items()} | {
    "success": Status.SUCCESS,
    "succeeded": Status.SUCCESS,
    "failure": Status.FAILURE,
    "error": Status.FAILURE,
    "started": Status.STARTED,
    "queued": Status.PENDING,
    "waiting": Status.PENDING,
    "canceled": Status.CANCELLED,
}
"""What a person may call a state; the names of the states themselves too, in any case."""


def state_named(name: str) -> Status:
    """Return the state a person means.

    Raises:
        InvalidError: there is none of that name, with the nearest.
    """
    if name.upper() in Status.__members__:
        return Status[name.upper()]
    if name.lower() in WORDS:
        return WORDS[name.lower()]
    known = [mark.word for mark in MARKS.values()]
    raise InvalidError(f"there is no state '{name}'{nearest(name.lower(), known)}", f"states: {', '.join(known)}")
