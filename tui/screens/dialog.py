"""Dialogs: a question with one answer that does something, and the menu of what can be copied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Generic, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from ..keys import bindings
from ..tones import Line, Span, Tone
from ..widgets.bars import Bar
from ..widgets.sheet import Sheet
from ..widgets.wrapping import wrapped
from .page import recolour

A = TypeVar("A")

WIDTH, AROUND = 84, 6
"""Columns of a dialog at most (`app.tcss`), and those its border, margins and scrollbar take."""
ROWS = 12
"""Of one line at most."""


class Dialog(ModalScreen[A], Generic[A]):
    """A box over a screen: a title, lines, and the keys that answer."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("back")]

    def compose(self) -> ComposeResult:
        """Put title, lines and keys into the box."""
        with Vertical(classes="dialog"):
            yield Bar(id="title", classes="-flush")
            yield Sheet(id="lines")
            yield Bar(id="keys", classes="-flush")

    _shown: tuple[Line, Sequence[Line], Line] | None = None

    def on_mount(self) -> None:
        """Take the colours and draw."""
        recolour(self)
        self.draw()

    def on_resize(self) -> None:
        """Break the lines for the width there is now."""
        if self._shown is not None:
            self.show(*self._shown)

    def draw(self) -> None:
        """Show what the dialog has to say."""
        raise NotImplementedError

    def show(self, title: Line, lines: Sequence[Line], keys: Line) -> None:
        """Put text into the three parts."""
        self._shown = (title, lines, keys)
        self.query_one("#title", Bar).show(title)
        self.query_one("#lines", Sheet).show([row for line in lines for row in self._folded(line)])
        self.query_one("#keys", Bar).show(keys)

    def _folded(self, line: Line) -> Sequence[Line]:
        """Return a line as rows that have room; code, which is indented, is scrolled to instead."""
        if line and line[0][0].startswith("  "):
            return [line]
        return wrapped(line, self.columns, most=ROWS, at_blanks=True)

    @property
    def columns(self) -> int:
        """Return how many columns a line has."""
        return max(1, min(WIDTH, self.app.size.width * 96 // 100) - AROUND)

    def action_back(self) -> None:
        """Close without an answer."""
        self.dismiss(None)


class Confirm(Dialog[bool]):
    """Asks before something that cannot be undone. Escape is no."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,y", "answer(True)", "yes"),
        Binding("n", "answer(False)", "no"),
    ]

    def __init__(self, question: str, lines: Sequence[Line], command: str) -> None:
        super().__init__()
        self._question = question
        self._lines = lines
        self._command = command

    def draw(self) -> None:
        """Show the question, what it means, and the command that does the same."""
        lines: list[Line] = [*self._lines, [], [("$ ", Tone.DIM), (self._command, Tone.CYAN)]]
        keys: list[Span] = [("enter", Tone.KEY), (" yes   ", Tone.DIM), ("esc", Tone.KEY), (" no", Tone.DIM)]
        self.show([(self._question, Tone.BOLD)], lines, keys)

    def action_answer(self, answer: bool) -> None:
        """Close with the answer."""
        self.dismiss(answer)


class Choose(Dialog[str]):
    """A menu: one key for each text; the answer is the text."""

    def __init__(self, title: str, choices: Mapping[str, tuple[str, str]]) -> None:
        super().__init__()
        self._title = title
        self._choices = choices

    def draw(self) -> None:
        """Show the choices."""
        lines: list[Line] = [
            [(f"{key}  ", Tone.KEY), (f"{label:<12}", Tone.TEXT), (text.partition("\n")[0], Tone.DIM)]
            for key, (label, text) in self._choices.items()
        ]
        self.show([(self._title, Tone.BOLD)], lines, [("esc", Tone.KEY), (" close", Tone.DIM)])

    def on_key(self, event: events.Key) -> None:
        """Answer with the text of a key."""
        if event.key in self._choices:
            event.stop()
            self.dismiss(self._choices[event.key][1])
