"""Where a run is from: code, parameters, runner."""

from __future__ import annotations

from textual.app import ComposeResult

from ..glyphs import Glyphs
from ..widgets.sheet import Sheet
from .part import Part
from .runlines import fact_lines
from .steplist import Told


class FactPart(Part):
    """The facts of a run as a sheet."""

    def __init__(self, name: str, glyphs: Glyphs) -> None:
        super().__init__(name, glyphs)
        self.sheet = Sheet()

    def compose(self) -> ComposeResult:
        """Put the sheet there."""
        yield self.sheet

    @property
    def target(self) -> Sheet:
        """Return the sheet."""
        return self.sheet

    async def show(self, told: Told) -> None:
        """Show the facts."""
        self.sheet.show([[], *fact_lines(told.run, told.spec, self.glyphs, self.page.bridge.now())])
