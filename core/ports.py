"""What core needs from the outside, as small Protocols. Adapters live in store/ and plugins/, fakes in tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from .artifacts import ArtifactRef, Output
from .graph import Json
from .ids import RunId
from .listings import RunQuery as RunQuery
from .loaded import Loaded as Loaded
from .loaded import LoadRequest as LoadRequest
from .machine import Machine as Machine
from .records import dataclass
from .runs import Attempt, Run, RunSpec, Snapshot, StepRun
from .states import Status

if TYPE_CHECKING:
    from inspect import Signature

    from .events import (
        AttemptEnded,
        AttemptFailed,
        AttemptSucceeded,
        CancelRequested,
        Fact,
        StepTold,
    )  # 10 ms that a loader needs not
    from .functions import Function  # it knows steps; a worker, which imports this, needs none of them
    from .laid import Laid
    from .orders import Order


class RunLog(Protocol):
    """Write side of one run, held by the engine that owns it."""

    def append(self, facts: Sequence[Fact]) -> None:
        """Commit facts and their projection in one transaction.

        Raises:
            ConflictError: the lease is lost; somebody else owns the run now.
            StoreError: the store cannot be written.
        """
        ...

    def requests(self) -> Sequence[CancelRequested]:
        """Return cancel requests that came since the last call. Cheap: asks the file only when it changed."""
        ...

    def close(self) -> None:
        """Give up the run: release its lock. Safe to call twice."""
        ...


class RunStore(Protocol):
    """Creates runs and hands out the write side."""

    def create(self, spec: RunSpec, snapshot: Snapshot | None) -> None:
        """Write a PENDING run with its steps, graph and code snapshot, in one transaction."""
        ...

    def open(self, run: RunId, *, expect: Status | None = None) -> RunLog:
        """Take a run up: lock it, raise its lease, record who hosts it.

        Args:
            expect: state it must still be in; a process started to host a PENDING run must not take up one that was
                cancelled meanwhile. None: any state that may go to STARTED.

        Raises:
            ConflictError: a living process holds it (named by host and pid).
            MissingError: no such run.
        """
        ...

    def revise(self, run: RunId, spec: RunSpec, snapshot: Snapshot | None) -> None:
        """Give a finished run another graph and code (retry with current code).

        Steps that stay keep their state, attempts and outputs; new ones are PENDING; removed ones disappear from the
        list of steps, their attempts stay in the event log.
        """
        ...

    def request_cancel(self, run: RunId, *, is_hard: bool) -> Status:
        """Ask a live run to stop, or write CANCELLED when its runner is dead; return the state now."""
        ...

    def spec(self, run: RunId) -> RunSpec:
        """Return what the run was started from, graph included."""
        ...

    def snapshot(self, run: RunId) -> Snapshot:
        """Return the recorded code; empty when none was reached."""
        ...


class History(Protocol):
    """Read side of the run log.

    A reader that meets a STARTED run whose process is dead shows (and, if it can, writes) INTERRUPTED.
    """

    def find(self, text: str, project: str | None) -> RunId:
        """Resolve a run id, unique prefix (>= 4), `@last`, `@last~N`, `@last-failed` or tag.

        Raises:
            MissingError: nothing fits, with the nearest; or the prefix is ambiguous, with the candidates.
        """
        ...

    def runs(self, query: RunQuery) -> list[Run]:
        """Return runs, newest first."""
        ...

    def run(self, run: RunId) -> Run:
        """Return one run.

        Raises:
            MissingError: no such run.
        """
        ...

    def steps(self, run: RunId) -> list[StepRun]:
        """Return the steps of a run in definition order, each with the outputs of its last good attempt."""
        ...

    def attempts(self, run: RunId, node: str | None = None) -> dict[str, list[Attempt]]:
        """Return attempts by path, oldest first; of one step when `node` is given."""
        ...


class Feed(Protocol):
    """What happened since: the live feed and audit of a store."""

    def version(self) -> int:
        """Return a number that moves whenever another connection commits (`PRAGMA data_version`)."""
        ...

    def events(self, after: int = 0, run: RunId | None = None, limit: int = 1000) -> list[EventRow]:
        """Return single facts after a sequence number, oldest first."""
        ...

    def close(self) -> None:
        """Give up its connection. Safe to call twice."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """One fact as the store keeps it."""

    seq: int
    """Of its commit group; facts of one group share it."""
    run: RunId
    at: float
    kind: str
    """Class name of the fact, e.g. `AttemptSucceeded`."""
    data: Mapping[str, Json]


class Outputs(Protocol):
    """Recorded outputs, for retry, `--only` and `output`."""

    def of_run(self, run: RunId) -> dict[str, tuple[Output, ...]]:
        """Return by path the outputs of each step whose state is good."""
        ...

    def newest(self, project: str, pipeline: str, paths: Sequence[str]) -> dict[str, tuple[RunId, tuple[Output, ...]]]:
        """Return by path the run and outputs of the newest good attempt in any run of the pipeline.

        Paths that never succeeded are absent.
        """
        ...

    def read(self, ref: ArtifactRef) -> bytes:
        """Return the stored bytes, verified against the digest.

        Raises:
            StoreError: missing or damaged.
        """
        ...

    def given_up(self, refs: Iterable[ArtifactRef]) -> dict[str, float]:
        """Return by sha256 the wall time at which a value was deleted to free space, of those that are not there."""

    def keep(self, data: bytes) -> str:
        """Store bytes as an object and return their sha256."""

    def export(self, ref: ArtifactRef) -> str:
        """Return the absolute path of a file with the stored bytes; an inline value is written to one first."""
        ...


class Logs(Protocol):
    """Captured output of steps."""

    def read(self, run: RunId, node: str | None = None, attempt: int | None = None) -> Iterator[LogChunk]:
        """Yield what was captured so far, by time; of all steps when `node` is None."""
        ...

    def follow(self, run: RunId, node: str | None = None, attempt: int | None = None) -> LogTail:
        """Return what reads on where it stopped: each call costs what came since, however long the log is."""
        ...

    def blocks(self, run: RunId, node: str | None = None, attempt: int | None = None) -> Iterator[LogBlock]:
        """Yield the same as `read` in large blocks, each of one attempt and stream, by the time each begins.

        For searching: 20 times as fast where a step writes line by line.

        Raises:
            StoreError: a file cannot be read.
        """
        ...


class LogTail(Protocol):
    """A log that grows."""

    def fresh(self) -> Iterator[LogChunk]:
        """Yield what came since the last call, by time, at the first everything; what a caller leaves is lost to it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LogChunk:
    """Bytes one attempt wrote to one stream, as captured (masked, capped)."""

    node: str
    attempt: int
    stream: str
    """`stdout`, `stderr` or `system` (what graftline says about the attempt)."""
    at: float
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class LogBlock:
    """What one attempt wrote to one stream, several captured pieces in a row; the next block goes on where it ends."""

    node: str
    attempt: int
    stream: str
    data: bytes
    starts: Sequence[int]
    """Offset in `data` at which each piece begins; the first is 0."""
    times: Sequence[float]
    """Wall time each piece was captured."""


class Executor(Protocol):
    """Executes attempts somewhere. One per run; used by one thread."""

    def room(self) -> int:
        """Return how many more orders it takes now (prefetch included)."""
        ...

    def submit(self, orders: Sequence[Order]) -> None:
        """Take orders. The caller has committed their dispatch."""
        ...

    def cancel(self, nodes: Sequence[str], *, grace_s: float) -> None:
        """Stop attempts: politely, then by force after `grace_s` seconds. Each still yields its end."""
        ...

    def wait(self, timeout_s: float | None) -> list[AttemptEnded | StepTold]:
        """Block until something ended, or a running attempt told of itself, or the time is over (None: for ever).

        Returns what came, in the order it came.

        Callable work outside (a signal handler, another thread) may make it return early with nothing.
        """
        ...

    def close(self) -> None:
        """End all workers and wait for them. Nothing it started survives. Safe to call twice."""
        ...


class Deposit(Protocol):
    """What runs left in a directory that several machines see (`[runner.NAME] artifacts`)."""

    def runs(self) -> list[str]:
        """Return the ids of the runs that were laid out there, whoever laid them."""
        ...

    def laid(self, run: str) -> Laid:
        """Return what a run there was made from.

        Raises:
            MissingError: it was not laid out there.
            PluginError: it is damaged.
        """
        ...

    def ends(self, run: str) -> Mapping[str, AttemptSucceeded | AttemptFailed]:
        """Return by path how the steps of a run ended that left word there; none when it was not laid out."""
        ...

    def bring(self, digest: str) -> int | None:
        """Copy a value into the store and return its size in bytes; None: it is not there.

        Raises:
            StoreError: it cannot be read, or not be written here.
        """
        ...

    def bring_logs(self, run: str, into: str) -> int:
        """Copy what steps of a run printed into a directory of logs; return how many bytes were new."""
        ...


class Slots(Protocol):
    """Machine-wide counted resources (gpu, memory, named limits)."""

    def acquire(self, node: str, demand: Mapping[str, float]) -> bool:
        """Take all of the demand or nothing; return whether it was taken."""
        ...

    def release(self, node: str) -> None:
        """Give back what the node holds."""
        ...

    def environ(self, node: str) -> tuple[tuple[str, str], ...]:
        """Return environment variables that show a step which units it holds (CUDA_VISIBLE_DEVICES)."""
        ...


class Clock(Protocol):
    """Wall time in seconds since the epoch."""

    def __call__(self) -> float: ...


class Host(Protocol):
    """Starts processes that host runs on their own."""

    def launch(self, run: RunId, expect: Status) -> None:
        """Start a process in its own session that takes the run up, if it is still in this state, and carries it on.

        Raises:
            PluginError: it could not be started.
        """
        ...


class Workshop(Protocol):
    """What compiling user code takes beyond core: its types, its source files, its values as bytes."""

    def signature(self, function: Callable[..., object]) -> Signature:
        """Return a function's signature, string annotations evaluated where they can be; it never raises."""
        ...

    def cast(self, value: object, annotation: object, *, is_text: bool) -> object:
        """Return a value as an annotation wants it; `is_text` says that it was typed by a person.

        Raises:
            InvalidError: it does not fit.
        """
        ...

    def read(self, file: str) -> str | None:
        """Return the text of a source file; None when it cannot be had. A relative path is of the project root."""
        ...

    def resolve(self, function: Function) -> None:
        """Look a step's registered function up and tell the step what it stands for.

        Raises:
            MissingError: there is no such function or version, with the nearest.
            InvalidError: its code does not import.
        """
        ...

    def pickle(self, value: object) -> bytes:
        """Return a function or constant pickled by value.

        Raises:
            InvalidError: it cannot be pickled.
        """
        ...

    def call(self, function: Callable[..., object], arguments: Mapping[str, object]) -> object:
        """Call a function of the user while compiling: the body of a pipeline.

        Raises:
            InvalidError: whatever it raises, at the user's line.
        """
        ...


class Loader(Protocol):
    """Imports user code apart from this process and compiles it."""

    def load(self, request: LoadRequest) -> Loaded:
        """Compile a target.

        Raises:
            InvalidError: the code does not import, or the pipeline is wrong; all problems in one message.
        """
        ...
