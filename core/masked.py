"""Which secrets are masked. Apart from `keeper`, whose records cost a guardian 9 ms at its start."""

from __future__ import annotations

SHORTEST = 6
"""Characters below which a secret is neither masked nor looked for: "a" is everywhere."""


def is_masked(value: str) -> bool:
    """Tell whether a value is long enough to be masked in what steps write."""
    return len(value) >= SHORTEST
