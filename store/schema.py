"""The tables as SQLModel classes: a typed face for plugin authors, export and the registry. Nothing here writes schema.

`migrations/*.sql` is the schema; a test compares both. Importing this costs 340 ms, so no command that runs, lists or
shows imports it. Queries through it are for reading: state changes go through `runlog`.
"""

from __future__ import annotations

from typing import ClassVar

from sqlmodel import Field, MetaData, SQLModel

METADATA = MetaData()
"""Apart from SQLModel's own, so that a plugin's tables are not taken for ours."""


class Row(SQLModel):
    """What all tables share."""

    metadata: ClassVar[MetaData] = METADATA


class Migration(Row, table=True):
    """A migration that was applied."""

    __tablename__ = "migration"  # pyright: ignore[reportAssignmentType]
    number: int = Field(primary_key=True)
    name: str
    applied: float


class GraphRow(Row, table=True):
    """A compiled graph as canonical JSON, shared by the runs that have the same one."""

    __tablename__ = "graph"  # pyright: ignore[reportAssignmentType]
    seq: int = Field(primary_key=True)
    sha256: bytes = Field(unique=True)
    json_: str = Field(sa_column_kwargs={"name": "json"})


class EnvironmentRow(Row, table=True):
    """Python, platform and packages of the process that compiled a run."""

    __tablename__ = "environment"  # pyright: ignore[reportAssignmentType]
    seq: int = Field(primary_key=True)
    sha256: bytes = Field(unique=True)
    json_: str = Field(sa_column_kwargs={"name": "json"})


class SnapshotRow(Row, table=True):
    """A code snapshot: relative path -> sha256, JSON."""

    __tablename__ = "snapshot"  # pyright: ignore[reportAssignmentType]
    key: str = Field(primary_key=True)
    files: str


class RunRow(Row, table=True):
    """A run. `params`, `tags`, `spec` and `counts` are JSON."""

    __tablename__ = "run"  # pyright: ignore[reportAssignmentType]
    seq: int = Field(primary_key=True)
    id: str = Field(unique=True)
    project: str
    pipeline: str
    action: str
    state: str
    reason: str | None
    runner: str
    origin: str
    params: str
    tags: str
    created: float
    started: float | None
    finished: float | None
    lineage: str | None
    generation: int | None
    parent: str | None
    hidden: int
    code: str | None
    git: str | None
    dirty: int | None
    remote: str | None
    branch: str | None
    graph: int = Field(foreign_key="graph.seq")
    environment: int = Field(foreign_key="environment.seq")
    spec: str
    counts: str
    lease: int
    host: str | None
    boot: str | None
    pid: int | None
    pid_started: int | None
    prints: int | None = Field(foreign_key="prints.seq")


class RunTag(Row, table=True):
    """A tag of a run."""

    __tablename__ = "run_tag"  # pyright: ignore[reportAssignmentType]
    tag: str = Field(primary_key=True)
    created: float = Field(primary_key=True)
    id: str = Field(primary_key=True, foreign_key="run.id")


class StepRow(Row, table=True):
    """A step of a run, and its live attempt while it is STARTED."""

    __tablename__ = "step"  # pyright: ignore[reportAssignmentType]
    run: int = Field(primary_key=True, foreign_key="run.seq")
    node: int = Field(primary_key=True)
    state: str
    reason: str | None
    attempts: int
    dispatched: float | None
    shown: int | None
    cached_from: str | None


class GrowthRow(Row, table=True):
    """A map that got its items, or a loop its next iteration."""

    __tablename__ = "growth"  # pyright: ignore[reportAssignmentType]
    run: int = Field(primary_key=True, foreign_key="run.seq")
    seq: int = Field(primary_key=True)
    node: int
    size: int


class AttemptRow(Row, table=True):
    """An attempt that ended."""

    __tablename__ = "attempt"  # pyright: ignore[reportAssignmentType]
    run: int = Field(primary_key=True)
    node: int = Field(primary_key=True)
    n: int = Field(primary_key=True)
    state: str
    reason: str | None
    dispatched: float
    started: float | None
    seconds: float | None
    cpu_seconds: float | None
    peak_bytes: int | None
    worker: str | None
    code: str | None
    error: str | None


class ArtifactRow(Row, table=True):
    """Stored bytes that are no file."""

    __tablename__ = "artifact"  # pyright: ignore[reportAssignmentType]
    seq: int = Field(primary_key=True)
    sha256: bytes = Field(unique=True)
    bytes_: bytes = Field(sa_column_kwargs={"name": "bytes"})


class OutputRow(Row, table=True):
    """A named output of an attempt; attempt 0 is what a reused step took over."""

    __tablename__ = "output"  # pyright: ignore[reportAssignmentType]
    run: int = Field(primary_key=True)
    node: int = Field(primary_key=True)
    attempt: int = Field(primary_key=True)
    position: int = Field(primary_key=True)
    name: str
    role: str
    sha256: bytes
    size: int
    serializer: str
    is_file: int
    bytes_: bytes | None = Field(sa_column_kwargs={"name": "bytes"})


class MetricRow(Row, table=True):
    """A logged value."""

    __tablename__ = "metric"  # pyright: ignore[reportAssignmentType]
    run: int = Field(primary_key=True)
    node: int = Field(primary_key=True)
    attempt: int = Field(primary_key=True)
    position: int = Field(primary_key=True)
    key: str
    value: float | None
    kind: str | None
    step: int | None
    at: float


class NewestRow(Row, table=True):
    """Where the newest good outputs of a step of a pipeline are."""

    __tablename__ = "newest"  # pyright: ignore[reportAssignmentType]
    project: str = Field(primary_key=True)
    pipeline: str = Field(primary_key=True)
    path: str = Field(primary_key=True)
    run: int
    node: int
    attempt: int
    at: float


class EventGroup(Row, table=True):
    """A group of facts, JSON."""

    __tablename__ = "event"  # pyright: ignore[reportAssignmentType]
    seq: int = Field(primary_key=True)
    run: int = Field(foreign_key="run.seq")
    at: float
    facts: str


class RequestRow(Row, table=True):
    """What somebody asked of a live run."""

    __tablename__ = "request"  # pyright: ignore[reportAssignmentType]
    seq: int = Field(primary_key=True)
    run: int = Field(foreign_key="run.seq")
    kind: str
    is_hard: int
    at: float
    handled: int


class FunctionRow(Row, table=True):
    """A version of a function; `spec` is JSON."""

    __tablename__ = "function"  # pyright: ignore[reportAssignmentType]
    project: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    kind: str
    spec: str
    key: str
    origin: str
    created: float
    removed: float | None


class PrintsRow(Row, table=True):
    """Fingerprints of a graph's operations, JSON, shared by the runs that have the same ones."""

    __tablename__ = "prints"  # pyright: ignore[reportAssignmentType]
    seq: int = Field(primary_key=True)
    sha256: bytes = Field(unique=True)
    json_: str = Field(sa_column_kwargs={"name": "json"})


class BasisRow(Row, table=True):
    """What results depend on that steps of the same code share, JSON."""

    __tablename__ = "basis"  # pyright: ignore[reportAssignmentType]
    seq: int = Field(primary_key=True)
    sha256: bytes = Field(unique=True)
    json_: str = Field(sa_column_kwargs={"name": "json"})


class JudgementRow(Row, table=True):
    """What was decided of a step that was not reused; `evidence` is JSON, and its sha256 the key."""

    __tablename__ = "judgement"  # pyright: ignore[reportAssignmentType]
    run: int = Field(primary_key=True)
    node: int = Field(primary_key=True)
    verdict: str
    detail: str | None
    evidence: str | None


class ResultRow(Row, table=True):
    """An attempt whose result may serve again; `seen` is JSON."""

    __tablename__ = "result"  # pyright: ignore[reportAssignmentType]
    run: int = Field(primary_key=True)
    node: int = Field(primary_key=True)
    attempt: int = Field(primary_key=True)
    path: str
    key: bytes
    prefix: int
    place: int
    at: float
    metrics: int
    seen: str | None


class ResultKeyRow(Row, table=True):
    """The way from the first 4 bytes of a key to its results."""

    __tablename__ = "result_key"  # pyright: ignore[reportAssignmentType]
    prefix: int = Field(primary_key=True)
    run: int = Field(primary_key=True)
    node: int = Field(primary_key=True)
    attempt: int = Field(primary_key=True)


class ResultPlaceRow(Row, table=True):
    """The way from the crc32 of a place to the results that stood there."""

    __tablename__ = "result_place"  # pyright: ignore[reportAssignmentType]
    place: int = Field(primary_key=True)
    run: int = Field(primary_key=True)
    node: int = Field(primary_key=True)
    attempt: int = Field(primary_key=True)


class FileDigestRow(Row, table=True):
    """What a file of a work tree held when it was last read; a memo that may be dropped."""

    __tablename__ = "file_digest"  # pyright: ignore[reportAssignmentType]
    path: str = Field(primary_key=True)
    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int
    sha256: bytes
    seen: int


class ProjectRow(Row, table=True):
    """A project of the registry."""

    __tablename__ = "project"  # pyright: ignore[reportAssignmentType]
    seq: int = Field(primary_key=True)
    name: str = Field(unique=True)
    created: float


class LineageRow(Row, table=True):
    """A published version of a project's code; `manifest` is JSON."""

    __tablename__ = "lineage"  # pyright: ignore[reportAssignmentType]
    seq: int = Field(primary_key=True)
    project: int = Field(foreign_key="project.seq")
    version: str
    manifest: str
    created: float
    given: int
    removed: float | None


class GenerationRow(Row, table=True):
    """A trained state of a lineage; `record` is JSON."""

    __tablename__ = "generation"  # pyright: ignore[reportAssignmentType]
    lineage: int = Field(primary_key=True, foreign_key="lineage.seq")
    number: int = Field(primary_key=True)
    run: str | None
    record: str
    created: float


class StateRow(Row, table=True):
    """One artifact of a generation."""

    __tablename__ = "state"  # pyright: ignore[reportAssignmentType]
    lineage: int = Field(primary_key=True)
    number: int = Field(primary_key=True)
    name: str = Field(primary_key=True)
    sha256: bytes
    size: int


class AliasMoveRow(Row, table=True):
    """Where an alias was moved; `record` is JSON."""

    __tablename__ = "alias_move"  # pyright: ignore[reportAssignmentType]
    seq: int = Field(primary_key=True)
    project: int = Field(foreign_key="project.seq")
    alias: str
    record: str


class NondeterminismRow(Row, table=True):
    """A step that was seen making something else of the same code and inputs; `outputs` is a JSON array of names."""

    __tablename__ = "nondeterminism"  # pyright: ignore[reportAssignmentType]
    project: str = Field(primary_key=True)
    pipeline: str = Field(primary_key=True)
    path: str = Field(primary_key=True)
    outputs: str
    code: str | None
    run: str
    at: float


class TrustedRow(Row, table=True):
    """Bytes that may be unpickled here; `why` is `made` or `told`."""

    __tablename__ = "trusted"  # pyright: ignore[reportAssignmentType]
    sha256: bytes = Field(primary_key=True)
    why: str
    at: float


class EvictedRow(Row, table=True):
    """A value that was given up to free space."""

    __tablename__ = "evicted"  # pyright: ignore[reportAssignmentType]
    sha256: bytes = Field(primary_key=True)
    at: float
