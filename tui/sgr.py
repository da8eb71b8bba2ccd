"""Colours of log lines: SGR sequences become styles; every other sequence vanishes, and nothing is obeyed.

Source: ECMA-48, 8.3.117 (Select Graphic Rendition).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.color import Color
from rich.style import Style

from ..core.text import clean
from .tones import Span, Tone

_SGR = re.compile(r"\x1b\[([0-9;:]*)m")
_PLAIN = Style()
_FLAGS = {1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "reverse", 9: "strike"}
_OFF = {22: ("bold", "dim"), 23: ("italic",), 24: ("underline",), 27: ("reverse",), 29: ("strike",)}


def spans(text: str, tone: Tone) -> list[Span]:
    """Return one line of output as spans: what has no colour of its own gets the tone."""
    if "\x1b" not in text:
        return [(clean(text), tone)]
    text = _last_state(text)
    found: list[Span] = []
    style, at = _PLAIN, 0
    for match in _SGR.finditer(text):
        _add(found, text[at : match.start()], style, tone)
        style, at = _changed(style, match.group(1)), match.end()
    _add(found, text[at:], style, tone)
    return found


def _add(found: list[Span], text: str, style: Style, tone: Tone) -> None:
    shown = clean(text)
    if shown:
        found.append((shown, style if style != _PLAIN else tone))


def _last_state(text: str) -> str:
    """Return what a line redrawn by carriage returns shows last."""
    return text.rstrip("\r\n").rpartition("\r")[2]


def _changed(style: Style, parameters: str) -> Style:
    codes = [int(code) if code else 0 for code in re.split("[;:]", parameters)] if parameters else [0]
    rest = iter(codes)
    for code in rest:
        if code == 0:
            style = _PLAIN
        elif code in _FLAGS:
            style += Style(**{_FLAGS[code]: True})  # type: ignore[arg-type] # all of them are flags
        elif code in _OFF:
            style += Style(**dict.fromkeys(_OFF[code], False))  # type: ignore[arg-type] # as above
        elif code in (38, 48):
            colour = _extended(rest)
            if colour is not None:
                style += Style(color=colour) if code == 38 else Style(bgcolor=colour)
        elif (number := _basic(code)) is not None:
            colour = Color.from_ansi(number)
            style += Style(color=colour) if code < 40 or 90 <= code < 100 else Style(bgcolor=colour)
        elif code in (39, 49):
            style += Style(color="default") if code == 39 else Style(bgcolor="default")
    return style


def _basic(code: int) -> int | None:
    """Return the number, 0 to 15, of one of the sixteen colours; None when the code is none of them."""
    for first, offset in ((30, 0), (40, 0), (90, 8), (100, 8)):
        if first <= code < first + 8:
            return code - first + offset
    return None


def _extended(rest: Iterator[int]) -> Color | None:
    """Return the colour of `38;5;N` or `38;2;R;G;B` after its first number; None when it is none."""
    kind = next(rest, 0)
    if kind == 5:
        number = next(rest, -1)
        return Color.from_ansi(number) if 0 <= number < 256 else None
    if kind == 2:
        red, green, blue = (next(rest, -1) for _ in range(3))
        return Color.from_rgb(red, green, blue) if all(0 <= each < 256 for each in (red, green, blue)) else None
    return None
