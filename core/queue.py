"""Submissions and the workers that take them: records, and the port of who keeps them.

A submission is a PENDING run that waits for a worker with its labels. Whoever may take it up is decided in one
transaction of the store; that nobody else goes on with it, by the run's lock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Protocol

from .ids import RunId
from .records import dataclass
from .states import Status

BEAT_S = 2.0
"""Seconds between two signs of life of a worker; more often would wake every viewer of the store for nothing."""
MISSED_BEATS = 3
"""A worker that missed so many is lost, and what it had is anybody's."""
LOST_AFTER_S = BEAT_S * MISSED_BEATS
MAX_CLAIMS = 3
"""Workers that may be lost with a submission: a run that takes its worker with it must not take all of them."""


class SubmissionState(StrEnum):
    """Where a submission stands; how its run does is the run's own state."""

    WAITING = "WAITING"
    """For a worker."""
    TAKEN = "TAKEN"
    """By a worker, or by a process of its own."""
    ENDED = "ENDED"
    """Its run is over."""
    GIVEN_UP = "GIVEN_UP"
    """`MAX_CLAIMS` workers were lost with it."""


class WorkerState(StrEnum):
    """How a worker is."""

    LIVE = "live"
    DRAINING = "draining"
    """It ends what it has and takes nothing more."""
    LOST = "lost"
    """It gave no sign of life for `LOST_AFTER_S` seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSubmission:
    """A run that is to be queued."""

    run: RunId
    labels: tuple[str, ...]
    """All of which its worker must have; empty: any worker that serves `default`."""
    command: tuple[str, ...]
    """Starts a process that hosts a run when `RUN STATE` is added: the interpreter, project and configuration of
    who submitted it."""
    cwd: str
    """Absolute directory the command is started in."""
    expect: Status
    """State the run is in; one that has left it (was cancelled) when its turn comes is not taken up."""
    created: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A submission as it stands."""

    run: RunId
    labels: tuple[str, ...]
    state: SubmissionState
    worker: int | None
    """Number of the worker that has it, or had it last; None: nobody yet, or a process of its own."""
    claims: int
    """How often it was taken."""
    created: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A submission that was taken: who holds the claim starts its command."""

    run: RunId
    worker: int | None
    number: int
    """1, 2, 3: of how many. What a worker says of an earlier claim is not heard any more."""
    command: tuple[str, ...]
    cwd: str
    expect: Status
    """As it was submitted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A worker as it stands."""

    number: int
    host: str
    pid: int
    labels: tuple[str, ...]
    slots: int
    """Runs it hosts at once."""
    state: WorkerState
    runs: tuple[RunId, ...]
    """That it has."""
    beat_age_s: float
    """Seconds since its last sign of life."""
    started: float


class Queue(Protocol):
    """Keeps submissions and workers. Any thread and process may use it; every method is one transaction."""

    def put(self, new: NewSubmission) -> None:
        """Queue a run; one that was queued before (and is to be continued) as if it never was.

        Raises:
            StoreError: it cannot be written.
        """
        ...

    def claim(self, worker: int) -> Claim | None:
        """Take the oldest submission that fits the worker's labels; None: there is none, or the worker was given up.

        One whose worker was lost fits too, once no process hosts its run any more.
        """
        ...

    def adopt(self, labels: Sequence[str]) -> list[Claim]:
        """Take every waiting submission that no live worker could take and that these labels serve."""
        ...

    def finish(self, claim: Claim, *, is_over: bool) -> bool:
        """End a claim: its run is over, or waits for the next worker; False: somebody else has it by now."""
        ...

    def submission(self, run: RunId) -> Submission | None:
        """Return how the submission of a run stands; None: it never was one."""
        ...

    def waiting(self) -> list[Submission]:
        """Return what waits, oldest first."""
        ...

    def register(self, labels: Sequence[str], slots: int) -> int:
        """Enter this process as a worker and return its number."""
        ...

    def beat(self, worker: int, *, is_draining: bool) -> bool:
        """Give a sign of life; False: it came too late, and what the worker had may be somebody else's."""
        ...

    def leave(self, worker: int) -> None:
        """Take a worker off the list, after it ended its claims."""
        ...

    def workers(self) -> list[Worker]:
        """Return the workers by number; lost ones too, until they were seen for a day."""
        ...


def fits(wanted: Sequence[str], served: Sequence[str] | Mapping[str, int]) -> bool:
    """Tell whether labels that are served are all that is wanted."""
    return all(label in served for label in wanted)


class Hosted(Protocol):
    """A process that hosts a run."""

    def is_over(self) -> bool:
        """Tell whether it has ended."""
        ...

    def kill(self) -> None:
        """End it at once and wait for it; what it had started ends with it."""
        ...


class Hosts(Protocol):
    """Starts the processes of claims."""

    def command(self) -> tuple[str, ...]:
        """Return what starts a host of this project's runs, anywhere on this machine."""
        ...

    def start(self, claim: Claim, expect: Status, labels: Mapping[str, int]) -> Hosted:
        """Start the process of a claim.

        Args:
            claim: what was taken.
            expect: state its run must still be in.
            labels: that its steps may want beyond those configured -> slots of each.

        Raises:
            PluginError: it cannot be started.
        """
        ...
