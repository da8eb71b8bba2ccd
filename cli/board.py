"""Where each step of a run stands, kept up by the facts of the run; what the live views draw.

Fifteen thousand steps a second pass through `take`, so a fact costs a few dictionary updates and nothing is counted
twice: totals by state are kept, never summed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from ..core.events import (
    AttemptCancelled,
    AttemptDispatched,
    AttemptEnded,
    AttemptFailed,
    AttemptSucceeded,
    Fact,
    RetryScheduled,
    RunFinished,
    RunStarted,
    StepProgressed,
    StepReset,
    StepReused,
    StepSettled,
)
from ..core.states import Status

RECENT = 50
"""Steps that ended last, kept for graphs larger than the screen."""


class Board:
    """The state of every step of one run.

    Args:
        states: by path, in definition order, where each step stands before the first fact.
    """

    def __init__(self, states: Mapping[str, Status]):
        self.states = dict(states)
        self.counts = dict.fromkeys(Status, 0)
        for status in self.states.values():
            self.counts[status] += 1
        self.running: dict[str, float] = {}
        """Path -> wall time it was dispatched."""
        self.tries: dict[str, int] = {}
        """Path -> attempt, from the second on."""
        self.retrying: dict[str, float] = {}
        """Path -> wall time before which it does not start again."""
        self.took: dict[str, float] = {}
        """Path -> seconds of its last attempt."""
        self.progress: dict[str, float] = {}
        """Path of a running step that tells how far it is -> share of the whole, 0 to 1."""
        self.causes: dict[str, str] = {}
        """Path of a failed step -> one line."""
        self.recent: deque[str] = deque(maxlen=RECENT)
        self.started: float | None = None
        """Wall time the run was taken up; None before."""
        self.executed = 0
        """Attempts that ended since then: what a speed is computed from."""
        self.result: Status | None = None
        """How the run ended; None while it goes on."""
        self._handlers: dict[type, Callable[[Any], None]] = {
            RunStarted: self._run_started,
            StepReset: self._reset,
            AttemptDispatched: self._dispatched,
            AttemptSucceeded: self._succeeded,
            AttemptFailed: self._failed,
            AttemptCancelled: self._cancelled,
            StepProgressed: self._progressed,
            RetryScheduled: self._retry_scheduled,
            StepSettled: self._settled,
            StepReused: self._reused,
            RunFinished: self._run_finished,
        }

    def take(self, facts: Sequence[Fact]) -> None:
        """Bring the board up to date."""
        handlers = self._handlers
        for fact in facts:
            handler = handlers.get(type(fact))
            if handler is not None:
                handler(fact)

    @property
    def total(self) -> int:
        """Return how many steps there are."""
        return len(self.states)

    @property
    def done(self) -> int:
        """Return how many steps are in a final state."""
        return len(self.states) - self.counts[Status.PENDING] - self.counts[Status.STARTED]

    @property
    def tally(self) -> Mapping[Status, int]:
        """Return steps by state, only states that occur."""
        return MappingProxyType({status: count for status, count in self.counts.items() if count})

    def _move(self, path: str, status: Status) -> None:
        old = self.states.get(path)
        if old is not None:
            self.counts[old] -= 1
        self.counts[status] += 1
        self.states[path] = status

    def _run_started(self, fact: RunStarted) -> None:
        self.started, self.executed, self.result = fact.at, 0, None

    def _reset(self, fact: StepReset) -> None:
        self._move(fact.node, Status.PENDING)
        self.causes.pop(fact.node, None)

    def _dispatched(self, fact: AttemptDispatched) -> None:
        self._move(fact.node, Status.STARTED)
        self.running[fact.node] = fact.at
        if fact.attempt > 1:
            self.tries[fact.node] = fact.attempt
            self.retrying.pop(fact.node, None)

    def _ended(self, fact: AttemptEnded, status: Status) -> None:
        path = fact.node
        self._move(path, status)
        self.running.pop(path, None)
        if self.progress:
            self.progress.pop(path, None)
        self.recent.append(path)
        self.executed += 1
        if fact.seconds is not None:
            self.took[path] = fact.seconds

    def _succeeded(self, fact: AttemptSucceeded) -> None:
        self._ended(fact, Status.SUCCESS)

    def _failed(self, fact: AttemptFailed) -> None:
        self._ended(fact, Status.FAILURE)
        self.causes[fact.node] = _one_line(fact)

    def _cancelled(self, fact: AttemptCancelled) -> None:
        self._ended(fact, Status.CANCELLED)

    def _progressed(self, fact: StepProgressed) -> None:
        if fact.total:
            self.progress[fact.node] = min(1.0, max(0.0, fact.done / fact.total))

    def _retry_scheduled(self, fact: RetryScheduled) -> None:
        self._move(fact.node, Status.PENDING)
        self.causes.pop(fact.node, None)
        self.retrying[fact.node] = fact.not_before

    def _settled(self, fact: StepSettled) -> None:
        self._move(fact.node, fact.state)
        self.running.pop(fact.node, None)
        self.retrying.pop(fact.node, None)

    def _reused(self, fact: StepReused) -> None:
        self._move(fact.node, Status.CACHED)

    def _run_finished(self, fact: RunFinished) -> None:
        self.result = fact.state
        self.running.clear()
        self.progress.clear()


def _one_line(fact: AttemptFailed) -> str:
    first = fact.error.message.partition("\n")[0]
    return f"{fact.error.type}: {first}" if first else fact.error.type
