"""How many orders of a function may stand before a worker.

A worker that waits for its next order loses a round trip (some 100 us); an order that waits behind a long step loses
that step. So only functions that were seen to be short are queued. Operations of one function share what was seen: ten
thousand steps that differ in the names they return alone are ten thousand operations.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from ...core.graph import Operation

QUEUED = 16
"""Orders before one worker, the running one included, of a function that is short. 8 left workers dry while the
executor was at something else: 20,000 no-op attempts a second instead of 29,000."""
SHORT_S = 0.005
"""Seconds of median run time below which a function counts as short."""
_SEEN = 9
"""Runs the median is taken of. Odd, and more than two so that a first run with its imports is outvoted soon."""


class Pace:
    """What was seen of each function's run time."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        functions = {call: index for index, call in enumerate(dict.fromkeys(each.call for each in operations))}
        self._functions = [functions[each.call] for each in operations]
        self._runs = [deque[bool](maxlen=_SEEN) for _ in functions]
        self._depths = [1] * len(functions)
        self.depth_now = 1
        """Depth for the operation that ended last: the best guess for orders not yet known."""

    def saw(self, operation: int, seconds: float) -> None:
        """Take in one run."""
        function = self._functions[operation]
        runs = self._runs[function]
        is_short = seconds < SHORT_S
        runs.append(is_short)
        if is_short != (self._depths[function] == QUEUED):  # else the run is as the operation is known to be
            # More than half below the limit: the median is.
            self._depths[function] = QUEUED if 2 * sum(runs) > len(runs) else 1
        self.depth_now = self._depths[function]

    def depth(self, operation: int) -> int:
        """Return how many of its orders may stand before one worker."""
        return self._depths[self._functions[operation]]
