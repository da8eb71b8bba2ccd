"""One part of the screen of a run: a container with keys of its own, imported and mounted when it is first opened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from textual.containers import Container
from textual.widget import Widget

from ...core.folding import Row
from ..glyphs import Glyphs
from ..tones import Line
from ..widgets.sheet import Sheet
from .steplist import Told

if TYPE_CHECKING:
    from .run import RunScreen  # the screen opens its parts


class Part(Container):
    """A part. It reads when it is shown, and never while another one is."""

    DEFAULT_CSS = "Part { height: 1fr; }"
    HINTS: ClassVar[tuple[str, ...]] = ("tab.next", "run.retry", "run.cancel", "copy")
    """Ids of the keys that are offered in the last line."""
    HAS_DETAIL: ClassVar[bool] = False
    """The sheet beside shows what is at hand in it."""
    IS_WIDE: ClassVar[bool] = False
    """It wants width more than height: the sheet stands below it."""

    def __init__(self, name: str, glyphs: Glyphs) -> None:
        super().__init__(id=name)
        self.glyphs = glyphs

    @property
    def page(self) -> RunScreen:
        """Return the screen it is on."""
        from .run import RunScreen

        assert isinstance(self.screen, RunScreen)
        return self.screen

    @property
    def target(self) -> Widget:
        """Return the widget that takes the keys."""
        raise NotImplementedError

    async def show(self, told: Told) -> None:
        """Show a run as it was read.

        Raises:
            GraftError: more of it cannot be read.
        """
        raise NotImplementedError

    def status(self) -> tuple[Line, Line]:
        """Return what it has to say of itself."""
        return (), ()

    def row(self, told: Told) -> Row | None:
        """Return the row of the steps at hand; None: none is, or the screen's own counts."""
        return None

    async def fill(self, told: Told, sheet: Sheet) -> bool:
        """Show what is at hand in the sheet beside; False: it is a step, which the screen shows."""
        return False

    def opened(self) -> bool:
        """Open what is at hand in its own way; False: there is none, the sheet takes the room."""
        return False

    def back(self) -> bool:
        """Take a step back inside of it; False: there is none."""
        return False

    def copies(self) -> Mapping[str, tuple[str, str]]:
        """Return what else can be copied here: key -> what it is and the text."""
        return {}

    def problem(self, by: int) -> bool:
        """Go to the next problem in it, or the one before; False: problems are steps that failed."""
        return False

    def sought_text(self) -> str:
        """Return what is looked for in it, as it is typed."""
        return ""

    def tick(self) -> None:
        """A second has passed."""
