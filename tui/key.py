"""What one key is: how it is pressed, what it does, and in which words."""

from __future__ import annotations

from ..core.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One thing a person can do."""

    keys: str
    """As Textual names them, several by commas."""
    action: str
    label: str
    """Two words or so, for the hints."""
    teaches: str
    """A sentence, for the help."""
    cli: str = ""
    """The command line's equivalent; RUN and STEP stand for those at the cursor. Empty: there is none."""
    shown: str = ""
    """How the keys are written; empty: as they are named."""

    @property
    def display(self) -> str:
        """Return how the keys are written."""
        return self.shown or self.keys.replace(",", " ")
