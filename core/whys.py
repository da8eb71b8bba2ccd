"""What is told of a step that is asked why: records that faces print and `core/whydocument.py` turns into JSON."""

from __future__ import annotations

from collections.abc import Mapping

from .codechanges import Hunk
from .ids import RunId
from .keys import Cause
from .named import NamedTuple
from .records import dataclass, field
from .reusing import Verdict
from .runs import StepError
from .states import Status


class Made(NamedTuple):
    """An output that is another one than it was."""

    step: str
    output: str
    run: RunId
    """Run that made it."""
    old_run: RunId | None
    """Run that made the one before; None: there was none, or it is not known any more."""
    is_items: bool = False
    """The step is the start of a map, which a person knows as its items."""
    old: str | None = None
    """The value it was, when it is short JSON; None: it is not, or not known."""
    new: str | None = None
    """The value it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Because:
    """One cause with what explains it. Values of secrets are masked."""

    cause: Cause
    hunks: tuple[Hunk, ...] = ()
    """Of code: the lines; none when no file holds them."""
    where: str | None = None
    """Of a parameter: where its value is from; None: it is not known, or there is none any more."""
    was_where: str | None = None
    """Of a parameter: where its old value was from."""
    made: tuple[Made, ...] = ()
    """Of an input: the outputs of earlier steps that differ."""
    call: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Of how it is called: what differs, as it was and as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The earlier result a step is compared with, or that it reuses."""

    run: RunId
    node: str
    """Its path in that run."""
    at: float | None
    """Wall time it was made; None: not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepWhy:
    """Why a step of a run is where it is."""

    run: RunId
    path: str
    state: Status
    reason: str | None = None
    """As in `StepRun.reason`."""
    verdict: Verdict | None = None
    """Why it ran; None: it did not, or nothing is on record."""
    detail: str | None = None
    """As in `Judgement.detail`."""
    causes: tuple[Because, ...] = ()
    """What differs from `compared`; empty: nothing that is known."""
    compared: Compared | None = None
    """None: there is no earlier result."""
    unkept: Compared | None = None
    """Without an earlier result: what it made in the run before, which was not kept; None: it made nothing there."""
    reused: Compared | None = None
    """The result it took over; None: it took none."""
    loaded: str | None = None
    """Address of the generation whose states it hands on; None: it does not."""
    held: Mapping[str, int] = field(default_factory=dict)
    """Of a reused result: what it depends on and did not change, by kind of cause; empty: not on record."""
    error: StepError | None = None
    attempts: int = 0
    blocked_by: tuple[str, ...] = ()
    """Paths of the steps for which it was skipped or, of a composite, that failed inside."""
    branch: str | None = None
    """Of a branch not taken: the word that was chosen instead; None: none is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Steps of a run that ran for the same reason."""

    why: StepWhy
    """Of the first of them."""
    paths: tuple[str, ...]
    """In definition order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunWhy:
    """Why the steps of a run ran."""

    run: RunId
    groups: tuple[Group, ...]
    """Steps that ran, or failed before they could."""
    reused: Mapping[RunId, tuple[str, ...]]
    """Run -> paths whose result was taken over from it."""
    loaded: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Address of a generation -> paths whose states are its."""
    skipped: tuple[Group, ...]
    waiting: tuple[str, ...]
    """Paths that have not run yet."""
    total: int
    """Steps there are."""
