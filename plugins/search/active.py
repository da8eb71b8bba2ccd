"""One trial that is under way: its run, hosted by a thread of this process, and what is heard of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from ...core.children import Child
from ...core.errors import GraftError
from ...core.events import (
    AttemptCancelled,
    AttemptFailed,
    AttemptSucceeded,
    CancelRequested,
    Fact,
    StepJoined,
    StepReused,
    StepSettled,
)
from ...core.session import Observer, Requests

_ENDS = (AttemptSucceeded, AttemptFailed, AttemptCancelled, StepReused, StepSettled, StepJoined)
Host = Callable[[Child, int, Observer, Requests], None]


class Active:
    """Hosts the run of a trial in a thread of its own.

    Args:
        number: of the trial; None: it trains the best.
        child: its run.
        attempt: of the trial's node.
        jobs: cpus that its steps may use together.
        begun: wall time.
        tell: called by the thread when something changed, and once more at the end.
    """

    def __init__(
        self, number: int | None, child: Child, *, attempt: int, jobs: int, begun: float, tell: Callable[[Active], None]
    ):
        self.number = number
        self.child = child
        self.attempt = attempt
        self.jobs = jobs
        self.begun = begun
        self.problem: BaseException | None = None
        """Why the run could not be carried to its end."""
        self.is_over = False
        self.done: set[str] = set()
        """Paths of steps that have ended."""
        self.told_at = begun
        """Wall time of the last fact on how far it is."""
        self._requests = Requests()
        self._tell = tell
        self._unshared = dict(child.shared)
        self._thread: threading.Thread | None = None

    def start(self, host: Host) -> None:
        """Begin."""
        name = f"graft-trial-{self.number or 'best'}"
        self._thread = threading.Thread(target=self._run, args=(host,), name=name)
        self._thread.start()

    def makes(self, digests: frozenset[str]) -> bool:
        """Tell whether it is still to make a result of one of these steps."""
        return not digests.isdisjoint(list(self._unshared.values()))

    def stop(self, at: float, *, is_hard: bool) -> None:
        """Ask the run to stop."""
        self._requests.add(CancelRequested(at=at, is_hard=is_hard))

    def join(self) -> None:
        """Wait for the thread."""
        if self._thread is not None:
            self._thread.join()

    def _run(self, host: Host) -> None:
        try:
            host(self.child, self.jobs, self._observe, self._requests)
        except GraftError as problem:
            self.problem = problem
        except BaseException as problem:  # noqa: BLE001  a thread has nobody to raise it to
            self.problem = problem
        finally:
            self.is_over = True
            self._tell(self)

    def _observe(self, facts: Sequence[Fact]) -> None:
        ended = [fact.node for fact in facts if isinstance(fact, _ENDS)]
        for path in ended:
            self._unshared.pop(path, None)
        if ended:
            self.done.update(ended)
            self._tell(self)
