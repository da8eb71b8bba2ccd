"""Where a run is from: code, parameters, runner; and how it agrees with the run it was made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult

from ...core.errors import GraftError
from ..bridge import begin
from ..glyphs import Glyphs
from ..tones import Line
from ..widgets.sheet import Sheet
from .part import Part
from .runlines import fact_lines
from .steplist import Told

if TYPE_CHECKING:
    from ...core.agreement import Agreement


class FactPart(Part):
    """The facts of a run as a sheet."""

    def __init__(self, name: str, glyphs: Glyphs) -> None:
        super().__init__(name, glyphs)
        self.sheet = Sheet()
        self._told: Told | None = None
        self._agreement: Agreement | None = None
        """With the run it was made from; None: it was made from none, or is not over."""
        self._is_reading = False

    def compose(self) -> ComposeResult:
        """Put the sheet there."""
        yield self.sheet

    @property
    def target(self) -> Sheet:
        """Return the sheet."""
        return self.sheet

    async def show(self, told: Told) -> None:
        """Show the facts, and how a run that was made from another one agrees with it."""
        self._told = told
        if self._agreement is None and _can_be_compared(told):
            self._agreement = await self.page.ask(lambda space: space.promoting.agreeing.known(told.run.id))
            if self._agreement.unread and not self.page.graft.outside.is_read_only:
                self._is_reading = True
                begin(self, self._read_values, "agreement")
        self._draw()

    async def _read_values(self) -> None:
        """Compare the values of other bytes: user code may be imported for it, in workers of a hidden run."""
        told = self._told
        assert told is not None
        try:
            run = told.run.id
            self._agreement = await self.page.bridge.load(lambda space: space.promoting.agreeing.compare(run))
        except GraftError as error:
            self.page.complain(error)
        self._is_reading = False
        self._draw()

    def _draw(self) -> None:
        told = self._told
        if told is None:
            return
        lines: list[Line] = [[], *fact_lines(told.run, told.spec, self.glyphs, self.page.bridge.now())]
        if self._agreement is not None:
            from ..promotelines import agreement_lines  # of runs that were made from others

            lines += [[], *agreement_lines(self._agreement, self.glyphs, is_reading=self._is_reading)]
        self.sheet.show(lines)


def _can_be_compared(told: Told) -> bool:
    """Tell whether a run is one that a person made from another one, and over."""
    run, spec = told.run, told.spec
    return run.parent is not None and run.state.is_final and spec is not None and not spec.is_hidden
