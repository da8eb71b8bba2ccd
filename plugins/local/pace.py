"""How many orders of a function may stand before a worker.

A worker that waits for its next order loses a round trip (some 100 us); an order that waits behind a long step loses
that step. So only functions that were seen to be short are queued, and never more than some 80 ms of work. Operations
of one function share what was seen: ten thousand steps that differ in the names they return alone are ten thousand
operations.
"""

from __future__ import annotations

from bisect import bisect
from collections import deque
from collections.abc import Sequence

from ...core.graph import Operation

QUEUED = (128, 16, 1)
"""Orders before one worker, the running one included, by how short the function is. With 16 of a no-op the executor had
to come back every 0.5 ms, and workers ran dry where it was late: 11,000 attempts a second instead of 18,000. With 64
they ran dry on a busy machine (load 4 on 2 cores): 6,000 instead of 7,250, means of four. At most 32 ms of work."""
SHORT_S = (0.00025, 0.005)
"""Seconds of median run time up to which the first and second of `QUEUED` hold."""
_SEEN = 9
"""Runs the median is taken of. Odd, and more than two so that a first run with its imports is outvoted soon."""


class Pace:
    """What was seen of each function's run time."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        functions = {call: index for index, call in enumerate(dict.fromkeys(each.call for each in operations))}
        self._functions = [functions[each.call] for each in operations]
        self._runs = [deque[int](maxlen=_SEEN) for _ in functions]
        self._depths = [QUEUED[-1]] * len(functions)
        self.depth_now = QUEUED[-1]
        """Depth for the operation that ended last: the best guess for orders not yet known."""

    def saw(self, operation: int, seconds: float) -> None:
        """Take in one run."""
        function = self._functions[operation]
        runs = self._runs[function]
        depth = QUEUED[bisect(SHORT_S, seconds)]
        runs.append(depth)
        if depth != self._depths[function]:  # else the run is as the function is known to be
            self._depths[function] = sorted(runs)[(len(runs) - 1) // 2]
        self.depth_now = self._depths[function]

    def depth(self, operation: int) -> int:
        """Return how many of its orders may stand before one worker."""
        return self._depths[self._functions[operation]]
