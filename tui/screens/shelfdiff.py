"""A generation beside its champion or the one before: code, parameters, metrics, packages, states, data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from ...core.lineages import Generation
from ...core.text import plural
from ...core.workspace import Workspace
from ..keys import bindings
from ..shelfrows import rows_of
from ..sidebyside import Row
from ..tones import Line, Span, Tone
from ..widgets.grid import Column, Grid
from ..widgets.rows import ListRows
from ..widgets.sheet import Sheet
from .page import Page

LINES = 400
"""Changed lines of one file that are shown."""


class ShelfDiff(Page):
    """The table of differences; below it the changed lines of the file at the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("shelfdiff.other", "shelfdiff.all", "shelfdiff.copy")]
    HINTS = ("shelfdiff.other", "shelfdiff.all", "row.open", "shelfdiff.copy", "back")

    def __init__(self, generation: Generation, others: Sequence[Generation], place: str | None) -> None:
        super().__init__()
        self.generation = generation
        self.others = others
        self.place = place
        self.at = 0
        """Which of the others it is compared with."""
        self.has_all = False
        self._rows: list[Row] | None = None

    @property
    def other(self) -> Generation:
        """Return what it is compared with."""
        return self.others[self.at % len(self.others)]

    def body(self) -> ComposeResult:
        """Put the changed lines below the table."""
        with Container(id="body", classes="split"):
            yield Grid[Row](
                self._columns(), lambda row: row.id, glyphs=self.graft.glyphs, empty=self._nothing, id="list"
            )
            yield Sheet(id="detail")

    @property
    def grid(self) -> Grid[Row]:
        """Return the table."""
        return self.query_one("#list", Grid)

    def crumbs(self) -> tuple[Line, Line]:
        """Return what is compared with what."""
        sign = ">" if self.graft.glyphs.is_ascii else "›"
        left: list[Span] = [(f"Registry {sign} ", Tone.DIM), (self.other.address, Tone.KEY), ("  and  ", Tone.DIM)]
        return [*left, (self.generation.address, Tone.KEY)], []

    def status(self) -> tuple[Line, Line]:
        """Return how many rows are equal."""
        same = sum(row.is_same for row in self._rows or ())
        return [(f"{plural(same, 'row')} equal   = shows them" if same and not self.has_all else "", Tone.DIM)], []

    def _nothing(self) -> Sequence[Line]:
        if self._rows is None:
            return [[], [(f"  comparing {self.graft.glyphs.ellipsis}", Tone.DIM)]]
        return [[], [("  Nothing differs.", Tone.BOLD), ("   = shows what is equal", Tone.DIM)]]

    async def reload(self) -> None:
        """Compare once: what is registered never changes."""
        if self._rows is not None:
            return
        old, new, place = self.other, self.generation, self.place

        def read(space: Workspace) -> list[Row]:
            return rows_of(space.with_registry(place), old, new)

        self._rows = await self.ask(read)
        self._fill()

    def on_mount(self) -> None:
        """Give the table the focus."""
        self.grid.focus()

    def _fill(self) -> None:
        shown = [row for row in self._rows or () if self.has_all or not row.is_same]
        rows: ListRows[Row] = ListRows(shown, lambda row: row.id)
        self.grid.set_columns(self._columns())
        self.grid.replace_rows(rows)
        self._detail()
        self.show_bars()

    def _columns(self) -> list[Column[Row]]:
        old, new = self.other.draft, self.generation.draft
        return [
            Column(title="", width=24, share=2, cell=self._label),
            Column(title=f"{old.version}/{self.other.number}", width=14, share=2, cell=lambda row: self._cell(row, 0)),
            Column(
                title=f"{new.version}/{self.generation.number}", width=14, share=2, cell=lambda row: self._cell(row, 1)
            ),
        ]

    def _label(self, row: Row) -> Line:
        return [(f"{row.section:<10}", Tone.DIM), (row.name, Tone.DIM if row.is_same else Tone.BOLD)]

    def _cell(self, row: Row, at: int) -> Line:
        text = row.values[at]
        if at in row.best:
            return [(f"{self.graft.glyphs.best} {text}", Tone.BOLD)]
        return [(text, Tone.DIM if row.is_same else Tone.YELLOW if at else Tone.TEXT)]

    def on_grid_moved(self, event: Grid.Moved) -> None:
        """Show what is behind the row."""
        event.stop()
        self._detail()

    def on_grid_opened(self, event: Grid.Opened) -> None:
        """Give the details all the room, and the focus to scroll them."""
        event.stop()
        self.add_class("-detail")
        self.query_one("#detail", Sheet).focus()

    def _detail(self) -> None:
        row, sheet = self.grid.current, self.query_one("#detail", Sheet)
        if row is None:
            sheet.show([])
            return
        lines: list[Line] = [[(f"{row.section}  {row.name}", Tone.TITLE)]]
        shown = 0
        for hunk in row.hunks[0] if row.hunks else ():
            lines.append([(f"  line {hunk.new}", Tone.DIM)])
            for text in hunk.lines[: max(0, LINES - shown)]:
                tone = Tone.GREEN if text[:1] == "+" else Tone.RED if text[:1] == "-" else Tone.DIM
                lines.append([(f"  {text}", tone)])
            shown += len(hunk.lines)
        if shown > LINES:
            lines.append([(f"  {plural(shown - LINES, 'further line')}", Tone.DIM)])
        if not row.hunks:
            sides = (self.other.address, self.generation.address)
            lines += [[(f"  {side}  ", Tone.KEY), (row.values[at], Tone.TEXT)] for at, side in enumerate(sides)]
        sheet.show(lines, is_new=True)

    # -- actions ---------------------------------------------------------------------------------------------------

    def reason_against(self, key_id: str) -> str:
        """Say why something cannot be done now; empty: it can."""
        return "there is nothing else to compare with" if key_id == "shelfdiff.other" and len(self.others) < 2 else ""

    def action_other(self) -> None:
        """Compare with the other one."""
        if reason := self.reason_against("shelfdiff.other"):
            self.say(reason, Tone.YELLOW)
            return
        self.at, self._rows = self.at + 1, None
        self._fill()
        self.stale()

    def action_toggle_all(self) -> None:
        """Show equal things too, or differences alone."""
        self.has_all = not self.has_all
        self._fill()

    def action_copy(self) -> None:
        """Copy the addresses."""
        self.app.copy_to_clipboard(f"{self.other.address} {self.generation.address}")
        self.say("copied", Tone.GREEN)

    def action_back(self) -> None:
        """Go back to the table, then leave."""
        if self.has_class("-detail"):
            self.remove_class("-detail")
            self.grid.focus()
        else:
            super().action_back()
