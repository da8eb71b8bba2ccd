"""What the shell offers at the tab key: runs and steps of this project. Silent when it cannot know."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from ..core.errors import GraftError
from ..core.ports import RunQuery
from ..core.records import dataclass
from .choices import Options

OFFERED = 30
"""Runs to choose from; more do not fit a screen."""
STEPS_OFFERED = 200
"""Steps: a map may have ten thousand; the next characters narrow it down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """What was typed of a command line before the word at which the tab key was pressed."""

    options: Options
    values: Mapping[str, Any]
    """Parameters of the command, by name; those not typed are None or absent."""


def complete_runs(typed: Unfinished, incomplete: str) -> list[tuple[str, str]]:
    """Return run ids with pipeline and state, newest first."""
    from . import context as door  # opened at the tab key only

    fixed = [(name, "") for name in ("@last", "@last-failed") if name.startswith(incomplete)]
    try:
        space = door.workspace(typed.options)
        found = space.runs(RunQuery(project=space.parts.project, limit=OFFERED))
        return fixed + [(run.id, f"{run.pipeline} {run.state}") for run in found if run.id.startswith(incomplete)]
    except (GraftError, ImportError, OSError):
        return fixed


def complete_asked(typed: Unfinished, incomplete: str) -> list[tuple[str, str]]:
    """Return runs, and the steps of the last one: what a command takes that a lone step is enough for."""
    steps = [(path, "step of the last run") for path in complete_steps(typed, incomplete)]
    return [*complete_runs(typed, incomplete), *steps]


def complete_steps(typed: Unfinished, incomplete: str) -> list[str]:
    """Return paths of the steps of the run named before."""
    from . import context as door  # opened at the tab key only

    try:
        space = door.workspace(typed.options)
        run = space.find(typed.values.get("run") or "@last")
        fitting = (node.path for node in space.graph(run).nodes if node.path.startswith(incomplete))
        return list(islice(fitting, STEPS_OFFERED))
    except (GraftError, ImportError, OSError):
        return []
