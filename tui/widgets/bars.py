"""The lines around a screen: what is going on, where one is, what was said, what can be done."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.strip import Strip
from textual.widget import Widget

from ..tones import Line, Palette, Span, Tone, length, strip


class Bar(Widget):
    """One line of text with something on its right."""

    DEFAULT_CSS = "Bar { height: 1; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self._left: Line = ()
        self._right: Line = ()
        self._palette: Palette | None = None

    def show(self, left: Line, right: Line = ()) -> None:
        """Show other text; nothing happens when it is what stands there."""
        if (left, right) != (self._left, self._right):
            self._left, self._right = left, right
            self.refresh()

    def palette_changed(self, palette: Palette) -> None:
        """Draw with other colours."""
        self._palette = palette
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw the line; the right part gives way when there is no room for both."""
        width = self.size.width
        if self._palette is None or y:
            return Strip.blank(width, self.rich_style)
        # A dialog has a border with room beside it; what is in it stands below each other.
        line: list[Span] = [*self._left] if self.has_class("-flush") else [(" ", Tone.TEXT), *self._left]
        spare = width - length(line) - length(self._right) - 2
        if self._right and spare >= 0:
            line += [(" " * (spare + 1), Tone.TEXT), *self._right]
        return strip(line, self._palette, width).apply_style(self.rich_style)


class Hints(Bar):
    """What can be done here: six keys at most, and always how to find the rest."""

    MOST = 6

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id)
        self._keys: list[tuple[str, str]] = []

    def offer(self, keys: Sequence[tuple[str, str]]) -> None:
        """Show pairs of key and label, as many as have room; `? help` stays."""
        self._keys = list(keys[: self.MOST])
        self._arrange()

    def on_resize(self) -> None:
        """Choose anew what has room."""
        self._arrange()

    def _arrange(self) -> None:
        right: list[Span] = [("?", Tone.KEY), (" help", Tone.DIM)]
        left: list[Span] = []
        for key, label in self._keys:
            more: list[Span] = [(key, Tone.KEY), (f" {label}   ", Tone.DIM)]
            if length(left) + length(more) + length(right) + 2 > self.size.width:
                break
            left += more
        self.show(left, right)


class Sayings:
    """What was said last, and how long it stands."""

    SECONDS = 8.0
    READ_S = 1.0
    """What was said stands so long whatever is pressed; after it, the next key takes it away."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._text: Span | None = None
        self._until = 0.0

    def say(self, text: str, tone: Tone) -> None:
        """Say something now."""
        self._text, self._until = (text, tone), self._now() + self.SECONDS

    def pressed(self) -> None:
        """Say no more what has stood for a while: a person who presses keys has read it, and it hides the status."""
        if self._now() >= self._until - self.SECONDS + self.READ_S:
            self._text = None

    @property
    def spans(self) -> list[Span]:
        """Return what stands; nothing when it is over."""
        return [self._text] if self._text is not None and self._now() < self._until else []
