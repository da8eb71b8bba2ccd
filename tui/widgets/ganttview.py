"""Rows of bars over time: the axis stays, the rows scroll, the window of time is zoomed and moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from ...core.gantt import ASCII, UNICODE, Piece, Strokes, axis, bars, label, note
from ...core.records import dataclass
from ...core.signs import MARKS
from ...core.text import columns
from ...core.timeline import Lane, Timeline
from ...core.timescale import Scale
from ..glyphs import Glyphs
from ..keys import bindings
from ..tones import TONE_OF, Palette, Span, Tone, fitted, strip
from .lines import Lines

NARROWEST = 1 / 4096
"""Part of the time one can zoom into: an hour on a second."""
NAMES = 32
"""Columns of a name at most."""
NOTES = 24
"""Columns of what stands beside a row at most."""


FEW = 50
"""Bars up to which a row is drawn when it comes into sight; of more before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A chart measured for a width, with the rows that would take long."""

    names: int
    """Columns of the names."""
    notes: int
    """Columns of what stands beside."""
    width: int
    """Columns there were."""
    scale: Scale
    drawn: Mapping[str, Sequence[Piece]]
    """By key of the lane."""


def strokes_of(glyphs: Glyphs) -> Strokes:
    """Return what charts are drawn with."""
    return ASCII if glyphs.is_ascii else UNICODE


class GanttView(Lines, can_focus=True):
    """A chart with a cursor. The cursor follows the row by its key."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("row.down", "row.up", "row.half_down", "row.half_up", "row.page_down", "row.page_up"),
        *bindings("row.top", "row.end", "row.open"),
        *bindings("gantt.in", "gantt.out", "gantt.left", "gantt.right", "gantt.workers", "gantt.fold", "gantt.unfold"),
    ]
    DEFAULT_CSS = "GanttView { height: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1; }"

    class Moved(Message):
        """The cursor is on another row."""

    class Opened(Message):
        """A row was opened."""

    class Looked(Message):
        """A person wants to see it in another way: `zoom`, `workers`, `fold`, `unfold`."""

        def __init__(self, what: str) -> None:
            super().__init__()
            self.what = what

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__()
        self._glyphs = glyphs
        self._strokes = strokes_of(glyphs)
        self._palette: Palette | None = None
        self._line: Timeline | None = None
        self._by_worker = False
        self._window = (0.0, 1.0)
        self._prepared: Prepared | None = None
        self.cursor = 0

    # -- what others tell it and ask -------------------------------------------------------------------------------

    def prepared(self, line: Timeline, *, by_worker: bool = False) -> Prepared:
        """Work out the rows of large families for the room there is now; for a thread: ten thousand bars take 60 ms."""
        notes = min(NOTES, max((columns(self._said(lane, by_worker)) for lane in line.lanes), default=0))
        names = min(NAMES, max((columns(self._label(lane)) for lane in line.lanes), default=0))
        width = self.room.width
        names, notes = min(names, max(8, width // 4)), min(notes, max(6, width // 5))
        scale = Scale(line.pieces, max(8, width - names - notes - 5), self._window)
        drawn = {
            lane.key: bars(lane, scale, self._strokes, is_ascii=self._glyphs.is_ascii, by_worker=by_worker)
            for lane in line.lanes
            if len(lane.bars) > FEW
        }
        return Prepared(names=names, notes=notes, width=width, scale=scale, drawn=drawn)

    def show(self, line: Timeline, *, by_worker: bool = False, prepared: Prepared | None = None) -> None:
        """Draw another state of the chart; the cursor stays on its row."""
        at = self.lane
        self._line, self._by_worker, self._prepared = line, by_worker, prepared
        found = next((index for index, lane in enumerate(line.lanes) if at is not None and lane.key == at.key), None)
        self.cursor = max(0, min(self.cursor if found is None else found, len(line.lanes) - 1))
        self.virtual_size = Size(self.room.width, len(line.lanes) + 1)
        self.refresh()

    @property
    def lane(self) -> Lane | None:
        """Return the row at the cursor."""
        if self._line is None or not self._line.lanes:
            return None
        return self._line.lanes[min(self.cursor, len(self._line.lanes) - 1)]

    @property
    def is_zoomed(self) -> bool:
        """Tell whether a part of the time is shown."""
        return self._window != (0.0, 1.0)

    @property
    def zoom_text(self) -> str:
        """Return how large it is drawn."""
        low, high = self._window
        return f"{self._glyphs.times}{1 / (high - low):.0f}"

    def palette_changed(self, palette: Palette) -> None:
        """Draw with other colours."""
        self._palette = palette
        self.refresh()

    def go_to(self, index: int) -> None:
        """Put the cursor on a row and bring it into sight."""
        if self._line is None or not self._line.lanes:
            return
        self.cursor = max(0, min(index, len(self._line.lanes) - 1))
        top, room = self.scroll_offset.y, max(1, self.room.height - 1)
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, immediate=True, force=True)
        elif self.cursor >= top + room:
            self.scroll_to(y=self.cursor - room + 1, animate=False, immediate=True, force=True)
        self.refresh()
        self.post_message(self.Moved())

    def go_to_key(self, key: str) -> None:
        """Put the cursor on the row of a step, wherever it is."""
        lanes = self._line.lanes if self._line is not None else ()
        found = next((at for at, lane in enumerate(lanes) if lane.key == key or key in lane.members), None)
        if found is not None:
            self.go_to(found)

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
        self.go_to(len(self._line.lanes) - 1 if self._line is not None else 0)

    def action_open(self) -> None:
        """Open the row at the cursor."""
        if self.lane is not None:
            self.post_message(self.Opened())

    def action_stretch(self, by: int) -> None:
        """Show half the time, or twice as much, around the middle."""
        low, high = self._window
        wide = max(NARROWEST, min(1.0, (high - low) * (0.5 if by > 0 else 2.0)))
        self._look_at((low + high) / 2 - wide / 2, wide)

    def action_shift(self, by: int) -> None:
        """Move to earlier or later time."""
        low, high = self._window
        self._look_at(low + by * (high - low) / 4, high - low)

    def action_look(self, what: str) -> None:
        """Ask to see it in another way."""
        self.post_message(self.Looked(what))

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to a row that is clicked; a double click opens it."""
        if event.y > 0 and self._line is not None and self.scroll_offset.y + event.y - 1 < len(self._line.lanes):
            self.go_to(self.scroll_offset.y + event.y - 1)
            if event.chain == 2:
                self.action_open()

    def _look_at(self, low: float, wide: float) -> None:
        low = max(0.0, min(low, 1.0 - wide))
        self._window = (low, low + wide)
        self.post_message(self.Looked("zoom"))

    # -- drawing ---------------------------------------------------------------------------------------------------

    def on_resize(self) -> None:
        """Draw for the new width."""
        self.virtual_size = Size(self.room.width, len(self._line.lanes) + 1 if self._line is not None else 0)
        self.go_to(self.cursor)

    def render_line(self, y: int) -> Strip:
        """Draw the axis or a row."""
        width = self.room.width
        if self._palette is None or self._line is None:
            return Strip.blank(width, self.ground)
        line = self._line
        if not line.lanes or not line.pieces:
            said = "  This run has no steps." if not line.lanes else "  Nothing has begun yet."
            if not line.lanes or y == 1:
                return strip([(said if y == 1 else "", Tone.DIM)], self._palette, width).apply_style(self.ground)
        if self._prepared is None or self._prepared.width != width:
            self._prepared = self.prepared(line, by_worker=self._by_worker)
        ready = self._prepared
        if y == 0:
            now = line.now if line.is_live else None
            text: list[Span] = [
                (" " * (ready.names + 4), Tone.TITLE),
                (axis(ready.scale, self._strokes, now=now), Tone.TITLE),
            ]
            return strip(text, self._palette, width).apply_style(self.ground)
        index = self.scroll_offset.y + y - 1
        if index >= len(line.lanes):
            return Strip.blank(width, self.ground)
        return self._row(line.lanes[index], ready, self._palette, index == self.cursor)

    def _row(self, lane: Lane, ready: Prepared, palette: Palette, is_here: bool) -> Strip:
        over = (palette.cursor if self.has_focus else palette.idle_cursor) if is_here else None
        tone = TONE_OF[MARKS[lane.state].ink]
        line: list[Span] = [(f"{self._glyphs.cursor} " if is_here else "  ", Tone.KEY)]
        line += fitted([(self._label(lane), tone)], ready.names, ellipsis=palette.ellipsis)
        line.append(("  ", Tone.TEXT))
        drawn = ready.drawn.get(lane.key)
        if drawn is None:
            is_ascii = self._glyphs.is_ascii
            drawn = bars(lane, ready.scale, self._strokes, is_ascii=is_ascii, by_worker=self._by_worker)
        line += [(text, TONE_OF[ink] if ink is not None else Tone.TEXT) for text, ink in drawn]
        line.append((" ", Tone.TEXT))
        line += fitted([(self._said(lane, self._by_worker), Tone.DIM)], ready.notes, ellipsis=palette.ellipsis)
        return strip(line, palette, self.room.width, over).apply_style(self.ground)

    def _label(self, lane: Lane) -> str:
        return label(lane, is_ascii=self._glyphs.is_ascii)

    def _said(self, lane: Lane, by_worker: bool) -> str:
        return lane.note if by_worker else note(lane, dot=self._glyphs.dot)
