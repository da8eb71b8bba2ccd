"""How things look on this terminal: width, colour, glyphs, and the words for states.

A state is never shown by colour or glyph alone; the word stands beside it.
"""

from __future__ import annotations

import os
import sys
from typing import TextIO

from ..core.records import dataclass
from ..core.signs import MARKS, RETRYING, WORST_FIRST, Ink, Mark
from ..core.states import Status

__all__ = ["MARKS", "RETRYING", "WORST_FIRST", "Ink", "Look", "Mark", "look_of"]

PIPE_WIDTH = 10_000
"""Columns where there is no terminal: nothing is cut."""
_RESET = "\x1b[0m"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What can be shown."""

    width: int
    """Columns of a line."""
    has_colour: bool = False
    is_ascii: bool = False
    is_terminal: bool = False

    def paint(self, text: str, *inks: Ink) -> str:
        """Return the text in colour, where there is colour."""
        return f"\x1b[{';'.join(inks)}m{text}{_RESET}" if self.has_colour and inks and text else text

    def glyph(self, status: Status) -> str:
        """Return the one-column sign of a state."""
        return MARKS[status].ascii if self.is_ascii else MARKS[status].glyph

    def state(self, status: Status) -> str:
        """Return glyph and word of a state, uncoloured."""
        return f"{self.glyph(status)} {MARKS[status].word}"

    @property
    def ellipsis(self) -> str:
        """Return what marks a cut."""
        return "~" if self.is_ascii else "…"

    @property
    def dash(self) -> str:
        """Return what stands for nothing."""
        return "-" if self.is_ascii else "–"

    @property
    def dot(self) -> str:
        """Return what separates facts in a line."""
        return " | " if self.is_ascii else " · "

    @property
    def rule(self) -> str:
        """Return the character of a horizontal line."""
        return "-" if self.is_ascii else "─"

    def said(self, text: str) -> str:
        """Return text of ours in the characters there are."""
        return text.translate(_ASCII) if self.is_ascii else text


_ASCII = str.maketrans({"–": "-", "…": "~", "·": "|", "→": "->", "×": "x", "─": "-", "│": "|"})


def look_of(stream: TextIO | None = None, *, is_plain: bool = False) -> Look:
    """Return how things look on a stream (stdout by default) in this environment.

    `NO_COLOR` and `TERM=dumb` take the colour, `GRAFTLINE_GLYPHS=ascii` and an encoding that is not UTF-8 the glyphs.
    """
    stream = sys.stdout if stream is None else stream
    is_terminal = stream.isatty()
    encoding = (getattr(stream, "encoding", None) or "ascii").lower().replace("-", "").replace("_", "")
    glyphs = os.environ.get("GRAFTLINE_GLYPHS", "")
    return Look(
        width=terminal_size()[0] if is_terminal else _pipe_width(),
        has_colour=is_terminal and not is_plain and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb",
        is_ascii=glyphs == "ascii" or (encoding != "utf8" and glyphs != "unicode"),
        is_terminal=is_terminal,
    )


def terminal_size() -> tuple[int, int]:
    """Return columns and rows of the terminal, which `COLUMNS` and `LINES` overrule; 80 and 24 where it does not say.

    As `shutil.get_terminal_size`, without the 2.5 ms that `shutil` takes for its archives.
    """
    try:
        found = tuple(os.get_terminal_size(sys.__stdout__.fileno()))  # type: ignore[union-attr]
    except (AttributeError, ValueError, OSError):  # there is no such stream, it was closed, or it is no terminal
        found = (0, 0)
    wanted = (os.environ.get("COLUMNS", ""), os.environ.get("LINES", ""))
    said = [int(text) if text.isdecimal() else 0 for text in wanted]
    return said[0] or found[0] or 80, said[1] or found[1] or 24


def _pipe_width() -> int:
    """Return the width where there is no terminal: `COLUMNS` when somebody set it, else no limit."""
    wanted = os.environ.get("COLUMNS", "")
    return max(20, int(wanted)) if wanted.isdecimal() else PIPE_WIDTH
