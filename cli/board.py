"""Where each step of a run stands, kept up by the facts of the run; what the live views draw.

Fifteen thousand steps a second pass through `take`, so a fact costs a few dictionary updates and nothing is counted
twice: totals by state are kept, never summed.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..core.events import (
    AttemptCancelled,
    AttemptDispatched,
    AttemptEnded,
    AttemptFailed,
    AttemptSucceeded,
    Fact,
    GraphGrown,
    RetryScheduled,
    RunFinished,
    RunStarted,
    StepJoined,
    StepProgressed,
    StepReset,
    StepReused,
    StepSettled,
)
from ..core.graph import BodyKind, Graph
from ..core.roles import Composites
from ..core.states import Reason, Status

if TYPE_CHECKING:
    from .trials import TrialBoard

RECENT = 50
"""Steps that ended last, kept for graphs larger than the screen."""


class Board:
    """The state of every step of one run.

    Args:
        states: by path, in definition order, where each step stands before the first fact.
        graph: of the run; None: every node is a step.
        search: keeps its trials, where it is a search.
    """

    def __init__(self, states: Mapping[str, Status], graph: Graph | None = None, search: TrialBoard | None = None):
        self.composites = Composites(graph)
        self.search = search
        self.states = dict(states)
        self.untaken: set[str] = set()
        """Paths whose branch was not taken."""
        self.counts = dict.fromkeys(Status, 0)
        """What a person counts, by state; what grew is PENDING before its first fact names it."""
        self._is_counted: dict[str, bool] = {}
        """By path; worked out once, for a role costs 2 us."""
        self._is_flat = self.composites.is_flat
        for status, number in Counter(self._counted()).items():
            self.counts[status] += number
        self._unnamed = dict.fromkeys(self.composites.items(self.states), 0)
        """Of each map and loop that has grown, nodes that no fact has named yet; they count as PENDING."""
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
            StepJoined: self._joined,
            GraphGrown: self._graph_grown,
            RunFinished: self._run_finished,
        }

        self._told = frozenset(self._handlers) - {RunStarted, RunFinished, GraphGrown, StepProgressed}

    def tells(self, fact: Fact) -> bool:
        """Tell whether a fact changes where a step stands."""
        return type(fact) in self._told

    def take(self, facts: Sequence[Fact]) -> None:
        """Bring the board up to date."""
        handlers = self._handlers
        if self.search is not None:
            self.search.take(facts)
        for fact in facts:
            handler = handlers.get(type(fact))
            if handler is not None:
                handler(fact)

    @property
    def total(self) -> int:
        """Return how many steps there are by now; it grows with the graph."""
        return sum(self.counts.values())

    @property
    def done(self) -> int:
        """Return how many steps are in a final state."""
        return self.total - self.counts[Status.PENDING] - self.counts[Status.STARTED]

    @property
    def tally(self) -> Mapping[Status, int]:
        """Return steps by state, only states that occur."""
        return MappingProxyType({status: count for status, count in self.counts.items() if count})

    def _move(self, path: str, status: Status) -> None:
        old = self.states.get(path)
        if self._counts_in(path):
            if old is not None:
                self.counts[old] -= 1
            else:
                self._name(path)
            self.counts[status] += 1
        self.states[path] = status

    def _counted(self) -> Iterable[Status]:
        """Return the states of what a person counts."""
        if self._is_flat:
            return self.states.values()
        return [status for path, status in self.states.items() if self._counts_in(path)]

    def _counts_in(self, path: str) -> bool:
        if self._is_flat:
            return True
        found = self._is_counted.get(path)
        if found is None:
            found = self._is_counted[path] = self.composites.role(path).is_counted
        return found

    def _run_started(self, fact: RunStarted) -> None:
        self.started, self.executed, self.result = fact.at, 0, None

    def _reset(self, fact: StepReset) -> None:
        self.untaken.discard(fact.node)
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

    def _joined(self, fact: StepJoined) -> None:
        self._move(fact.node, Status.SUCCESS)

    def _graph_grown(self, fact: GraphGrown) -> None:
        body = self.composites.body(fact.node)
        if body is None:
            return
        above, _, last = fact.node.rpartition("/")
        if body.kind is BodyKind.MAP:
            size, is_again = fact.size, above in self._unnamed
        else:
            size, is_again = 1, f"{above}/{int(last) + 1}" in self.states
        if is_again:  # a retry let it grow anew
            self._prune(above, int(last) if body.kind is BodyKind.LOOP else -1)
        new = size * sum(self._counts_in(node.path) for node in body.nodes)
        self.counts[Status.PENDING] += new
        self._unnamed[above] = self._unnamed.get(above, 0) + new

    def waiting(self, composite: str) -> int:
        """Return how many steps of a map or loop that has grown no fact has named yet."""
        return self._unnamed.get(composite, 0)

    def _name(self, path: str) -> None:
        """Take a node that a fact names for the first time as one of those that had grown."""
        for composite in reversed(self.composites.around(path)):
            if self._unnamed.get(composite):
                self._unnamed[composite] -= 1
                self.counts[Status.PENDING] -= 1
                return

    def _prune(self, above: str, last: int) -> None:
        """Forget the items or iterations of a composite after this number."""
        for path in [each for each in self.states if each.startswith(f"{above}/")]:
            number = path[len(above) + 1 :].partition("/")[0]
            if number.isdecimal() and int(number) > last:
                self.counts[self.states.pop(path)] -= self._counts_in(path)
        for composite in [each for each in self._unnamed if f"{each}/".startswith(f"{above}/")]:
            self.counts[Status.PENDING] -= self._unnamed.pop(composite)

    def _settled(self, fact: StepSettled) -> None:
        if fact.reason is Reason.BRANCH:
            self.untaken.add(fact.node)
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
