"""References to stored values: what a step produced, named by its content."""

from __future__ import annotations

from .named import NamedTuple

INLINE_LIMIT = 4096
"""Bytes up to which a value travels and is stored inline; larger ones are files under `objects/`."""


class ArtifactRef(NamedTuple):
    """One stored value or file. A NamedTuple because thousands a second cross pipes and the journal.

    The bytes are in `inline`, or in the object file named by `sha256`.
    """

    sha256: str
    """Hex digest of the stored bytes."""
    size: int
    """Bytes as stored."""
    serializer: str
    """Name of the serializer that wrote it: json, npy, pickle, arrow, file, ..."""
    inline: bytes | None = None
    """The bytes themselves when they are at most `INLINE_LIMIT`; None when they are a file."""


class Output(NamedTuple):
    """One named output of an attempt."""

    name: str
    role: str
    """What it is for: `value`, `metric`, `state` or `file` (a catalog file; its name is the relative path), `guard`
    (what the attempt used and did not declare: core/undeclared.py)."""
    ref: ArtifactRef


class MetricPoint(NamedTuple):
    """One logged number (or JSON value) of a step."""

    key: str
    value: float | str | bool | None
    step: int | None
    """Iteration the point belongs to; None for a single value."""
    at: float
    """Wall time, seconds since the epoch."""
