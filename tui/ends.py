"""Runs that end while somebody looks elsewhere: which ones, and what the terminal is told of it."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.errors import GraftError
from ..core.ids import RunId
from ..core.runs import Run
from ..core.signs import MARKS
from ..core.text import clean
from ..core.workspace import Workspace

MOST = 20
"""Ends that are told at once."""


class Ends:
    """Knows which runs went on when it last looked."""

    def __init__(self, notify: str) -> None:
        """`notify`: when the terminal is told, as in `config.NOTIFY`."""
        self._notify = notify
        self._going: frozenset[RunId] = frozenset()

    def read(self, space: Workspace, going: Sequence[Run]) -> list[Run]:
        """Return the runs that went on and have ended; for a thread."""
        now = frozenset(run.id for run in going)
        gone, self._going = sorted(self._going - now)[:MOST], now
        ended: list[Run] = []
        for run_id in gone:
            try:
                run = space.show(run_id)
            except GraftError:  # it was taken out of the store
                continue
            if run.state.is_final:
                ended.append(run)
        return ended

    def signal(self, run: Run, *, is_away: bool) -> str:
        """Return what the terminal is told: its bell, and a notification (OSC 9); empty: nothing."""
        if self._notify == "off" or (self._notify == "away" and not is_away):
            return ""
        return f"\x1b]9;{clean(run.pipeline)}: {MARKS[run.state].word}\x1b\\\a"
