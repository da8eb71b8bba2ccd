"""How many orders of an operation may stand before a worker.

A worker that waits for its next order loses a round trip (some 100 us); an order that waits behind a long step loses
that step. So only operations that were seen to be short are queued.
"""

from __future__ import annotations

from collections import deque

QUEUED = 16
"""Orders before one worker, the running one included, of an operation that is short. 8 left workers dry while the
executor was at something else: 20,000 no-op attempts a second instead of 29,000."""
SHORT_S = 0.005
"""Seconds of median run time below which an operation counts as short."""
_SEEN = 9
"""Runs the median is taken of. Odd, and more than two so that a first run with its imports is outvoted soon."""


class Pace:
    """What was seen of each operation's run time."""

    def __init__(self, operations: int) -> None:
        self._runs = [deque[bool](maxlen=_SEEN) for _ in range(operations)]
        self._depths = [1] * operations
        self.depth_now = 1
        """Depth for the operation that ended last: the best guess for orders not yet known."""

    def saw(self, operation: int, seconds: float) -> None:
        """Take in one run."""
        runs = self._runs[operation]
        is_short = seconds < SHORT_S
        runs.append(is_short)
        if is_short != (self._depths[operation] == QUEUED):  # else the run is as the operation is known to be
            # More than half below the limit: the median is.
            self._depths[operation] = QUEUED if 2 * sum(runs) > len(runs) else 1
        self.depth_now = self._depths[operation]

    def depth(self, operation: int) -> int:
        """Return how many of its orders may stand before one worker."""
        return self._depths[operation]
