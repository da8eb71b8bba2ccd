"""What a face (CLI, TUI, API) asks the workspace for."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from .graph import Json
from .ids import RunId
from .keys import Cause
from .records import dataclass, field
from .reusing import Reusing
from .runs import Target
from .selection import Selection
from .undeclared import GuardMode


class CodeChoice(StrEnum):
    """Which code a retry runs."""

    CURRENT = "current"
    """The working copy as it is now."""
    RECORDED = "recorded"
    """The snapshot of the run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """A new run of a target."""

    target: Target
    params: Mapping[str, str] = field(default_factory=dict)
    """`-p` as typed: `name` or `STEP:name` -> text."""
    values: Mapping[str, Json] = field(default_factory=dict)
    """Parameters given as values (parameter file)."""
    places: Mapping[str, str] = field(default_factory=dict)
    """Key of a value -> where it stands (`params.yaml:3`)."""
    selection: Selection = field(default_factory=Selection)
    runner: str | None = None
    """Name in the configuration or of a plugin; None: the default one."""
    jobs: int | None = None
    """cpus that steps may use together; None: as many as the machine gives this process."""
    fail_fast: bool = False
    timeout_s: float | None = None
    """Limit of the whole run in seconds; None: no limit."""
    tags: tuple[str, ...] = ()
    origin: str = "cli"
    parent: RunId | None = None
    reusing: Reusing = field(default_factory=Reusing)
    guard: GuardMode | None = None
    """Look for undeclared use; None: as configured."""
    engine: str | None = None
    """Which feeds a pipeline with a source asks (`-E`); None: the default ones."""
    mode: str = "job"
    """What it is compiled for, to be looked at: one of `options.MODES`. Use-cases of the lifecycle run other modes."""


class Stale(StrEnum):
    """What a retry does with steps it would keep whose key has changed."""

    KEEP = "keep"
    """Their results serve, and the retry says which."""
    RERUN = "rerun"
    """They run again, and what follows them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryRequest:
    """A run to be continued."""

    run: RunId
    selection: Selection = field(default_factory=Selection)
    is_everything: bool = False
    """`--all`: run every step again."""
    code: CodeChoice = CodeChoice.CURRENT
    stale: Stale = Stale.KEEP
    jobs: int | None = None
    fail_fast: bool = False
    runner: str | None = None
    guard: GuardMode | None = None
    """Look for undeclared use; None: as the run did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleStep:
    """A step that a retry keeps although its result would be another one now."""

    path: str
    causes: tuple[Cause, ...] = ()
    """What is not what it was; empty when no key can be made any more."""
    detail: str | None = None
    """Why no key can be made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPlan:
    """What a retry would do, for previews."""

    run: RunId
    again: tuple[str, ...]
    """Paths that run again, in definition order."""
    kept: tuple[str, ...]
    """Paths whose recorded outputs are kept."""
    left_out: tuple[str, ...] = ()
    """Paths that neither run nor have outputs (outside the selection)."""
    stale: tuple[StaleStep, ...] = ()
    """Those among the kept ones whose key has changed, in definition order."""
