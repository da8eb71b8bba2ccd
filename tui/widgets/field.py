"""A line to type in: whatever is pasted into it, nothing of it is obeyed by the terminal."""

from __future__ import annotations

from rich.highlighter import Highlighter
from rich.text import Text
from textual.widgets import Input

from ...core.text import REPLACEMENT, typeable


class _Printable(Highlighter):
    """Draws characters that cannot be seen as `·`, one for each: the cursor counts them. The value keeps them."""

    def highlight(self, text: Text) -> None:
        """Draw them."""
        if not text.plain.isprintable():
            text.plain = "".join(each if each.isprintable() else REPLACEMENT for each in text.plain)


class Field(Input):
    """A field; a placeholder may hold what others named."""

    def __init__(
        self,
        value: str = "",
        *,
        placeholder: str = "",
        id: str | None = None,  # noqa: A002 - Textual's name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(
            typeable(value),
            placeholder=typeable(placeholder),
            highlighter=_Printable(),
            select_on_focus=False,
            id=id,
            classes=classes,
        )

    def validate_value(self, value: str) -> str:
        """Take out of any new value what is no text: a completion, a remembered line, a paste."""
        return typeable(value)
