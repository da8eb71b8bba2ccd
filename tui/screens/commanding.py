"""A dialog that is the rest of a command line: typed or chosen, and what would come of it is seen before it is done."""

from __future__ import annotations

import asyncio
import textwrap
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from ...core.errors import GraftError
from ...core.text import clean
from ...core.workspace import Workspace
from ..bridge import Bridge, begin
from ..glyphs import Glyphs
from ..shelfdeeds import Deed, Outlook, refusal_of
from ..tones import Line, Span, Tone
from ..widgets.bars import Bar
from ..widgets.field import Field
from ..widgets.sheet import Sheet
from .dialog import Dialog

REST_S = 0.15
"""After the last letter typed, before what it means is worked out; longer where code is imported for it."""
LONG_REST_S = 0.5
WIDTH = 76
"""Columns of the lines before the dialog was laid out."""


class Commanding(Dialog[str]):
    """The answer is the text, once it was looked at and nothing spoke against it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,tab", "offer(1)", "next"),
        Binding("up,shift+tab", "offer(-1)", "previous"),
    ]

    def __init__(self, deed: Deed, bridge: Bridge, place: str | None, glyphs: Glyphs) -> None:
        """`place`: of the registry it is done in; None: the one at hand."""
        super().__init__()
        self.deed = deed
        self.outlook: Outlook | None = None
        """Of the text that stands there; None: it is being worked out."""
        self._bridge = bridge
        self._place = place
        self._glyphs = glyphs
        self._at = 0
        self._is_wanted = False

    def compose(self) -> ComposeResult:
        """Put the field above what would come of it."""
        with Vertical(classes="dialog"):
            yield Bar(id="title", classes="-flush")
            yield Field(self.deed.offered[0], placeholder=self.deed.hint, id="words")
            yield Sheet(id="lines")
            yield Bar(id="keys", classes="-flush")

    @property
    def text(self) -> str:
        """Return what stands in the field."""
        return self.query_one("#words", Input).value

    def draw(self) -> None:
        """Show it, and begin to look ahead."""
        self.query_one("#words", Input).focus()
        self._show()
        begin(self, self._look, "look")

    def on_input_changed(self) -> None:
        """Work out what the text means now."""
        self.outlook, self._is_wanted = None, False
        self._show()
        begin(self, self._rest, "look")

    def on_input_submitted(self) -> None:
        """Answer, as soon as what would come of it is known and nothing speaks against it."""
        self._is_wanted = True
        self._answer()

    def action_offer(self, by: int) -> None:
        """Take the next of the texts that are offered."""
        offered = self.deed.offered
        self._at = (self._at + by) % len(offered)
        field = self.query_one("#words", Input)
        field.value = offered[self._at]
        field.cursor_position = len(field.value)

    async def _rest(self) -> None:
        await asyncio.sleep(LONG_REST_S if self.deed.is_long else REST_S)
        await self._look()

    async def _look(self) -> None:
        text, deed, place = self.text, self.deed, self._place

        def call(space: Workspace) -> Outlook:
            return deed.look(space.with_registry(place), text)

        try:
            self.outlook = await (self._bridge.load(call) if deed.is_long else self._bridge.ask(call))
        except GraftError as error:
            self.outlook = refusal_of(error)
        self._show()
        self._answer()

    def _answer(self) -> None:
        if self._is_wanted and self.outlook is not None:
            self._is_wanted = False
            if not self.outlook.refusal:
                self.dismiss(self.text)

    def _show(self) -> None:
        outlook, width = self.outlook, max(20, self.query_one("#lines", Sheet).room.width - 1 or WIDTH)
        command = clean(self.deed.command(self.text))
        lines: list[Line] = [
            [(row, Tone.CYAN)] for row in textwrap.wrap(f"$ {command}", width, subsequent_indent="    ")
        ]
        lines.append([])
        if outlook is None:
            lines.append([(f"looking ahead {self._glyphs.ellipsis}", Tone.DIM)])
        else:
            for text in outlook.refusal.split("\n"):
                lines += [[(row, Tone.RED)] for row in textwrap.wrap(clean(text), width)]
            lines += [[]] if outlook.refusal and outlook.lines else []
            lines += outlook.lines
        lines += [[], [(self.deed.hint, Tone.DIM)]]
        keys: list[Span] = [("enter", Tone.KEY), (" does it   ", Tone.DIM)]
        if len(self.deed.offered) > 1:
            keys += [(f"{self._glyphs.down} {self._glyphs.up}", Tone.KEY), (" other choices   ", Tone.DIM)]
        self.show([(self.deed.title, Tone.BOLD)], lines, [*keys, ("esc", Tone.KEY), (" close", Tone.DIM)])
