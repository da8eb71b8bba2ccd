"""Puts missing catalog files of reused steps back; what that takes is imported when there is one."""

from __future__ import annotations

from ..core.artifacts import ArtifactRef
from ..core.contents import Restore


def putting_back(objects: str) -> Restore:
    """Return what puts files back from a store.

    Args:
        objects: absolute directory of its object files.
    """

    def restore(name: str, ref: ArtifactRef, cwd: str) -> None:
        from .catalog import put_back  # for runs that reuse a step with files

        put_back(name, ref, cwd, objects=objects)

    return restore
