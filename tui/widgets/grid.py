"""The table: draws the rows one sees and no others, so a million of them cost what fifty do.

The cursor follows the row, by its key: what comes in above it moves it down and leaves it on what it was on.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from rich.style import Style
from textual import events
from textual.actions import SkipAction
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip

from ...core.records import dataclass
from ..glyphs import Glyphs
from ..keys import bindings
from ..tones import Line, Palette, Span, Tone, fitted, strip
from .lines import Lines
from .rows import ListRows, Rows

R = TypeVar("R")

GAP = 2
"""Blanks between columns."""
MARGIN = 2
"""Columns left of the first one: the cursor's sign and a blank."""
REMEMBERED = 512
"""Lines whose text is kept at most, to see what has changed."""
_Said = tuple[bool, bool, list[Line] | None]
"""What a line says: the cursor is there, the row is marked, its cells; None: it is not read yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Generic[R]):
    """One column. Widths are fixed or shared, never measured: rows far away must not move those one sees."""

    title: str
    cell: Callable[[R], Line]
    width: int
    """Columns it wants; the least of a flexible one."""
    share: int = 0
    """Part of the room left over; 0: it is as wide as `width`."""
    rank: int = 0
    """Goes when there is no room, highest first; 0: stays."""
    is_right: bool = False


class Grid(Lines, Generic[R], can_focus=True):
    """A table of rows of one kind."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("row.down", "row.up", "row.half_down", "row.half_up", "row.page_down", "row.page_up"),
        *bindings("row.top", "row.end", "row.open"),
    ]
    DEFAULT_CSS = "Grid { height: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1; }"

    class Moved(Message):
        """The cursor is on another row."""

        def __init__(self, grid: Grid[Any]) -> None:
            super().__init__()
            self.grid = grid

        @property
        def control(self) -> Grid[Any]:
            return self.grid

    class Opened(Moved):
        """A row was opened by Enter or a double click."""

    class Wanted(Moved):
        """Rows that are in sight have to be read."""

    def __init__(
        self,
        columns: Sequence[Column[R]],
        key: Callable[[R], Hashable],
        *,
        glyphs: Glyphs,
        empty: Callable[[], Sequence[Line]] = tuple,
        marked: Callable[[R], bool] = lambda row: False,
        id: str | None = None,  # noqa: A002 - Textual's name for it
    ) -> None:
        super().__init__(id=id)
        self._columns = columns
        self._key = key
        self._glyphs = glyphs
        self._empty = empty
        self._marked = marked
        self._rows: Rows[R] = ListRows[R]()
        self._widths: list[tuple[Column[R], int]] = []
        self._fitted = -1
        """Width the columns were fitted to."""
        self._palette: Palette | None = None
        self._drawn: dict[int, _Said] = {}
        """What stands in the lines, by index of the row."""
        self.cursor = 0
        self.at_key: Hashable = None
        """Key of the row the cursor is on; None when there is none, or it was not read yet."""
        self.news = 0
        """Rows that came in above what one sees."""

    # -- what others tell it ---------------------------------------------------------------------------------------

    def set_rows(self, rows: Rows[R]) -> None:
        """Show other rows from their top."""
        self._rows, self.cursor, self.at_key, self.news = rows, 0, None, 0
        self._drawn.clear()
        self.scroll_to(y=0, animate=False, immediate=True, force=True)
        self.rows_changed()

    def replace_rows(self, rows: Rows[R]) -> None:
        """Show a later state of the same rows."""
        self._rows = rows
        self.rows_changed()

    def rows_changed(self) -> None:
        """Draw anew after rows came, went or changed; what one looks at stays where it is."""
        found = self._rows.index_of(self.at_key) if self.at_key is not None else None
        moved = 0 if found is None else found - self.cursor
        is_at_top = self.scroll_offset.y == 0
        self.cursor = min(self.cursor if found is None else found, max(0, len(self._rows) - 1))
        self.virtual_size = Size(self.room.width, len(self._rows) + 1)
        if moved > 0 and not is_at_top:
            self.news += moved
        if moved and not is_at_top:
            self.scroll_to(y=self.scroll_offset.y + moved, animate=False, immediate=True, force=True)
        self._note_key()
        self._call_for_rows()
        self.refresh_changed()

    def refresh_changed(self) -> None:
        """Draw the lines that say something else than what stands there; most do not, from one second to the next."""
        if self._palette is None or not (self._drawn and len(self._rows)):
            self.refresh()
            return
        top = self.scroll_offset.y
        changed = [y for y in range(1, self.room.height) if self._drawn.get(top + y - 1) != self._said(top + y - 1)]
        if changed:
            self.refresh(*(Region(0, y, self.size.width, 1) for y in changed))

    def set_columns(self, columns: Sequence[Column[R]]) -> None:
        """Show other columns of the same rows."""
        self._columns, self._fitted = columns, -1
        self._drawn.clear()
        self.refresh()

    def palette_changed(self, palette: Palette) -> None:
        """Draw with other colours."""
        self._palette = palette
        self.refresh()

    # -- what others ask -------------------------------------------------------------------------------------------

    @property
    def current(self) -> R | None:
        """Return the row the cursor is on."""
        return self._rows.at(self.cursor) if len(self._rows) else None

    @property
    def in_sight(self) -> tuple[int, int]:
        """Return the first and last row one sees, and some more: so much has to be read."""
        top = self.scroll_offset.y
        return max(0, top - 8), top + max(1, self.room.height) + 8

    def seen(self) -> list[R]:
        """Return the rows one sees that have been read."""
        top = self.scroll_offset.y
        found = (self._rows.at(at) for at in range(top, min(len(self._rows), top + max(0, self.room.height - 1))))
        return [row for row in found if row is not None]

    def go_to(self, index: int) -> None:
        """Put the cursor on a row and bring it into sight."""
        if not len(self._rows):
            return
        before = self.cursor
        self.cursor = max(0, min(index, len(self._rows) - 1))
        self._note_key()
        top, room = self.scroll_offset.y, max(1, self.room.height - 1)
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, immediate=True, force=True)
        elif self.cursor >= top + room:
            self.scroll_to(y=self.cursor - room + 1, animate=False, immediate=True, force=True)
        if self.scroll_offset.y == 0:
            self.news = 0
        self._call_for_rows()
        if self.scroll_offset.y == top:  # two rows look different and no others: 5 ms become 0.3
            self.refresh(*(Region(0, row - top + 1, self.size.width, 1) for row in {before, self.cursor}))
        else:
            self.refresh()
        self.post_message(self.Moved(self))

    def go_to_key(self, key: Hashable) -> bool:
        """Put the cursor on the row with a key; False: it is not known."""
        found = self._rows.index_of(key)
        if found is not None:
            self.go_to(found)
        return found is not None

    # -- keys and mouse --------------------------------------------------------------------------------------------

    def action_move(self, by: int) -> None:
        """Move the cursor by rows."""
        self.go_to(self.cursor + by)

    def action_half(self, by: int) -> None:
        """Move the cursor by half screens."""
        self.go_to(self.cursor + by * max(1, (self.room.height - 1) // 2))

    def action_page(self, by: int) -> None:
        """Move the cursor by screens."""
        self.go_to(self.cursor + by * max(1, self.room.height - 2))

    def action_top(self) -> None:
        """Go to the first row."""
        self.go_to(0)

    def action_end(self) -> None:
        """Go to the last row."""
        self.go_to(len(self._rows) - 1)

    def action_open(self) -> None:
        """Open the row at the cursor; where there is none yet, the screen may know what is meant."""
        if self.current is None:
            raise SkipAction
        self.post_message(self.Opened(self))

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to a row that is clicked; a double click opens it."""
        if event.y > 0 and self.scroll_offset.y + event.y - 1 < len(self._rows):
            self.go_to(self.scroll_offset.y + event.y - 1)
            if event.chain == 2:
                self.action_open()

    # -- drawing ---------------------------------------------------------------------------------------------------

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self.virtual_size = Size(self.room.width, len(self._rows) + 1)
        self.go_to(self.cursor)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Ask for the rows that have come into sight."""
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self._call_for_rows()

    def render_line(self, y: int) -> Strip:
        """Draw one line: the titles, a row, or what is said when there is none."""
        width = self.room.width
        if width != self._fitted:  # a scrollbar that comes or goes sends no resize
            self._widths, self._fitted = fit_columns(self._columns, width - MARGIN), width
        if self._palette is None:
            return Strip.blank(width, self.ground)
        if not len(self._rows):
            self._drawn.clear()
            lines = self._empty()
            line = lines[y - 1] if 0 < y <= len(lines) else ()
            return strip(line, self._palette, width).apply_style(self.ground)
        if y == 0:
            return strip(self._titles(), self._palette, width).apply_style(self.ground)
        index = self.scroll_offset.y + y - 1
        if index >= len(self._rows):
            self._drawn[index] = self._said(index)
            return Strip.blank(width, self.ground)
        return self._row(index, self._palette, width)

    def _titles(self) -> list[Span]:
        line: list[Span] = [(" " * MARGIN, Tone.TITLE)]
        for at, (column, width) in enumerate(self._widths):
            line += [(" " * GAP if at else "", Tone.TITLE)]
            line += fitted([(column.title, Tone.TITLE)], width, is_right=column.is_right)
        return line

    def _said(self, index: int) -> _Said:
        row = self._rows.at(index) if index < len(self._rows) else None
        cells = None if row is None else [column.cell(row) for column, _ in self._widths]
        return index == self.cursor, row is not None and self._marked(row), cells

    def _row(self, index: int, palette: Palette, width: int) -> Strip:
        if len(self._drawn) > REMEMBERED:
            self._drawn.clear()
        said = self._drawn[index] = self._said(index)
        is_here, is_marked, cells = said
        over: Style | None = None
        if is_here:
            over = palette.cursor if self.has_focus else palette.idle_cursor
        line: list[Span] = [(self._glyphs.cursor if is_here else " ", Tone.KEY)]
        line.append((self._glyphs.marked if is_marked else " ", Tone.YELLOW))
        if cells is None:
            line.append((self._glyphs.ellipsis, Tone.DIM))
            return strip(line, palette, width, over).apply_style(self.ground)
        for at, ((column, room), cell) in enumerate(zip(self._widths, cells, strict=True)):
            if at:
                line.append((" " * GAP, Tone.TEXT))
            line += fitted(cell, room, is_right=column.is_right, ellipsis=palette.ellipsis)
        return strip(line, palette, width, over).apply_style(self.ground)

    def _note_key(self) -> None:
        row = self.current
        self.at_key = None if row is None else self._key(row)

    def _call_for_rows(self) -> None:
        if self._rows.wants(*self.in_sight):
            self.post_message(self.Wanted(self))


def fit_columns(columns: Sequence[Column[R]], room: int) -> list[tuple[Column[R], int]]:
    """Return the columns that have room, each with its width: what matters least goes, what is left over is shared."""
    chosen = list(columns)
    while len(chosen) > 1 and sum(each.width for each in chosen) + GAP * (len(chosen) - 1) > room:
        least = max(chosen, key=lambda each: each.rank)
        if least.rank == 0:
            break
        chosen.remove(least)
    spare = max(0, room - sum(each.width for each in chosen) - GAP * (len(chosen) - 1))
    shares = sum(each.share for each in chosen)
    return [(each, each.width + (spare * each.share // shares if each.share else 0)) for each in chosen]
