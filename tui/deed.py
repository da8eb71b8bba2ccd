"""What was done from the terminal UI, as the screen of commands tells it."""

from __future__ import annotations

from ..core.named import NamedTuple


class Deed(NamedTuple):
    """One thing that was done from here, as the command that does the same."""

    at: float
    """Wall time."""
    command: str
    error: str
    """What went wrong; empty: nothing."""
