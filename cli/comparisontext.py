"""The screen of `graft diff`: what differs between two runs, by heading; equal things are counted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..core.comparing import Comparison, Difference, Divergence, FileDifference
from ..core.moments import ago
from ..core.quantities import duration_text
from ..core.states import Status
from .causes import cause_text, digest_text, hunk_lines
from .look import MARKS, Ink, Look
from .table import Cell, Column, table
from .text import clean, metric_text, plural
from .whytext import Around


def comparison_lines(around: Around, found: Comparison, *, has_all: bool, is_stat: bool) -> list[str]:
    """Return the lines of the screen.

    Args:
        has_all: equal things too.
        is_stat: of code only how many lines changed.
    """
    look = around.look
    lines = [*_header(around, found), *_first(around, found)]
    lines += _code(around, found.code, has_all=has_all, is_stat=is_stat)
    sections: list[tuple[str, Sequence[Difference], Callable[[Difference], list[Cell | str]]]] = [
        ("parameters", found.params, lambda each: _row(look, each, _value)),
        ("environment", found.environment, lambda each: _row(look, each, _variable(each))),
        ("data", found.data, lambda each: _row(look, each, digest_text)),
        ("metrics", found.metrics, lambda each: [*_row(look, each, metric_text), _grown(each)]),
        ("durations", found.durations, lambda each: [*_row(look, each, duration_text), _ratio(look, each)]),
        ("states", found.states, lambda each: _row(look, each, lambda state: _state(look, state))),
    ]
    for title, rows, told in sections:
        shown = [each for each in rows if has_all or not each.is_same]
        if shown:
            cells = [told(each) for each in shown]
            heads = [Column(title="", shrinks=True) for _ in cells[0]]
            lines += ["", look.paint(title, Ink.DIM), *table(look, heads, cells, indent=2)[1:]]
    same = _same(found)
    if same and not has_all:
        lines += ["", look.paint(f"equal: {', '.join(same)} (--all shows them)", Ink.DIM)]
    return lines


def _header(around: Around, found: Comparison) -> list[str]:
    look, old, new = around.look, found.old, found.new
    arrow = look.said("→")
    runs = f"{around.short(old.id)} {arrow} {around.short(new.id)}"
    when = f"{ago(old.started or old.created, around.now)} {arrow} {ago(new.started or new.created, around.now)}"
    if found.is_same_pipeline:
        name = clean(new.pipeline)
        lines = [f"{look.paint(f'{name}  {runs}', Ink.BOLD)}{look.dot}{when}"]
    else:
        names = [f"{clean(run.project)}/{clean(run.pipeline)}" for run in (old, new)]
        lines = [f"{look.paint(runs, Ink.BOLD)}{look.dot}{when}"]
        lines.append(f"these are different pipelines, {names[0]} and {names[1]}: steps of the same path are compared")
    if found.is_same:
        lines.append("nothing differs" if found.is_same_pipeline else "nothing that can be compared differs")
    return lines


def _first(around: Around, found: Comparison) -> list[str]:
    first = found.first
    if first is None:
        return []
    look = around.look
    what = _divergence(look, first)
    lines = ["", f"{look.paint('first', Ink.DIM)}  {look.paint(clean(first.path), Ink.BOLD)} {what}"]
    lines += [f"  {cause_text(look, each)}" for each in first.causes]
    if not first.causes and first.is_known:
        lines.append("  from equal code, parameters and inputs: it is not deterministic, or reads what nobody saw")
    return lines


def _divergence(look: Look, first: Divergence) -> str:
    if first.old is None:
        return "is new"
    if first.new is None:
        return "is gone"
    if first.outputs:
        return f"made another {', '.join(clean(name) for name in first.outputs[:4])}"
    return f"{MARKS[first.old].word} {look.said('→')} {MARKS[first.new].word}"


def _code(around: Around, files: Sequence[FileDifference], *, has_all: bool, is_stat: bool) -> Iterator[str]:
    look = around.look
    shown = [each for each in files if has_all or not each.is_same]
    if not shown:
        return
    yield ""
    yield look.paint("code", Ink.DIM)
    for each in shown:
        added, removed = each.stat
        became = " is new" if each.old is None else " is gone" if each.new is None else ""
        stat = "  equal" if each.is_same else f"{became}  +{added} -{removed}"
        if not each.is_same and not each.hunks:
            stat = f"{became or ' changed'}, and is no text that could be shown"
        yield f"  {look.paint(clean(each.file), Ink.BOLD)}{stat}"
        if not is_stat:
            yield from (f"    {line}" for line in hunk_lines(look, each.hunks, is_full=around.is_full))


def _row(look: Look, each: Difference, told: Callable[[Any], str]) -> list[Cell | str]:
    name = clean(each.name) or "the run"
    if each.is_same and each.old == each.new:
        return [name, Cell(told(each.new), (Ink.DIM,)), Cell("equal", (Ink.DIM,)), ""]
    old, new = ("none" if value is None else told(value) for value in (each.old, each.new))
    return [name, old, look.said("→"), new]


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _variable(each: Difference) -> Callable[[Any], str]:
    """Return how a row of the environment is told: of variables not even a digest, which could be guessed."""
    if not each.name.startswith("$"):
        return _value
    return lambda value: "one value" if value == each.old else "another"


def _state(look: Look, state: str) -> str:
    return look.state(Status(state)) if state in Status.__members__ else state


def _grown(each: Difference) -> str:
    return "" if each.change is None or each.is_same else f"{each.change:+.6g}"


def _ratio(look: Look, each: Difference) -> str:
    if each.old is None or each.new is None or min(each.old, each.new) <= 0:
        return ""
    return look.said(f"×{each.new / each.old:.2g}")


def _same(found: Comparison) -> list[str]:
    counts = [
        (sum(each.is_same for each in found.code), "file"),
        (sum(each.is_same for each in found.params), "parameter"),
        (sum(each.is_same for each in found.environment), "part of the environment"),
        (sum(each.is_same for each in found.data), "data file"),
        (sum(each.is_same for each in found.metrics), "metric"),
        (sum(each.is_same for each in found.durations), "duration"),
        (sum(each.is_same for each in found.states), "state"),
    ]
    told = [plural(count, noun) for count, noun in counts if count]
    return [text.replace("part of the environments", "parts of the environment") for text in told]
