"""The table of a run's steps: composites above what is inside, large families and untaken branches in one row each."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence

from ..core.folding import Row, rows
from ..core.graph import ON_FAILURE
from ..core.quantities import duration_text, size_text
from ..core.reasons import reason_text
from ..core.roles import CHOICE, Composites, Role
from ..core.runs import StepRun
from ..core.states import Reason, Status
from .look import MARKS, WORST_FIRST, Ink, Look
from .table import Cell, Column, table
from .text import clean, plural

STEPS_SHOWN = 60
"""Rows up to which every one has a line; above, only those that are not good."""
FAILED_SHOWN = 3
"""Failed steps that a folded family names."""


def step_table(look: Look, composites: Composites, steps: Sequence[StepRun], *, is_full: bool) -> list[str]:
    """Return the lines of the table, titles first."""
    told = _Steps(look, composites, steps)
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
    lines = table(look, heads, [told.cells(row) for row in found], indent=2) if found else []
    if left_out:
        lines.append(look.said(f"  … {left_out:,} steps that are well or waiting (--full lists every step)"))
    return lines


class _Steps:
    def __init__(self, look: Look, composites: Composites, steps: Sequence[StepRun]):
        self._look = look
        self._composites = composites
        self._steps = {step.path: step for step in steps}
        self._states = composites.shown({step.path: step.state for step in steps})
        self._items = composites.items(self._steps)
        self._spans = _spans(composites, steps)

    def is_usual(self, row: Row) -> bool:
        """Tell whether there is nothing to look at in a row."""
        return all(self._states[path].is_good or self._states[path] is Status.PENDING for path in row.members)

    def cells(self, row: Row) -> list[Cell | str]:
        """Return the row of the table."""
        name = "  " * row.depth + clean(row.label)
        if row.is_untaken:
            dim = (Ink.DIM,)
            state = Cell(self._look.state(Status.SKIPPED), dim)
            return [state, Cell(name, dim), "", "", "", "", Cell(reason_text(Reason.BRANCH), dim)]
        members = [self._steps[path] for path in row.members]
        if len(members) > 1:
            return self._family(name, members)
        (step,) = members
        status = self._states[step.path]
        seconds = self._spans.get(step.path, step.seconds)
        return [
            Cell(self._look.state(status), (MARKS[status].ink,)),
            name,
            "" if seconds is None else duration_text(seconds),
            "" if step.cpu_seconds is None else duration_text(step.cpu_seconds),
            "" if step.peak_bytes is None else size_text(step.peak_bytes),
            str(step.attempts) if step.attempts > 1 else "",
            self._result(row.role, step),
        ]

    def _family(self, name: str, members: Sequence[StepRun]) -> list[Cell | str]:
        counts = Counter(self._states[step.path] for step in members)
        worst = next(status for status in WORST_FIRST if counts[status])
        failed = [step.path for step in members if step.state is Status.FAILURE]
        told = ", ".join(f"{counts[status]:,} {MARKS[status].word}" for status in Status if counts[status])
        if failed:
            more = self._look.ellipsis if len(failed) > FAILED_SHOWN else ""
            told += f": {', '.join(failed[:FAILED_SHOWN])}{more}"
        peaks = [step.peak_bytes for step in members if step.peak_bytes is not None]
        return [
            Cell(self._look.state(worst), (MARKS[worst].ink,)),
            name,
            _sum([step.seconds for step in members]),
            _sum([step.cpu_seconds for step in members]),
            size_text(max(peaks)) if peaks else "",
            "",
            Cell(told, (Ink.RED if failed else Ink.DIM,)),
        ]

    def _result(self, role: Role, step: StepRun) -> Cell:
        note = self._note(role, step)
        if step.state is Status.FAILURE:
            cause = step.error.type if step.error is not None else reason_text(step.reason)
            recovery = self._steps.get(f"{step.path}/{ON_FAILURE}")
            note += ["its on_failure took over"] if recovery is not None and recovery.state.is_good else []
            return Cell(", ".join([cause, *note]), (Ink.RED,))
        if not step.state.is_good:
            return Cell(", ".join([text for text in (reason_text(step.reason), *note) if text]), (Ink.DIM,))
        note += [f"from {step.cached_from[:8]}"] if step.cached_from else []
        outputs = [f"{each.name} {size_text(each.ref.size)}" for each in step.outputs if each.role != "metric"]
        return Cell(", ".join([*note, *outputs]), (Ink.DIM,))

    def _note(self, role: Role, step: StepRun) -> list[str]:
        """Return what became of a composite: its items, its turns, the branch it took."""
        if role is Role.MAP:
            return map_note(self._items.get(step.path), is_over=step.state.is_good)
        if role is Role.LOOP and step.path in self._items:
            return [plural(self._items[step.path], "iteration")]
        if role is Role.CONDITIONAL:
            word = _word(self._steps.get(f"{step.path}/{CHOICE}"))
            return [] if word is None else [f"branch {word}"]
        return []


def map_note(items: int | None, *, is_over: bool) -> list[str]:
    """Return how many items a map has; nothing while that is not known."""
    return [plural(items, "item")] if items is not None else ["no items"] if is_over else []


def _word(choice: StepRun | None) -> str | None:
    """Return the branch that a choice named; None before it did."""
    for output in choice.outputs if choice is not None else ():
        if output.name == "branch" and output.ref.inline is not None and output.ref.serializer == "json":
            return clean(str(json.loads(output.ref.inline)))
    return None


def _spans(composites: Composites, steps: Sequence[StepRun]) -> Mapping[str, float]:
    """Return the seconds from the first start to the last end inside of each composite that has ended."""
    ended = {step.path for step in steps if step.state.is_good or step.state is Status.FAILURE}
    found: dict[str, tuple[float, float]] = {}
    for step in steps:
        if step.started is None or step.seconds is None:
            continue
        end = step.started + step.seconds
        for composite in (*composites.around(step.path), step.path):
            if composite in ended and composites.role(composite).is_composite:
                first, last = found.get(composite, (step.started, end))
                found[composite] = min(first, step.started), max(last, end)
    return {path: last - first for path, (first, last) in found.items()}


def _sum(seconds: Sequence[float | None]) -> str:
    known = [each for each in seconds if each is not None]
    return duration_text(sum(known)) if known else ""
