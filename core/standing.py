"""Where each node of a run stands, and what that means for those that wait for it.

Only the scheduler, and the consequences it decides, write here.
"""

from __future__ import annotations

from collections.abc import Mapping

from .graph import Node
from .guards import Guards, is_of_recovery, recovery_of, waits_of
from .scopes import around
from .states import Reason, Status

PASSED_REASONS = frozenset({Reason.BRANCH, Reason.UNSELECTED, Reason.RECOVERED, Reason.TERMINATED, Reason.HELD})
"""A step that was not run, or stopped, for one of these does not hold back what follows it."""

_TAKEN_OVER = frozenset({Reason.RECOVERED, Reason.TERMINATED})
"""An `on_failure` path that ended early for one of these has done what it was there for."""

_GOOD = frozenset(state for state in Status if state.is_good)
_FAULTS = frozenset({Status.FAILURE, Status.INTERRUPTED})
_BLAMED = _FAULTS | {Status.CANCELLED}
"""States inside a composite that make it fail. Others have a cause before them; a step that is still PENDING here is
about to be skipped for it."""


class Standing:
    """The states of all nodes of one run.

    Args:
        nodes: by path; whoever adds to them calls `add`.
        guards: of the nodes.
    """

    def __init__(self, nodes: Mapping[str, Node], guards: Guards):
        self.states: dict[str, Status] = dict.fromkeys(nodes, Status.PENDING)
        self.running: set[str] = set()
        """Those that are STARTED."""
        self.left = len(self.states)
        """Nodes that have not reached a final state."""
        self.excused: set[str] = set()
        """Scopes that a terminate step ended with success: what failed inside before does not count."""
        self._reasons: dict[str, Reason] = {}
        self._nodes = nodes
        self._guards = guards

    def add(self, path: str) -> None:
        """Take in a node that grew."""
        self.states[path] = Status.PENDING
        self.left += 1

    def begin(self, path: str) -> None:
        """Record that an attempt of a node is at work."""
        self.states[path] = Status.STARTED
        self.running.add(path)

    def postpone(self, path: str) -> None:
        """Record that a node waits for its next attempt."""
        self.states[path] = Status.PENDING

    def settle(self, path: str, state: Status, reason: Reason | None) -> None:
        """Set the final state of a node."""
        if not self.states[path].is_final:
            self.left -= 1
        self.states[path] = state
        if reason is not None:
            self._reasons[path] = reason

    def reason(self, path: str) -> Reason | None:
        """Return why a node ended; None where its state says it all."""
        return self._reasons.get(path)

    def is_passed(self, path: str) -> bool:
        """Tell whether what follows a node need not wait for it any more."""
        state = self.states[path]
        if state.is_good:
            return True
        if state is Status.FAILURE:
            return path in self._guards.recoverable and self._is_taken_over(path)
        return state in (Status.SKIPPED, Status.CANCELLED) and self._reasons.get(path) in PASSED_REASONS

    def is_over(self, path: str) -> bool:
        """Tell whether nothing about a node can change: it ended, and what recovers it as well."""
        return self.states[path].is_final and not self.is_recovering(path)

    def is_recovering(self, path: str) -> bool:
        """Tell whether a node failed and the pipeline that takes over has not ended."""
        return (
            self.states[path] is Status.FAILURE
            and path in self._guards.recoverable
            and not self.states[recovery_of(path)].is_final
        )

    def unmet(self, node: Node) -> list[str]:
        """Return what a node waits for in vain, or still waits for."""
        return [path for path in waits_of(node) if not self.is_met(node, path)]

    def is_met(self, node: Node, path: str) -> bool:
        """Tell whether a node need not wait for another one any more. An `on_failure` path waits for the failure."""
        if self.is_passed(path):
            return True
        return self.states[path] is Status.FAILURE and is_of_recovery(node.path, path)

    def blame(self, end: str, *, is_stopped: bool = False) -> Reason | None:
        """Tell why the end of a composite, whose needs are all over, does not go on; None: it does.

        INSIDE when a node inside failed or was cancelled, else UPSTREAM. Nodes outside are not followed back: nothing
        they waited for can be inside, so that the search stays as large as the composite.

        Args:
            end: path of the end.
            is_stopped: the whole run was stopped, so that a node which was cancelled is nobody's fault.
        """
        inside = f"{end}/"
        found: Reason | None = None
        stack = self.unmet(self._nodes[end])
        seen = set(stack)
        while stack:
            path = stack.pop()
            if not path.startswith(inside):
                found = Reason.UPSTREAM
            elif self.excused and any(above in self.excused for above in around(path)):
                continue
            elif self.states[path] in (_FAULTS if is_stopped else _BLAMED):
                return Reason.INSIDE
            else:
                before = self.unmet(self._nodes[path])
                found = found if before else Reason.UPSTREAM
                stack += [each for each in before if each not in seen]
                seen.update(before)
        return found

    def is_good(self) -> bool:
        """Tell whether the run succeeded, when every node is final: no node holds back that its composite lets count.

        Not "no step failed": a retry of one step alone may leave others skipped behind a failure that is gone.
        """
        if _GOOD.issuperset(self.states.values()):  # most runs: 0.5 us a step otherwise
            return True
        return all(self.is_passed(path) or not self._counts(path) for path in self.states)

    def _counts(self, path: str) -> bool:
        """Tell whether a node's own state is the run's: what is inside a composite is settled by the composite's end.

        Unless that was left out by the selection, which may name a single step inside.
        """
        for above in around(path):
            if above in self.excused:
                return False
            if above in self._nodes and self._reasons.get(above) is not Reason.UNSELECTED:
                return False
        return True

    def is_caught(self, path: str) -> bool:
        """Tell whether the failure of a node may still be recovered, by its own `on_failure` path or one around it."""
        recoverable = self._guards.recoverable
        return bool(recoverable) and any(
            above in recoverable and not is_of_recovery(path, above) and not self.states[recovery_of(above)].is_final
            for above in (path, *around(path))
        )

    def _is_taken_over(self, path: str) -> bool:
        recovery = recovery_of(path)
        state = self.states[recovery]
        return state.is_good or (state is not Status.FAILURE and self._reasons.get(recovery) in _TAKEN_OVER)
