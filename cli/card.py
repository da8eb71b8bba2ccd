"""The screen of one run: `graft show`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..core.document import roll_up, root_failures
from ..core.moments import ago, local
from ..core.quantities import duration_text
from ..core.reasons import awaited_text, run_reason_text
from ..core.records import dataclass, field
from ..core.roles import Composites
from ..core.routes import Routes
from ..core.runs import Run, RunSpec, StepRun
from ..core.states import Status
from ..core.undeclared import Undeclared
from .failure import debug_command, failure_panel, log_command, next_commands
from .guarding import guard_lines
from .look import MARKS, Ink, Look
from .text import clean, columns, cut, metric_text, pad, plural

if TYPE_CHECKING:
    from ..core.verification import Mark

MARKED = "non-deterministic: seen by verify"
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
    marked: Mapping[str, Mark] = field(default_factory=dict)
    """By path, steps that were seen to be non-deterministic."""
    top: int | None = None
    """Of a search, the most trials that are listed; None: some."""
    guards: Mapping[str, Undeclared] = field(default_factory=dict)
    """What steps used and did not declare, by path."""
    given_up: Mapping[str, float] = field(default_factory=dict)
    """When values of it were deleted to free space, by digest."""

    @property
    def composites(self) -> Composites:
        """Return what a person wrote of its graph."""
        return Composites(self.spec.graph if self.spec is not None else None)


def card(look: Look, shown: Shown) -> list[str]:
    """Return the lines of the screen."""
    if (found := search_lines(look, shown)) is not None:
        lines = [*_header(look, shown), *found]
    else:
        from .steptable import step_table  # 1 ms that the end of a good run is spared

        steps = step_table(look, shown.composites, shown.steps, is_full=shown.is_full)
        lines = [*_header(look, shown), "", *steps, *marked_lines(look, shown.marked), *metric_lines(look, shown.steps)]
    for panel in failures(look, shown):
        lines += ["", *panel]
    lines += guard_lines(look, shown)
    if shown.given_up:
        from ..core.givenup import given_up_text  # for few runs

        lines += ["", f"it had {given_up_text(shown.given_up)}: 'graft rerun {shown.short}' computes them again"]
    commands = _offers(shown) if found is None else search_commands(shown)
    return [*lines, "", *next_commands(look, commands)] if commands else lines


def search_lines(look: Look, shown: Shown) -> list[str] | None:
    """Return the trials of a search, and which of them is the best; None: it is no search."""
    if shown.spec is None or shown.spec.search is None:
        return None
    from .trials import best_line, leaderboard  # for one kind of run

    top = len(shown.steps) if shown.is_full else shown.top
    lines = leaderboard(look, shown.spec, shown.steps, shown.now, top=top)
    best = best_line(look, shown.spec, shown.steps)
    return [*lines, "", best] if best else lines


def search_commands(shown: Shown) -> list[tuple[str, str]]:
    """Return the commands that lead on from a search, each with what it does."""
    from .trials import next_of  # for one kind of run

    assert shown.spec is not None
    return next_of(shown.spec, shown.steps, shown.run.state, shown.short)


def failures(look: Look, shown: Shown) -> list[list[str]]:
    """Return a panel for each of the first failed steps, and a line for the rest."""
    failed = [] if shown.run.state is Status.SUCCESS else root_failures(shown.steps)
    is_search = shown.spec is not None and shown.spec.search is not None
    most = 1 if is_search else PANELS_SHOWN  # its trials fail alike, and their table tells of each
    panels = [failure_panel(look, step, shown.logs.get(step.path, ()), shown.here) for step in failed[:most]]
    rest = [] if is_search else failed[most:]
    if rest:
        names = ", ".join(clean(step.path) for step in rest[:10])
        more = look.ellipsis if len(rest) > 10 else ""
        panels.append([cut(f"{len(rest)} more failed: {names}{more}", look.width, ellipsis=look.ellipsis)])
    return panels


def marked_lines(look: Look, marked: Mapping[str, Mark]) -> list[str]:
    """Return a line for each step, or family of steps, that was seen to be non-deterministic."""
    found = {mark.path: mark for mark in marked.values()}
    return [
        f"  {look.paint('warning', Ink.YELLOW)}  {clean(path)} is {MARKED} ({clean(', '.join(mark.outputs))})"
        for path, mark in found.items()
    ]


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


def counts_text(shown: Shown) -> str:
    """Return "3 steps" or "12 steps: 9 ok, 1 failed, 2 skipped", of what a person counts."""
    counts = shown.composites.counted({step.path: step.state for step in shown.steps})
    total = plural(sum(counts.values()), "step")
    if set(counts) <= {Status.SUCCESS}:
        return total
    return f"{total}: " + ", ".join(f"{counts[each]:,} {MARKS[each].word}" for each in Status if each in counts)


def _header(look: Look, shown: Shown) -> list[str]:
    run = shown.run
    state = look.state(run.state)
    took = run.seconds if run.seconds is not None else _so_far(run, shown.now)
    told = [counts_text(shown)]
    told += [duration_text(took)] if took is not None else []
    told += [run_reason_text(run.reason), awaited_text(run, shown.now)]
    head = look.paint(state, MARKS[run.state].ink, Ink.BOLD)
    name = look.paint(f"{clean(run.pipeline)}  {shown.short}", Ink.BOLD)
    rest = look.dot + look.dot.join(text for text in told if text)
    room = look.width - columns(f"{state}  {clean(run.pipeline)}  {shown.short}")
    first = f"{head}  {name}{cut(rest, max(0, room), ellipsis=look.ellipsis)}"
    facts = [("when", _when(run, shown.now)), ("by", _by(look, shown)), ("code", _code(look, shown))]
    if run.lineage is not None:
        number = "" if run.generation is None else f" generation {run.generation}"
        facts.append((run.action, f"{run.project} {run.lineage}{number}"))
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
        taken = Routes.noted(shown.spec.environment).by_label.values()
        away = [f"{route.label} on {route.runner}" for route in taken if route.runner != run.runner]
        parts[0] += f" ({', '.join(away)})" if away else ""
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


def _offers(shown: Shown) -> list[tuple[str, str]]:
    short, state = shown.short, shown.run.state
    if state is Status.STARTED:
        return [(f"graft attach {short}", "follow it"), (f"graft cancel {short}", "stop it")]
    if state is Status.FAILURE:
        return [
            *log_command(short, shown.steps),
            *debug_command(short, shown.steps),
            (f"graft retry {short}", "after a fix: failed steps and what follows"),
        ]
    if state is Status.INTERRUPTED:
        return [(f"graft resume {short}", "run what was not finished")]
    if state is Status.CANCELLED:
        return [(f"graft retry {short}", "run what was not finished")]
    return []


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
