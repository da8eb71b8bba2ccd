"""An app in one of our themes: the palette its widgets draw with, and the style sheet parsed once."""

from __future__ import annotations

from textual.app import App

from .theme import THEMES
from .tones import Palette


class Themed(App[int]):
    """An app that says how things look."""

    palette: Palette

    def begin_in(self, theme: str, ellipsis: str) -> None:
        """Take the first theme; what marks a cut goes with the palette."""
        for each in THEMES:
            self.register_theme(each)
        self.paint_in(theme, ellipsis)
        self._variables = self.get_css_variables()
        self.stylesheet.set_variables(self._variables)

    def paint_in(self, theme: str, ellipsis: str) -> None:
        """Take another theme; the widgets have to be told of the palette."""
        self.theme = theme
        self.palette = Palette.of(self.current_theme, ellipsis)

    def refresh_css(self, animate: bool = True) -> None:
        """Parse the style sheet again for other colours; Textual would for the first ones too, which takes 5 ms."""
        variables = self.get_css_variables()
        if variables != self._variables:
            self._variables = variables
            super().refresh_css(animate)
