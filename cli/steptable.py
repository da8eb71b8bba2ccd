"""The table of a run's steps: composites above what is inside, large families and untaken branches in one row each."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.folding import Row, rows
from ..core.quantities import duration_text, size_text
from ..core.roles import Composites
from ..core.runs import StepRun
from ..core.states import Reason, Status
from ..core.steplines import StepLines
from .look import MARKS, Ink, Look
from .table import Cell, Column, table
from .text import clean

STEPS_SHOWN = 60
"""Rows up to which every one has a line; above, only those that are not good."""


def step_table(look: Look, composites: Composites, steps: Sequence[StepRun], *, is_full: bool) -> list[str]:
    """Return the lines of the table, titles first."""
    told = StepLines(composites, steps, more=look.ellipsis)
    found = rows(
        composites,
        [step.path for step in steps],
        untaken={step.path for step in steps if step.state is Status.SKIPPED and step.reason == Reason.BRANCH},
        always={step.path for step in steps if step.state is Status.FAILURE and step.reason != Reason.INSIDE},
        is_full=is_full,
    )
    left_out = 0
    if len(found) > STEPS_SHOWN and not is_full:
        odd = [row for row in found if not told.is_usual(row)][:STEPS_SHOWN]
        left_out = len(found) - len(odd)
        found = odd
    heads = [
        Column(title="STATE"),
        Column(title="STEP", shrinks=True),
        Column(title="TIME", is_right=True),
        Column(title="CPU", is_right=True, rank=3),
        Column(title="MEMORY", is_right=True, rank=2),
        Column(title="TRIES", is_right=True, rank=1),
        Column(title="RESULT", shrinks=True),
    ]
    lines = table(look, heads, [_cells(look, told, row) for row in found], indent=2) if found else []
    if left_out:
        lines.append(look.said(f"  … {left_out:,} steps that are well or waiting (--full lists every step)"))
    return lines


def _cells(look: Look, told: StepLines, row: Row) -> list[Cell | str]:
    """Return the row of the table."""
    name = "  " * row.depth + clean(row.label)
    line = told.of(row)
    if row.is_untaken:
        dim = (Ink.DIM,)
        return [Cell(look.state(line.state), dim), Cell(name, dim), "", "", "", "", Cell(line.result, dim)]
    return [
        Cell(look.state(line.state), (MARKS[line.state].ink,)),
        name,
        "" if line.seconds is None else duration_text(line.seconds),
        "" if line.cpu_seconds is None else duration_text(line.cpu_seconds),
        "" if line.peak_bytes is None else size_text(line.peak_bytes),
        str(line.tries) if line.tries > 1 else "",
        Cell(line.result, (Ink.RED if line.is_bad else Ink.DIM,)),
    ]
