"""A plan as lines: what would run and why, the items of one map in one line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..core.named import NamedTuple
from ..core.plans import Fate, Plan, Planned
from ..core.quantities import duration_text
from ..core.text import clean, cut
from .glyphs import Glyphs
from .outside import Phrases
from .tones import Line, Span, Tone, padded

SHOWN = 400
"""Lines of a plan that are shown; who wants more reads `graft plan --full`."""
NAME = 34
"""Columns of a step's name, at most."""

_MARKS: dict[Fate, tuple[str, str, Tone]] = {
    Fate.RUN: ("●", "*", Tone.YELLOW),
    Fate.MAY_RUN: ("○", ".", Tone.BLUE),
    Fate.REUSE: ("◇", "=", Tone.CYAN),
    Fate.HELD: ("‖", "#", Tone.DIM),
    Fate.SKIP: ("⊘", "-", Tone.DIM),
    Fate.LEFT_OUT: ("⊘", "-", Tone.DIM),
}


class _Group(NamedTuple):
    """Steps of one family that have the same fate for the same reason."""

    first: Planned
    paths: list[str]
    why: str


def plan_lines(plan: Plan, phrases: Phrases, glyphs: Glyphs) -> list[Line]:
    """Return the lines of a plan, its summary first."""
    lines: list[Line] = [[(phrases.summary(plan), Tone.BOLD)], []]
    groups = list(_grouped(plan, phrases))
    width = min(NAME, max((len(_name(group, glyphs)) for group in groups[:SHOWN]), default=0))
    for group in groups[:SHOWN]:
        lines.append(_line(group, width, glyphs))
    if len(groups) > SHOWN:
        lines.append([(f"{glyphs.ellipsis} {len(groups) - SHOWN:,} more   graft plan --full", Tone.DIM)])
    named = {step.path for step in plan.steps}
    for path, what in plan.unknown.items():
        if path not in named:
            lines.append([(f"  {path}: {what} known when it runs", Tone.DIM)])
    return lines


def _grouped(plan: Plan, phrases: Phrases) -> Iterator[_Group]:
    groups: dict[object, _Group] = {}
    for step in plan.steps:
        why = phrases.why(step, plan)
        same = (starred(step.path), step.fate, starred(why))
        groups.setdefault(same, _Group(step, [], why)).paths.append(step.path)
    yield from groups.values()


def _line(group: _Group, width: int, glyphs: Glyphs) -> Line:
    step = group.first
    glyph, plain, tone = _MARKS[step.fate]
    is_work = step.fate in (Fate.RUN, Fate.MAY_RUN)
    seconds = duration_text(step.seconds) if is_work and step.seconds is not None else ""
    line: list[Span] = [
        (f"{plain if glyphs.is_ascii else glyph} {step.fate.value:<8}  ", tone),
        padded(_name(group, glyphs), width, Tone.BOLD if is_work else Tone.DIM),
        (f"  {seconds:>6}  ", Tone.DIM),
        (starred(group.why) if len(group.paths) > 1 else group.why, Tone.TEXT if is_work else Tone.DIM),
    ]
    return line


def _name(group: _Group, glyphs: Glyphs) -> str:
    name = clean(group.first.path)
    if len(group.paths) > 1:
        name = f"{starred(name)} {glyphs.times}{len(group.paths):,}"
    return cut(name, NAME, ellipsis=glyphs.ellipsis)


def starred(path: str) -> str:
    """Return a path with `*` for its numbers."""
    return "/".join("*" if part.isdecimal() else part for part in path.split("/"))


def paths_text(paths: Sequence[str], glyphs: Glyphs, most: int = 8) -> str:
    """Return some paths in a line."""
    return ", ".join(clean(path) for path in paths[:most]) + (f" {glyphs.ellipsis}" if len(paths) > most else "")
