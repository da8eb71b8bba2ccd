"""The tables of the queue as SQLModel classes; see `schema`."""

from __future__ import annotations

from sqlmodel import Field

from .schema import Row


class WorkerRow(Row, table=True):
    """A worker; `labels` is a JSON array, `beat` monotonic seconds since `boot`."""

    __tablename__ = "worker"  # pyright: ignore[reportAssignmentType]
    number: int = Field(primary_key=True)
    host: str
    boot: str | None
    pid: int
    labels: str
    slots: int
    drains: int
    beat: float
    started: float


class SubmissionRow(Row, table=True):
    """A run that waits for a worker, or did; `labels` and `command` are JSON arrays."""

    __tablename__ = "submission"  # pyright: ignore[reportAssignmentType]
    seq: int = Field(primary_key=True)
    run: str = Field(unique=True)
    labels: str
    state: str
    worker: int | None
    claims: int
    command: str
    cwd: str
    expect: str
    created: float


class DatasetRow(Row, table=True):
    """A value that was put by name."""

    __tablename__ = "dataset"  # pyright: ignore[reportAssignmentType]
    project: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    sha256: bytes
    size: int
    serializer: str
    inline: bytes | None
    created: float
