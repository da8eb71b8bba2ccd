"""What all widgets that draw line by line share."""

from __future__ import annotations

from textual.geometry import Size
from textual.scroll_view import ScrollView


class Lines(ScrollView):
    """A widget that draws lines itself and scrolls by itself."""

    @property
    def room(self) -> Size:
        """Return the cells there are to draw in, without scrollbars: `size` counts these too."""
        return self.scrollable_content_region.size

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Let the scrollbar follow; Textual leaves it at the top while it is not shown yet."""
        super().watch_scroll_y(old_value, new_value)
        self.vertical_scrollbar.position = new_value
