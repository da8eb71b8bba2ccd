"""What may follow `g`: shown at once, so that nobody has to know it by heart."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen

from ..tones import Span, Tone
from ..widgets.sheet import Sheet
from .page import recolour

WAYS: dict[str, tuple[str, str]] = {
    "g": ("top", "the first row; new ones are followed there"),
    "e": ("end", "the last row"),
    "r": ("runs", "the list of runs"),
    "m": ("registry", "models: lineages, generations, aliases"),
    "f": ("functions", "registered functions"),
    "w": ("workers", "what executes now, on which processes"),
    "s": ("schedules", "what starts runs by itself"),
    "a": ("events", "what was done, and everything that happens"),
}
"""Key -> (what it is called, what it says)."""
JUMPS = ("g", "e")
"""Those that stay on the screen."""


@runtime_checkable
class Travelling(Protocol):
    """An app with places."""

    def go(self, name: str, text: str = "") -> None: ...


class Goto(ModalScreen[None]):
    """Waits for one key."""

    DEFAULT_CSS = """
    Goto { align: left bottom; }
    Goto Sheet { height: 9; max-height: 9; width: 100%; margin: 0 0 2 0; background: $surface; }
    """

    def compose(self) -> ComposeResult:
        """Show the ways."""
        yield Sheet()

    def on_mount(self) -> None:
        """Draw them."""
        sheet = self.query_one(Sheet)
        recolour(self)
        lines: list[list[Span]] = [[(" go to", Tone.TITLE)]]
        lines += [
            [(f"   g{key}  ", Tone.KEY), (f"{name:<11}", Tone.TEXT), (text, Tone.DIM)]
            for key, (name, text) in WAYS.items()
        ]
        sheet.show(lines)

    def on_key(self, event: events.Key) -> None:
        """Go there; any other key only closes this."""
        event.stop()
        event.prevent_default()
        self.dismiss()
        if event.key in JUMPS:
            self.app.call_later(self._jump, event.key)
        elif event.key in WAYS:
            self.app.call_later(self._go, WAYS[event.key][0])

    def _go(self, name: str) -> None:
        if isinstance(self.app, Travelling):
            self.app.go(name)

    async def _jump(self, key: str) -> None:
        focused = self.app.screen.focused
        if focused is None:
            return
        for action in ("top", "scroll_home") if key == "g" else ("end", "scroll_end"):
            if hasattr(focused, f"action_{action}"):
                await self.app.run_action(action, focused)
                return
