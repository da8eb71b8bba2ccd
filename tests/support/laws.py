"""How many examples a law is tried with: fewer among all tests, all of them in `make faults`."""

from __future__ import annotations

import os

_IS_LONG = "GRAFTLINE_LAWS" in os.environ
"""Read when tests are collected; while they run there are no such variables."""


def examples(count: int) -> int:
    """Return the number of examples in this session, of those that the long one tries; a third, but 20 at least."""
    return count if _IS_LONG else min(count, max(20, count // 3))
