"""What pipelines did lately: a strip of their last runs, and how long a run of them takes."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.ports import RunQuery
from ...core.quantities import duration_text
from ...core.runs import Run
from ...core.signs import MARKS
from ...core.states import Status
from ...core.workspace import Workspace
from ..glyphs import Glyphs
from ..tones import TONE_OF, Line, Tone
from .runlines import Moment, short, state_span

LAST = 20
"""Runs of a strip."""
AT_ONCE = 12
"""Pipelines in sight whose past is read."""
GROUPED = 2000
"""Newest runs that are looked through for pipelines."""

Name = tuple[str, str]
"""Project and pipeline."""


class Past:
    """The last runs of pipelines, as they were read."""

    def __init__(self) -> None:
        self._runs: dict[Name, Sequence[Run]] = {}
        self._typical: dict[Name, float | None] = {}
        self.counts: dict[Name, int] = {}
        """Of the pipelines view: how many of the newest runs are theirs."""

    def take(self, found: dict[Name, Sequence[Run]]) -> None:
        """Take what was read."""
        from ...core.estimating import typical_seconds  # with plans 14 ms, after the first paint

        self._runs |= found
        self._typical |= {name: typical_seconds(runs) for name, runs in found.items()}

    def is_newest(self, run: Run) -> bool:
        """Tell whether a run is the last one of its pipeline: its row has the strip, for all of them."""
        runs = self._runs.get(_name(run))
        return bool(runs) and runs is not None and runs[0].id == run.id

    def strip(self, run: Run, glyphs: Glyphs) -> Line:
        """Return the signs of the last runs of a run's pipeline, the newest on the right."""
        runs = self._runs.get(_name(run), ())
        return [(glyphs.sign(each.state), TONE_OF[MARKS[each.state].ink]) for each in reversed(runs)]

    def left(self, run: Run, now: float) -> str:
        """Return how long a run still takes, by the median of those that went well; empty: not known."""
        typical = self._typical.get(_name(run))
        if run.state is not Status.STARTED or run.started is None or typical is None:
            return ""
        seconds = typical - (now - run.started)
        return f"~{duration_text(seconds)}" if seconds >= 1 else "soon"

    def typical(self, run: Run) -> float | None:
        """Return how long a run of its pipeline takes; None: not known."""
        return self._typical.get(_name(run))


def read_past(space: Workspace, runs: Sequence[Run]) -> dict[Name, Sequence[Run]]:
    """Read the last runs of the pipelines of some runs; for a thread."""
    names = list(dict.fromkeys(_name(run) for run in runs))[:AT_ONCE]
    return {name: space.runs(RunQuery(project=name[0], pipeline=name[1], limit=LAST)) for name in names}


def read_pipelines(space: Workspace, query: RunQuery) -> tuple[list[Run], dict[Name, Sequence[Run]], dict[Name, int]]:
    """Return the newest run of each pipeline, their last runs, and how many each has among the newest of all."""
    groups: dict[Name, list[Run]] = {}
    for run in space.runs(query):
        groups.setdefault(_name(run), []).append(run)
    newest = [runs[0] for runs in groups.values()]
    return (
        newest,
        {name: runs[:LAST] for name, runs in groups.items()},
        {name: len(runs) for name, runs in groups.items()},
    )


def _name(run: Run) -> Name:
    return run.project, run.pipeline


def count_line(past: Past, run: Run) -> Line:
    """Return how many runs a pipeline has among the newest."""
    return [(f"{past.counts.get(_name(run), 0):,}", Tone.TEXT)]


def last_line(run: Run, glyphs: Glyphs) -> Line:
    """Return the last run of a pipeline."""
    return [state_span(run.state, glyphs), (f"  {short(run)}", Tone.KEY)]


def typical_line(past: Past, run: Run) -> Line:
    """Return how long a run of a pipeline takes."""
    seconds = past.typical(run)
    return [] if seconds is None else [(duration_text(seconds), Tone.TEXT)]


def left_line(past: Past, run: Run, moment: Moment) -> Line:
    """Return how long a run still takes."""
    return [(past.left(run, moment.now), Tone.BLUE)]
