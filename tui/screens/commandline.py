"""`:` - a line of the command line: what may come next is offered as one types, earlier lines are there again."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from ...core.errors import GraftError
from ..bridge import Bridge, begin
from ..glyphs import Glyphs
from ..keys import bindings
from ..memory import Memory
from ..outside import Candidate, Outside
from ..tones import Line, Tone, padded
from ..widgets.field import Field
from ..widgets.sheet import Sheet
from .page import recolour

OFFERED = 8
"""Candidates that are shown; the next characters narrow them down."""


class CommandLine(ModalScreen[str]):
    """A field at the bottom; the answer is the line."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("back", "line.complete"),
        *bindings("line.older", "line.newer", priority=True),  # before those that scroll
    ]
    DEFAULT_CSS = """
    CommandLine { align: left bottom; background: $background 0%; }
    CommandLine Vertical { height: auto; width: 100%; background: $surface; }
    CommandLine Sheet { height: auto; max-height: 9; background: $surface; padding: 0 1; }
    """

    def __init__(self, outside: Outside, bridge: Bridge, memory: Memory, glyphs: Glyphs, text: str = "") -> None:
        super().__init__()
        self._outside = outside
        self._bridge = bridge
        self._glyphs = glyphs
        self._text = text
        self._earlier = memory.texts("typed")
        self._place = len(self._earlier)
        self._typed = text
        self.candidates: Sequence[Candidate] = ()
        self._chosen = -1
        self._completed = ""
        """The line that a completion made, so that its change asks for no others."""

    def compose(self) -> ComposeResult:
        """Put what is offered above the field."""
        with Vertical():
            yield Sheet(id="offers")
            yield Field(self._text, placeholder="run, show @last, diff @last~1 @last, ls --state failed, q", id="line")

    def on_mount(self) -> None:
        """Offer the commands."""
        recolour(self)
        field = self.query_one("#line", Input)
        field.focus()
        field.cursor_position = len(self._text)
        begin(self, self._offer, "offer")

    async def _offer(self) -> None:
        line = self.query_one("#line", Input).value
        try:
            self.candidates = await self._bridge.ask(lambda space: self._outside.complete(line, space))
        except GraftError:
            self.candidates = ()  # the command itself will tell what is wrong
        self._chosen = -1
        self._show()

    def _show(self) -> None:
        first = max(0, self._chosen - OFFERED + 1)
        shown = self.candidates[first : first + OFFERED]
        width = max((len(each.text) for each in shown), default=0) + 2
        lines: list[Line] = []
        for at, each in enumerate(shown, start=first):
            is_on = at == self._chosen
            mark = self._glyphs.cursor if is_on else " "
            text = padded(each.text, min(width, 40), Tone.KEY if is_on else Tone.TEXT)
            lines.append([(f"{mark} ", Tone.KEY), text, (each.teaches, Tone.DIM)])
        left = len(self.candidates) - first - len(shown)
        if left > 0:
            lines.append([(f"  {self._glyphs.ellipsis} {left} more", Tone.DIM)])
        self.query_one("#offers", Sheet).show(lines)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Offer what may come next."""
        if event.value != self._completed:
            self._completed = ""
            begin(self, self._offer, "offer")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answer with the line."""
        self.dismiss(event.value.strip() or None)

    def action_complete(self, by: int) -> None:
        """Take the next of what is offered; the only one is taken for good."""
        if not self.candidates:
            return
        field = self.query_one("#line", Input)
        if self._chosen < 0:
            self._typed = field.value
        self._chosen = (self._chosen + by) % len(self.candidates)
        line = _with_word(self._typed, self.candidates[self._chosen].text)
        is_only = len(self.candidates) == 1
        self._completed = "" if is_only else line
        field.value = f"{line} " if is_only else line
        field.cursor_position = len(field.value)
        self._show()

    def action_earlier(self, by: int) -> None:
        """Go to a line that was typed before, or back."""
        if self._place == len(self._earlier):
            self._typed = self.query_one("#line", Input).value
        self._place = max(0, min(len(self._earlier), self._place + by))
        field = self.query_one("#line", Input)
        field.value = self._earlier[self._place] if self._place < len(self._earlier) else self._typed
        field.cursor_position = len(field.value)

    def action_back(self) -> None:
        """Close."""
        self.dismiss(None)


def _with_word(line: str, word: str) -> str:
    """Return a line whose last word is another."""
    start = len(line.rstrip()) if not line.strip() else len(line)
    while start and not line[start - 1].isspace():
        start -= 1
    return line[:start] + (word if word.startswith(("@", "-")) else shlex.quote(word))
