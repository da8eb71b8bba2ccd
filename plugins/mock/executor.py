"""The executor of the mock runner: orders are dealt with in this process, one in each `wait`."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence

from ...core.events import AttemptCancelled, AttemptEnded, AttemptFailed, AttemptSucceeded, StepTold
from ...core.orders import Order, RunContext
from ...core.states import Reason
from ...worker.failure import describe_failure
from ...worker.returns import WrongReturns
from ...worker.serializers import CannotSerialize
from .patches import patch_of
from .stand_in import StandIn

WORKER = "mock"


class MockExecutor:
    """Ends every attempt without doing its work. Implements `core.ports.Executor`.

    Args:
        context: what all attempts share.
        patches: what stands in for steps, by path or name.
    """

    def __init__(self, context: RunContext, patches: Mapping[str, object]) -> None:
        self._context = context
        self._patches = patches
        self._waiting: deque[Order] = deque()
        self._ends: list[AttemptEnded | StepTold] = []

    def room(self) -> int:
        """Return how many more orders it takes now."""
        return max(0, self._context.jobs - len(self._waiting))

    def submit(self, orders: Sequence[Order]) -> None:
        """Take orders."""
        self._waiting.extend(orders)

    def cancel(self, nodes: Sequence[str], *, grace_s: float) -> None:
        """Cancel orders it has not come to."""
        for order in [each for each in self._waiting if each.node in nodes]:
            self._waiting.remove(order)
            self._ends.append(
                AttemptCancelled(
                    node=order.node, attempt=order.attempt, at=time.time(), started=None, seconds=None, worker=WORKER
                )
            )

    def wait(self, timeout_s: float | None) -> list[AttemptEnded | StepTold]:
        """Deal with the next order, and return all ends and what was told; without one, wait as long as it says."""
        if self._waiting:
            self._ends.append(self._ended(self._waiting.popleft()))
        elif not self._ends:
            assert timeout_s is not None, "nothing was ordered, so nothing will ever end"
            time.sleep(timeout_s)
        ends, self._ends = self._ends, []
        return ends

    def close(self) -> None:
        """Forget what it has not come to. Safe to call twice."""
        self._waiting.clear()

    def _ended(self, order: Order) -> AttemptEnded:
        stand_in = StandIn(order, self._context, patch_of(order.node, self._patches), self._ends.append)
        started, begin, cpu = time.time(), time.perf_counter(), time.process_time()
        try:
            outputs = stand_in.run()
        except Exception as problem:  # noqa: BLE001  what stands in for a step may raise as the step may
            return AttemptFailed(
                node=order.node,
                attempt=order.attempt,
                at=time.time(),
                started=started,
                seconds=time.perf_counter() - begin,
                cpu_seconds=time.process_time() - cpu,
                peak_bytes=None,
                worker=WORKER,
                reason=_reason_of(problem, stand_in.reason),
                error=describe_failure(problem, stand_in.inputs, self._context.secrets),
                metrics=tuple(stand_in.metrics),
            )
        return AttemptSucceeded(
            node=order.node,
            attempt=order.attempt,
            at=time.time(),
            started=started,
            seconds=time.perf_counter() - begin,
            cpu_seconds=time.process_time() - cpu,
            peak_bytes=None,
            worker=WORKER,
            outputs=outputs,
            metrics=tuple(stand_in.metrics),
        )


def _reason_of(problem: Exception, reason: Reason) -> Reason:
    if reason is Reason.ERROR and isinstance(problem, CannotSerialize):
        return Reason.UNPICKLABLE
    return Reason.RETURNS if reason is Reason.ERROR and isinstance(problem, WrongReturns) else reason
