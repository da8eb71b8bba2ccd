"""Which step is taken up next: the queue of those that are ready, and of those that wait for their retry."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from .graph import Node
from .growth import Plot
from .states import Status

if TYPE_CHECKING:
    from .routes import Sites


class Readiness:
    """Steps that may start, most urgent first: longest chain behind them, then definition order.

    Args:
        plot: the graph as it stands.
    """

    def __init__(self, plot: Plot):
        self.ready: list[list[tuple[int, int, str]]] = [[]]
        """By site a heap of (minus the rank, number, path); some may have been settled while they waited here. A heap
        for each: with one, whoever looks for a step of a free site passes all that wait for a full one."""
        self.delayed: list[tuple[float, str]] = []
        """A heap of (wall time before which it is not tried again, path)."""
        self.fresh: list[str] = []
        """Paths that became ready since the last look: not those that wait for another attempt, or for a resource."""
        self._arrived: list[str] = []
        """Paths that became ready and are not in `ready` yet: when a result serves, they never come there."""
        self._plot = plot
        self._sites: Sequence[int] | None = None
        self._number: dict[str, int] = {}
        """By path; with `_rank` worked out when the first step must run: 20 ms for 10,000 steps."""
        self._rank: dict[str, int] = {}

    def divide(self, sites: Sites) -> None:
        """Keep the steps of each site apart. Before anything is ready."""
        self._sites = sites.of
        self.ready = [[] for _ in sites.names]

    def add(self, nodes: Sequence[Node]) -> None:
        """Take in nodes that grew, in definition order."""
        if not self._rank:
            return
        for node in nodes:
            self._number[node.path] = len(self._number)
        for node in reversed(nodes):
            behind = self._plot.dependants[node.path]
            self._rank[node.path] = 1 + max([self._rank[after] for after in behind], default=-1)

    def release(self, path: str) -> None:
        """Take in a step that waits for nothing more."""
        self.fresh.append(path)
        self._arrived.append(path)

    def line_up(self, states: Mapping[str, Status]) -> None:
        """Put those into `ready` that have arrived and wait still."""
        arrived, self._arrived = self._arrived, []
        for path in arrived:
            if states[path] is Status.PENDING:
                self.push(path)

    def push(self, path: str) -> None:
        """Let a step start when there is room."""
        if not self._rank:
            self._number = {each: number for number, each in enumerate(self._plot.nodes)}
            self._rank = _critical_path(self._plot)
        site = 0 if self._sites is None else self._sites[self._plot.nodes[path].operation]
        heapq.heappush(self.ready[site], (-self._rank[path], self._number[path], path))

    def delay(self, path: str, until: float) -> None:
        """Let a step start when this wall time has come."""
        heapq.heappush(self.delayed, (until, path))

    def wake(self, now: float) -> None:
        """Let those start whose time has come."""
        while self.delayed and self.delayed[0][0] <= now:
            self.push(heapq.heappop(self.delayed)[1])

    def clear(self) -> None:
        """Let nothing start any more."""
        for heap in self.ready:
            heap.clear()
        self.fresh.clear()
        self._arrived.clear()
        self.delayed.clear()


def _critical_path(plot: Plot) -> dict[str, int]:
    """Return for each step how many steps the longest chain behind it has."""
    rank = dict.fromkeys(plot.nodes, 0)
    for node in reversed(plot.graph().nodes):
        below = rank[node.path] + 1
        for need in node.needs:
            if rank[need] < below:
                rank[need] = below
    return rank
