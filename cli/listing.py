"""The list of runs: one line each, what matters first; and the leaderboard by a metric."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..core.moments import ago
from ..core.quantities import duration_text
from ..core.reasons import run_reason_text
from ..core.records import dataclass, field
from ..core.runs import Run
from ..core.states import Status
from .look import MARKS, Look
from .table import Cell, Column, table
from .text import metric_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One run of the list."""

    run: Run
    short: str
    metrics: Mapping[str, Any] = field(default_factory=dict)
    """By name; filled when columns ask for them."""


def listing(look: Look, runs: Sequence[Listed], extra: Sequence[str], now: float) -> list[str]:
    """Return the lines of the list, titles first.

    Args:
        extra: metrics or parameters shown as columns of their own.
    """
    heads = [
        Column(title="STATE"),
        Column(title="RUN"),
        Column(title="PIPELINE", shrinks=True),
        *(Column(title=name, is_right=True, shrinks=True) for name in extra),
        Column(title="STEPS", is_right=True, rank=1),
        Column(title="TIME", is_right=True, rank=2),
        Column(title="WHEN", rank=3),
        Column(title="FROM", rank=6),
        Column(title="TAGS", shrinks=True, rank=4),
        Column(title="NOTE", shrinks=True, rank=5),
    ]
    return table(look, heads, [_row(look, each, extra, now) for each in runs])


def value_of(listed: Listed, name: str) -> Any:
    """Return a metric, else a parameter, of that name; None when the run has neither."""
    return listed.metrics.get(name, listed.run.params.get(name))


def ranked(runs: Sequence[Listed], by: str) -> list[Listed]:
    """Return the runs that have a number `by`, best first: the highest; with a leading `-` the lowest."""
    name = by.removeprefix("-")
    having = [each for each in runs if _is_number(value_of(each, name))]
    return sorted(having, key=lambda each: value_of(each, name), reverse=not by.startswith("-"))


def _row(look: Look, listed: Listed, extra: Sequence[str], now: float) -> list[Cell | str]:
    run = listed.run
    took = run.seconds
    if run.state is Status.STARTED and run.started is not None:
        took = now - run.started
    return [
        Cell(look.state(run.state), (MARKS[run.state].ink,)),
        listed.short,
        run.pipeline,
        *(_shown(value_of(listed, name)) for name in extra),
        _progress(run),
        "" if took is None else duration_text(took),
        ago(run.started or run.created, now),
        run.origin,
        ", ".join(run.tags),
        run_reason_text(run.reason),
    ]


def _progress(run: Run) -> str:
    # Of a run that went well, what was skipped was not to be run: branches not taken, steps not selected.
    left_out = run.counts.get(Status.SKIPPED, 0) if run.state is Status.SUCCESS else 0
    total = sum(run.counts.values()) - left_out
    good = sum(run.counts.get(status, 0) for status in Status if status.is_good)
    return f"{good:,}/{total:,}" if total else ""


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return metric_text(value) if not isinstance(value, dict) else json.dumps(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value  # NaN ranks nowhere
