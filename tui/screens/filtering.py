"""Screens with a list that a line of words filters: the field that is typed in, and how it goes away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.errors import InvalidError
from .page import Page

if TYPE_CHECKING:
    from textual.widgets import Input


class Filtering(Page):
    """A page with a list `#list` in a container `#body`."""

    PLACEHOLDER = "any words"

    def __init__(self) -> None:
        super().__init__()
        self.filter = ""
        """What was typed; empty: everything is shown."""

    def check_filter(self, text: str) -> None:
        """Refuse what cannot be understood; any words can be.

        Raises:
            InvalidError: it means nothing.
        """

    def filter_changed(self) -> None:
        """Show what fits the filter there is now."""
        raise NotImplementedError

    async def action_filter(self) -> None:
        """Type a filter; the last one stands there."""
        from ..widgets.field import Field  # 15 ms, and a first paint needs none

        if self.query("#filter"):
            return
        field = Field(self.filter, placeholder=self.PLACEHOLDER, id="filter", classes="-open")
        await self.mount(field, before="#body")
        field.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Filter; a line that means nothing is told, and the field stays."""
        try:
            self.check_filter(event.value.strip())
        except InvalidError as error:
            self.complain(error)
            return
        self.filter = event.value.strip()
        self.close_filter()
        self.filter_changed()

    def close_filter(self) -> bool:
        """Take the field away; False: there is none."""
        fields = self.query("#filter")
        if not fields:
            return False
        fields.remove()
        self.query_one("#list").focus()
        return True

    def drop_filter(self) -> bool:
        """Show everything again; False: everything is shown."""
        if not self.filter:
            return False
        self.filter = ""
        self.filter_changed()
        return True
