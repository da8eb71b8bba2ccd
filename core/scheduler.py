"""The scheduler: facts in, facts and commands out. Pure: no clock, no process, no store.

It alone decides what a step's state becomes. The engine feeds it what happened (`advance`), asks what may start
(`start`), commits the facts of both, and then carries out the commands. Replaying the same facts gives the same state.

Attempts are here: which start, how they end, when one is tried again. What the end of a node means for others is in
`core/consequences.py`.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from .artifacts import Output
from .consequences import Consequences
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
    StepJoined,
    StepProgressed,
    StepReset,
    StepReused,
    StepSettled,
    StepTold,
    StepYielded,
)
from .graph import Graph
from .retry import retry_delay
from .states import Reason, Status
from .turns import CANCEL_GRACE_S, PART_GRACE_S, Past, Stop, Turn

if TYPE_CHECKING:
    from .routes import Sites

_ENDS = (AttemptSucceeded, AttemptFailed, AttemptCancelled)
"""`AttemptEnded` for isinstance: to make the union anew for each fact costs 1 us."""
_WORDS = (StepYielded, StepProgressed)
"""`StepTold` for the same."""


class Scheduler:
    """The state of one run and the only code that changes it.

    Args:
        graph: what to run, as compiled or as it had grown.
        jobs: cpus that steps may use together.
        fail_fast: stop at the first failure instead of finishing what does not depend on it.
        deadline: wall time at which the run is stopped; None: no limit.
        past: by path, for steps that are not simply PENDING (retry, resume).
        recorded: by path, outputs of steps that are not run again.
        sites: where the steps of each operation go; None: all to one place.
        jobs_away: cpus that steps may use together at each further site.
    """

    def __init__(
        self,
        graph: Graph,
        *,
        jobs: int,
        fail_fast: bool = False,
        deadline: float | None = None,
        past: Mapping[str, Past] | None = None,
        recorded: Mapping[str, tuple[Output, ...]] | None = None,
        sites: Sites | None = None,
        jobs_away: Sequence[int] = (),
    ):
        self.jobs = (jobs, *jobs_away)
        """By site."""
        self.deadline = deadline
        self.result: RunFinished | None = None
        self._consequences = Consequences(graph, fail_fast=fail_fast, recorded=recorded or {})
        self.plot = self._consequences.plot
        self._nodes = self.plot.nodes
        self._standing = self._consequences.standing
        self._queue = self._consequences.queue
        self._unwanted = self._consequences.unwanted
        self.states: Mapping[str, Status] = self._standing.states
        self.running = self._standing.running
        self.attempts: dict[str, int] = {path: known.attempts for path, known in (past or {}).items()}
        """By path; those that were never tried may be missing."""
        for path, known in (past or {}).items():
            if known.state.is_final:
                self._standing.settle(path, known.state, known.reason)
        self._sites = None if sites is None else sites.of
        if sites is not None:
            self._queue.divide(sites)
        self._cpus = _cpus_of(graph, self.jobs, self._sites)
        self._busy_cpus = [0.0 for _ in self.jobs]
        self._failures: dict[str, int] = {}
        self._is_open = False

    @property
    def graph(self) -> Graph:
        """Return the graph as it stands."""
        return self.plot.graph()

    @property
    def stop(self) -> Stop | None:
        """Return why nothing more is taken up; None: the run goes on."""
        return self._consequences.stop

    @property
    def next_wake(self) -> float | None:
        """Wall time at which `advance` must be called even if nothing happened; None: no need."""
        times = [self._queue.delayed[0][0]] if self._queue.delayed else []
        if self.deadline is not None and self.stop is None:
            times.append(self.deadline)
        return min(times, default=None)

    def advance(self, facts: Iterable[Fact], now: float) -> Turn:
        """Take in what happened and the time, and decide what follows from it.

        Raises:
            PluginError: a choice, split or iteration succeeded without saying what it decided.
        """
        turn = Turn()
        if not self._is_open:
            self._is_open = True
            self._consequences.open(turn, now)
        for fact in facts:
            self._take(fact, turn)
        if self.deadline is not None and now >= self.deadline and self.stop is None:
            reason = Reason.TIMEOUT
            stop = Stop(state=Status.FAILURE, reason=reason, step_reason=reason, grace_s=PART_GRACE_S)
            self._consequences.halt(stop, turn)
        self._queue.wake(now)
        self._finish_if_done(turn, now)
        if turn.cancel:
            turn.cancel = [path for path in turn.cancel if path in self.running]
        if self._consequences.joins:
            turn.joins = list(self._consequences.joins)
        return turn

    def fresh(self) -> list[str]:
        """Return the steps that became ready since the last call, unless the run is stopped. Each is told once."""
        fresh, self._queue.fresh = self._queue.fresh, []
        return [path for path in fresh if self.states[path] is Status.PENDING] if self.stop is None else []

    def has_ready(self, site: int = 0) -> bool:
        """Tell whether a step of a site waits for nothing but room."""
        self._queue.line_up(self.states)
        ready = self._queue.ready[site]
        while ready and self.states[ready[0][2]] is not Status.PENDING:
            heapq.heappop(ready)
        return bool(ready) and self.stop is None

    def start(self, room: int, now: float, admit: Callable[[str], bool], site: int = 0) -> list[AttemptDispatched]:
        """Pick up to `room` attempts to start, most urgent first (longest chain behind them, then definition order).

        Args:
            room: attempts the executor of the site takes now.
            now: wall time the attempts are recorded with.
            admit: takes the machine-wide resources of a step; False when they are not free now.
            site: whose steps are meant.
        """
        chosen: list[AttemptDispatched] = []
        if self.stop is not None:
            return chosen
        held: list[str] = []
        self._queue.line_up(self.states)
        ready, states, attempts = self._queue.ready[site], self.states, self.attempts
        while ready and len(chosen) < room:
            path = ready[0][2]
            if states[path] is not Status.PENDING:  # settled while it waited here: reused, left out, or not wanted
                heapq.heappop(ready)
                continue
            # A step that wants several cpus waits at the head of the queue: overtaking would starve it.
            if self._cpus is not None and self._busy_cpus[site] + self._cpus_for(path) > self.jobs[site]:
                break
            heapq.heappop(ready)
            if not admit(path):
                held.append(path)
                continue
            if self._cpus is not None:
                self._busy_cpus[site] += self._cpus_for(path)
            self._standing.begin(path)
            attempts[path] = attempt = attempts.get(path, 0) + 1
            chosen.append(AttemptDispatched(node=path, attempt=attempt, at=now))
        for path in held:
            self._queue.push(path)
        return chosen

    def _take(self, fact: Fact, turn: Turn) -> None:
        if type(fact) is StepReused:
            turn.facts.append(fact)
            self._consequences.end(fact.node, Status.CACHED, None, turn, fact.at, fact.outputs)
        elif isinstance(fact, _ENDS):
            self._take_end(fact, turn)
        elif isinstance(fact, StepJoined):
            if fact.node in self._consequences.joins:
                turn.facts.append(fact)
                self._consequences.end(fact.node, Status.SUCCESS, None, turn, fact.at)
        elif isinstance(fact, _WORDS) and not self._is_running(fact):
            pass  # the last words of an attempt that is over
        else:
            turn.facts.append(fact)  # also those that change nothing here
            if isinstance(fact, StepSettled):
                self._consequences.end(fact.node, fact.state, fact.reason, turn, fact.at)
            elif isinstance(fact, CancelRequested):
                grace = 0.0 if fact.is_hard else CANCEL_GRACE_S
                spared = frozenset(fact.spared)
                stop = Stop(
                    state=Status.CANCELLED, reason=Reason.USER, step_reason=Reason.USER, grace_s=grace, spared=spared
                )
                fewer = self.stop is not None and bool(self.stop.spared - spared)
                self._consequences.halt(stop, turn, is_again=fact.is_hard or fewer)

    def _is_running(self, fact: AttemptEnded | StepTold) -> bool:
        return fact.node in self.running and fact.attempt == self.attempts[fact.node]

    def _take_end(self, fact: AttemptEnded, turn: Turn) -> None:
        path = fact.node
        if not self._is_running(fact):
            return  # a late report of an attempt that is already over: never applied twice
        self.running.discard(path)
        if self._cpus is not None:
            self._busy_cpus[self._site_of(path)] -= self._cpus_for(path)
        unwanted = self._unwanted.pop(path, None) if self._unwanted else None
        if isinstance(fact, AttemptSucceeded):
            turn.facts.append(fact)
            self._consequences.end(path, Status.SUCCESS, fact.reason, turn, fact.at, fact.outputs)
        elif isinstance(fact, AttemptFailed) and unwanted is None:
            turn.facts.append(fact)
            self._fail(fact, turn)
        else:
            # A step that was told to stop, and broke over it, is as good as stopped.
            reason = unwanted or fact.reason or (self.stop.step_reason if self.stop else Reason.USER)
            turn.facts.append(_cancelled(fact, reason))
            self._consequences.end(path, Status.CANCELLED, reason, turn, fact.at)

    def _fail(self, fact: AttemptFailed, turn: Turn) -> None:
        path = fact.node
        self._failures[path] = self._failures.get(path, 0) + 1
        policy = self.plot.origin.operations[self._nodes[path].operation].policy
        delay = retry_delay(policy, self._failures[path], fact.reason)
        if delay is not None and self.stop is None:
            self._standing.postpone(path)
            turn.facts.append(RetryScheduled(node=path, at=fact.at, not_before=fact.at + delay))
            self._queue.delay(path, fact.at + delay)
            return
        self._consequences.end(path, Status.FAILURE, fact.reason, turn, fact.at)

    def _finish_if_done(self, turn: Turn, now: float) -> None:
        if self.result is not None or self.running or self._consequences.joins:
            return
        if self.stop is not None:
            self._consequences.settle_rest(self.stop, turn, now)
        if self._standing.left == 0:
            self.result = self._verdict(now)
            turn.facts.append(self.result)

    def _verdict(self, now: float) -> RunFinished:
        if self.stop is not None:
            return RunFinished(state=self.stop.state, reason=self.stop.reason, at=now)
        state = Status.SUCCESS if self._standing.is_good() else Status.FAILURE
        return RunFinished(state=state, reason=None, at=now)

    def _site_of(self, path: str) -> int:
        return 0 if self._sites is None else self._sites[self._nodes[path].operation]

    def _cpus_for(self, path: str) -> float:
        return 1.0 if self._cpus is None else self._cpus[self._nodes[path].operation]


def reset_for_retry(
    states: Mapping[str, Status], chosen: Iterable[str], left_out: Iterable[str], now: float
) -> list[Fact]:
    """Return the facts that put chosen steps back to PENDING, and settle those left out that still are."""
    again: list[Fact] = [StepReset(node=path, at=now) for path in chosen if states[path] is not Status.PENDING]
    rest = [path for path in left_out if states[path] is Status.PENDING]
    return again + [StepSettled(node=path, state=Status.SKIPPED, reason=Reason.UNSELECTED, at=now) for path in rest]


def _cancelled(fact: AttemptCancelled | AttemptFailed, reason: Reason) -> AttemptCancelled:
    return AttemptCancelled(
        node=fact.node,
        attempt=fact.attempt,
        at=fact.at,
        started=fact.started,
        seconds=fact.seconds,
        worker=fact.worker,
        reason=reason,
    )


def _cpus_of(graph: Graph, jobs: Sequence[int], sites: Sequence[int] | None) -> list[float] | None:
    """Return the cpus of each operation, at most the `jobs` of its site.

    None when every step wants one: the hot path skips it then.
    """
    if all(policy.resources.get("cpus", 1.0) == 1.0 for policy in graph.policies):
        return None
    wanted = [operation.policy.resources.get("cpus", 1.0) for operation in graph.operations]
    return [min(cpus, float(jobs[0 if sites is None else sites[at]])) for at, cpus in enumerate(wanted)]
