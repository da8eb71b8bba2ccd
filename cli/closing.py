"""What is said when a run has ended: how it went, metrics, what failed and why, and where to look next."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.artifacts import Output
from ..core.reasons import run_reason_text
from ..core.runs import StepRun
from ..core.states import Status
from ..core.undeclared import GUARD_ROLE
from .card import Shown, counts_text, failures, metric_lines, search_commands, search_lines
from .failure import debug_command, log_command, next_commands
from .guarding import guard_lines
from .look import MARKS, Ink, Look
from .text import clean, cut

OUTPUTS_SHOWN = 8
_TOLD_ELSEWHERE = ("metric", GUARD_ROLE)
"""Roles of outputs that have lines of their own."""
RESULT_BYTES = 200
"""Up to which the only output of a run is shown itself."""


def closing(look: Look, shown: Shown, took: str) -> list[str]:
    """Return the closing lines of a run that was watched.

    Args:
        took: how long this hosting of it lasted, as text.
    """
    run = shown.run
    state = look.paint(look.state(run.state), MARKS[run.state].ink, Ink.BOLD)
    told = look.dot.join(text for text in (counts_text(shown), took, run_reason_text(run.reason)) if text)
    lines = [f"{state}  {clean(run.pipeline)}  {shown.short}{look.dot}{told}"]
    found = search_lines(look, shown)
    lines += metric_lines(look, shown.steps) if found is None else found
    for panel in failures(look, shown):
        lines += ["", *panel]
    lines += guard_lines(look, shown)
    lines += _outputs(look, shown) if found is None else []
    commands = _commands(shown) if found is None else search_commands(shown)
    return [*lines, "", *next_commands(look, commands)] if commands else lines


def _outputs(look: Look, shown: Shown) -> list[str]:
    if shown.run.state is not Status.SUCCESS:
        return []
    outputs = [output for step in _telling(shown) for output in step.outputs if output.role not in _TOLD_ELSEWHERE]
    names = list(dict.fromkeys(output.name for output in outputs))
    if not names:
        return []
    if len(outputs) == 1 and (value := _short_value(outputs[0])):
        names = [f"{names[0]}  {value}"]
    more = look.said(f", … {len(names) - OUTPUTS_SHOWN:,} more") if len(names) > OUTPUTS_SHOWN else ""
    text = f"  {clean(', '.join(names[:OUTPUTS_SHOWN]))}{more}"
    return ["", look.paint("outputs", Ink.DIM), cut(text, look.width, ellipsis=look.ellipsis)]


def _telling(shown: Shown) -> Sequence[StepRun]:
    """Return the steps whose outputs are a person's: those of items and iterations the map or loop hands on."""
    composites = shown.composites
    if composites.is_flat:
        return shown.steps
    return [
        step
        for step in shown.steps
        if composites.role(step.path).is_counted
        and not any(composites.role(each).is_repeated for each in composites.around(step.path))
    ]


def _short_value(output: Output) -> str:
    """Return the one result of a run when it is short JSON; empty: it is not."""
    ref = output.ref
    is_short = ref.inline is not None and ref.size <= RESULT_BYTES
    return (ref.inline or b"").decode() if is_short and ref.serializer.partition(":")[0] == "json" else ""


def _commands(shown: Shown) -> list[tuple[str, str]]:
    short = shown.short
    show = (f"graft show {short}", "steps, times, code")
    match shown.run.state:
        case Status.SUCCESS:
            has_outputs = any(step.outputs for step in shown.steps)
            return [show, (f"graft output {short}", "its outputs")] if has_outputs else [show]
        case Status.FAILURE:
            retry = (f"graft retry {short}", "after a fix: failed steps and what follows")
            left = [(f"graft output {short}", "what it left")] if any(map(_has_evidence, shown.steps)) else []
            return [*log_command(short, shown.steps), *debug_command(short, shown.steps), *left, retry, show]
        case Status.INTERRUPTED:
            return [(f"graft resume {short}", "run what was not finished"), show]
        case _:
            return [(f"graft retry {short}", "run what was not finished"), show]


def _has_evidence(step: StepRun) -> bool:
    return step.state is Status.FAILURE and any(output.role != GUARD_ROLE for output in step.outputs)
