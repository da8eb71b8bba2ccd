"""What a runner gets for one run: where it stands, where facts go, and what may stop it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from .artifacts import Output
from .events import CancelRequested, Fact
from .orders import RunContext
from .ports import Clock, RunLog, Slots
from .records import dataclass, field
from .turns import Past

if TYPE_CHECKING:
    from .growth import Plot
    from .judging import Judge
    from .routes import Sites
    from .spread import Away  # which few runs have
    from .values import Values


class Observer(Protocol):
    """Is told what was committed, after it was."""

    def __call__(self, facts: Sequence[Fact], /) -> None: ...


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One run being hosted. Its start is recorded already; what happens from then on is to be reported."""

    context: RunContext
    log: RunLog
    clock: Clock
    jobs: int
    """cpus that steps may use together."""
    slots: Slots | None = None
    """Machine-wide resources; None when no step asks for any."""
    fail_fast: bool = False
    deadline: float | None = None
    """Wall time at which the run is stopped; None: no limit."""
    past: Mapping[str, Past] = field(default_factory=dict)
    """By path, what is known of steps that do not start as PENDING without attempts: kept, reused or left out."""
    recorded: Mapping[str, tuple[Output, ...]] = field(default_factory=dict)
    """By path, outputs of steps that are not run again."""
    observe: Observer | None = None
    requests: Requests = field(default_factory=Requests)
    sites: Sites | None = None
    """Where steps go by their labels; None: all of them to the runner of the run."""
    away: Sequence[Away] = ()
    """The other runners they go to: site 1, site 2, ..."""
    here: Collection[int] | None = None
    """Operations whose attempts run on this machine, and take of its resources; None: all."""
    judge: Callable[[Plot, Values], Judge] | None = None
    """Makes the judge of what must run; None: everything does, and no result is kept (a runner that is not real)."""

    def report(self, facts: Sequence[Fact]) -> None:
        """Commit facts, then tell the observer.

        Raises:
            ConflictError: somebody else took the run over.
            StoreError: the run log cannot be written.
        """
        report(self.log, facts, self.observe)


def report(log: RunLog, facts: Sequence[Fact], observe: Observer | None) -> None:
    """Commit facts, then tell the observer.

    Raises:
        ConflictError: somebody else took the run over.
        StoreError: the run log cannot be written.
    """
    log.append(facts)
    if observe is not None:
        observe(facts)
