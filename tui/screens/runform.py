"""The rows of the form of a new run, and how they and what is wrong with them are drawn."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.errors import GraftError
from ...core.records import dataclass
from ..tones import Line, Span, Tone
from ..wanted import NO
from ..widgets.grid import Column

CHOSEN = frozenset({"force", "fail_fast"})
"""Entries with a yes and a no."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row of the form."""

    id: str
    """A name of a field of `Wanted`, `start`, or `param` and the key behind a colon."""
    label: str
    value: str = ""
    default: str = ""
    """Shown where nothing was typed."""
    note: str = ""
    choices: tuple[str, ...] = ()
    is_missing: bool = False
    is_wrong: bool = False


def problem_lines(error: GraftError) -> list[Line]:
    """Return what is wrong, all of it, with where it stands and what to do."""
    lines: list[Line] = []
    for each in error.problems or (error,):
        where = f"{each.file}:{each.line}" if each.file and each.line else each.file or ""
        lines += [[(text, Tone.RED)] for text in each.message.split("\n")]
        lines += [[("  at ", Tone.DIM), (where, Tone.BOLD)]] if where else []
        lines += [[(f"  {text}", Tone.TEXT)] for text in (each.hint or "").split("\n") if text.strip()]
        lines.append([])
    return lines


def form_columns() -> list[Column[Entry]]:
    """Return the columns of the form."""
    return [
        Column(title="WHAT", width=13, share=1, cell=_label),
        Column(title="VALUE", width=20, share=3, cell=_value),
        Column(title="TAKES", width=22, share=3, rank=1, cell=lambda each: [(each.note, Tone.DIM)]),
    ]


def _label(entry: Entry) -> Line:
    is_given = bool(entry.value) and entry.value != NO
    return [(entry.label, Tone.KEY if entry.id == "start" else Tone.BOLD if is_given else Tone.TEXT)]


def _value(entry: Entry) -> Line:
    if entry.id == "start":
        return [(entry.value, Tone.BOLD)]
    if entry.is_missing:
        return [("has to be given", Tone.YELLOW)]
    spans: list[Span] = [(entry.value, Tone.RED if entry.is_wrong else Tone.BOLD)] if entry.value else []
    return spans or [(entry.default, Tone.DIM)]


def choices_note(targets: Sequence[str]) -> str:
    """Return how one comes to other targets than the one that stands there."""
    return f"space: the next of {len(targets)}; enter: type one" if len(targets) > 1 else "enter: type another"
