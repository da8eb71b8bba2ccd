"""What one turn of the scheduler takes and gives: what is known before, what was decided, why a run stops."""

from __future__ import annotations

from .events import Fact
from .records import dataclass, field
from .states import Reason, Status

CANCEL_GRACE_S = 10.0
"""Seconds between asking a step to stop and killing it, when a person cancels."""
PART_GRACE_S = 1.0
"""The same when the run itself has no use for the step any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Why the run takes up nothing new, and what it ends as."""

    state: Status
    reason: Reason | None
    step_reason: Reason
    """What steps that had not ended carry."""
    grace_s: float
    spared: frozenset[str] = frozenset()
    """Running attempts that may end by themselves."""


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

    def add(self, later: Turn) -> None:
        """Take in what a later call decided before anything of this one was carried out."""
        self.facts += later.facts
        if later.cancel:
            self.cancel = list(dict.fromkeys((*self.cancel, *later.cancel)))
            self.grace_s = later.grace_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What is known of a step before the engine takes the run up."""

    state: Status
    reason: Reason | None = None
    attempts: int = 0
