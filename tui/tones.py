"""Text with tones: what widgets draw lines from, and the one gate between foreign text and the terminal.

Nothing here knows markup: a `[/x]` in a name is a `[/x]` on the screen. Every span passes `clean`, so no control
sequence of a name, a message or a log line reaches the terminal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from ..core.records import dataclass
from ..core.signs import Ink
from ..core.text import clean, columns, cut, pad

if TYPE_CHECKING:
    from textual.theme import Theme


class Tone(StrEnum):
    """What a piece of text is; the theme says how it looks."""

    TEXT = "text"
    DIM = "dim"
    BOLD = "bold"
    TITLE = "title"
    """Heads of columns and of parts."""
    KEY = "key"
    """A key that may be pressed."""
    RULE = "rule"
    """Lines and arrows of drawings."""
    HIT = "hit"
    """What a search found."""
    RED = "red"
    GREEN = "green"
    YELLOW = "yellow"
    BLUE = "blue"
    CYAN = "cyan"


TONE_OF: Mapping[Ink, Tone] = {ink: Tone(ink.name.lower()) for ink in Ink}
"""The tone of each ink the command line prints with."""

Span: TypeAlias = "tuple[str, Tone | Style]"
Line: TypeAlias = "Sequence[Span]"
"""One line of a sheet, or one cell of a table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """How tones look under a theme."""

    styles: Mapping[Tone, Style]
    cursor: Style
    """Laid over the row the cursor is on."""
    idle_cursor: Style
    """The same, of a table that has not the focus."""
    ellipsis: str = "…"
    """What marks a cut."""

    @classmethod
    def of(cls, theme: Theme, ellipsis: str = "…") -> Palette:
        """Return the palette of a theme that names all colours (`theme.py`)."""
        own = theme.variables
        styles = {tone: Style(color=own[f"tone-{tone}"]) for tone in Tone}
        for tone in (Tone.BOLD, Tone.KEY):
            styles[tone] += Style(bold=True)
        styles[Tone.HIT] = Style(color=theme.background, bgcolor=own["tone-hit"], bold=True)
        return cls(
            styles=styles,
            cursor=Style(bgcolor=own["row-cursor"], bold=True),
            idle_cursor=Style(bgcolor=own["row-idle"]),
            ellipsis=ellipsis,
        )

    def style(self, tone: Tone | Style) -> Style:
        """Return the look of a tone; a style stays what it is."""
        return tone if isinstance(tone, Style) else self.styles[tone]


def strip(line: Iterable[Span], palette: Palette, width: int, over: Style | None = None) -> Strip:
    """Return a line as exactly `width` columns: cleaned, cut with an ellipsis, filled with blanks."""
    segments: list[Segment] = []
    room = width
    for text, tone in line:
        shown = clean(text)
        length = columns(shown)
        if length > room:
            shown = cut(shown, room, ellipsis=palette.ellipsis)
            length = columns(shown)
        if length:
            style = palette.style(tone)
            if over is not None:  # what was found keeps its ground under the cursor too: its letters are dark
                style = style + over if style.bgcolor is None else over + style
            segments.append(Segment(shown, style))
            room -= length
        if room <= 0:
            break
    if room > 0:
        segments.append(Segment(" " * room, over))
    return Strip(segments, width)


def plain(line: Iterable[Span]) -> str:
    """Return the text of a line, clean."""
    return "".join(clean(text) for text, _ in line)


def length(line: Iterable[Span]) -> int:
    """Return how many columns a line fills."""
    return sum(columns(clean(text)) for text, _ in line)


def fitted(line: Line, width: int, *, is_right: bool = False, ellipsis: str = "…") -> list[Span]:
    """Return a line cut or filled to exactly `width` columns, for a cell of a table."""
    kept: list[Span] = []
    room = width
    for text, tone in line:
        shown = cut(clean(text), room, ellipsis=ellipsis)
        room -= columns(shown)
        kept.append((shown, tone))
        if room <= 0:
            break
    if room > 0:
        blank: Span = (" " * room, Tone.TEXT)
        kept = [blank, *kept] if is_right else [*kept, blank]
    return kept


def padded(text: str, width: int, tone: Tone = Tone.TEXT) -> Span:
    """Return one span filled with blanks to a width."""
    return pad(cut(clean(text), width), width), tone
