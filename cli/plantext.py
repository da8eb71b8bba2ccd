"""The screen of `graft plan`: what would run and why, what is reused, what depends on the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..core.plans import Fate, Hinge, Plan, Planned
from ..core.quantities import duration_text
from .causes import short_text, starred
from .look import Ink, Look
from .table import Cell, Column, table
from .text import clean, plural
from .whytext import Around

ROWS_SHOWN = 60
"""Rows up to which all are shown; above, those that do not run are only counted. `--full` shows all."""
_NAMED = 3

_MARKS: Mapping[Fate, tuple[str, str, Ink]] = {
    Fate.RUN: ("●", "*", Ink.YELLOW),
    Fate.MAY_RUN: ("○", ".", Ink.BLUE),
    Fate.REUSE: ("◇", "=", Ink.CYAN),
    Fate.HELD: ("‖", "#", Ink.DIM),
    Fate.SKIP: ("⊘", "-", Ink.DIM),
    Fate.LEFT_OUT: ("⊘", "-", Ink.DIM),
}


def plan_lines(around: Around, plan: Plan) -> list[str]:
    """Return the lines of the screen, the summary first."""
    look = around.look
    lines = [f"{look.paint(clean(plan.pipeline), Ink.BOLD)}{look.dot}{summary(plan)}; nothing was started"]
    groups = [each for each in _grouped(around, plan) if around.is_full or each[0].fate is not Fate.LEFT_OUT]
    if len(groups) > ROWS_SHOWN and not around.is_full:
        groups = _joined(groups)
    is_cut = len(groups) > ROWS_SHOWN and not around.is_full
    shown = [each for each in groups if not is_cut or each[0].fate in (Fate.RUN, Fate.MAY_RUN)]
    rows = [_row(around, step, paths, text) for step, paths, text in shown[: None if around.is_full else ROWS_SHOWN]]
    heads = [
        Column(title="WHAT"),
        Column(title="STEP", shrinks=True),
        Column(title="WHY", shrinks=True),
        Column(title="TOOK", is_right=True, rank=1),
    ]
    if any(step.runner is not None for step in plan.steps):
        heads.append(Column(title="RUNNER"))
    else:
        rows = [row[:-1] for row in rows]
    lines += ["", *table(look, heads, rows, indent=2)] if rows else []
    if left := len(groups) - len(rows):
        lines.append(look.said(f"  … {plural(left, 'more line')} (--full shows every step)"))
    named = {step.path for step in plan.steps}
    for path, what in plan.unknown.items():
        if path in named:
            continue
        lines.append(look.paint(f"  {clean(path)}: {_grows(what)}", Ink.DIM))
    return lines


def summary(plan: Plan) -> str:
    """Return "2 steps run, 1 may run, 9 reused, about 12s"."""
    counts = {fate: len(plan.of(fate)) for fate in Fate}
    if not plan.has_work:
        told = ["nothing to do"]
    else:
        told = [f"{plural(counts[Fate.RUN], 'step')} {'runs' if counts[Fate.RUN] == 1 else 'run'}"]
        told += [f"{counts[Fate.MAY_RUN]:,} may run"] if counts[Fate.MAY_RUN] else []
    words = {Fate.REUSE: "reused", Fate.HELD: "held", Fate.SKIP: "not taken", Fate.LEFT_OUT: "left out"}
    told += [f"{counts[fate]:,} {word}" for fate, word in words.items() if counts[fate]]
    return ", ".join([*told, *_estimate(plan)])


def _estimate(plan: Plan) -> Iterator[str]:
    if not plan.has_work or plan.estimate_s is None or plan.unknown or (plan.longest_s or 0.0) < 1:
        return
    at_most = plan.longest_s
    text = f"about {duration_text(plan.estimate_s)}"
    if at_most is not None and at_most > 1.2 * plan.estimate_s:
        text += f", at most {duration_text(at_most)}"
    yield text


def _grows(what: str) -> str:
    return "items known when it runs" if what == "items" else "further iterations known when it runs"


def _grouped(around: Around, plan: Plan) -> Iterator[tuple[Planned, list[str], str]]:
    """Yield the first of the items of one map that have the same fate for the same reason, with all their paths."""
    groups: dict[object, tuple[Planned, list[str], str]] = {}
    for step in plan.steps:
        text = step_why(around, step, plan)
        same = (starred(step.path), step.fate, starred(text), step.runner)
        groups.setdefault(same, (step, [], text))[1].append(step.path)
    yield from groups.values()


def _joined(groups: Sequence[tuple[Planned, list[str], str]]) -> list[tuple[Planned, list[str], str]]:
    """Return one group for all steps of one fate and reason; of those that may run for whatever is before them."""
    found: dict[object, tuple[Planned, list[str], str]] = {}
    for step, paths, text in groups:
        told = "takes what steps before it make" if step.hinge is Hinge.DATA else text
        found.setdefault((step.fate, told, step.runner), (step, [], told))[1].extend(paths)
    return list(found.values())


def _row(around: Around, step: Planned, paths: Sequence[str], text: str) -> list[Cell | str]:
    look = around.look
    glyph, plain, ink = _MARKS[step.fate]
    name = clean(paths[0])
    if len(paths) > 1:
        is_family = len({starred(path) for path in paths}) == 1
        name = (
            f"{starred(name)}  {len(paths):,} of them" if is_family else f"{name}{look.ellipsis} {len(paths):,} steps"
        )
        text = starred(text)
    seconds = "" if step.seconds is None or step.fate not in (Fate.RUN, Fate.MAY_RUN) else duration_text(step.seconds)
    what = Cell(f"{plain if look.is_ascii else glyph} {step.fate.value}", (ink,))
    quiet = () if step.fate in (Fate.RUN, Fate.MAY_RUN) else (Ink.DIM,)
    where = Cell(clean(step.runner or ""), quiet)
    return [what, Cell(name, quiet), Cell(text, quiet), Cell(seconds, (Ink.DIM,)), where]


def step_why(around: Around, step: Planned, plan: Plan) -> str:
    """Return why a step would run, be reused, or depend on others; empty when there is nothing to say."""
    if step.fate is Fate.REUSE and step.reused is not None:
        return f"from {around.said(step.reused)}"
    if step.fate is Fate.REUSE:
        return "there is no earlier state" if step.detail is None else f"states of {clean(step.detail)}"
    if step.fate is Fate.MAY_RUN:
        return _depends(around.look, step, plan)
    if step.unkept is not None:
        return around.unkept(step.unkept)
    if step.verdict is not None:
        return short_text(step.verdict, step.detail, step.causes, around.look)
    return {Fate.HELD: "an effect", Fate.SKIP: "its branch is not taken"}.get(step.fate, "")


def _depends(look: Look, step: Planned, plan: Plan) -> str:
    if step.path in plan.unknown:
        return _grows(plan.unknown[step.path])
    after = list(dict.fromkeys(starred(clean(path)) for path in step.after))
    names = ", ".join(after[:_NAMED])
    more = look.ellipsis if len(after) > _NAMED else ""
    if step.hinge is Hinge.BRANCH:
        return f"its branch is known when {names} is decided"
    if step.hinge is Hinge.ORDER:
        return f"comes after {names}{more}"
    return f"takes what {names}{more} {'makes' if len(after) == 1 else 'make'}"
