"""What an executor is handed: one attempt with its arguments resolved, and what all attempts of a run share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from .artifacts import ArtifactRef
from .graph import Operation
from .ids import RunId
from .named import NamedTuple
from .records import dataclass, field
from .supply import Blob, Constant
from .undeclared import GuardMode

Resolved: TypeAlias = "ArtifactRef | Constant | Blob | list[Resolved]"
"""An argument's value: a stored artifact, a constant, or a list of them (gather)."""


def artifacts_of(value: Resolved) -> Iterator[ArtifactRef]:
    """Yield the stored artifacts of an argument's value."""
    if isinstance(value, list):
        for item in value:
            yield from artifacts_of(item)
    elif isinstance(value, ArtifactRef):
        yield value


class Order(NamedTuple):
    """One attempt to execute. A NamedTuple because thousands a second are made."""

    node: str
    attempt: int
    operation: int
    """Index in the graph's operations."""
    arguments: tuple[tuple[str, Resolved], ...]
    files: tuple[tuple[str, ArtifactRef], ...] = ()
    """Catalog files to restore before it starts: relative path and content."""
    environ: tuple[tuple[str, str], ...] = ()
    """Environment variables of this attempt alone: which gpus it holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """What every attempt of a run shares; an executor is opened with it."""

    run: RunId
    operations: tuple[Operation, ...]
    root: str
    """Absolute project root."""
    cwd: str
    """Absolute working directory of steps."""
    sys_path: tuple[str, ...]
    """Absolute entries put before sys.path."""
    objects: str
    """Absolute directory of content-addressed object files."""
    logs: str
    """Absolute directory for this run's log files; exists."""
    slots: str
    """Absolute directory of the machine-wide slot files; exists."""
    jobs: int
    """Attempts that may run at once."""
    preload: tuple[str, ...] = ()
    """Third-party packages the project imports, imported once before workers are forked."""
    secrets: Mapping[str, str] = field(default_factory=dict)
    """Name -> value; masked in logs, never stored."""
    planned_files: Mapping[str, str] = field(default_factory=dict)
    """Relative path -> sha256 of the code snapshot; workers report what differs."""
    contents: Mapping[str, bytes] = field(default_factory=dict)
    """sha256 -> bytes of those files: what a runner sends to machines that do not see the project."""
    code: str | None = None
    """Digest of the code snapshot."""
    unended: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Path -> attempts that were under way when a host of the run was lost, oldest first, and were not followed by one
    that ended: a runner on other machines may find them there, going on or done."""
    routed: frozenset[str] = frozenset()
    """Labels that `[route]` sends here: where nothing offers one by name, all that is here serves it."""
    params: Mapping[str, object] = field(default_factory=dict)
    """Run parameters; `log_param` and notebooks see them."""
    guard: GuardMode | None = None
    """Look for undeclared use; None: nobody does."""
    work_tree: str | None = None
    """Absolute root of the project's own directory when `root` is a copy of recorded code, which holds no data: what
    steps declare to read is there. None: it is `root`."""
