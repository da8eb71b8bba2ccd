"""The loop of a run: ends come in, the scheduler decides, the run log commits, orders go out.

One pass = one commit, made before anything is dispatched: a step reported done is committed, and a crash repeats at
most what was running.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Protocol

from .artifacts import Output
from .errors import GraftError
from .events import (
    AttemptDispatched,
    AttemptEnded,
    AttemptFailed,
    AttemptSucceeded,
    CancelRequested,
    Fact,
    RunFinished,
    RunStarted,
)
from .graph import Graph
from .orders import Order
from .ports import Clock, Executor, RunLog, Slots
from .runs import StepError
from .scheduler import Past, Scheduler
from .states import Reason
from .values import Values

LONGEST_WAIT_S = 0.2
"""A cancel from elsewhere is seen within 0.3 s: the loop looks at least this often."""


class Observer(Protocol):
    """Is told what was committed, after it was."""

    def __call__(self, facts: Sequence[Fact]) -> None: ...


class Requests:
    """Cancel requests of the hosting process, safe to add to from a signal handler or another thread."""

    def __init__(self) -> None:
        self._waiting: deque[CancelRequested] = deque()

    def add(self, request: CancelRequested) -> None:
        """Ask; taken up in the engine's next pass."""
        self._waiting.append(request)

    def take(self) -> list[CancelRequested]:
        """Return what was asked since the last call."""
        taken = []
        while self._waiting:
            taken.append(self._waiting.popleft())
        return taken


class Engine:
    """Carries one run from where it stands to its end.

    Args:
        graph: what to run.
        log: write side of the run; the engine owns it and closes it.
        executor: where attempts run; the engine owns it and closes it.
        slots: machine-wide resources; None when no step asks for any.
        clock: wall time.
        jobs: cpus that steps may use together.
        fail_fast: stop at the first failure.
        deadline: wall time at which the run is stopped; None: no limit.
        past: by path, what is known of steps that do not start as PENDING without attempts.
        recorded: by path, outputs of steps that are not run again.
        observe: told of every committed group.
        requests: cancel requests of this process.
    """

    def __init__(
        self,
        *,
        graph: Graph,
        log: RunLog,
        executor: Executor,
        slots: Slots | None,
        clock: Clock,
        jobs: int,
        fail_fast: bool = False,
        deadline: float | None = None,
        past: Mapping[str, Past] | None = None,
        recorded: Mapping[str, tuple[Output, ...]] | None = None,
        observe: Observer | None = None,
        requests: Requests | None = None,
    ):
        self._graph = graph
        self._log = log
        self._executor = executor
        self._slots = slots
        self._clock = clock
        self._observe = observe
        self._requests = requests or Requests()
        self._scheduler = Scheduler(graph, jobs=jobs, fail_fast=fail_fast, deadline=deadline, past=past)
        self._values = Values(graph, recorded or {})
        self._demands = _slot_demands(graph)
        self._next_look = 0.0

    def run(self, opening: Sequence[Fact] = ()) -> RunFinished:
        """Run to the end and return how it ended.

        Args:
            opening: facts that come first (steps reset by a retry, reused or left out by a selection).

        Raises:
            ConflictError: somebody else took the run over.
            StoreError: the run log cannot be written; what was committed stays, the run can be resumed.
        """
        try:
            return self._loop([RunStarted(at=self._clock()), *opening])
        finally:
            # The log is closed last: until no process of the run is left, the run is not anybody else's.
            try:
                self._executor.close()
            finally:
                self._log.close()

    def _loop(self, news: list[Fact]) -> RunFinished:
        while True:
            now = self._clock()
            turn = self._scheduler.advance(news, now)
            started = self._start(now)
            self._commit([*turn.facts, *started])
            if self._scheduler.result is not None:
                return self._scheduler.result
            unmade = self._submit(started)
            if turn.cancel:
                self._executor.cancel(turn.cancel, grace_s=turn.grace_s)
            ended: Sequence[AttemptEnded] = unmade or self._executor.wait(self._patience(now))
            news = [*self._asked(), *ended]
            for end in ended:
                self._take(end)

    def _start(self, now: float) -> list[AttemptDispatched]:
        room = self._executor.room()
        return self._scheduler.start(room, now, self._admit) if room > 0 else []

    def _admit(self, path: str) -> bool:
        demand = self._demands.get(path)
        return demand is None or self._slots is None or self._slots.acquire(path, demand)

    def _commit(self, facts: list[Fact]) -> None:
        if facts:
            self._log.append(facts)
            if self._observe is not None:
                self._observe(facts)

    def _submit(self, started: Sequence[AttemptDispatched]) -> list[AttemptEnded]:
        """Send orders; return ends of those that cannot even be put together (a recorded input is gone)."""
        orders: list[Order] = []
        unmade: list[AttemptEnded] = []
        for dispatch in started:
            try:
                orders.append(self._values.order(dispatch.node, dispatch.attempt))
            except GraftError as error:
                unmade.append(_unmade(dispatch, error, self._clock()))
        if orders:
            self._executor.submit(orders)
        return unmade

    def _take(self, end: AttemptEnded) -> None:
        if isinstance(end, AttemptSucceeded):
            self._values.add(end.node, end.outputs)
        if self._slots is not None and end.node in self._demands:
            self._slots.release(end.node)

    def _asked(self) -> list[CancelRequested]:
        asked = self._requests.take()
        now = self._clock()
        if now >= self._next_look:
            self._next_look = now + LONGEST_WAIT_S / 2
            asked += self._log.requests()
        return asked

    def _patience(self, now: float) -> float:
        wake = self._scheduler.next_wake
        return LONGEST_WAIT_S if wake is None else max(0.0, min(LONGEST_WAIT_S, wake - now))


def _slot_demands(graph: Graph) -> dict[str, dict[str, float]]:
    """Return by path the machine-wide resources of steps that ask for any; cpus are the scheduler's own."""
    wanted = [
        {name: amount for name, amount in operation.policy.resources.items() if name != "cpus" and amount > 0}
        for operation in graph.operations
    ]
    return {node.path: wanted[node.operation] for node in graph.nodes if wanted[node.operation]}


def _unmade(dispatch: AttemptDispatched, error: GraftError, now: float) -> AttemptFailed:
    return AttemptFailed(
        node=dispatch.node,
        attempt=dispatch.attempt,
        at=now,
        started=None,
        seconds=None,
        cpu_seconds=None,
        peak_bytes=None,
        worker=None,
        reason=Reason.INPUT,
        error=StepError(type="InvalidError", message=str(error)),
    )
