"""The screen of one run: `graft show`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..core.document import roll_up
from ..core.quantities import duration_text, size_text
from ..core.runs import Run, RunSpec, StepRun
from ..core.states import Status
from .failure import failure_panel, log_command, next_commands
from .look import MARKS, Ink, Look
from .moments import ago, local
from .reasons import reason_text, run_reason_text
from .table import Cell, Column, table
from .text import clean, columns, cut, metric_text, pad, plural

STEPS_SHOWN = 60
"""Steps up to which every one has a line; above, only those that are not good."""
PANELS_SHOWN = 3
METRICS_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the screen is made from."""

    run: Run
    steps: Sequence[StepRun]
    spec: RunSpec | None
    """None when it is not needed or cannot be read."""
    short: str
    now: float
    logs: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Last lines of the log by path, for failed steps."""
    here: str = "/"
    """Directory the person stands in: files are named from there."""
    is_full: bool = False
    """Every step has a line."""


def card(look: Look, shown: Shown) -> list[str]:
    """Return the lines of the screen."""
    lines = [*_header(look, shown), "", *_step_table(look, shown), *metric_lines(look, shown.steps)]
    for panel in failures(look, shown):
        lines += ["", *panel]
    commands = _offers(shown)
    return [*lines, "", *next_commands(look, commands)] if commands else lines


def failures(look: Look, shown: Shown) -> list[list[str]]:
    """Return a panel for each of the first failed steps, and a line for the rest."""
    failed = [step for step in shown.steps if step.state is Status.FAILURE]
    panels = [failure_panel(look, step, shown.logs.get(step.path, ()), shown.here) for step in failed[:PANELS_SHOWN]]
    rest = failed[PANELS_SHOWN:]
    if rest:
        names = ", ".join(clean(step.path) for step in rest[:10])
        more = look.ellipsis if len(rest) > 10 else ""
        panels.append([cut(f"{len(rest)} more failed: {names}{more}", look.width, ellipsis=look.ellipsis)])
    return panels


def metric_lines(look: Look, steps: Sequence[StepRun]) -> list[str]:
    """Return the metrics of a run under a heading; nothing when there are none."""
    metrics = roll_up(steps)
    if not metrics:
        return []
    shown = dict(list(metrics.items())[:METRICS_SHOWN])
    width = max(columns(clean(name)) for name in shown)
    lines = ["", look.paint("metrics", Ink.DIM)]
    for name, value in shown.items():
        line = f"  {pad(clean(name), width)}  {metric_text(value)}"
        lines.append(cut(line, look.width, ellipsis=look.ellipsis))
    if len(metrics) > len(shown):
        lines.append(look.said(f"  … {len(metrics) - len(shown)} more (--json shows all)"))
    return lines


def counts_text(run: Run) -> str:
    """Return "3 steps" or "12 steps: 9 ok, 1 failed, 2 skipped"."""
    counts = {Status(name): count for name, count in run.counts.items()}
    total = plural(sum(counts.values()), "step")
    if set(counts) <= {Status.SUCCESS}:
        return total
    return f"{total}: " + ", ".join(f"{counts[each]:,} {MARKS[each].word}" for each in Status if each in counts)


def _header(look: Look, shown: Shown) -> list[str]:
    run = shown.run
    state = look.state(run.state)
    took = run.seconds if run.seconds is not None else _so_far(run, shown.now)
    told = [counts_text(run)]
    told += [duration_text(took)] if took is not None else []
    told += [run_reason_text(run.reason)]
    head = look.paint(state, MARKS[run.state].ink, Ink.BOLD)
    name = look.paint(f"{clean(run.pipeline)}  {shown.short}", Ink.BOLD)
    rest = look.dot + look.dot.join(text for text in told if text)
    room = look.width - columns(f"{state}  {clean(run.pipeline)}  {shown.short}")
    first = f"{head}  {name}{cut(rest, max(0, room), ellipsis=look.ellipsis)}"
    facts = [("when", _when(run, shown.now)), ("by", _by(look, shown)), ("code", _code(look, shown))]
    if run.params:
        facts.append(("params", " ".join(f"{name}={_value(value)}" for name, value in run.params.items())))
    if run.tags:
        facts.append(("tags", ", ".join(run.tags)))
    width = max(len(name) for name, _ in facts)
    return [
        first,
        *(
            f"  {look.paint(pad(name, width), Ink.DIM)}  "
            f"{cut(clean(text), max(10, look.width - width - 4), ellipsis=look.ellipsis)}"
            for name, text in facts
        ),
    ]


def _so_far(run: Run, now: float) -> float | None:
    return now - run.started if run.state is Status.STARTED and run.started is not None else None


def _when(run: Run, now: float) -> str:
    at = run.started or run.created
    return f"{local(at)} ({ago(at, now)})"


def _by(look: Look, shown: Shown) -> str:
    run = shown.run
    parts = [f"runner {run.runner}", f"from {run.origin}"]
    if shown.spec is not None:
        parts.append(shown.spec.target.text)
    if run.parent:
        parts.append(f"rerun of {run.parent[:8]}")
    return look.dot.join(parts)


def _code(look: Look, shown: Shown) -> str:
    code = shown.run.code
    parts = []
    if code.git:
        branch = f" on {code.branch}" if code.branch else ""
        parts.append(f"git {code.git[:8]}{branch}{', changed since' if code.dirty else ''}")
    elif code.key:
        parts.append(f"snapshot {code.key[:8]}")
    environment = shown.spec.environment if shown.spec is not None else {}
    if isinstance(environment.get("python"), str):
        parts.append(f"python {environment['python']}")
    return look.dot.join(parts) or look.dash


def _step_table(look: Look, shown: Shown) -> list[str]:
    steps = list(shown.steps)
    left_out = 0
    if len(steps) > STEPS_SHOWN and not shown.is_full:
        steps = [step for step in steps if not step.state.is_good and step.state is not Status.PENDING][:STEPS_SHOWN]
        left_out = len(shown.steps) - len(steps)
    heads = [
        Column(title="STATE"),
        Column(title="STEP", shrinks=True),
        Column(title="TIME", is_right=True),
        Column(title="CPU", is_right=True, rank=3),
        Column(title="MEMORY", is_right=True, rank=2),
        Column(title="TRIES", is_right=True, rank=1),
        Column(title="RESULT", shrinks=True),
    ]
    lines = table(look, heads, [_step_row(look, step) for step in steps], indent=2) if steps else []
    if left_out:
        lines.append(look.said(f"  … {left_out:,} steps that are well or waiting (--full lists every step)"))
    return lines


def _step_row(look: Look, step: StepRun) -> list[Cell | str]:
    return [
        Cell(look.state(step.state), (MARKS[step.state].ink,)),
        step.path,
        "" if step.seconds is None else duration_text(step.seconds),
        "" if step.cpu_seconds is None else duration_text(step.cpu_seconds),
        "" if step.peak_bytes is None else size_text(step.peak_bytes),
        str(step.attempts) if step.attempts > 1 else "",
        _result(look, step),
    ]


def _result(look: Look, step: StepRun) -> Cell:
    if step.state is Status.FAILURE:
        return Cell(step.error.type if step.error is not None else reason_text(step.reason), (Ink.RED,))
    if not step.state.is_good:
        return Cell(reason_text(step.reason), (Ink.DIM,))
    outputs = [f"{each.name} {size_text(each.ref.size)}" for each in step.outputs if each.role != "metric"]
    if step.cached_from:
        outputs.insert(0, f"from {step.cached_from[:8]}")
    return Cell(", ".join(outputs), (Ink.DIM,))


def _offers(shown: Shown) -> list[tuple[str, str]]:
    short, state = shown.short, shown.run.state
    if state is Status.STARTED:
        return [(f"graft attach {short}", "follow it"), (f"graft cancel {short}", "stop it")]
    if state is Status.FAILURE:
        return [
            *log_command(short, shown.steps),
            (f"graft retry {short}", "after a fix: failed steps and what follows"),
        ]
    if state is Status.INTERRUPTED:
        return [(f"graft resume {short}", "run what was not finished")]
    if state is Status.CANCELLED:
        return [(f"graft retry {short}", "run what was not finished")]
    return []


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
