"""What `doctor` finds: one line for each thing it looked at."""

from __future__ import annotations

from .records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was examined."""

    subject: str
    """What was looked at: `store`, `artifacts`, `worker start`, ..."""
    is_good: bool
    detail: str
    """What was found, in one sentence: numbers when good, what is wrong and where when not."""
    remedy: str | None = None
    """What to do; None when it is good or was repaired."""
    is_repaired: bool = False
    """It was wrong, and `--repair` put it right."""
