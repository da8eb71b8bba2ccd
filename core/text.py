"""Text for a terminal: made harmless, measured in columns, cut and padded.

`clean` is the one gate: what users, their code and their files named or wrote passes it before a terminal sees it.
"""

from __future__ import annotations

import re
from typing import Any
from unicodedata import category, combining, east_asian_width

_SEQUENCES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor moves
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)"  # OSC, DCS, ...: titles, clipboard, pictures
    r"|\x1b[ -/]*[0-~]",
    re.DOTALL,
)
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_UNTYPED = frozenset({"Cc", "Cs", "Zl", "Zp"})
_WIDE = frozenset({"W", "F"})
REPLACEMENT = "·"


def clean(text: str, *, keep_lines: bool = False) -> str:
    """Return the text without anything a terminal would obey.

    Escape sequences vanish; of a line redrawn by carriage returns the last state stays; tabs are four blanks; other
    control and formatting characters become `·`.

    Args:
        keep_lines: leave line feeds; otherwise they become blanks.
    """
    if text.isprintable():
        return text
    text = _SEQUENCES.sub("", text).expandtabs(4).replace("\r\n", "\n")
    lines = [line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n")]
    return ("\n" if keep_lines else " ").join(_printable(line) for line in lines)


def typeable(text: str) -> str:
    """Return what of a text belongs into a field of one line: its first line, without control characters.

    Characters that only join others (of emoji, of right-to-left text) stay: they are what somebody meant.
    """
    if text.isprintable():
        return text
    first = next(iter(text.splitlines()), "")
    return "".join(each for each in first.expandtabs(4) if category(each) not in _UNTYPED)


def columns(text: str) -> int:
    """Return how many terminal columns the text fills."""
    return len(text) if text.isascii() else sum(map(_width, text))


def cut(text: str, limit: int, *, ellipsis: str = "…") -> str:
    """Return the text cut to at most `limit` columns; the cut shows as `ellipsis`."""
    if columns(text) <= limit:
        return text
    room = limit - columns(ellipsis)
    if room < 0:
        return ""
    kept = []
    for character in text:
        room -= _width(character)
        if room < 0:
            break
        kept.append(character)
    return "".join(kept) + ellipsis


def pad(text: str, width: int, *, is_right: bool = False) -> str:
    """Return the text filled with blanks to `width` columns; on the left when `is_right`."""
    blanks = " " * (width - columns(text))
    return blanks + text if is_right else text + blanks


def plural(count: int, noun: str) -> str:
    """Return "1 step", "3 steps"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def metric_text(value: Any) -> str:
    """Return a metric's value for people: six significant digits."""
    if value is None:
        return "–"  # an item without the metric
    if isinstance(value, list):
        return "[" + ", ".join(metric_text(each) for each in value[:8]) + (", …]" if len(value) > 8 else "]")
    return f"{value:.6g}" if isinstance(value, float) else clean(str(value))


def _printable(line: str) -> str:
    return "".join(REPLACEMENT if category(each) in _UNPRINTABLE else each for each in line)


def _width(character: str) -> int:
    if character.isascii():
        return 1
    if combining(character) or category(character) in ("Mn", "Me"):
        return 0
    return 2 if east_asian_width(character) in _WIDE else 1
