"""A dialog that chooses some of several names: which columns a list has."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from ..glyphs import Glyphs
from ..keys import bindings
from ..tones import Line, Span, Tone
from ..widgets.bars import Bar
from ..widgets.grid import Column, Grid
from ..widgets.rows import ListRows
from .page import recolour


class Choosing(ModalScreen[set[str]]):
    """The answer is the set of names that are not wanted."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("back"), Binding("space", "flip", "show or hide")]

    def __init__(self, title: str, names: Sequence[str], hidden: Collection[str], glyphs: Glyphs) -> None:
        super().__init__()
        self._title = title
        self._names = names
        self.hidden = set(hidden)
        self._glyphs = glyphs

    def compose(self) -> ComposeResult:
        """Put the list between title and keys."""
        with Vertical(classes="dialog"):
            yield Bar(id="title", classes="-flush")
            yield Grid[str]([Column(title="", width=20, share=1, cell=self._cell)], str, glyphs=self._glyphs)
            yield Bar(id="keys", classes="-flush")

    def on_mount(self) -> None:
        """Show the names."""
        recolour(self)
        grid = self.query_one(Grid)
        rows: ListRows[str] = ListRows(self._names, str)
        grid.set_rows(rows)
        grid.styles.height = len(self._names) + 1
        grid.focus()
        keys: list[Span] = [
            ("space", Tone.KEY),
            (" shows or hides   ", Tone.DIM),
            ("enter", Tone.KEY),
            (" done", Tone.DIM),
        ]
        self.query_one("#title", Bar).show([(self._title, Tone.BOLD)])
        self.query_one("#keys", Bar).show([*keys, ("   esc", Tone.KEY), (" as it was", Tone.DIM)])

    def _cell(self, name: str) -> Line:
        is_on = name not in self.hidden
        return [("[x] " if is_on else "[ ] ", Tone.KEY), (name.lower(), Tone.TEXT if is_on else Tone.DIM)]

    def action_flip(self) -> None:
        """Show or hide the name at the cursor."""
        grid = self.query_one(Grid)
        if isinstance(grid.current, str):
            self.hidden ^= {grid.current}
            grid.action_move(1)
            grid.refresh()

    def on_grid_opened(self) -> None:
        """Answer."""
        self.dismiss(self.hidden)

    def action_back(self) -> None:
        """Close; the columns stay as they were."""
        self.dismiss(None)
