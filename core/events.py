"""Facts that happened to a run, in the past tense. The run log is the list of them; tables are its projections.

`at` is wall time in seconds since the epoch. `node` is a path of the run's graph.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from .artifacts import MetricPoint, Output
from .graph import Json
from .ids import RunId
from .keys import Evidence
from .records import dataclass, field
from .reusing import Verdict
from .runs import StepError
from .states import Reason, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """An engine took the run up (also on retry and resume)."""

    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReset:
    """A retry put a step back to PENDING; earlier attempts stay."""

    node: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptDispatched:
    """An attempt was handed to the executor; it starts when a worker gets to it."""

    node: str
    attempt: int
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptSucceeded:
    """An attempt returned, and its outputs are written."""

    node: str
    attempt: int
    at: float
    started: float
    seconds: float
    cpu_seconds: float
    peak_bytes: int | None
    worker: str
    outputs: tuple[Output, ...]
    metrics: tuple[MetricPoint, ...] = ()
    reason: Reason | None = None
    """CODE_CHANGED when other code ran than was planned."""
    reads: tuple[str, ...] = ()
    """What it was seen to read beyond its inputs: files, relative to the project root or absolute, also such as were
    not there; directories it listed, with a slash at the end; connections, as `tcp://HOST:PORT` or `unix://PATH`; `*`
    for more than could be noted. A hint: what C++ libraries and child processes read is not seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptFailed:
    """An attempt failed: the user's code, a limit, or its worker died."""

    node: str
    attempt: int
    at: float
    started: float | None
    """None: it never began."""
    seconds: float | None
    cpu_seconds: float | None
    peak_bytes: int | None
    worker: str | None
    reason: Reason
    error: StepError
    metrics: tuple[MetricPoint, ...] = ()
    outputs: tuple[Output, ...] = ()
    """Evidence, never a value for another step: what it logged before it failed, a notebook's executed copy."""


def never_begun(node: str, attempt: int, reason: Reason, error: StepError, *, at: float) -> AttemptFailed:
    """Return the failure of an attempt that no worker came to."""
    return AttemptFailed(
        node=node,
        attempt=attempt,
        at=at,
        started=None,
        seconds=None,
        cpu_seconds=None,
        peak_bytes=None,
        worker=None,
        reason=reason,
        error=error,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptCancelled:
    """An attempt was stopped on request."""

    node: str
    attempt: int
    at: float
    started: float | None
    seconds: float | None
    worker: str | None
    reason: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepYielded:
    """A running generator step yielded a value. Changes no state."""

    node: str
    attempt: int
    at: float
    value: Json
    """The value if it is short and JSON can hold it, else a text that describes it; without secrets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepProgressed:
    """A running step told how far it is. Changes no state."""

    node: str
    attempt: int
    at: float
    done: float
    total: float | None
    """None: it did not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryScheduled:
    """A failed step waits for its next automatic attempt."""

    node: str
    at: float
    not_before: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSettled:
    """A step reached a final state without an attempt: SKIPPED, CANCELLED, or FAILURE before it could start."""

    node: str
    state: Status
    reason: Reason | None
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReused:
    """An earlier result serves; nothing ran."""

    node: str
    at: float
    from_run: RunId | None
    """None: it is the state of a generation, whose run may be in no store any more."""
    outputs: tuple[Output, ...]
    metrics: tuple[MetricPoint, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepJudged:
    """No earlier result serves, so the step is about to run. Changes no state."""

    node: str
    at: float
    verdict: Verdict
    detail: str | None = None
    evidence: Evidence | None = None
    """What its result will depend on; None: no key can be made, and the result is not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultKept:
    """What an attempt made may serve later runs. In the commit of its `AttemptSucceeded`; changes no state."""

    node: str
    attempt: int
    at: float
    seen: Mapping[str, str | None] = field(default_factory=dict)
    """What it was seen to read: file -> sha256; None: there was none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepJoined:
    """Everything inside a composite is done; its end hands on their outputs without an attempt of its own."""

    node: str
    at: float
    outputs: tuple[Output, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphGrown:
    """A map got its items, or a loop its next iteration: from here on the graph has more nodes."""

    node: str
    """The node whose success made it grow; see `graph.Growth`."""
    size: int
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRequested:
    """A person asked to stop."""

    at: float
    is_hard: bool = False
    """True: kill at once, without grace."""
    spared: tuple[str, ...] = ()
    """Paths that, if they are running, may end by themselves: a watch keeps what a newer save did not make obsolete.
    A later request that spares fewer stops the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationCommitted:
    """What a run trained is a generation now. In the commit of its `RunFinished`, after the registry has it."""

    at: float
    lineage: str
    """Version."""
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished:
    """The run reached its final state."""

    state: Status
    reason: Reason | None
    at: float


AttemptEnded: TypeAlias = AttemptSucceeded | AttemptFailed | AttemptCancelled

StepTold: TypeAlias = StepYielded | StepProgressed
"""What a running attempt says of itself."""

TOLD = frozenset({StepYielded, StepProgressed})
"""`StepTold` for a look at an exact type."""

Fact: TypeAlias = (
    RunStarted
    | StepReset
    | AttemptDispatched
    | AttemptSucceeded
    | AttemptFailed
    | AttemptCancelled
    | StepYielded
    | StepProgressed
    | RetryScheduled
    | StepSettled
    | StepReused
    | StepJudged
    | ResultKept
    | StepJoined
    | GraphGrown
    | CancelRequested
    | GenerationCommitted
    | RunFinished
)
