"""Tables fitted to a width: what can shrink is cut, what matters least goes, wide characters count as two."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.records import dataclass
from .look import Ink, Look
from .text import clean, columns, cut, pad

GAP = 2
"""Blanks between columns."""
LEAST = 8
"""Columns below which a shrinking column is no longer worth showing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table."""

    title: str
    is_right: bool = False
    shrinks: bool = False
    """May be cut down to `LEAST` columns."""
    rank: int = 0
    """Goes when there is no room, highest first; 0: stays."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A text with its colour."""

    text: str
    inks: tuple[Ink, ...] = ()


def table(look: Look, heads: Sequence[Column], rows: Sequence[Sequence[Cell | str]], *, indent: int = 0) -> list[str]:
    """Return the lines of a table, titles first; columns without any text are left out."""
    cells = [[_cell(each) for each in row] for row in rows]
    chosen = [at for at in range(len(heads)) if any(row[at].text for row in cells)]
    widths = _widths(heads, cells)
    chosen = _without_least(heads, chosen, widths, look.width - indent)
    _shrink(heads, chosen, widths, look.width - indent)
    titles = [Cell(head.title, (Ink.DIM,)) for head in heads]
    return [_line(look, heads, chosen, widths, row, indent) for row in (titles, *cells)]


def _cell(value: Cell | str) -> Cell:
    cell = value if isinstance(value, Cell) else Cell(value)
    return Cell(clean(cell.text), cell.inks)


def _widths(heads: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> list[int]:
    return [
        max(columns(text) for text in (head.title, *(row[at].text for row in rows))) for at, head in enumerate(heads)
    ]


def _needed(chosen: Sequence[int], widths: Sequence[int]) -> int:
    return sum(widths[at] for at in chosen) + GAP * (len(chosen) - 1)


def _without_least(heads: Sequence[Column], chosen: list[int], widths: Sequence[int], room: int) -> list[int]:
    """Drop columns, least important first, until the rest fits with its shrinking columns at a readable width."""
    smallest = [min(width, 2 * LEAST) if head.shrinks else width for head, width in zip(heads, widths, strict=True)]
    while _needed(chosen, smallest) > room:
        least = max(chosen, key=lambda at: heads[at].rank)
        if heads[least].rank == 0:
            break
        chosen = [at for at in chosen if at != least]
    return chosen


def _shrink(heads: Sequence[Column], chosen: Sequence[int], widths: list[int], room: int) -> None:
    """Take columns of width from the widest shrinking ones until the row fits."""
    while (excess := _needed(chosen, widths) - room) > 0:
        shrinking = [at for at in chosen if heads[at].shrinks and widths[at] > LEAST]
        if not shrinking:
            return
        widest = max(shrinking, key=lambda at: widths[at])
        second = max((widths[at] for at in shrinking if at != widest), default=LEAST)
        widths[widest] -= min(excess, max(1, widths[widest] - max(second, LEAST)))


def _line(
    look: Look, heads: Sequence[Column], chosen: Sequence[int], widths: Sequence[int], row: Sequence[Cell], indent: int
) -> str:
    parts = []
    for at in chosen:
        text = cut(row[at].text, widths[at], ellipsis=look.ellipsis)
        is_last = at == chosen[-1] and not heads[at].is_right
        filled = text if is_last else pad(text, widths[at], is_right=heads[at].is_right)
        parts.append(look.paint(filled, *row[at].inks))
    line = " " * indent + (" " * GAP).join(parts)
    return line if look.has_colour else line.rstrip()
