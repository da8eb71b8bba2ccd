"""What one sees instead of a traceback when the UI itself breaks. Runs are not touched by it."""

from __future__ import annotations

import os
import tempfile
import traceback
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType

from ..theme import THEMES
from ..tones import Palette, Span, Tone
from ..widgets.sheet import Sheet


def report(error: BaseException) -> str:
    """Write the traceback to a file only this user reads, and return its path."""
    descriptor, path = tempfile.mkstemp(prefix="graft-ui-", suffix=".log")
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write("".join(traceback.format_exception(error)))
    return path


def show_trouble(error: BaseException, file: str) -> bool:
    """Show what happened; True: the person wants to go on."""
    return bool(TroubleApp(error, file).run())


class TroubleApp(App[bool]):
    """A screen of its own, for the app that broke cannot be trusted with it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "leave(True)", "open again"),
        Binding("q,escape,ctrl+c", "leave(False)", "quit", priority=True),
    ]
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, error: BaseException, file: str) -> None:
        super().__init__()
        self._error = error
        self._file = file
        self.register_theme(THEMES[0])
        self.theme = THEMES[0].name

    def compose(self) -> ComposeResult:
        """Put the words on the screen."""
        yield Sheet()

    def on_mount(self) -> None:
        """Say what happened and what can be done."""
        sheet = self.query_one(Sheet)
        sheet.palette_changed(Palette.of(THEMES[0]))
        frames = traceback.extract_tb(self._error.__traceback__)[-3:]
        lines: list[list[Span]] = [
            [],
            [("  The terminal UI has met a fault of its own.", Tone.BOLD)],
            [("  Runs are not touched: they go on in processes of their own.", Tone.TEXT)],
            [],
            [(f"  {type(self._error).__name__}: {self._error}", Tone.RED)],
            *(_frame(frame) for frame in frames),
            [],
            [("  the whole report: ", Tone.DIM), (self._file, Tone.TEXT)],
            [],
            [("  enter", Tone.KEY), ("  open the UI again", Tone.TEXT)],
            [("  q    ", Tone.KEY), ("  leave", Tone.TEXT)],
        ]
        sheet.show(lines)

    def action_leave(self, again: bool) -> None:
        """End with the answer."""
        self.exit(again)


def _frame(frame: traceback.FrameSummary) -> list[Span]:
    return [(f"    {frame.filename}:{frame.lineno} in {frame.name}", Tone.DIM)]
