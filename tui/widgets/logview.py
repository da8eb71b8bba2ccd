"""The log: any number of lines, drawn where one looks; follows, searches, pans."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from ...core.loglines import clock_text
from ...core.quantities import size_text
from ..glyphs import Glyphs
from ..keys import bindings
from ..logbook import LogBook, source_name
from ..sgr import spans
from ..tones import Line, Palette, Span, Tone, length, padded, strip
from .lines import Lines

WIDEST = 4096
"""Columns one can pan to: nobody reads a line of a megabyte by its columns."""
STREAMS = {"stderr": Tone.YELLOW, "system": Tone.DIM}


class LogView(Lines, can_focus=True):
    """Lines of a log book."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("sheet.down", "sheet.up", "sheet.page_down", "sheet.page_up", "sheet.top", "sheet.end"),
        *bindings("log.follow", "log.search", "log.next", "log.previous", "log.step", "log.times"),
        *bindings("log.left", "log.right"),
    ]
    DEFAULT_CSS = "LogView { height: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1; }"

    class Asked(Message):
        """A person wants something that the screen has to do: `search`, `next`, `previous`, `step`."""

        def __init__(self, what: str) -> None:
            super().__init__()
            self.what = what

    class Changed(Message):
        """Following, or what is new below, has changed."""

    def __init__(
        self,
        glyphs: Glyphs,
        *,
        empty: Callable[[], Line] = tuple,
        id: str | None = None,  # noqa: A002 - Textual's name for it
    ) -> None:
        super().__init__(id=id)
        self._glyphs = glyphs
        self._empty = empty
        self._palette: Palette | None = None
        self.book: LogBook | None = None
        self.is_following = True
        self.has_times = False
        self.is_named = True
        """Each line says which step it is from."""
        self.sought = ""
        self.found: int | None = None
        """Number of the line the search is at."""
        self._across = 0

    @property
    def below(self) -> int:
        """Return how many lines are below what one sees."""
        return max(0, len(self.book or ()) - self.scroll_offset.y - self.room.height)

    def show(self, book: LogBook | None, *, is_named: bool) -> None:
        """Show another log from its end."""
        self.book, self.is_named, self.is_following = book, is_named, True
        self.found, self._across = None, 0
        self.grown()

    def grown(self) -> None:
        """Draw what came; the last line stays in sight while it is followed."""
        self.virtual_size = Size(self.room.width, len(self.book or ()))
        if self.is_following:
            self.scroll_to(y=self.max_scroll_y, animate=False, immediate=True, force=True)
        self.refresh()

    def palette_changed(self, palette: Palette) -> None:
        """Draw with other colours."""
        self._palette = palette
        self.refresh()

    def go_to(self, number: int) -> None:
        """Bring a line that was found into sight."""
        self.found, self.is_following = number, False
        top, height = self.scroll_offset.y, self.room.height
        if not top <= number < top + height:
            self.scroll_to(y=max(0, number - height // 3), animate=False, immediate=True, force=True)
        self.refresh()

    def on_resize(self) -> None:
        """Keep the last line in sight."""
        self.grown()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Stop following when somebody scrolls up."""
        super().watch_scroll_y(old_value, new_value)
        if new_value < old_value and new_value < self.max_scroll_y:
            self.is_following = False
        self.post_message(self.Changed())

    # -- keys ------------------------------------------------------------------------------------------------------

    def action_follow(self) -> None:
        """Follow, or stop."""
        self.is_following = not self.is_following
        self.grown()
        self.post_message(self.Changed())

    def action_scroll_end(self) -> None:
        """Go to the last line and follow."""
        self.is_following = True
        self.grown()

    def action_times(self) -> None:
        """Show or hide when each line came."""
        self.has_times = not self.has_times
        self.refresh()

    def action_pan(self, by: int) -> None:
        """Move to the side."""
        self._across = max(0, min(WIDEST, self._across + by))
        self.refresh()

    def action_search(self) -> None:
        """Ask for what to find."""
        self.post_message(self.Asked("search"))

    def action_match(self, by: int) -> None:
        """Go to another match."""
        self.post_message(self.Asked("next" if by > 0 else "previous"))

    def action_every_step(self) -> None:
        """Change between the log of the step and that of the run."""
        self.post_message(self.Asked("step"))

    # -- drawing ---------------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        width = self.room.width
        number = y + self.scroll_offset.y
        if self._palette is None:
            return Strip.blank(width, self.rich_style)
        if self.book is None or number >= len(self.book):
            line: Line = self._empty() if y == 1 and not len(self.book or ()) else ()
        else:
            line = self._line(number, width)
        return strip(line, self._palette, width).apply_style(self.rich_style)

    def _line(self, number: int, width: int) -> list[Span]:
        assert self.book is not None
        shown = self.book.line(number)
        head: list[Span] = [(self._glyphs.cursor if number == self.found else " ", Tone.KEY)]
        if self.has_times:
            head.append((f"{clock_text(shown.at)} ", Tone.DIM))
        if self.is_named:
            head += [padded(source_name(shown.source), self.book.name_width, Tone.DIM)]
            head.append((f" {self._glyphs.wall} ", Tone.RULE))
        # The part one sees alone: to style a line of 64 kB takes 40 ms.
        text = shown.text if "\x1b" in shown.text else shown.text[: self._across + width + WIDEST]
        body = spans(text, STREAMS.get(shown.source[2], Tone.TEXT))
        if self.sought:
            body = _highlighted(body, self.sought)
        if self._across:
            body = _panned(body, self._across)
        if shown.left_out and length(body) < width:
            body.append((f" {self._glyphs.ellipsis} {size_text(shown.left_out)} more", Tone.DIM))
        return [*head, *body]


def _highlighted(line: list[Span], sought: str) -> list[Span]:
    """Return a line with every place that was sought marked."""
    found: list[Span] = []
    wanted = sought.lower()
    for text, tone in line:
        lowered, at = text.lower(), 0
        while (place := lowered.find(wanted, at)) >= 0:
            found += [(text[at:place], tone), (text[place : place + len(wanted)], Tone.HIT)]
            at = place + len(wanted)
        found.append((text[at:], tone))
    return found


def _panned(line: list[Span], columns: int) -> list[Span]:
    """Return a line without its first characters."""
    found: list[Span] = []
    for text, tone in line:
        found.append((text[columns:], tone))
        columns = max(0, columns - len(text))
    return found
