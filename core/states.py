"""One enum of states for runs, steps and attempts, and the only table of legal transitions."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType


class Status(StrEnum):
    """Where a run, a step or an attempt stands. The value is what the store and JSON hold."""

    PENDING = "PENDING"
    """Known, not started."""
    STARTED = "STARTED"
    """At work, or handed to a worker."""
    SUCCESS = "SUCCESS"
    """Done; outputs are committed."""
    FAILURE = "FAILURE"
    """The user's code, a limit or the worker failed it; `reason` names the cause."""
    SKIPPED = "SKIPPED"
    """Not run: its branch was not taken, or something before it failed."""
    CACHED = "CACHED"
    """Steps only: an earlier result was reused."""
    CANCELLED = "CANCELLED"
    """A person, a time limit of the run or a terminate step stopped it."""
    INTERRUPTED = "INTERRUPTED"
    """The process that owned it died."""

    @property
    def is_final(self) -> bool:
        """Tell whether nothing further happens without a retry."""
        return self not in _OPEN

    @property
    def is_good(self) -> bool:
        """Tell whether its outputs can be used."""
        return self in _GOOD


_OPEN = frozenset({Status.PENDING, Status.STARTED})
_GOOD = frozenset({Status.SUCCESS, Status.CACHED})


class Reason(StrEnum):
    """Why a state was reached, where the state alone does not say it."""

    ERROR = "ERROR"
    """The user's code raised."""
    TIMEOUT = "TIMEOUT"
    SIGNAL = "SIGNAL"
    """The worker was killed by a signal; the error text names it."""
    OOM = "OOM"
    """The worker was killed while the kernel counted an out-of-memory kill."""
    EXIT = "EXIT"
    """The worker left by itself (os._exit); the error text has the code."""
    LOST = "LOST"
    """The machine it ran on, or the connection to it, was lost: nobody knows how far it came."""
    UNPICKLABLE = "UNPICKLABLE"
    """The step returned something that no serializer can write."""
    RETURNS = "RETURNS"
    """The step returned another number of values than it declares."""
    INPUT = "INPUT"
    """An input is missing, damaged or does not cast."""
    UPSTREAM = "UPSTREAM"
    """A step before it failed or was cancelled."""
    BRANCH = "BRANCH"
    """Its branch was not taken."""
    RECOVERED = "RECOVERED"
    """A step before it failed, and that step's `on_failure` path took over."""
    INSIDE = "INSIDE"
    """A step inside this composite failed."""
    TERMINATED = "TERMINATED"
    """A terminate step ended its pipeline."""
    UNSELECTED = "UNSELECTED"
    """The selection (`--only`, `--from`, `--to`) left it out."""
    FAIL_FAST = "FAIL_FAST"
    """Another step failed and the run stops at the first failure."""
    USER = "USER"
    """A person cancelled it."""
    PREFLIGHT = "PREFLIGHT"
    """The worker could not be started or could not import the code."""
    HELD = "HELD"
    """It is an effect, and a watch holds those; it counts as passed."""
    CODE_CHANGED = "CODE_CHANGED"
    """The code that ran is not the code that was planned; the value is never cached."""
    COMMIT = "COMMIT"
    """Runs only: every step is done, but its generation could not be committed."""


_RETRIED = frozenset({Status.STARTED, Status.PENDING})

TRANSITIONS = MappingProxyType(
    {
        Status.PENDING: frozenset(
            {
                Status.STARTED,
                Status.SUCCESS,  # the end of a composite, which takes no attempt
                Status.SKIPPED,
                Status.CACHED,
                Status.CANCELLED,
                Status.FAILURE,
                Status.INTERRUPTED,
            }
        ),
        # STARTED -> PENDING: an attempt failed and the step waits for its automatic retry.
        Status.STARTED: frozenset(
            {
                Status.SUCCESS,
                Status.FAILURE,
                Status.CANCELLED,
                Status.INTERRUPTED,
                Status.PENDING,
                Status.SKIPPED,
            }
        ),
        # A retry may send these back; SUCCESS and CACHED go back only when the person selects them again.
        Status.FAILURE: _RETRIED,
        Status.CANCELLED: _RETRIED,
        Status.INTERRUPTED: _RETRIED | {Status.CANCELLED},
        Status.SKIPPED: frozenset({Status.PENDING}),
        Status.SUCCESS: frozenset({Status.PENDING}),
        Status.CACHED: frozenset({Status.PENDING}),
    }
)
"""From each status, those it may become. The store enforces it by conditional updates."""


def can_become(old: Status, new: Status) -> bool:
    """Tell whether the move is legal."""
    return new in TRANSITIONS[old]
