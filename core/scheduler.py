"""The scheduler: facts in, facts and commands out. Pure: no clock, no process, no store.

It alone decides what a step's state becomes. The engine feeds it what happened (`advance`), asks what may start
(`start`), commits the facts of both, and then carries out the commands. Replaying the same facts gives the same state.

A node that ends has consequences for those that wait for it, those it guards, and the pipeline it is in; these may end
other nodes in turn. `_follow` is the one place that decides them, and is asked again for all that stands when a run is
taken up: what a fact meant is found from the states alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from .artifacts import Output
from .decisions import DECIDING, branch, size_to_grow
from .events import (
    AttemptCancelled,
    AttemptDispatched,
    AttemptEnded,
    AttemptFailed,
    AttemptSucceeded,
    CancelRequested,
    Fact,
    GraphGrown,
    RetryScheduled,
    RunFinished,
    StepJoined,
    StepReset,
    StepReused,
    StepSettled,
)
from .graph import ON_FAILURE, CallKind, Graph, Node, Policy, Terminate
from .growth import Plot
from .guards import Guards, is_recovery, recovery_of
from .readiness import Readiness
from .retry import retry_delay
from .scopes import Scopes, scope_of
from .standing import Standing, is_of_recovery
from .states import Reason, Status

CANCEL_GRACE_S = 10.0
"""Seconds between asking a step to stop and killing it, when a person cancels."""
PART_GRACE_S = 1.0
"""The same when the run itself has no use for the step any more."""

_ENDS = (AttemptSucceeded, AttemptFailed, AttemptCancelled)
"""`AttemptEnded` for isinstance: to make the union anew for each fact costs 1 us."""
_JOINING = frozenset({CallKind.JOIN, CallKind.REDUCE, CallKind.UNTIL})
"""Calls of nodes that end a composite: they wait until everything they need is over, however it ended."""


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
    joins: list[str] = field(default_factory=list)
    """Paths of ends that take no attempt: their `StepJoined` is wanted at once, for the same commit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What is known of a step before the engine takes the run up."""

    state: Status
    reason: Reason | None = None
    attempts: int = 0


class Scheduler:
    """The state of one run and the only code that changes it.

    Args:
        graph: what to run, as compiled or as it had grown.
        jobs: cpus that steps may use together.
        fail_fast: stop at the first failure instead of finishing what does not depend on it.
        deadline: wall time at which the run is stopped; None: no limit.
        past: by path, for steps that are not simply PENDING (retry, resume).
        recorded: by path, outputs of steps that are not run again.
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
    ):
        self.plot = Plot(graph)
        self.jobs = jobs
        self.fail_fast = fail_fast
        self.deadline = deadline
        self.result: RunFinished | None = None
        self.running: set[str] = set()
        self.stop: Stop | None = None
        self._nodes = self.plot.nodes
        self._dependants = self.plot.dependants
        self._guards = Guards(self._nodes.values())
        self._scopes = Scopes(self._nodes)
        self._standing = Standing(self.plot, self._guards)
        self.states: Mapping[str, Status] = self._standing.states
        self.attempts: dict[str, int] = dict.fromkeys(self._nodes, 0)
        for path, known in (past or {}).items():
            self._remember(path, known)
        operations = graph.operations
        self._joining = {at for at, operation in enumerate(operations) if operation.call.kind in _JOINING}
        self._deciding = {at for at, operation in enumerate(operations) if operation.call.kind in DECIDING}
        self._words = {at: word for at, each in enumerate(operations) if (word := each.policy.terminate) is not None}
        self._cpus = _cpus_of(graph, jobs)
        self._busy_cpus = 0.0
        self._failures: dict[str, int] = {}
        self._told: dict[str, tuple[Output, ...]] = {}
        self._recorded = recorded or {}
        self._ended: deque[str] = deque()
        """Nodes whose end has consequences that are not decided yet."""
        self._joins: dict[str, None] = {}
        """Ends whose `StepJoined` is wanted."""
        self._doomed: set[str] = set()
        """Ends of pipelines that a terminate step ended with failure."""
        self._unwanted: dict[str, Reason] = {}
        """Running steps that were told to stop, and why; not those of a run that is stopped as a whole."""
        self._queue = Readiness(self.plot)
        self._waiting = {node.path: len(node.needs) for node in self._nodes.values()}
        for path in self._nodes if self._guards else ():
            for after in self._guards.waiting(path):
                self._waiting[after] += 1
        self._grown = {growth.node for growth in self.plot.growth}
        self._is_open = False

    @property
    def graph(self) -> Graph:
        """Return the graph as it stands."""
        return self.plot.graph()

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
            self._open(turn, now)
        for fact in facts:
            self._take(fact, turn)
        if self.deadline is not None and now >= self.deadline and self.stop is None:
            reason = Reason.TIMEOUT
            self._stop(Stop(state=Status.FAILURE, reason=reason, step_reason=reason, grace_s=PART_GRACE_S), turn)
        self._queue.wake(now)
        self._finish_if_done(turn, now)
        if turn.cancel:
            turn.cancel = [path for path in turn.cancel if path in self.running]
        if self._joins:
            turn.joins = list(self._joins)
        return turn

    def start(self, room: int, now: float, admit: Callable[[str], bool]) -> list[AttemptDispatched]:
        """Pick up to `room` attempts to start, most urgent first (longest chain behind them, then definition order).

        Args:
            room: attempts the executor takes now.
            now: wall time the attempts are recorded with.
            admit: takes the machine-wide resources of a step; False when they are not free now.
        """
        chosen: list[AttemptDispatched] = []
        held: list[str] = []
        ready, states = self._queue.ready, self._standing.states
        while ready and len(chosen) < room and self.stop is None:
            path = ready[0][2]
            if states[path] is not Status.PENDING:  # settled while it waited here: reused, left out, or not wanted
                self._queue.pop()
                continue
            cpus = 1.0 if self._cpus is None else self._cpus[self._nodes[path].operation]
            # A step that wants several cpus waits at the head of the queue: overtaking would starve it.
            if self._cpus is not None and self._busy_cpus + cpus > self.jobs:
                break
            self._queue.pop()
            if not admit(path):
                held.append(path)
                continue
            self._busy_cpus += cpus
            states[path] = Status.STARTED
            self.attempts[path] += 1
            self.running.add(path)
            chosen.append(AttemptDispatched(node=path, attempt=self.attempts[path], at=now))
        for path in held:
            self._queue.push(path)
        return chosen

    def _open(self, turn: Turn, now: float) -> None:
        """Decide what follows from all that stands, and let the rest start."""
        free = [path for path, count in self._waiting.items() if count == 0]
        self._ended.extend(path for path, state in self.states.items() if state.is_final)
        self._settle_consequences(turn, now)
        for path in free:
            if self.states[path] is Status.PENDING:
                self._activate(path, turn, now)
        self._settle_consequences(turn, now)
        self._is_open = True

    def _take(self, fact: Fact, turn: Turn) -> None:
        if isinstance(fact, _ENDS):
            self._take_end(fact, turn)
        elif isinstance(fact, StepJoined):
            if fact.node in self._joins:
                turn.facts.append(fact)
                self._end(fact.node, Status.SUCCESS, None, fact.at, turn)
        else:
            turn.facts.append(fact)
            if isinstance(fact, StepReused):
                self._told[fact.node] = fact.outputs
                self._end(fact.node, Status.CACHED, None, fact.at, turn)
            elif isinstance(fact, StepSettled):
                self._end(fact.node, fact.state, fact.reason, fact.at, turn)
            elif isinstance(fact, CancelRequested):
                grace = 0.0 if fact.is_hard else CANCEL_GRACE_S
                stop = Stop(state=Status.CANCELLED, reason=Reason.USER, step_reason=Reason.USER, grace_s=grace)
                self._stop(stop, turn, is_again=fact.is_hard)

    def _take_end(self, fact: AttemptEnded, turn: Turn) -> None:
        path = fact.node
        if path not in self.running or fact.attempt != self.attempts[path]:
            return  # a late report of an attempt that is already over: never applied twice
        self.running.discard(path)
        operation = self._nodes[path].operation
        self._busy_cpus -= 1.0 if self._cpus is None else self._cpus[operation]
        unwanted = self._unwanted.pop(path, None) if self._unwanted else None
        if isinstance(fact, AttemptSucceeded):
            turn.facts.append(fact)
            if operation in self._deciding:
                self._told[path] = fact.outputs
            self._end(path, Status.SUCCESS, fact.reason, fact.at, turn)
        elif isinstance(fact, AttemptFailed) and unwanted is None:
            turn.facts.append(fact)
            self._fail(fact, turn)
        else:
            # A step that was told to stop, and broke over it, is as good as stopped.
            reason = unwanted or fact.reason or (self.stop.step_reason if self.stop else Reason.USER)
            turn.facts.append(_cancelled(fact, reason))
            self._end(path, Status.CANCELLED, reason, fact.at, turn)

    def _fail(self, fact: AttemptFailed, turn: Turn) -> None:
        path = fact.node
        self._failures[path] = self._failures.get(path, 0) + 1
        delay = retry_delay(self._policy(path), self._failures[path], fact.reason)
        if delay is not None and self.stop is None:
            self._standing.states[path] = Status.PENDING
            turn.facts.append(RetryScheduled(node=path, at=fact.at, not_before=fact.at + delay))
            self._queue.delay(path, fact.at + delay)
            return
        self._end(path, Status.FAILURE, fact.reason, fact.at, turn)

    def _end(self, path: str, state: Status, reason: Reason | None, at: float, turn: Turn) -> None:
        """Set the final state of a node and decide everything that follows from it."""
        self._settle(path, state, reason)
        self._settle_consequences(turn, at)

    def _settle(self, path: str, state: Status, reason: Reason | None) -> None:
        self._standing.settle(path, state, reason)
        self._joins.pop(path, None)
        self._ended.append(path)

    def _conclude(self, path: str, state: Status, reason: Reason, at: float, turn: Turn) -> None:
        """End a node that nobody reported on."""
        self._settle(path, state, reason)
        turn.facts.append(StepSettled(node=path, state=state, reason=reason, at=at))

    def _settle_consequences(self, turn: Turn, at: float) -> None:
        while self._ended:
            self._follow(self._ended.popleft(), turn, at)

    def _follow(self, path: str, turn: Turn, at: float) -> None:
        """Decide what follows from the end of one node."""
        node, state = self._nodes[path], self.states[path]
        if state.is_good:
            if node.grows is not None:
                self._grow(node, turn, at)
            if node.operation in self._words:
                self._terminate(path, self._words[node.operation], turn, at)
        elif state is Status.FAILURE and self.fail_fast and self._is_open and not self._standing.is_caught(path):
            stop = Stop(state=state, reason=None, step_reason=Reason.FAIL_FAST, grace_s=PART_GRACE_S)
            self._stop(stop, turn)
        if self._guards:
            self._follow_guards(node, turn, at)
        else:
            self._release(path, turn, at)

    def _follow_guards(self, node: Node, turn: Turn, at: float) -> None:
        path = node.path
        for guarded in self._guards.of(path):
            if self.states[guarded.path] is Status.PENDING and not self._opens(path, guarded):
                reason = Reason.BRANCH if self._standing.is_passed(path) else Reason.UPSTREAM
                self._conclude(guarded.path, Status.SKIPPED, reason, at, turn)
        if self.states[path] is Status.FAILURE and path in self._guards.recoverable:
            if self._standing.is_recovering(path) or self._standing.is_passed(path):
                self._close(self._scopes.listed_after(path), Reason.RECOVERED, turn, at)
            self._release_recovery(path, turn, at)
        if self._standing.is_over(path):
            self._release(path, turn, at)
        if is_recovery(node) and node.guard is not None and self.states[node.guard.node] is Status.FAILURE:
            self._release(node.guard.node, turn, at)

    def _opens(self, path: str, guarded: Node) -> bool:
        """Tell whether what came out of a node lets one run that it guards."""
        assert guarded.guard is not None
        if guarded.guard.word == ON_FAILURE:
            return self.states[path] is Status.FAILURE
        if self.states[path].is_good:
            return guarded.guard.word == branch(path, self._outputs(path))
        # Who selects a step of a branch, and not the choice, wants it run.
        return self._standing.reason(path) is Reason.UNSELECTED

    def _release(self, path: str, turn: Turn, at: float) -> None:
        """Let those go on that waited for a node which is over; skip them when it did not pass."""
        is_passed = self._standing.is_passed(path)
        after = self._dependants[path]
        if self._guards and (more := self._guards.waiting(path)):
            after = [*after, *more]
        for each in after:
            if self.states[each] is not Status.PENDING:
                continue
            if is_passed or self._nodes[each].operation in self._joining:
                if not is_of_recovery(each, path):
                    self._count_down(each, turn, at)
            elif not is_of_recovery(each, path):
                self._conclude(each, Status.SKIPPED, Reason.UPSTREAM, at, turn)

    def _release_recovery(self, path: str, turn: Turn, at: float) -> None:
        """Let those go on that waited for a node to fail."""
        for each in (*self._dependants[path], *self._guards.waiting(path)):
            if self.states[each] is Status.PENDING and is_of_recovery(each, path):
                self._count_down(each, turn, at)

    def _count_down(self, path: str, turn: Turn, at: float) -> None:
        self._waiting[path] -= 1
        if self._waiting[path] == 0:
            self._activate(path, turn, at)

    def _activate(self, path: str, turn: Turn, at: float) -> None:
        """Take up a node that waits for nothing more: a composite's end is decided, anything else may start."""
        operation = self._nodes[path].operation
        if operation in self._joining:
            if path in self._doomed:
                self._conclude(path, Status.FAILURE, Reason.TERMINATED, at, turn)
                return
            blamed = self._standing.blame(path)
            if blamed is not None:
                if self.stop is None:  # else it ends with the run
                    state = Status.FAILURE if blamed is Reason.INSIDE else Status.SKIPPED
                    self._conclude(path, state, blamed, at, turn)
                return
            if self.plot.origin.operations[operation].call.kind is CallKind.JOIN:
                self._joins[path] = None
                return
        self._queue.push(path)

    def _grow(self, node: Node, turn: Turn, at: float) -> None:
        """Add what a split or an iteration asks for, unless the composite is over or the run is stopped.

        Then a later retry, which takes up the composite's end again, grows it when it opens the run.
        """
        above = scope_of(node.path)
        if node.path in self._grown or self.stop is not None or self.states[above] is not Status.PENDING:
            return
        size = size_to_grow(self.plot.origin, node, self._outputs(node.path))
        if size is None:
            return
        known = len(self._nodes[above].needs)
        added, end = self.plot.grow(node.path, size)
        self._grown.add(node.path)
        turn.facts.append(GraphGrown(node=node.path, size=size, at=at))
        self._waiting[above] += len(end.needs) - known
        self._guards.add(added)
        self._scopes.add([each.path for each in added])
        self._queue.add(added)
        for each in added:
            self.attempts[each.path] = 0
            self._standing.add(each.path)
        for each in added:
            self._enter(each, turn, at)

    def _enter(self, node: Node, turn: Turn, at: float) -> None:
        """Take in a node that grew: some of what it waits for may be over."""
        unmet = self._standing.unmet(node)
        over = [path for path in unmet if self._standing.is_over(path)]
        self._waiting[node.path] = len(unmet) - len(over)
        if over and node.operation not in self._joining:
            self._conclude(node.path, Status.SKIPPED, Reason.UPSTREAM, at, turn)
        elif self._waiting[node.path] == 0:
            self._activate(node.path, turn, at)

    def _terminate(self, path: str, word: Terminate, turn: Turn, at: float) -> None:
        """End the pipeline a step is in. Of several words in one pipeline a failure counts."""
        scope = scope_of(path)
        if not scope:
            state = Status.SUCCESS if word is Terminate.SUCCESS else Status.FAILURE
            reason = Reason.TERMINATED
            self._stop(Stop(state=state, reason=reason, step_reason=reason, grace_s=PART_GRACE_S), turn)
            return
        if word is Terminate.FAILURE:
            self._doomed.add(self._scopes.end_of(scope))
        else:
            self._standing.excused.add(scope)
        self._close(self._scopes.below(scope), Reason.TERMINATED, turn, at)

    def _close(self, paths: Iterable[str], reason: Reason, turn: Turn, at: float) -> None:
        """Take up nothing more of a part of the run, and stop what runs of it."""
        for path in paths:
            if self.states[path] is Status.PENDING:
                self._conclude(path, Status.SKIPPED, reason, at, turn)
            elif self.states[path] is Status.STARTED and self.stop is None:
                self._unwanted.setdefault(path, reason)
                turn.cancel.append(path)
                turn.grace_s = PART_GRACE_S

    def _stop(self, stop: Stop, turn: Turn, *, is_again: bool = False) -> None:
        """Take up nothing new; the first cause decides how the run ends, a second request only presses harder."""
        if self.stop is not None and not is_again:
            if self.stop.reason is stop.reason is Reason.TERMINATED and stop.state is Status.FAILURE:
                self.stop = stop
            return
        self.stop = self.stop or stop
        turn.cancel = sorted(self.running)
        turn.grace_s = stop.grace_s

    def _finish_if_done(self, turn: Turn, now: float) -> None:
        if self.result is not None or self.running or self._joins:
            return
        if self.stop is not None:
            self._settle_rest(self.stop, turn, now)
        if self._standing.left == 0:
            self.result = self._verdict(now)
            turn.facts.append(self.result)

    def _settle_rest(self, stop: Stop, turn: Turn, now: float) -> None:
        is_cancel = stop.step_reason in (Reason.USER, Reason.TIMEOUT)
        state = Status.CANCELLED if is_cancel else Status.SKIPPED
        rest = [path for path, current in self.states.items() if not current.is_final]
        ends = [path for path in rest if self._nodes[path].operation in self._joining]
        for path in rest:
            if self._nodes[path].operation not in self._joining:
                self._conclude(path, state, stop.step_reason, now, turn)
        for path in sorted(ends, key=lambda path: -path.count("/")):  # what is inside first
            if self._standing.blame(path, is_stopped=True) is Reason.INSIDE:
                self._conclude(path, Status.FAILURE, Reason.INSIDE, now, turn)
            else:
                self._conclude(path, state, stop.step_reason, now, turn)
        self._ended.clear()
        self._queue.clear()

    def _verdict(self, now: float) -> RunFinished:
        if self.stop is not None:
            return RunFinished(state=self.stop.state, reason=self.stop.reason, at=now)
        state = Status.SUCCESS if self._standing.is_good() else Status.FAILURE
        return RunFinished(state=state, reason=None, at=now)

    def _remember(self, path: str, known: Past) -> None:
        self.attempts[path] = known.attempts
        if known.state.is_final:
            self._standing.settle(path, known.state, known.reason)

    def _outputs(self, path: str) -> tuple[Output, ...]:
        return self._told.get(path) or self._recorded.get(path, ())

    def _policy(self, path: str) -> Policy:
        return self.plot.origin.operations[self._nodes[path].operation].policy


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


def _cpus_of(graph: Graph, jobs: int) -> list[float] | None:
    """Return the cpus of each operation, at most `jobs`; None when every step wants one: the hot path skips it then."""
    wanted = [operation.policy.resources.get("cpus", 1.0) for operation in graph.operations]
    return None if all(cpus == 1.0 for cpus in wanted) else [min(cpus, float(jobs)) for cpus in wanted]
