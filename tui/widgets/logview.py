"""The log: any number of lines, drawn where one looks; follows, searches, filters, pans or wraps."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import ClassVar

from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from ...core.loglines import clock_text
from ...core.logmatch import Sought
from ...core.quantities import size_text
from ..glyphs import Glyphs
from ..keys import bindings
from ..logbook import Filter, LogBook, Shown, source_name
from ..loglines import highlighted, level_tone, structured
from ..sgr import spans
from ..tones import Line, Palette, Span, Tone, length, padded, plain, strip
from .lines import Lines
from .wrapping import wrapped

WIDEST = 4096
"""Columns one can pan to: nobody reads a line of a megabyte by its columns."""
WRAPPED = 64
"""Rows of the terminal at most that one wrapped line fills."""
STREAMS = {"stderr": Tone.YELLOW, "system": Tone.DIM}


class LogView(Lines, can_focus=True):
    """Lines of a log book. A row is a line, or the rule above the first line of another attempt."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("sheet.down", "sheet.up", "sheet.page_down", "sheet.page_up", "sheet.top", "sheet.end"),
        *bindings("log.follow", "log.search", "log.next", "log.previous", "log.step", "log.times"),
        *bindings("log.left", "log.right", "log.filter", "log.wrap", "log.attempt", "log.merge", "log.pager"),
        *bindings("log.raw"),
    ]
    DEFAULT_CSS = "LogView { height: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1; }"

    class Asked(Message):
        """A person wants something that the part has to do: `search`, `next`, `step`, `filter`, `pager`, ..."""

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
        self.filtered: Filter | None = None
        """Only these lines are shown; None: all."""
        self.is_following = True
        self.has_times = False
        self.is_named = True
        """Each line says which step it is from."""
        self.is_wrapped = False
        self.is_raw = False
        """Lines of JSON are shown as they were written."""
        self.sought: Sought | None = None
        self.found: int | None = None
        """Number of the line the search is at."""
        self._across = 0
        self._drawn: list[Line] = []
        """Rows of the terminal from the top, where lines are wrapped."""

    @property
    def rows(self) -> int:
        """Return how many rows there are."""
        if self.filtered is not None:
            return len(self.filtered.numbers)
        return len(self.book or ()) + len(self._rules)

    @property
    def below(self) -> int:
        """Return how many rows are below what one sees."""
        return max(0, self.rows - self.scroll_offset.y - self.room.height)

    def show(self, book: LogBook | None, *, is_named: bool) -> None:
        """Show another log from its end."""
        self.book, self.is_named, self.is_following = book, is_named, True
        self.found, self._across, self.filtered = None, 0, None
        self.grown()

    def grown(self) -> None:
        """Draw what came; the last line stays in sight while it is followed."""
        # Wrapped lines have no rows of their own: one scrolls by lines, and the last one can be on top.
        beyond = max(0, self.room.height - 1) if self.is_wrapped else 0
        self.virtual_size = Size(self.room.width, self.rows + beyond if self.rows else 0)
        if self.is_following:
            self.scroll_to(y=self._last_top(), animate=False, immediate=True, force=True)
        self.redraw()

    def redraw(self) -> None:
        """Draw anew."""
        self._drawn = []
        self.refresh()

    def palette_changed(self, palette: Palette) -> None:
        """Draw with other colours."""
        self._palette = palette
        self.refresh()

    def go_to(self, number: int) -> None:
        """Bring a line that was found into sight."""
        self.found, self.is_following = number, False
        self._bring_across(number)
        row, top, height = self._row_of(number), self.scroll_offset.y, self.room.height
        if not top <= row < top + (height if not self.is_wrapped else 1):
            self.scroll_to(y=max(0, row - height // 3), animate=False, immediate=True, force=True)
        self.redraw()

    def _bring_across(self, number: int) -> None:
        """Pan to what was found in a line, where it is beyond the side."""
        if self.sought is None or self.book is None or self.is_wrapped:
            return
        text = plain(self._body(self.book.line(number), WIDEST))
        start = next(self.sought.spans(text), (0, 0))[0]
        room = self.room.width - (self.book.name_width + 3 if self.is_named else 0) - 16
        if not self._across <= start < self._across + room:
            self._across = max(0, min(WIDEST, start - room // 3)) if start >= room else 0

    @property
    def first_seen(self) -> int:
        """Return the number of the line on top."""
        number = self._number(min(self.scroll_offset.y, max(0, self.rows - 1))) if self.rows else 0
        return number if number >= 0 else -number - 1

    def on_resize(self) -> None:
        """Keep the last line in sight."""
        self.grown()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Stop following when somebody scrolls up."""
        super().watch_scroll_y(old_value, new_value)
        self._drawn = []
        if new_value < old_value and new_value < self._last_top():
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
        self.redraw()

    def action_wrap(self) -> None:
        """Show long lines on several rows, or cut."""
        self.is_wrapped, self._across = not self.is_wrapped, 0
        self.grown()
        self.post_message(self.Changed())

    def action_raw(self) -> None:
        """Show lines of JSON as they were written, or for people."""
        self.is_raw = not self.is_raw
        self.redraw()
        self.post_message(self.Changed())

    def action_pan(self, by: int) -> None:
        """Move to the side."""
        self._across = max(0, min(WIDEST, self._across + by))
        self.redraw()

    def action_ask(self, what: str) -> None:
        """Ask the part for something."""
        self.post_message(self.Asked(what))

    # -- rows ------------------------------------------------------------------------------------------------------

    @property
    def _rules(self) -> list[int]:
        """Return the lines above which a rule stands: where one step alone is shown."""
        return [] if self.is_named or self.book is None else self.book.rules

    def _number(self, row: int) -> int:
        """Return the number of the line on a row; of a rule, minus the number below it, less one."""
        if self.filtered is not None:
            return self.filtered.numbers[row]
        rules = self._rules
        # The rule of the line `rules[k]` stands on row `rules[k] + k`.
        before = bisect_left(range(len(rules)), True, key=lambda at: rules[at] + at >= row)
        if before < len(rules) and rules[before] + before == row:
            return -rules[before] - 1
        return row - before

    def _row_of(self, number: int) -> int:
        if self.filtered is not None:
            return bisect_left(self.filtered.numbers, number)
        return number + bisect_left(self._rules, number + 1)

    def _last_top(self) -> int:
        """Return the row on top when the last one is at the bottom."""
        if not self.is_wrapped:
            return max(0, self.rows - self.room.height)
        room, row = self.room.height, self.rows
        while row > 0 and room > 0:
            row -= 1
            room -= len(self._broken(row))
        return row if room >= 0 else row + 1

    # -- drawing ---------------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """Draw one row."""
        width = self.room.width
        if self._palette is None:
            return Strip.blank(width, self.rich_style)
        if not self.rows:
            line: Line = self._empty() if y == 1 else ()
        elif self.is_wrapped:
            line = self._at_wrapped(y)
        else:
            row = y + self.scroll_offset.y
            line = self._line(row, width) if row < self.rows else ()
        return strip(line, self._palette, width).apply_style(self.rich_style)

    def _at_wrapped(self, y: int) -> Line:
        if not self._drawn:
            row = self.scroll_offset.y
            while row < self.rows and len(self._drawn) < self.room.height:
                self._drawn += self._broken(row)
                row += 1
        return self._drawn[y] if y < len(self._drawn) else ()

    def _broken(self, row: int) -> list[Line]:
        return wrapped(self._line(row, WIDEST), max(1, self.room.width), most=WRAPPED)

    def _line(self, row: int, width: int) -> list[Span]:
        assert self.book is not None
        number = self._number(row)
        if number < 0:
            return self._rule(-number - 1)
        shown = self.book.line(number)
        head: list[Span] = [(self._glyphs.cursor if number == self.found else " ", Tone.KEY)]
        if self.has_times:
            head.append((f"{clock_text(shown.at)} ", Tone.DIM))
        if self.is_named:
            head += [padded(source_name(shown.source), self.book.name_width, Tone.DIM)]
            head.append((f" {self._glyphs.wall} ", Tone.RULE))
        body = self._body(shown, width)
        if self.sought is not None:
            body = highlighted(body, self.sought)
        if self._across:
            body = _panned(body, self._across)
        if shown.left_out and length(body) < width:
            body.append((f" {self._glyphs.ellipsis} {size_text(shown.left_out)} more", Tone.DIM))
        return [*head, *body]

    def _body(self, shown: Shown, width: int) -> list[Span]:
        found = None if self.is_raw or shown.left_out else structured(shown.text)
        if found is not None:
            return found
        if "\x1b" in shown.text:
            return spans(shown.text, STREAMS.get(shown.source[2], Tone.TEXT))
        # The part one sees alone: to style a line of 64 kB takes 40 ms.
        text = shown.text[: self._across + width + WIDEST]
        return spans(text, level_tone(text) or STREAMS.get(shown.source[2], Tone.TEXT))

    def _rule(self, number: int) -> list[Span]:
        """Return the rule above the first line of an attempt."""
        assert self.book is not None
        shown = self.book.line(number)
        title = f"{self._glyphs.rule * 2} attempt {shown.source[1]}  {clock_text(shown.at)[:8]} "
        left = max(0, self.room.width - len(title))
        return [(title, Tone.TITLE), (self._glyphs.rule * left, Tone.RULE)]


def _panned(line: list[Span], columns: int) -> list[Span]:
    """Return a line without its first characters."""
    found: list[Span] = []
    for text, tone in line:
        found.append((text[columns:], tone))
        columns = max(0, columns - len(text))
    return found
