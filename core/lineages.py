"""What a registry holds: projects, their lineages (versions of code) and generations (trained states of a lineage)."""

from __future__ import annotations

from collections.abc import Mapping

from .artifacts import ArtifactRef
from .graph import Json
from .ids import RunId
from .named import NamedTuple
from .records import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """How a lineage is run: what its code snapshot does not say by itself. Paths are relative to the project root."""

    target: str
    """`pipeline.py:churn`, as `graft run` takes it."""
    pipeline: str
    """Name of the pipeline."""
    sys_path: tuple[str, ...] = ()
    """Entries before sys.path; `` is the root itself."""
    python: str = ""
    """Version of Python it was released under."""
    requirements: Mapping[str, str] = field(default_factory=dict)
    """Distribution -> version of every package its code reaches, as installed when it was released."""
    git: str | None = None
    """Commit; None outside git."""
    branch: str | None = None
    dirty: bool | None = None
    """Whether the work tree differed from the commit; None outside git."""
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageDraft:
    """A lineage that is to be published."""

    project: str
    """Strict name."""
    version: str
    """PEP 440; greater than every published one of the project unless it is a development version (`.devN`)."""
    manifest: Manifest
    files: Mapping[str, str]
    """Code snapshot: path relative to the project root -> sha256."""
    created: float
    """Wall time, seconds since the epoch."""
    is_copy: bool = False
    """It was published in another registry, where its version came in order: here it need not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """A published version of a project's code. Never changed."""

    project: str
    version: str
    """Canonical PEP 440."""
    manifest: Manifest
    files: Mapping[str, str]
    code: str
    """Digest of `files` (`Snapshot.key`)."""
    created: float
    generations: int = 0
    """Numbers given so far: the newest generation's, also when it was removed."""

    @property
    def is_dev(self) -> bool:
        """Tell whether it was made from a working copy: "latest" leaves it out."""
        return ".dev" in self.version

    @property
    def address(self) -> str:
        """Return `project/version`."""
        return f"{self.project}/{self.version}"


class State(NamedTuple):
    """One trained state of a generation."""

    name: str
    """Path of the step and name of the return: `fit:model`."""
    ref: ArtifactRef
    """`inline` is None: the bytes are the registry's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationDraft:
    """A generation that is to be committed; its number is the registry's to give."""

    project: str
    version: str
    states: tuple[State, ...]
    params: Mapping[str, Json] = field(default_factory=dict)
    """Run parameters it was trained with."""
    metrics: Mapping[str, Json] = field(default_factory=dict)
    """Last value of each metric of the run, by key, as in a run's document."""
    score: float | None = None
    """The value it is ranked by, greater is better or less as `direction` says; None: it was not scored."""
    direction: str = "maximize"
    """`maximize` or `minimize`."""
    lower: Json = None
    """Least ordinal of the data it was trained on; None: no bound was given."""
    upper: Json = None
    """Greatest ordinal: the next training starts there."""
    run: RunId | None = None
    """The run that made it; None when it came from another registry."""
    runner: str = "local"
    parent: int | None = None
    """Generation of the same lineage it was trained further from; None: from nothing."""
    origin: str = "train"
    """`train`, `tune`, `carry` (taken over from another lineage), `copy` (from another registry)."""
    source: str | None = None
    """Address of what it was carried or copied from; None: it was trained here."""
    created: float
    """Wall time, seconds since the epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One trained state of a lineage. Never changed."""

    number: int
    """1, 2, 3... of its lineage, without gaps; never given twice."""
    draft: GenerationDraft
    same_as: int | None = None
    """An earlier generation of the lineage whose states are the same, digest by digest; None: there is none."""

    @property
    def address(self) -> str:
        """Return `project/version/number`."""
        return f"{self.draft.project}/{self.draft.version}/{self.number}"


class Place(NamedTuple):
    """What an alias points at."""

    version: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One entry of an alias's history."""

    alias: str
    to: Place | None
    """None: it was removed."""
    before: Place | None
    """None: there was no such alias."""
    at: float
    """Wall time, seconds since the epoch."""
    by: str
    """User and host."""
    why: str
    """`set`, `gate: auc >= champion.auc - 0.002`, `rollback`, ..."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project of a registry."""

    name: str
    created: float
    lineages: int
    """Published ones, development versions left out."""
    newest: str | None
    """Version of the newest of them; None: there is none."""
    aliases: Mapping[str, Place] = field(default_factory=dict)
