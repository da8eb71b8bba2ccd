"""The columns of the list of runs, and of that of pipelines; which of them one sees is a person's choice."""

from __future__ import annotations

from collections.abc import Callable, Collection

from ...core.moments import ago
from ...core.quantities import duration_text
from ...core.reasons import run_reason_text
from ...core.runs import Run
from ..glyphs import Glyphs
from ..tones import Line, Tone
from ..widgets.grid import Column
from .past import LAST, Past, count_line, last_line, left_line, typical_line
from .runlines import BAR, SHORT, Moment, generation_text, progress, short, state_span, took

FIXED = ("STATE", "RUN", "PIPELINE")
"""Columns that stay."""


def run_columns(
    glyphs: Glyphs,
    moment: Moment,
    past: Past,
    *,
    with_project: bool = False,
    with_generation: bool = False,
    hidden: Collection[str] = (),
) -> list[Column[Run]]:
    """Return the columns of the list of runs; rank says what goes first when there is no room."""
    made: list[Column[Run]] = [
        Column(title="GENERATION", width=14, rank=3, cell=lambda run: [(generation_text(run), Tone.CYAN)])
    ]
    project: list[Column[Run]] = [
        Column(title="PROJECT", width=12, share=1, rank=3, cell=lambda run: [(run.project, Tone.DIM)]),
    ]
    columns: list[Column[Run]] = [
        Column(title="STATE", width=13, cell=lambda run: [state_span(run.state, glyphs)]),
        Column(title="RUN", width=SHORT, cell=lambda run: [(short(run), Tone.KEY)]),
        *(project if with_project else ()),
        Column(title="PIPELINE", width=18, share=3, cell=lambda run: [(run.pipeline, Tone.BOLD)]),
        *(made if with_generation else ()),
        Column(title="PROGRESS", width=BAR + 10, rank=2, cell=lambda run: progress(run, glyphs, room=BAR + 10)),
        Column(title="TIME", width=7, rank=1, is_right=True, cell=lambda run: _took(run, moment.now)),
        Column(title="LEFT", width=7, rank=5, is_right=True, cell=lambda run: left_line(past, run, moment)),
        Column(
            title="WHEN", width=10, rank=4, cell=lambda run: [(ago(run.started or run.created, moment.now), Tone.DIM)]
        ),
        Column(title="FROM", width=6, rank=7, cell=lambda run: [(run.origin, Tone.DIM)]),
        Column(title="LAST 20", width=LAST, rank=6, cell=_strip(past, glyphs)),
        Column(title="RUNNER", width=8, rank=10, cell=lambda run: [(run.runner, Tone.DIM)]),
        Column(title="TAGS", width=8, share=1, rank=8, cell=lambda run: [(", ".join(run.tags), Tone.CYAN)]),
        Column(title="NOTE", width=12, share=2, rank=9, cell=lambda run: [(run_reason_text(run.reason), Tone.DIM)]),
    ]
    return [each for each in columns if each.title not in hidden]


def pipeline_columns(glyphs: Glyphs, moment: Moment, past: Past, *, with_project: bool = False) -> list[Column[Run]]:
    """Return the columns of the list of pipelines; a row is the newest run of one."""
    project: list[Column[Run]] = [
        Column(title="PROJECT", width=12, share=1, rank=3, cell=lambda run: [(run.project, Tone.DIM)]),
    ]
    return [
        *(project if with_project else ()),
        Column(title="PIPELINE", width=18, share=3, cell=lambda run: [(run.pipeline, Tone.BOLD)]),
        Column(title="RUNS", width=6, rank=4, is_right=True, cell=lambda run: count_line(past, run)),
        Column(title="LAST", width=22, cell=lambda run: last_line(run, glyphs)),
        Column(
            title="WHEN", width=10, rank=3, cell=lambda run: [(ago(run.started or run.created, moment.now), Tone.DIM)]
        ),
        Column(title="TAKES", width=7, rank=2, is_right=True, cell=lambda run: typical_line(past, run)),
        Column(title="LAST 20", width=LAST, rank=1, cell=lambda run: past.strip(run, glyphs)),
    ]


def _strip(past: Past, glyphs: Glyphs) -> Callable[[Run], Line]:
    def cell(run: Run) -> Line:
        return past.strip(run, glyphs) if past.is_newest(run) else []

    return cell


def _took(run: Run, now: float) -> Line:
    seconds = took(run, now)
    return [] if seconds is None else [(duration_text(seconds), Tone.TEXT)]
