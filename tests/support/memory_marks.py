"""`Marks` in memory, held to the same contract suite as the real one."""

from __future__ import annotations

from collections.abc import Sequence

from graftline.core.verification import Mark


class MemoryMarks:
    """The newest mark of each path."""

    def __init__(self) -> None:
        self._all: dict[tuple[str, str], dict[str, Mark]] = {}

    def mark(self, project: str, pipeline: str, marks: Sequence[Mark]) -> None:
        self._all.setdefault((project, pipeline), {}).update({each.path: each for each in marks})

    def marks(self, project: str, pipeline: str) -> dict[str, Mark]:
        return dict(self._all.get((project, pipeline), {}))
