"""Whether an earlier result serves: what a run wants of it, what was decided of each step, where results are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from .artifacts import MetricPoint, Output
from .ids import RunId
from .records import dataclass, field

if TYPE_CHECKING:
    from .keys import Evidence  # with orders 5 ms; runs know this module, and each worker and loader knows runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Reusing:
    """How far a run takes over earlier results."""

    is_on: bool = True
    """False (`--force`, rerun): every step runs. Results are kept all the same."""
    forced: tuple[str, ...] = ()
    """Paths that run whatever is known: `--force-step`, what a retry was told to run. One that grows counts by its
    family (`trials/*/fit`) or its composite."""
    sources: bool = False
    """True (watch, retry, resume): a source is reused like any other step."""
    holds_effects: bool = False
    """True (watch): effects do not run, and count as passed."""
    released: tuple[str, ...] = ()
    """Effects that run although they are held."""


class Verdict(StrEnum):
    """Why a step runs. Codes; the words for people are the faces'."""

    NEVER = "NEVER"
    """No result of it is known."""
    CHANGED = "CHANGED"
    """What it depends on is not what it was: the causes are found by its evidence (`keys.causes`)."""
    READS = "READS"
    """A file it was seen to read is not what it was; `detail` names it."""
    DAMAGED = "DAMAGED"
    """The earlier result is gone or not what was written; `detail` names it."""
    SOURCE = "SOURCE"
    """It may read the world behind our back; `detail` says how."""
    EFFECT = "EFFECT"
    """It keeps nothing: it is run for what it does."""
    EXPIRED = "EXPIRED"
    """The earlier result is older than `cache=` lets it hold."""
    OFF = "OFF"
    """`cache=False`."""
    FORCED = "FORCED"
    """The person said so."""
    UNKNOWN = "UNKNOWN"
    """No key can be made; `detail` says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What was decided of one step of one run that was not reused, and what its result depends on."""

    verdict: Verdict
    detail: str | None = None
    evidence: Evidence | None = None
    """None: no key could be made."""
    seen: Mapping[str, str | None] = field(default_factory=dict)
    """File it was then seen to read -> sha256; None: there was none. Relative to the project root, or absolute."""
    is_kept: bool = False
    """Its result may serve again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """An earlier result that may serve again."""

    run: RunId
    node: str
    """Its path in that run."""
    at: float
    """Wall time at which it was made."""
    seen: Mapping[str, str | None]
    """As in `Judgement`: they must be the same now."""
    outputs: tuple[Output, ...]
    metrics: tuple[MetricPoint, ...] = ()


class Results(Protocol):
    """Results of all runs of a store, by what they depend on."""

    def find(self, keys: Sequence[str]) -> dict[str, list[Result]]:
        """Return results by key, the newest first, at most 8 each; keys without any are absent.

        Only those of attempts that succeeded on the code that was planned, and were reported as kept.

        Raises:
            StoreError: the store cannot be read.
        """
        ...

    def damaged(self, results: Sequence[Result]) -> list[str | None]:
        """Return for each result what of its stored outputs is missing or not what was written; None: it is whole.

        Contents decide; files that have not been touched since they were last read are not read again.
        """
        ...

    def judgement(self, run: RunId, node: str) -> Judgement | None:
        """Return what was decided of a step when it last ran in a run; None: nothing is on record (it was reused, is
        older than judgements, or did not run).
        """
        ...

    def earlier(
        self, project: str, pipeline: str, places: Sequence[str], *, before: RunId | None = None
    ) -> dict[str, tuple[RunId, str]]:
        """Return by place (`Evidence.place`) the newest run and path whose kept result stood there; else absent.

        `judgement` has the evidence it was made of. With `before`, only of runs created before that one.
        """
        ...
