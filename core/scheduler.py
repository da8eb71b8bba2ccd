"""The scheduler: facts in, facts and commands out. Pure: no clock, no process, no store.

It alone decides what a step's state becomes. The engine feeds it what happened (`advance`), asks what may start
(`start`), commits the facts of both, and then carries out the commands. Replaying the same facts gives the same state.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .events import (
    AttemptCancelled,
    AttemptDispatched,
    AttemptEnded,
    AttemptFailed,
    AttemptSucceeded,
    CancelRequested,
    Fact,
    RetryScheduled,
    RunFinished,
    StepProgressed,
    StepReset,
    StepReused,
    StepSettled,
    StepTold,
    StepYielded,
)
from .graph import Graph, Terminate
from .retry import retry_delay
from .states import Reason, Status

CANCEL_GRACE_S = 10.0
"""Seconds between asking a step to stop and killing it, when a person cancels."""

_PASSED_REASONS = frozenset({Reason.BRANCH, Reason.UNSELECTED})
"""A step skipped for one of these does not hold back what follows it."""

_ENDS = (AttemptSucceeded, AttemptFailed, AttemptCancelled)
"""`AttemptEnded` for isinstance: to make the union anew for each fact costs 1 us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Why the run takes up nothing new, and what it ends as."""

    state: Status
    reason: Reason | None
    step_reason: Reason
    """What steps that had not ended carry."""
    grace_s: float


@dataclass(slots=True)
class Turn:
    """What one call of `advance` decided."""

    facts: list[Fact] = field(default_factory=list)
    """To be committed, in this order; the given facts are among them."""
    cancel: list[str] = field(default_factory=list)
    """Paths of attempts to stop."""
    grace_s: float = 0.0
    """How politely."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What is known of a step before the engine takes the run up."""

    state: Status
    reason: Reason | None = None
    attempts: int = 0


class Scheduler:
    """The state of one run and the only code that changes it.

    Args:
        graph: what to run.
        jobs: cpus that steps may use together.
        fail_fast: stop at the first failure instead of finishing what does not depend on it.
        deadline: wall time at which the run is stopped; None: no limit.
        past: by path, for steps that are not simply PENDING (retry, resume).
    """

    def __init__(
        self,
        graph: Graph,
        *,
        jobs: int,
        fail_fast: bool = False,
        deadline: float | None = None,
        past: Mapping[str, Past] | None = None,
    ):
        self.graph = graph
        self.jobs = jobs
        self.fail_fast = fail_fast
        self.deadline = deadline
        self.result: RunFinished | None = None
        self.running: set[str] = set()
        self.states: dict[str, Status] = dict.fromkeys(graph.index, Status.PENDING)
        self.attempts: dict[str, int] = dict.fromkeys(graph.index, 0)
        self.stop: Stop | None = None
        self._reasons: dict[str, Reason | None] = {}
        self._failures: dict[str, int] = {}
        self._delayed: list[tuple[float, str]] = []
        self._left = len(graph.nodes)
        self._busy_cpus = 0.0
        self._cpus = _cpus_of(graph, jobs)
        self._dependants = graph.dependants
        words = [operation.policy.terminate for operation in graph.operations]
        self._words = {node.path: words[node.operation] for node in graph.nodes} if any(words) else {}
        for path, known in (past or {}).items():
            self._remember(path, known)
        self._waiting = {node.path: sum(not self._is_passed(need) for need in node.needs) for node in graph.nodes}
        self._rank = _critical_path(graph)
        self._is_open = False
        self._ready: list[tuple[int, int, str]] = []
        for path, count in self._waiting.items():
            if count == 0 and self.states[path] is Status.PENDING:
                self._push(path)

    @property
    def next_wake(self) -> float | None:
        """Wall time at which `advance` must be called even if nothing happened; None: no need."""
        times = [self._delayed[0][0]] if self._delayed else []
        if self.deadline is not None and self.stop is None:
            times.append(self.deadline)
        return min(times, default=None)

    def advance(self, facts: Iterable[Fact], now: float) -> Turn:
        """Take in what happened and the time, and decide what follows from it."""
        turn = Turn()
        if not self._is_open:
            self._open(turn, now)
        for fact in facts:
            self._take(fact, turn)
        if self.deadline is not None and now >= self.deadline and self.stop is None:
            self._stop(Stop(state=Status.FAILURE, reason=Reason.TIMEOUT, step_reason=Reason.TIMEOUT, grace_s=1.0), turn)
        while self._delayed and self._delayed[0][0] <= now:
            self._push(heapq.heappop(self._delayed)[1])
        self._finish_if_done(turn, now)
        return turn

    def start(self, room: int, now: float, admit: Callable[[str], bool]) -> list[AttemptDispatched]:
        """Pick up to `room` attempts to start, most urgent first (longest chain behind them, then definition order).

        Args:
            room: attempts the executor takes now.
            now: wall time the attempts are recorded with.
            admit: takes the machine-wide resources of a step; False when they are not free now.
        """
        chosen: list[AttemptDispatched] = []
        held: list[tuple[int, int, str]] = []
        while self._ready and len(chosen) < room and self.stop is None:
            path = self._ready[0][2]
            if self.states[path] is not Status.PENDING:  # settled while it waited here: reused or left out
                heapq.heappop(self._ready)
                continue
            cpus = self._cpus.get(path, 1.0)
            # A step that wants several cpus waits at the head of the queue: overtaking would starve it.
            if self._cpus and self._busy_cpus + cpus > self.jobs:
                break
            entry = heapq.heappop(self._ready)
            if not admit(path):
                held.append(entry)
                continue
            self._busy_cpus += cpus
            self.states[path] = Status.STARTED
            self.attempts[path] += 1
            self.running.add(path)
            chosen.append(AttemptDispatched(node=path, attempt=self.attempts[path], at=now))
        for entry in held:
            heapq.heappush(self._ready, entry)
        return chosen

    def _open(self, turn: Turn, now: float) -> None:
        """Skip what waits for a step that failed before and is not retried; it would wait for ever."""
        self._is_open = True
        for path, state in list(self.states.items()):
            if state.is_final and not self._is_passed(path):
                self._skip_after(path, now, turn)

    def _take(self, fact: Fact, turn: Turn) -> None:
        if isinstance(fact, _ENDS):
            self._take_end(fact, turn)
            return
        if isinstance(fact, StepYielded | StepProgressed) and not self._is_running(fact):
            return  # the last words of an attempt that is over
        turn.facts.append(fact)
        if isinstance(fact, StepReused):
            self._settle(fact.node, Status.CACHED, None)
            self._release(fact.node)
            self._terminate(fact.node, turn)
        elif isinstance(fact, StepSettled):
            self._settle(fact.node, fact.state, fact.reason)
            if self._is_passed(fact.node):
                self._release(fact.node)
        elif isinstance(fact, CancelRequested):
            grace = 0.0 if fact.is_hard else CANCEL_GRACE_S
            stop = Stop(state=Status.CANCELLED, reason=Reason.USER, step_reason=Reason.USER, grace_s=grace)
            self._stop(stop, turn, is_again=fact.is_hard)

    def _is_running(self, fact: AttemptEnded | StepTold) -> bool:
        return fact.node in self.running and fact.attempt == self.attempts[fact.node]

    def _take_end(self, fact: AttemptEnded, turn: Turn) -> None:
        path = fact.node
        if not self._is_running(fact):
            return  # a late report of an attempt that is already over: never applied twice
        self.running.discard(path)
        self._busy_cpus -= self._cpus.get(path, 1.0)
        if isinstance(fact, AttemptSucceeded):
            turn.facts.append(fact)
            self._settle(path, Status.SUCCESS, fact.reason)
            self._release(path)
            self._terminate(path, turn)
        elif isinstance(fact, AttemptFailed):
            turn.facts.append(fact)
            self._fail(fact, turn)
        else:
            reason = fact.reason or (self.stop.step_reason if self.stop else Reason.USER)
            turn.facts.append(_with_reason(fact, reason))
            self._settle(path, Status.CANCELLED, reason)
            self._skip_after(path, fact.at, turn)

    def _fail(self, fact: AttemptFailed, turn: Turn) -> None:
        path = fact.node
        self._failures[path] = self._failures.get(path, 0) + 1
        delay = retry_delay(self.graph.operation_of(path).policy, self._failures[path], fact.reason)
        if delay is not None and self.stop is None:
            self.states[path] = Status.PENDING
            turn.facts.append(RetryScheduled(node=path, at=fact.at, not_before=fact.at + delay))
            heapq.heappush(self._delayed, (fact.at + delay, path))
            return
        self._settle(path, Status.FAILURE, fact.reason)
        self._skip_after(path, fact.at, turn)
        if self.fail_fast and self.stop is None:
            self._stop(Stop(state=Status.FAILURE, reason=None, step_reason=Reason.FAIL_FAST, grace_s=1.0), turn)

    def _terminate(self, path: str, turn: Turn) -> None:
        word = self._words.get(path)
        if word is None or self.stop is not None:
            return
        state = Status.SUCCESS if word is Terminate.SUCCESS else Status.FAILURE
        self._stop(Stop(state=state, reason=Reason.TERMINATED, step_reason=Reason.TERMINATED, grace_s=1.0), turn)

    def _stop(self, stop: Stop, turn: Turn, *, is_again: bool = False) -> None:
        """Take up nothing new; the first cause decides how the run ends, a second request only presses harder."""
        if self.stop is not None and not is_again:
            return
        self.stop = self.stop or stop
        turn.cancel = sorted(self.running)
        turn.grace_s = stop.grace_s

    def _skip_after(self, path: str, at: float, turn: Turn) -> None:
        """Skip whatever waits for a step that failed or was cancelled."""
        stack = [path]
        while stack:
            for after in self._dependants[stack.pop()]:
                if self.states[after] is Status.PENDING:
                    self._settle(after, Status.SKIPPED, Reason.UPSTREAM)
                    turn.facts.append(StepSettled(node=after, state=Status.SKIPPED, reason=Reason.UPSTREAM, at=at))
                    stack.append(after)

    def _release(self, path: str) -> None:
        for after in self._dependants[path]:
            self._waiting[after] -= 1
            if self._waiting[after] == 0 and self.states[after] is Status.PENDING:
                self._push(after)

    def _finish_if_done(self, turn: Turn, now: float) -> None:
        if self.result is not None or self.running:
            return
        if self.stop is not None:
            self._settle_rest(self.stop, turn, now)
        if self._left == 0:
            self.result = self._verdict(now)
            turn.facts.append(self.result)

    def _settle_rest(self, stop: Stop, turn: Turn, now: float) -> None:
        cancelled = stop.step_reason in (Reason.USER, Reason.TIMEOUT)
        state = Status.CANCELLED if cancelled else Status.SKIPPED
        for path, current in self.states.items():
            if not current.is_final:
                self._settle(path, state, stop.step_reason)
                turn.facts.append(StepSettled(node=path, state=state, reason=stop.step_reason, at=now))
        self._ready.clear()
        self._delayed.clear()

    def _verdict(self, now: float) -> RunFinished:
        if self.stop is not None:
            return RunFinished(state=self.stop.state, reason=self.stop.reason, at=now)
        # Not "no step failed": a retry of one step alone may leave others skipped behind a failure that is gone.
        is_good = all(self._is_passed(path) for path in self.states)
        return RunFinished(state=Status.SUCCESS if is_good else Status.FAILURE, reason=None, at=now)

    def _settle(self, path: str, state: Status, reason: Reason | None) -> None:
        if not self.states[path].is_final:
            self._left -= 1
        self.states[path] = state
        self._reasons[path] = reason

    def _remember(self, path: str, known: Past) -> None:
        self.attempts[path] = known.attempts
        if known.state.is_final:
            self._settle(path, known.state, known.reason)

    def _is_passed(self, path: str) -> bool:
        """Tell whether what follows the step need not wait for it any more."""
        state = self.states[path]
        return state.is_good or (state is Status.SKIPPED and self._reasons.get(path) in _PASSED_REASONS)

    def _push(self, path: str) -> None:
        heapq.heappush(self._ready, (-self._rank[path], self.graph.index[path], path))


def reset_for_retry(
    states: Mapping[str, Status], chosen: Iterable[str], left_out: Iterable[str], now: float
) -> list[Fact]:
    """Return the facts that put chosen steps back to PENDING, and settle those left out that still are."""
    again: list[Fact] = [StepReset(node=path, at=now) for path in chosen if states[path] is not Status.PENDING]
    rest = [path for path in left_out if states[path] is Status.PENDING]
    return again + [StepSettled(node=path, state=Status.SKIPPED, reason=Reason.UNSELECTED, at=now) for path in rest]


def _with_reason(fact: AttemptCancelled, reason: Reason) -> AttemptCancelled:
    return AttemptCancelled(
        node=fact.node,
        attempt=fact.attempt,
        at=fact.at,
        started=fact.started,
        seconds=fact.seconds,
        worker=fact.worker,
        reason=reason,
    )


def _critical_path(graph: Graph) -> dict[str, int]:
    """Return for each step how many steps the longest chain behind it has."""
    rank = dict.fromkeys(graph.index, 0)
    for node in reversed(graph.nodes):
        below = rank[node.path] + 1
        for need in node.needs:
            if rank[need] < below:
                rank[need] = below
    return rank


def _cpus_of(graph: Graph, jobs: int) -> dict[str, float]:
    """Return the cpus of each step, at most `jobs`; empty when every step wants one, so that the hot path skips it."""
    wanted = [operation.policy.resources.get("cpus", 1.0) for operation in graph.operations]
    if all(cpus == 1.0 for cpus in wanted):
        return {}
    return {node.path: min(wanted[node.operation], float(jobs)) for node in graph.nodes}


def blocked_by(graph: Graph, states: Mapping[str, Status], path: str) -> Sequence[str]:
    """Return the needs of a step that are not done yet, in definition order."""
    return [need for need in graph.node(path).needs if not states[need].is_final]
