"""Records of what ran: Run, StepRun, Attempt, and what a run is started from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from .artifacts import MetricPoint, Output
from .graph import Graph, Json
from .ids import RunId
from .prints import Prints
from .records import dataclass, field
from .reusing import Reusing
from .states import Status
from .undeclared import GuardMode

if TYPE_CHECKING:
    from .trials import SearchSpec  # spaces and methods, for one kind of run

APPLIES = "apply"
"""Origin in `Lifecycle` of runs that use a generation and make none."""
TRANSLATION = "translation"
"""Origin of specs that are written down for something else to carry, and never recorded."""
VERIFY = "verify"
"""Origin of runs that check another one: hidden, never the newest, feeding no reuse, not to be taken up again."""
_HIDDEN_ORIGINS = frozenset({"watch", "sweep", "step", VERIFY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One line of a traceback that belongs to the user's code."""

    file: str
    line: int
    function: str
    code: str
    """The source line, stripped; empty when unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepError:
    """Why an attempt failed, as far as it can be told without the process it failed in."""

    type: str
    """Qualified name of the exception (`ValueError`, `pkg.Broken`); for a dead worker `WorkerDied`."""
    message: str
    traceback: str = ""
    """Formatted traceback, trimmed to the user's frames; at most 64 KiB."""
    frames: tuple[Frame, ...] = ()
    """The user's frames, outermost first."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    """Argument name -> short description (type, shape, size): never the value of a secret."""
    pickled: bytes | None = None
    """The exception itself when it survives a round trip; for `AsyncResult.get`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeState:
    """Which code a run is of."""

    key: str | None = None
    """Digest of the code snapshot: canonical JSON of path -> sha256. None: no project file was reached."""
    git: str | None = None
    """Commit sha; None outside git."""
    dirty: bool | None = None
    """Whether the work tree differs from the commit; None outside git."""
    remote: str | None = None
    branch: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Every project file the graph reaches: relative path -> sha256, with the contents for the store."""

    files: Mapping[str, str]
    contents: Mapping[str, bytes]
    """sha256 -> bytes."""

    @property
    def key(self) -> str | None:
        """Return the digest of the snapshot: sha256 of the canonical JSON of `files`; None when it is empty."""
        if not self.files:
            return None
        text = json.dumps(dict(self.files), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What to run and from where, so that retry and rerun find it again."""

    text: str
    """As the person wrote it: `pipeline.py:iris`, `pkg.mod:name`, or the script whose `execute()` was called."""
    root: str
    """Absolute project root; steps run there unless `cwd` says otherwise."""
    cwd: str
    """Absolute working directory of steps."""
    sys_path: tuple[str, ...] = ()
    """Entries put before sys.path in workers, absolute."""
    is_loadable: bool = True
    """False: made in a REPL or notebook; only recorded code exists."""
    definition: Mapping[str, Json] | None = None
    """A pipeline that no file holds, as a YAML file would (core/definitions.py). None: `text` names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycle:
    """Of a run that trains, applies or evaluates: the lineage it is of, and what it takes from a registry."""

    registry: str | None = None
    """As `-P` names it, absolute when it is a directory; None: the default one."""
    project: str
    version: str
    """Lineage that is trained, or whose generation is loaded."""
    loads: tuple[str, int] | None = None
    """Lineage and number of the generation whose states are loaded; None: none are."""
    trusts: bool = False
    """The person trusts pickles that this store did not make (`--trust`)."""
    lower: Json = None
    """Bound the source was asked with; None: from the first row."""
    upper: Json = None
    engine: str | None = None
    """`-E`; None: the default one."""
    origin: str = "train"
    """What a generation of it is: `train`, `tune`, `carry`; `apply` when it makes none."""
    score: str | None = None
    """Metric the generation is ranked by; None: it is not scored."""
    direction: str = "maximize"
    scored: float | None = None
    """Score that a search found it by; None: what the run itself measures."""

    @property
    def makes_generation(self) -> bool:
        """Tell whether a generation is committed when the run succeeds."""
        return self.origin != APPLIES

    @property
    def parent(self) -> int | None:
        """Return the number of the generation of this lineage that it trains further; None: of none."""
        return self.loads[1] if self.makes_generation and self.loads and self.loads[0] == self.version else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSpec:
    """Everything a run is started from, frozen when it is created."""

    id: RunId
    project: str
    pipeline: str
    action: str = "job"
    runner: str = "local"
    runner_config: Mapping[str, Json] = field(default_factory=dict)
    origin: str = "cli"
    """`cli`, `api`, `ui`, `schedule`, `trigger`; `watch` (a wave), `sweep` (a child), `step` (asked for by a step),
    `verify` (a check of its parent)."""
    params: Mapping[str, Json] = field(default_factory=dict)
    """Run parameters as given (`-p`, `params=`), after casts."""
    tags: tuple[str, ...] = ()
    target: Target
    graph: Graph
    code: CodeState = field(default_factory=CodeState)
    environment: Mapping[str, Json] = field(default_factory=dict)
    """python, platform, packages (name -> version) of the process that compiled it."""
    parent: RunId | None = None
    jobs: int = 1
    fail_fast: bool = False
    timeout_s: float | None = None
    """Limit of the whole run in seconds; None: no limit."""
    selected: tuple[str, ...] | None = None
    """Paths to run (`--only/--from/--to`); None: all."""
    prints: Prints = field(default_factory=dict)
    """Fingerprints of the graph's operations; those that have none run, and their results are not kept."""
    reusing: Reusing = field(default_factory=Reusing)
    guard: GuardMode | None = None
    """Attempts are looked at for undeclared use; None: they are not."""
    uses_snapshot: bool = False
    """True: steps run the recorded code and not the working copy (retry and rerun with recorded code)."""
    lifecycle: Lifecycle | None = None
    """None: a job."""
    search: SearchSpec | None = None
    """None: its steps are executed. Else each is a run of its own, a trial of this search."""
    created: float = 0.0
    """Wall time, seconds since the epoch."""

    @property
    def is_hidden(self) -> bool:
        """Tell whether lists and `@last` leave the run out unless asked: no person asked for it by itself."""
        return self.origin in _HIDDEN_ORIGINS


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A row of the run log."""

    id: RunId
    project: str
    pipeline: str
    action: str
    state: Status
    reason: str | None
    runner: str
    origin: str
    params: Mapping[str, Json]
    tags: tuple[str, ...]
    created: float
    started: float | None
    finished: float | None
    lineage: str | None
    generation: int | None
    parent: RunId | None
    code: CodeState
    counts: Mapping[str, int]
    """Steps by status; only statuses that occur."""
    host: str | None = None
    pid: int | None = None
    """Process that hosts (or hosted) the run; None before it starts."""

    @property
    def seconds(self) -> float | None:
        """Return how long it took; None while it has not finished."""
        return None if self.started is None or self.finished is None else self.finished - self.started

    @property
    def is_untouched(self) -> bool:
        """Tell whether every step still is as it was created: to read 10,000 of them takes 80 ms."""
        return self.started is None and set(self.counts) <= {Status.PENDING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try of a step."""

    n: int
    """1, 2, 3..."""
    state: Status
    reason: str | None
    dispatched: float
    """Wall time it was handed to a worker; `started` comes when the worker began."""
    started: float | None
    seconds: float | None
    cpu_seconds: float | None
    peak_bytes: int | None
    worker: str | None
    code: str | None
    """Digest of the code snapshot it ran."""
    error: StepError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRun:
    """One node in one run."""

    path: str
    name: str
    state: Status
    reason: str | None
    attempts: int
    started: float | None
    seconds: float | None
    """Of the last attempt."""
    cpu_seconds: float | None
    peak_bytes: int | None
    needs: tuple[str, ...]
    params: Mapping[str, Json]
    """Constant arguments it was bound to."""
    cached_from: RunId | None
    error: StepError | None
    outputs: tuple[Output, ...]
    metrics: tuple[MetricPoint, ...]
    family: str | None = None
    """Path with the numbers of map items as `*`; None outside of maps."""
