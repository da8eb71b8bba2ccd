"""What is drawn with: box characters, or ASCII where the terminal has no better."""

from __future__ import annotations

import os
import sys

from ..core.records import dataclass
from ..core.signs import MARKS, Mark
from ..core.states import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Glyphs:
    """The characters of one alphabet; each fills one column."""

    is_ascii: bool
    cursor: str
    full: str
    part: str
    empty: str
    rule: str
    wall: str
    dot: str
    """Between facts in a line."""
    ellipsis: str
    marked: str
    open: str
    """A row whose members are shown."""
    shut: str
    up: str
    down: str
    times: str
    best: str
    """Before the best of several values."""
    champion: str
    """Before the alias champion."""
    alias: str
    """Before any other alias."""
    bars: str
    """Eight heights, for sparklines."""

    def sign(self, status: Status) -> str:
        """Return the sign of a state."""
        return self.of(MARKS[status])

    def of(self, mark: Mark) -> str:
        """Return the sign of a mark."""
        return mark.ascii if self.is_ascii else mark.glyph


UNICODE = Glyphs(
    is_ascii=False,
    cursor="▌",
    full="█",
    part="▓",
    empty="░",
    rule="─",
    wall="│",
    dot=" · ",
    ellipsis="…",
    marked="*",
    open="▾",
    shut="▸",
    up="↑",
    down="↓",
    times="×",
    best="▲",
    champion="★",
    alias="◆",
    bars="▁▂▃▄▅▆▇█",
)
ASCII = Glyphs(
    is_ascii=True,
    cursor=">",
    full="#",
    part="+",
    empty=".",
    rule="-",
    wall="|",
    dot=" | ",
    ellipsis="~",
    marked="*",
    open="-",
    shut="+",
    up="^",
    down="v",
    times="x",
    best="^",
    champion="*",
    alias="@",
    bars="_.,-=+*#",
)


def glyphs() -> Glyphs:
    """Return what this terminal can show: GRAFTLINE_GLYPHS=ascii, or an encoding that is not UTF-8, asks for ASCII."""
    wanted = os.environ.get("GRAFTLINE_GLYPHS", "")
    encoding = (getattr(sys.stdout, "encoding", None) or "ascii").lower().replace("-", "").replace("_", "")
    return ASCII if wanted == "ascii" or (encoding != "utf8" and wanted != "unicode") else UNICODE
