"""A run as it lies in a directory that several machines see: all it was made from, without a store."""

from __future__ import annotations

from collections.abc import Mapping

from .graph import Graph, Json
from .records import dataclass, field
from .runs import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """What a run was made from."""

    run: str
    graph: Graph
    """The whole, as compiled."""
    snapshot: Snapshot
    params: Mapping[str, Json]
    environment: Mapping[str, Json]
    """python, packages (name -> version), imports (names)."""
    cwd: str
    """Working directory of steps, relative to the project root."""
    sys_path: tuple[str, ...]
    """Relative to the project root, or absolute."""
    objects: tuple[bytes, ...] = field(default=())
    """Functions pickled by value, and recorded code of registered functions."""
