"""What would run, and why: records that faces print and `core/answers.py` turns into JSON."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from .graph import Graph
from .records import dataclass
from .reusing import Verdict
from .whys import Because, Compared


class Fate(StrEnum):
    """What would become of a step."""

    REUSE = "reuse"
    """An earlier result serves."""
    RUN = "run"
    """It runs for certain."""
    MAY_RUN = "may run"
    """It depends on what runs before it: if that makes what it made before, it is reused."""
    HELD = "held"
    """An effect, which a watch holds."""
    SKIP = "skip"
    """Its branch is not taken."""
    LEFT_OUT = "left out"
    """The selection leaves it out."""


class Hinge(StrEnum):
    """How steps before it decide whether a step runs."""

    DATA = "data"
    """It takes what they make."""
    ORDER = "order"
    """It only comes after them; it may read what they write."""
    BRANCH = "branch"
    """They choose the branch it is in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One step of a plan."""

    path: str
    fate: Fate
    verdict: Verdict | None = None
    """Why it runs; None: it does not for certain."""
    detail: str | None = None
    """As in `Judgement.detail`; of a step that a generation stands for, the address of that."""
    causes: tuple[Because, ...] = ()
    """What differs from `compared` for certain."""
    compared: Compared | None = None
    """The newest result at its place; None: there is none, or it is not asked for."""
    unkept: Compared | None = None
    """Without an earlier result: what it made in the newest run, which was not kept; None: it made nothing there."""
    reused: Compared | None = None
    """The result that serves."""
    after: tuple[str, ...] = ()
    """Of one that may run: paths before it that run, or may, and decide it."""
    hinge: Hinge | None = None
    """What they decide it by; None: it is decided."""
    seconds: float | None = None
    """How long it took when it last ran; None: not known."""
    runner: str | None = None
    """Where its labels send it; None: the runner of the run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run would do. Nothing was started and nothing written."""

    pipeline: str
    graph: Graph
    """As it would have grown before anything runs."""
    steps: tuple[Planned, ...]
    """Of what people count as steps, in definition order."""
    unknown: Mapping[str, str]
    """Maps and loops that grow while they run -> `items` or `iterations`."""
    estimate_s: float | None
    """Seconds until what runs for certain is done, by how long it last took; None: of some of it that is not known."""
    longest_s: float | None
    """The same if all that may run does."""

    def of(self, fate: Fate) -> list[Planned]:
        """Return the steps of a fate."""
        return [each for each in self.steps if each.fate is fate]

    @property
    def has_work(self) -> bool:
        """Tell whether anything runs, or may."""
        return any(each.fate in (Fate.RUN, Fate.MAY_RUN) for each in self.steps)
