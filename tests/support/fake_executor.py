"""An executor without processes: it runs orders by calling a function, at once or when the test says so."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence

from graftline.core.artifacts import Output
from graftline.core.events import (
    AttemptCancelled,
    AttemptEnded,
    AttemptFailed,
    AttemptSucceeded,
    StepTold,
)
from graftline.core.orders import Order
from graftline.core.runs import StepError
from graftline.core.states import Reason


class FakeExecutor:
    """Implements `core.ports.Executor`, deterministic: ends come in the order of submission.

    The function returns the outputs of an order, or raises what its step would raise. With `is_held`, orders stay
    running until `finish`; their ends then come in that order.
    """

    def __init__(
        self, call: Callable[[Order], Iterable[Output]], *, jobs: int = 2, is_held: bool = False, at: float = 1000.0
    ) -> None:
        self.jobs = jobs
        self.is_held = is_held
        self.at = at
        """Wall time given to ends; the test may move it."""
        self.submitted: list[Order] = []
        """Every order ever taken."""
        self.is_closed = False
        self._call = call
        self._running: dict[str, Order] = {}
        self._ends: deque[AttemptEnded | StepTold] = deque()

    @property
    def running(self) -> list[str]:
        """Return the nodes that have not ended, in the order they came."""
        return list(self._running)

    def room(self) -> int:
        """Return how many more orders it takes now."""
        return max(0, self.jobs - len(self._running))

    def submit(self, orders: Sequence[Order]) -> None:
        """Take orders, and run them unless they are held."""
        for order in orders:
            self.submitted.append(order)
            self._running[order.node] = order
            if not self.is_held:
                self.finish(order.node)

    def finish(self, node: str) -> None:
        """Run the order of a node that is held."""
        order = self._running.pop(node)
        try:
            outputs = tuple(self._call(order))
        except Exception as problem:  # noqa: BLE001  stands for the step's own exception
            self._ends.append(self._failed(order, Reason.ERROR, type(problem).__name__, str(problem)))
        else:
            self._ends.append(
                AttemptSucceeded(
                    node=order.node,
                    attempt=order.attempt,
                    at=self.at,
                    started=self.at,
                    seconds=0.0,
                    cpu_seconds=0.0,
                    peak_bytes=None,
                    worker="fake",
                    outputs=outputs,
                )
            )

    def lose(self, node: str) -> None:
        """Let the worker of a node that is held die."""
        self._ends.append(self._failed(self._running.pop(node), Reason.SIGNAL, "WorkerDied", "killed by SIGKILL"))

    def cancel(self, nodes: Sequence[str], *, grace_s: float) -> None:
        """Cancel what runs."""
        for node in nodes:
            order = self._running.pop(node, None)
            if order is not None:
                self._ends.append(
                    AttemptCancelled(
                        node=node, attempt=order.attempt, at=self.at, started=self.at, seconds=0.0, worker="fake"
                    )
                )

    def wait(self, timeout_s: float | None) -> list[AttemptEnded | StepTold]:
        """Return the ends that are there; never blocks.

        Raises:
            AssertionError: it would block for ever, which in a test is a bug of the caller.
        """
        assert self._ends or timeout_s is not None, "nothing runs that could end: this wait would never return"
        ends = list(self._ends)
        self._ends.clear()
        return ends

    def close(self) -> None:
        """Forget everything. Safe to call twice."""
        self.is_closed = True
        self._running.clear()

    def _failed(self, order: Order, reason: Reason, kind: str, message: str) -> AttemptFailed:
        return AttemptFailed(
            node=order.node,
            attempt=order.attempt,
            at=self.at,
            started=self.at,
            seconds=0.0,
            cpu_seconds=0.0,
            peak_bytes=None,
            worker="fake",
            reason=reason,
            error=StepError(type=kind, message=message),
        )
