"""What follows from the end of a node: for those that wait for it, those it guards, the pipeline it is in.

What ends so has consequences in turn; `_follow` is the one place that decides them. It looks at states alone, and is
asked again for all that stands when a run is taken up: then nothing is lost that a crash or a retry left undecided.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from .artifacts import Output
from .decisions import DECIDING, branch, size_to_grow
from .events import GraphGrown, StepSettled
from .graph import ON_FAILURE, CallKind, Graph, Node, Terminate
from .growth import Plot
from .guards import Guards, is_of_recovery, is_recovery, waits_of
from .readiness import Readiness
from .records import replace
from .scopes import Scopes, scope_of
from .standing import Standing
from .states import Reason, Status
from .turns import PART_GRACE_S, Stop, Turn

_JOINING = frozenset({CallKind.JOIN, CallKind.REDUCE, CallKind.UNTIL})
"""Calls of nodes that end a composite: they wait until everything they need is over, however it ended."""


class Consequences:
    """Decides them for one run, on the graph as it stands.

    Args:
        graph: what is run, as compiled or as it had grown.
        fail_fast: stop at the first failure that nothing recovers.
        recorded: by path, outputs of steps that are not run again.
    """

    def __init__(self, graph: Graph, *, fail_fast: bool, recorded: Mapping[str, tuple[Output, ...]]):
        self.plot = Plot(graph)
        self.guards = Guards(self.plot.nodes.values())
        self.standing = Standing(self.plot.nodes, self.guards)
        self.queue = Readiness(self.plot)
        self.stop: Stop | None = None
        """Why nothing more is taken up; None: the run goes on."""
        self.joins: dict[str, None] = {}
        """Ends whose `StepJoined` is wanted."""
        self.unwanted: dict[str, Reason] = {}
        """Running steps that were told to stop, and why; not those of a run that is stopped as a whole."""
        self._nodes = self.plot.nodes
        self._dependants = self.plot.dependants
        self._scopes = Scopes(self._nodes)
        self._fail_fast = fail_fast
        self._joining = graph.calling(_JOINING)
        self._deciding = graph.calling(DECIDING)
        self._words = _words_of(graph)
        self._is_plain = not (self._joining or self._words or self.guards or graph.bodies)
        self._told: dict[str, tuple[Output, ...]] = {}
        self._recorded = recorded
        self._ended: deque[str] = deque()
        """Nodes whose end has consequences that are not decided yet."""
        self._released: set[str] = set()
        """Nodes with a recovery whose dependants were let go on."""
        self._doomed: set[str] = set()
        """Ends of pipelines that a terminate step ended with failure."""
        self._grown = {growth.node for growth in self.plot.growth}
        self._waiting = {node.path: len(node.needs) for node in self._nodes.values()}
        """By path, how many of those it waits for hold it back."""
        for path in self._nodes if self.guards else ():
            for after in self.guards.waiting(path):
                self._waiting[after] += 1
        self._is_open = False

    def open(self, turn: Turn, at: float) -> None:
        """Decide what follows from all that stands, and let the rest start."""
        states = self.standing.states
        final = [path for path, state in states.items() if state is not Status.PENDING]  # nothing runs yet
        for path in [path for path in final if states[path].is_good]:
            for node in self._extend(self._nodes[path], turn, at):
                self._waiting[node.path] = len(waits_of(node))
        free = [path for path, count in self._waiting.items() if count == 0]
        self._ended.extend(final)
        self._settle_consequences(turn, at)
        for path in free:
            if states[path] is Status.PENDING:
                self._activate(path, turn, at)
        self._settle_consequences(turn, at)
        self._is_open = True

    def end(
        self,
        path: str,
        state: Status,
        reason: Reason | None,
        turn: Turn,
        at: float,
        outputs: tuple[Output, ...] = (),
    ) -> None:
        """Set the final state of a node, with what it returned, and decide everything that follows from it."""
        if self._is_plain and state.is_good:  # nearly all ends of nearly all runs: 1 us each saved
            self.standing.settle(path, state, reason)
            self._release_plainly(path)
            return
        if outputs and self._nodes[path].operation in self._deciding:
            self._told[path] = outputs
        self._settle(path, state, reason)
        self._settle_consequences(turn, at)

    def halt(self, stop: Stop, turn: Turn, *, is_again: bool = False) -> None:
        """Take up nothing new; the first cause decides how the run ends, a second request only presses harder."""
        if self.stop is not None and not is_again:
            # Of several terminate steps a failure counts, whichever came first: who resumes cannot tell any more.
            if self.stop.reason is stop.reason is Reason.TERMINATED and stop.state is Status.FAILURE:
                self.stop = stop
            return
        self.stop = stop if self.stop is None else replace(self.stop, spared=self.stop.spared & stop.spared)
        turn.cancel = sorted(self.standing.running - stop.spared if stop.spared else self.standing.running)
        turn.grace_s = stop.grace_s

    def settle_rest(self, stop: Stop, turn: Turn, at: float) -> None:
        """End everything that a run which was stopped leaves open; nothing is running."""
        is_cancel = stop.step_reason in (Reason.USER, Reason.TIMEOUT)
        state = Status.CANCELLED if is_cancel else Status.SKIPPED
        rest = [path for path, current in self.standing.states.items() if not current.is_final]
        ends = [path for path in rest if self._nodes[path].operation in self._joining]
        for path in rest:
            if self._nodes[path].operation not in self._joining:
                self._conclude(path, state, stop.step_reason, turn, at)
        for path in sorted(ends, key=lambda path: -path.count("/")):  # what is inside first
            if path in self._doomed or self.standing.blame(path, is_stopped=True) is Reason.INSIDE:
                reason = Reason.TERMINATED if path in self._doomed else Reason.INSIDE
                self._conclude(path, Status.FAILURE, reason, turn, at)
            else:
                self._conclude(path, state, stop.step_reason, turn, at)
        self._ended.clear()
        self.queue.clear()

    def _settle(self, path: str, state: Status, reason: Reason | None) -> None:
        self.standing.settle(path, state, reason)
        self.joins.pop(path, None)
        self._ended.append(path)

    def _conclude(self, path: str, state: Status, reason: Reason, turn: Turn, at: float) -> None:
        """End a node that nobody reported on."""
        self._settle(path, state, reason)
        turn.facts.append(StepSettled(node=path, state=state, reason=reason, at=at))

    def _settle_consequences(self, turn: Turn, at: float) -> None:
        while self._ended:
            self._follow(self._ended.popleft(), turn, at)

    def _follow(self, path: str, turn: Turn, at: float) -> None:
        """Decide what follows from the end of one node."""
        node, state = self._nodes[path], self.standing.states[path]
        if state.is_good:
            self._grow(node, turn, at)
            # One that the selection reuses ran in another run, and ended that.
            if node.operation in self._words and (self._is_open or state is Status.SUCCESS):
                self._terminate(path, self._words[node.operation], turn, at)
        elif state is Status.FAILURE and self._fail_fast and self._is_open and not self.standing.is_caught(path):
            stop = Stop(state=state, reason=None, step_reason=Reason.FAIL_FAST, grace_s=PART_GRACE_S)
            self.halt(stop, turn)
        if self.guards:
            self._follow_guards(node, turn, at)
        else:
            self._release(path, turn, at)

    def _follow_guards(self, node: Node, turn: Turn, at: float) -> None:
        path = node.path
        for guarded in self.guards.of(path):
            if self.standing.states[guarded.path] is Status.PENDING and not self._opens(path, guarded):
                self._conclude(guarded.path, Status.SKIPPED, self._closing(path), turn, at)
        if self.standing.states[path] is Status.FAILURE and path in self.guards.recoverable:
            if self.standing.is_recovering(path) or self.standing.is_passed(path):
                self._close(self._scopes.listed_after(path), Reason.RECOVERED, turn, at)
            self._release_recovery(path, turn, at)
        if self.standing.is_over(path):
            self._release(path, turn, at)
        if is_recovery(node) and node.guard is not None and self.standing.states[node.guard.node] is Status.FAILURE:
            self._release(node.guard.node, turn, at)

    def _closing(self, path: str) -> Reason:
        """Return why those that a node guards do not run: it decided otherwise, or did not come to decide."""
        if not self.standing.is_passed(path):
            return Reason.UPSTREAM
        reason = self.standing.reason(path)
        return reason if reason is Reason.RECOVERED or reason is Reason.TERMINATED else Reason.BRANCH

    def _opens(self, path: str, guarded: Node) -> bool:
        """Tell whether what came out of a node lets one run that it guards."""
        assert guarded.guard is not None
        if guarded.guard.word == ON_FAILURE:
            return self.standing.states[path] is Status.FAILURE
        if self.standing.states[path].is_good:
            return guarded.guard.word == branch(path, self._outputs(path))
        # Who selects a step of a branch, and not the choice, wants it run.
        return self.standing.reason(path) is Reason.UNSELECTED

    def _release(self, path: str, turn: Turn, at: float) -> None:
        """Let those go on that waited for a node which is over; skip them when it did not pass."""
        is_passed = self.standing.is_passed(path)
        has_recovery = path in self.guards.recoverable  # its steps are released by the failure itself
        if has_recovery:
            if path in self._released:
                return  # both its own end and that of its recovery come here
            self._released.add(path)
        for after in (*self._dependants[path], *self.guards.waiting(path)):
            node = self._nodes[after]
            if self.standing.states[after] is not Status.PENDING or (has_recovery and is_of_recovery(after, path)):
                continue
            if is_passed or node.operation in self._joining:
                self._count_down(after, turn, at)
            else:
                self._conclude(after, Status.SKIPPED, Reason.UPSTREAM, turn, at)

    def _release_plainly(self, path: str) -> None:
        waiting = self._waiting
        for after in self._dependants[path]:
            waiting[after] = left = waiting[after] - 1
            if left == 0 and self.standing.states[after] is Status.PENDING:
                self.queue.release(after)

    def _release_recovery(self, path: str, turn: Turn, at: float) -> None:
        """Let those go on that waited for a node to fail."""
        for each in (*self._dependants[path], *self.guards.waiting(path)):
            if self.standing.states[each] is Status.PENDING and is_of_recovery(each, path):
                self._count_down(each, turn, at)

    def _count_down(self, path: str, turn: Turn, at: float) -> None:
        self._waiting[path] -= 1
        if self._waiting[path] == 0:
            self._activate(path, turn, at)

    def _activate(self, path: str, turn: Turn, at: float) -> None:
        """Take up a node that waits for nothing more: a composite's end is decided, anything else may start."""
        operation = self._nodes[path].operation
        if operation not in self._joining:
            self.queue.release(path)
        elif self.stop is not None:
            pass  # it ends with the run
        elif path in self._doomed:
            self._conclude(path, Status.FAILURE, Reason.TERMINATED, turn, at)
        elif (blamed := self.standing.blame(path)) is not None:
            state = Status.FAILURE if blamed is Reason.INSIDE else Status.SKIPPED
            self._conclude(path, state, blamed, turn, at)
        elif self.plot.origin.operations[operation].call.kind is CallKind.JOIN:
            self.joins[path] = None
        else:
            self.queue.release(path)

    def _outputs(self, path: str) -> tuple[Output, ...]:
        return self._told.get(path) or self._recorded.get(path, ())

    def _extend(self, node: Node, turn: Turn, at: float) -> Sequence[Node]:
        """Add what a split or an iteration that succeeded asks for, and return it.

        Nothing when the composite is over or the run is stopped: a later retry, which takes up the composite's end
        again, grows it when it opens the run.
        """
        above = scope_of(node.path)
        if node.grows is None or node.path in self._grown:
            return ()
        if self.stop is not None or self.standing.states[above] is not Status.PENDING:
            return ()
        size = size_to_grow(self.plot.origin, node, self._outputs(node.path))
        if size is None:
            return ()
        known = len(self._nodes[above].needs)
        added, end = self.plot.grow(node.path, size)
        turn.facts.append(GraphGrown(node=node.path, size=size, at=at))
        self._grown.add(node.path)
        self._waiting[above] += len(end.needs) - known
        self.guards.add(added)
        self._scopes.add([each.path for each in added])
        self.queue.add(added)
        for each in added:
            self.standing.add(each.path)
        return added

    def _grow(self, grower: Node, turn: Turn, at: float) -> None:
        """Let the graph grow by what a node asks for. Some of what the new nodes wait for may be over."""
        for node in self._extend(grower, turn, at):
            # The grower itself releases them with all others that wait for it.
            unmet = [path for path in waits_of(node) if path == grower.path or not self.standing.is_met(node, path)]
            over = [path for path in unmet if path != grower.path and self.standing.is_over(path)]
            self._waiting[node.path] = len(unmet) - len(over)
            if over and node.operation not in self._joining:
                self._conclude(node.path, Status.SKIPPED, Reason.UPSTREAM, turn, at)
            elif len(unmet) == len(over):
                self._activate(node.path, turn, at)

    def _terminate(self, path: str, word: Terminate, turn: Turn, at: float) -> None:
        """End the pipeline a step is in. Of several words in one pipeline a failure counts."""
        scope = scope_of(path)
        if not scope:
            state = Status.SUCCESS if word is Terminate.SUCCESS else Status.FAILURE
            reason = Reason.TERMINATED
            self.halt(Stop(state=state, reason=reason, step_reason=reason, grace_s=PART_GRACE_S), turn)
            return
        if word is Terminate.FAILURE:
            self._doomed.add(self._scopes.end_of(scope))
        else:
            self.standing.excused.add(scope)
        self._close(self._scopes.below(scope), Reason.TERMINATED, turn, at)

    def _close(self, paths: Iterable[str], reason: Reason, turn: Turn, at: float) -> None:
        """Take up nothing more of a part of the run, and stop what runs of it."""
        for path in paths:
            if self.standing.states[path] is Status.PENDING:
                self._conclude(path, Status.SKIPPED, reason, turn, at)
            elif self.standing.states[path] is Status.STARTED and self.stop is None:
                self.unwanted.setdefault(path, reason)
                turn.cancel.append(path)
                turn.grace_s = PART_GRACE_S


def _words_of(graph: Graph) -> dict[int, Terminate]:
    """Return by operation how its pipeline ends with it; of most with nothing."""
    if all(policy.terminate is None for policy in graph.policies):
        return {}
    return {at: word for at, each in enumerate(graph.operations) if (word := each.policy.terminate) is not None}
