"""When a failed attempt is tried again."""

from __future__ import annotations

import pytest

from graftline.core.graph import Policy
from graftline.core.retry import LONGEST_BACKOFF_S, retry_delay
from graftline.core.states import Reason


@pytest.mark.parametrize(
    ("retries", "failures", "reason", "expected"),
    [
        (0, 1, Reason.ERROR, None),
        (2, 1, Reason.ERROR, 3.0),
        (2, 2, Reason.TIMEOUT, 6.0),
        (2, 3, Reason.ERROR, None),
        (2, 1, Reason.UNPICKLABLE, None),
        (10_000, 5_000, Reason.SIGNAL, LONGEST_BACKOFF_S),
    ],
)
def test_the_delay_doubles_and_ends(retries: int, failures: int, reason: Reason, expected: float | None) -> None:
    assert retry_delay(Policy(retries=retries, backoff_s=3.0), failures, reason) == expected
