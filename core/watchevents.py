"""What happens to a watch, and what it wants done: the events and commands of `core/watching.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from .changes import ChangeSet
from .errors import GraftError
from .events import Fact
from .ports import Loaded
from .records import dataclass
from .reusing import Reusing
from .runs import Run
from .watchnews import News, Wish


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """Files changed."""

    at: float
    """Wall time."""
    files: Mapping[str, str | None]
    """Path relative to the project root -> sha256; None: it is gone. Directories in which something was added or
    deleted have a slash at the end, and None."""

    @classmethod
    def of(cls, changes: ChangeSet, at: float) -> Changed:
        """Return what a change set says."""
        files = {path: changes.digests.get(path) for path in sorted(changes.paths)}
        folders = {path.rpartition("/")[0] + "/" for path in (*changes.added, *changes.deleted)}
        return cls(at=at, files=files | dict.fromkeys(sorted(folders)))


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeLoaded:
    """The answer to `Load`: the code is valid."""

    loaded: Loaded
    chosen: frozenset[str] | None = None
    """Paths the selection leaves; None: all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeBroken:
    """The answer to `Load`: something is wrong."""

    error: GraftError


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveRefused:
    """The answer to `Start` when the run would fail for certain (a secret is missing): nothing was started."""

    error: GraftError


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveTold:
    """Facts of the wave were committed."""

    facts: Sequence[Fact]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """What steps that were reused had read when they ran."""

    seen: Mapping[str, Mapping[str, str | None]]
    """Path in the graph -> file -> sha256; None: there was none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveEnded:
    """The wave is over, and no process of it is left."""

    at: float
    run: Run
    error: GraftError | None = None
    """Why its runner could not carry it; the run is on record as FAILURE."""


Event: TypeAlias = Changed | CodeLoaded | CodeBroken | WaveRefused | WaveTold | Recalled | WaveEnded | Wish


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Compile the target in a fresh process."""

    is_renewed: bool = False
    """The configuration or the parameters changed too: read them again first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Start a wave with what was loaded last."""

    loaded: Loaded
    reusing: Reusing


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Have the wave take up nothing more."""

    spared: tuple[str, ...] = ()
    """Running steps that may end by themselves."""
    is_hard: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """Tell the watcher what the wave wrote: relative path -> sha256."""

    files: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """The watch is over."""


Command: TypeAlias = Load | Start | Stop | Own | Leave | News
