"""What a backup holds."""

from __future__ import annotations

from .records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """A copy of a store."""

    runs: int
    objects: int
    """Object files, each verified after it was copied."""
    size: int
    """Bytes of all of it."""
    damaged: tuple[str, ...] = ()
    """Digests of values that the store names and has not as they were written: they are not in the copy."""
