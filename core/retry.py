"""When a failed attempt is tried again by itself."""

from __future__ import annotations

from .graph import Policy
from .states import Reason

LONGEST_BACKOFF_S = 600.0
"""Ten minutes: beyond that a person has come to look."""

_WORTH_RETRYING = frozenset(
    {Reason.ERROR, Reason.TIMEOUT, Reason.SIGNAL, Reason.OOM, Reason.EXIT, Reason.LOST, Reason.PREFLIGHT}
)
"""A step that returns the wrong number of values, or one that no serializer takes, does so again."""


def retry_delay(policy: Policy, failures: int, reason: Reason) -> float | None:
    """Return the seconds to wait before the next attempt, or None when there is none.

    The delay is `backoff_s * 2 ** (failures - 1)`, at most ten minutes.

    Args:
        policy: of the operation that failed.
        failures: failed attempts since the run was taken up, this one included (1, 2, ...).
        reason: why this attempt failed.
    """
    if failures > policy.retries or reason not in _WORTH_RETRYING:
        return None
    # 2 ** 1000 overflows a float: the exponent is capped where the longest back-off is long reached.
    return min(LONGEST_BACKOFF_S, policy.backoff_s * 2.0 ** min(failures - 1, 60))
