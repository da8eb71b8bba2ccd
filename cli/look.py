"""How things look on this terminal: width, colour, glyphs, and the words for states.

A state is never shown by colour or glyph alone; the word stands beside it.
"""

from __future__ import annotations

import os
import shutil
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
        width=shutil.get_terminal_size((80, 24)).columns if is_terminal else _pipe_width(),
        has_colour=is_terminal and not is_plain and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb",
        is_ascii=glyphs == "ascii" or (encoding != "utf8" and glyphs != "unicode"),
        is_terminal=is_terminal,
    )


def _pipe_width() -> int:
    """Return the width where there is no terminal: `COLUMNS` when somebody set it, else no limit."""
    wanted = os.environ.get("COLUMNS", "")
    return max(20, int(wanted)) if wanted.isdecimal() else PIPE_WIDTH
