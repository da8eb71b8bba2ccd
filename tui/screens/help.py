"""Help that does: everything that can be done here, found by typing, started by Enter."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Protocol, runtime_checkable

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen, Screen
from textual.widgets import Input

from ...core.records import dataclass
from ..glyphs import Glyphs
from ..keys import KEYS, Key, bindings
from ..tones import Line, Tone
from ..widgets.field import Field
from ..widgets.grid import Column, Grid
from ..widgets.rows import ListRows
from .page import recolour

LAST = ("row.", "sheet.", "pane.", "log.left", "log.right", "interrupt", "quit", "refresh", "theme", "palette", "goto")
"""Ids of keys that only move, or are the same everywhere: found without help. And nobody leaves by Enter at once."""
HIDDEN = frozenset({"help", "back"})
"""Keys that the help leaves out: they lead here and away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One thing that can be done on a screen now."""

    id: str
    key: Key
    call: Callable[[], Any]
    """Does it."""
    reason: str = ""
    """Why it cannot be done now; empty: it can."""


@runtime_checkable
class Keyed(Protocol):
    """An app whose keys a person may have chosen."""

    keys: Mapping[str, Key]


def offers(screen: Screen[Any]) -> list[Offer]:
    """Return what can be done on a screen, with its focus where it is; what is the same everywhere comes last."""
    found: dict[str, Offer] = {}
    keys = screen.app.keys if isinstance(screen.app, Keyed) else KEYS
    for active in screen.active_bindings.values():
        key_id = active.binding.id
        if key_id in KEYS and key_id not in found:
            reason = getattr(screen, "reason_against", None)
            found[key_id] = Offer(
                id=key_id,
                key=keys[key_id],
                call=partial(screen.app.run_action, active.binding.action, active.node),
                reason=reason(key_id) if callable(reason) else "",
            )
    return sorted(found.values(), key=lambda offer: offer.id.startswith(LAST))


class Help(ModalScreen[None]):
    """Keys, what they do, and the commands that do the same."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("back")]

    def __init__(self, found: Sequence[Offer], glyphs: Glyphs) -> None:
        super().__init__()
        self._glyphs = glyphs
        self._offers = [each for each in found if each.id not in HIDDEN]

    def compose(self) -> ComposeResult:
        """Put the search above the list."""
        columns = [
            Column(title="KEY", width=9, cell=lambda each: [(each.key.display, Tone.KEY)]),
            Column(title="WHAT", width=14, cell=_label),
            Column(title="TYPE TO SEARCH, ENTER DOES IT", width=24, share=3, cell=_teaches),
            Column(title="COMMAND", width=22, share=1, rank=1, cell=lambda each: [(each.key.cli, Tone.CYAN)]),
        ]
        with Vertical(classes="dialog") as dialog:
            dialog.styles.width = 118
            yield Field(placeholder="what do you want to do?")
            yield Grid[Offer](columns, _id, glyphs=self._glyphs)

    def on_mount(self) -> None:
        """Show everything."""
        grid = self.query_one(Grid)
        recolour(self)
        rows: ListRows[Offer] = ListRows(self._offers, _id)
        grid.set_rows(rows)
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show what holds all words typed."""
        words = event.value.lower().split()
        kept = [each for each in self._offers if all(word in _searched(each) for word in words)]
        rows: ListRows[Offer] = ListRows(kept, _id)
        self.query_one(Grid).set_rows(rows)

    def on_input_submitted(self) -> None:
        """Do what the cursor is on."""
        self._do()

    def on_grid_opened(self) -> None:
        """Do what was opened."""
        self._do()

    def key_down(self) -> None:
        """Move in the list while typing."""
        self.query_one(Grid).action_move(1)

    def key_up(self) -> None:
        """Move in the list while typing."""
        self.query_one(Grid).action_move(-1)

    def action_back(self) -> None:
        """Close."""
        self.dismiss()

    def _do(self) -> None:
        offer = self.query_one(Grid).current
        if isinstance(offer, Offer) and not offer.reason:
            self.dismiss()
            self.app.call_later(offer.call)


def _id(offer: Offer) -> str:
    return offer.id


def _label(offer: Offer) -> Line:
    return [(offer.key.label, Tone.DIM if offer.reason else Tone.BOLD)]


def _teaches(offer: Offer) -> Line:
    if offer.reason:
        return [(f"not now: {offer.reason}", Tone.DIM)]
    return [(offer.key.teaches, Tone.TEXT)]


def _searched(offer: Offer) -> str:
    key = offer.key
    return f"{offer.id} {key.display} {key.label} {key.teaches} {key.cli}".lower()
