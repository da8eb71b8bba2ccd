"""Lines of text one scrolls: details of a step, a failure, the facts of a run. No markup, nothing is measured twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.geometry import Size
from textual.strip import Strip

from ..keys import bindings
from ..tones import Line, Palette, length, plain, strip
from .lines import Lines


class Sheet(Lines, can_focus=True):
    """Lines with tones; wider ones scroll to the right."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("sheet.down", "sheet.up", "sheet.page_down", "sheet.page_up", "sheet.top", "sheet.end"),
    ]
    DEFAULT_CSS = "Sheet { height: 1fr; scrollbar-size: 1 1; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id)
        self._lines: Sequence[Line] = ()
        self._palette: Palette | None = None

    @property
    def text(self) -> str:
        """Return all of it as plain text, clean."""
        return "\n".join(plain(line) for line in self._lines)

    def show(self, lines: Sequence[Line], *, is_new: bool = False) -> None:
        """Show other lines; `is_new`: of another thing, so from the top."""
        self._lines = lines
        self.virtual_size = Size(max((length(line) for line in lines), default=0) + 1, len(lines))
        if is_new:
            self.scroll_to(0, 0, animate=False, immediate=True, force=True)
        self.refresh()

    def palette_changed(self, palette: Palette) -> None:
        """Draw with other colours."""
        self._palette = palette
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        across, down = self.scroll_offset
        width = self.room.width
        if self._palette is None or y + down >= len(self._lines):
            return Strip.blank(width, self.ground)
        whole = strip(self._lines[y + down], self._palette, max(width, self.virtual_size.width))
        return whole.crop(across, across + width).apply_style(self.ground)
