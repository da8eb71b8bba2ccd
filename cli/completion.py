"""What the shell offers at the tab key: runs and steps of this project. Silent when it cannot know."""

from __future__ import annotations

from itertools import islice

import typer

from ..core.errors import GraftError
from ..core.ports import RunQuery
from .options import NAMES, Options

OFFERED = 30
"""Runs to choose from; more do not fit a screen."""
STEPS_OFFERED = 200
"""Steps: a map may have ten thousand; the next characters narrow it down."""


def complete_runs(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Return run ids with pipeline and state, newest first."""
    from . import context as door  # opened at the tab key only

    fixed = [(name, "") for name in ("@last", "@last-failed") if name.startswith(incomplete)]
    try:
        space = door.workspace(options_of(context))
        found = space.runs(RunQuery(project=space.parts.project, limit=OFFERED))
        return fixed + [(run.id, f"{run.pipeline} {run.state}") for run in found if run.id.startswith(incomplete)]
    except (GraftError, ImportError, OSError):
        return fixed


def complete_asked(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Return what `why` may be asked: runs, and the steps of the last one."""
    steps = [(path, "step of the last run") for path in complete_steps(context, incomplete)]
    return [*complete_runs(context, incomplete), *steps]


def complete_steps(context: typer.Context, incomplete: str) -> list[str]:
    """Return paths of the steps of the run named before."""
    from . import context as door  # opened at the tab key only

    try:
        space = door.workspace(options_of(context))
        run = space.find(context.params.get("run") or "@last")
        fitting = (node.path for node in space.graph(run).nodes if node.path.startswith(incomplete))
        return list(islice(fitting, STEPS_OFFERED))
    except (GraftError, ImportError, OSError):
        return []


def options_of(context: typer.Context) -> Options:
    """Return the common options that were typed so far."""
    earlier = context.parent.params if context.parent is not None else {}
    given = {name: context.params.get(name) or earlier.get(name) for name in NAMES}
    return Options(**{name: value for name, value in given.items() if value is not None})
