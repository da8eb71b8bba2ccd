"""Projects run through a workspace, edited, and run again: which steps were executed, and what came out."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mutations import write

from graftline.core.ids import RunId
from graftline.core.requests import RunRequest
from graftline.core.reusing import Reusing
from graftline.core.states import Status
from graftline.wiring import Given, open_workspace
from graftline.worker.stored import value_of
from graftline.worker.workplace import open_workplace, target_of


@dataclasses.dataclass(frozen=True)
class Came:
    """What a run came to."""

    executed: frozenset[str]
    reused: frozenset[str]
    others: Mapping[str, str]
    """Steps that ended in any other way, with their state."""
    values: Mapping[str, Any]
    """By `step:output`."""


class Project:
    """One project with a store of its own.

    Args:
        folder: where it is made.
        files: of it.
    """

    def __init__(self, folder: Path, files: Mapping[str, str]) -> None:
        self.root = folder / "project"
        write(self.root, files)
        self._store = str(folder / "store")

    def run(self, target: str = "pipeline.py", *, is_forced: bool = False) -> Came:
        """Run the pipeline to its end."""
        space = open_workspace(Given(store=self._store, project=str(self.root)))
        place = open_workplace(target, cwd=str(self.root), environ=os.environ, project=str(self.root))
        request = RunRequest(target=target_of(place), jobs=2, reusing=Reusing(is_on=not is_forced))
        run = space.run(request)
        states: dict[str, str] = {}
        values: dict[str, Any] = {}
        for step in space.steps(RunId(run.id)):
            states[step.path] = step.state.value
            for output in step.outputs:
                try:
                    value = value_of(output.ref, space.parts.objects)
                except ModuleNotFoundError:  # of a class of the project, which this process does not import
                    value = output.ref.sha256
                values[f"{step.path}:{output.name}"] = value
        return Came(
            executed=_in(states, Status.SUCCESS),
            reused=_in(states, Status.CACHED),
            others={path: state for path, state in states.items() if state not in ("SUCCESS", "CACHED")},
            values=values,
        )


def _in(states: Mapping[str, str], wanted: Status) -> frozenset[str]:
    return frozenset(path for path, state in states.items() if state == wanted.value)
