"""The workers of one executor: who may take an order, whether one more may start, and on how many cores."""

from __future__ import annotations

import time

from .pool import Pool
from .slots import Cores
from .worker import Ticket, Worker

_LEAVE_S = 0.5
"""Seconds for workers to leave at close, twice: by themselves, then killed."""
_SUPPLIED = 8
"""Orders before every worker above which the executor can afford to wait for more reports, if half of what may stand
there is left: with less the workers run dry when it comes back late."""


class Crew:
    """Keeps at most `jobs` attempts at work, on cores that other runs of this machine do not use."""

    def __init__(self, pool: Pool, cores: Cores, jobs: int) -> None:
        self.workers: list[Worker] = []
        self.cores = cores
        self._pool = pool
        self._jobs = jobs

    def pick(self, depth: int, *, is_busy: bool = False) -> Worker | None:
        """Return the worker with the fewest orders among those that take one of which `depth` may queue.

        Args:
            depth: orders of that kind that may stand before one worker.
            is_busy: only workers that have orders, for which no further core is needed.
        """
        best, fewest = None, depth
        for worker in self.workers:
            waiting = len(worker.queue)
            if waiting < fewest and not (is_busy and not waiting) and worker.takes(depth):
                best, fewest = worker, waiting
                if not waiting:
                    break
        return best

    def may_start(self, waiting: int, *, is_isolated: bool) -> bool:
        """Tell whether one more worker may start; never more than there are orders waiting."""
        coming = sum(not (worker.is_ready or worker.is_single) for worker in self.workers)
        if is_isolated:
            return sum(worker.is_busy for worker in self.workers) + coming < self._jobs
        return coming < waiting and self._in_use() < self._jobs

    def start(self, reserved: Ticket | None) -> Worker:
        """Start a worker, for one order alone if given.

        Raises:
            PluginError: no forkserver can be started.
        """
        worker = self._pool.start()
        worker.reserved = reserved
        worker.is_single = reserved is not None
        self.workers.append(worker)
        return worker

    def has_idle(self) -> bool:
        """Tell whether somebody could take an order now, or could be started for it."""
        return self._in_use() < self._jobs or any(worker.takes(1) for worker in self.workers)

    def is_supplied(self) -> bool:
        """Tell whether every worker has enough before it for a while."""
        return bool(self.workers) and all(
            len(worker.queue) > max(_SUPPLIED, worker.limit // 2) for worker in self.workers
        )

    def take_core(self) -> bool:
        """Hold a core for one more busy worker; return whether there is one."""
        return self.cores.hold(self._occupied() + 1)

    def keep_cores(self) -> None:
        """Give back the cores that nobody uses."""
        self.cores.keep(self._occupied())

    def give_up_core(self) -> None:
        """Let another run have a core: an idle one now, else the next one that comes free."""
        self.cores.give_up(self._occupied())

    def donors(self) -> list[Worker]:
        """Return the workers from which queued orders can be taken back."""
        return [worker for worker in self.workers if len(worker.queue) > 1 and worker.stop is None]

    def close(self) -> None:
        """End every worker, what it runs included, and wait for it."""
        for worker in self.workers:
            if worker.queue:
                worker.kill()
            worker.leave()
        self._wait_for_leaving()
        for worker in self.workers:
            worker.kill()
        self._wait_for_leaving()
        for worker in self.workers:
            worker.close()
        self.workers.clear()
        self.cores.close()

    def _in_use(self) -> int:
        return sum(not worker.is_leaving for worker in self.workers)

    def _occupied(self) -> int:
        """Return how many workers use a core: those with orders, and those that are starting for one."""
        return sum(worker.is_busy or not (worker.is_ready or worker.is_leaving) for worker in self.workers)

    def _wait_for_leaving(self) -> None:
        deadline = time.monotonic() + _LEAVE_S
        for worker in self.workers:
            worker.child.wait(max(0.0, deadline - time.monotonic()))
