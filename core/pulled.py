"""What is asked for, and what came, when a run is brought home."""

from __future__ import annotations

from .ids import RunId
from .records import dataclass
from .states import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """A run to be brought home."""

    run: str
    """Whole id of a run of this store, or of one that lies in the directory; of the latter also a unique prefix."""
    root: str
    """Absolute root of the project at hand, whose a run becomes that this store does not know."""
    folder: str | None = None
    """Absolute directory of artifacts; None: `[runner.NAME] artifacts` of the run's runner."""
    runner: str | None = None
    """Name of the runner whose directory is meant; None: that of the run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """What was brought home."""

    run: RunId
    folder: str | None
    """Where it lay; None: the run's runner has no such directory."""
    is_new: bool
    """The store did not know the run."""
    state: Status
    """Of the run now."""
    steps: tuple[str, ...] = ()
    """Paths whose ends came, in the order in which they ended."""
    values: int = 0
    """Values that came."""
    value_bytes: int = 0
    log_bytes: int = 0
    lacking: tuple[str, ...] = ()
    """Outputs that are neither here nor there, as `step:name`."""

    @property
    def is_news(self) -> bool:
        """Tell whether anything came."""
        return bool(self.is_new or self.steps or self.values or self.log_bytes)
