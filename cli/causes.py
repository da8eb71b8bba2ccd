"""Why a step runs, on the terminal: causes in a line each, and the changed lines of code."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..core import causewords
from ..core.causewords import cause_note, digest_text, starred, verdict_text
from ..core.codechanges import Hunk
from ..core.keys import CauseKind
from ..core.reusing import Verdict
from ..core.whys import Because
from .look import Ink, Look
from .text import clean, plural

__all__ = ["cause_lines", "cause_text", "digest_text", "hunk_lines", "short_text", "starred", "verdict_text"]

LINES_SHOWN = 40
"""Lines of one change that are shown; `--full` shows all."""


def short_text(verdict: Verdict, detail: str | None, causes: Sequence[Because], look: Look) -> str:
    """Return why a step runs in few words: its causes; the verdict where there are none, or it says more."""
    return causewords.short_text(verdict, detail, causes, arrow=look.said("→"), more=look.ellipsis)


def cause_text(look: Look, because: Because) -> str:
    """Return a cause as a few words: "helpers.py:clean changed", "C: 1 -> 0.5"."""
    return causewords.cause_text(because, arrow=look.said("→"), more=look.ellipsis)


def cause_lines(look: Look, because: Because, short: Callable[[str], str], *, is_full: bool) -> list[str]:
    """Return a cause with all that explains it: where a value is from, who made an input, the changed lines."""
    kind = because.cause.kind.value
    text = cause_text(look, because).removeprefix(f"{kind} ")
    head = f"{look.paint(f'{kind:<9}', Ink.DIM)}  {look.paint(text, Ink.BOLD)}"
    note = cause_note(because, short, arrow=look.said("→"))
    lines = [f"  {head}" + (look.paint(f"  {note}", Ink.DIM) if note else "")]
    if because.cause.kind is CauseKind.CODE and not because.hunks:
        return [*lines, f"    {look.paint('(its lines are not on record)', Ink.DIM)}"]
    return [*lines, *(f"    {line}" for line in hunk_lines(look, because.hunks, is_full=is_full))]


def hunk_lines(look: Look, hunks: Sequence[Hunk], *, is_full: bool) -> list[str]:
    """Return changed lines as a unified diff; of a long one the beginning."""
    lines: list[str] = []
    for hunk in hunks:
        lines.append(look.paint(_place(hunk), Ink.CYAN))
        for line in hunk.lines:
            ink = {"-": (Ink.RED,), "+": (Ink.GREEN,)}.get(line[0], ())
            lines.append(look.paint(clean(line), *ink))  # never cut: what differs may be at its end
    if len(lines) > LINES_SHOWN and not is_full:
        more = plural(len(lines) - LINES_SHOWN, "more line")
        return [*lines[:LINES_SHOWN], look.paint(look.said(f"… {more} (--full shows all)"), Ink.DIM)]
    return lines


def _place(hunk: Hunk) -> str:
    old = sum(line[0] != "+" for line in hunk.lines)
    new = sum(line[0] != "-" for line in hunk.lines)
    return f"@@ -{hunk.old},{old} +{hunk.new},{new} @@"
