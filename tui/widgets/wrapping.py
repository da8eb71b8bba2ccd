"""Lines that are longer than the terminal is wide, on several rows."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.text import clean, columns, cut
from ..tones import Line, Span


def wrapped(line: Sequence[Span], width: int, *, most: int, at_blanks: bool = False) -> list[Line]:
    """Return a line as rows of at most `width` columns.

    Args:
        line: to break.
        width: columns of a row.
        most: rows at most; what is beyond them is left out.
        at_blanks: break between words where there are some; else anywhere, for in a log every blank may matter.
    """
    rows: list[list[Span]] = [[]]
    room = width
    for text, tone in line:
        left = clean(text)
        while left:
            part = cut(left, room, ellipsis="")
            if at_blanks and part != left and (end := part.rfind(" ") + 1):
                part = part[:end]
            if part:
                rows[-1].append((part, tone))
                room -= columns(part)
                left = left[len(part) :]
            if left and (room <= 0 or not part or at_blanks):
                if len(rows) == most or (not part and room == width):  # a wide character in one column fits nowhere
                    return list(rows)
                rows.append([])
                room = width
    return list(rows)
