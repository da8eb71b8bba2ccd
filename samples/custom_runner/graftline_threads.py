"""A runner of somebody else: `graft run -R threads` executes steps in threads of one process.

Good where steps wait for the network or release the interpreter's lock, and a process for each worker is too much.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, SimpleQueue
from time import time

from graftline import Runner
from graftline.core.events import AttemptCancelled
from graftline.worker.inprocess import InProcess


class ThreadRunner(Runner):
    """Has an executor, so that order, retries, reuse and the run log are graftline's."""

    @classmethod
    def executor(cls, context, *, threads: int | None = None, **kwargs):
        """Open an executor for one run; `threads` comes from `[runner.threads]` in the configuration."""
        return ThreadExecutor(context, threads or context.jobs)


class ThreadExecutor:
    """Executes attempts in a pool of threads. Implements `graftline.core.ports.Executor`."""

    def __init__(self, context, threads: int):
        self._size = threads
        self._place = InProcess(context, worker="threads")
        self._pool = ThreadPoolExecutor(threads)
        self._running: dict[str, tuple[Future, int]] = {}
        self._ends = SimpleQueue()

    def room(self) -> int:
        """Return how many more orders it takes now."""
        return self._size - len(self._running)

    def submit(self, orders) -> None:
        """Take orders, whose start is on record."""
        for order in orders:
            future = self._pool.submit(self._place.carry_out, order)
            self._running[order.node] = future, order.attempt
            future.add_done_callback(lambda done: None if done.cancelled() else self._ends.put(done.result()))

    def cancel(self, nodes, *, grace_s: float) -> None:
        """Take back what has not begun. What runs in a thread cannot be stopped: it ends by itself."""
        for node in nodes:
            future, attempt = self._running[node]
            if future.cancel():
                end = AttemptCancelled(
                    node=node, attempt=attempt, at=time(), started=None, seconds=None, worker="threads"
                )
                self._ends.put(end)

    def wait(self, timeout_s: float | None):
        """Return what has ended; wait for the first when nothing has."""
        ends = []
        try:
            ends.append(self._ends.get(timeout=timeout_s))
            while True:
                ends.append(self._ends.get_nowait())
        except Empty:
            pass
        for end in ends:
            del self._running[end.node]
        return ends

    def close(self) -> None:
        """Wait for what still runs, and leave the process as it was."""
        self._pool.shutdown(cancel_futures=True)
        self._place.close()
