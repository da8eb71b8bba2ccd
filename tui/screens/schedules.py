"""Schedules and triggers: what starts runs without a person. Today that is a watch, and programs of the system."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from ...core.moments import ago
from ...core.ports import RunQuery
from ...core.runs import Run
from ..keys import bindings
from ..tones import Line, Tone
from ..widgets.sheet import Sheet
from .page import Page
from .runlines import short, state_span

LOOKED_AT = 500
"""Newest runs whose origins are counted."""


class Schedules(Page):
    """What there is, what there is not yet, and how to do without."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("places.watch")]
    HINTS = ("places.watch", "goto", "back")

    def __init__(self) -> None:
        super().__init__()
        self._runs: list[Run] = []

    def body(self) -> ComposeResult:
        """Show lines alone."""
        with Container(id="body"):
            yield Sheet(id="list")

    def crumbs(self) -> tuple[Line, Line]:
        """Return where one is."""
        return [("Schedules and triggers", Tone.BOLD)], ()

    def on_mount(self) -> None:
        """Give the lines the focus."""
        self.query_one("#list", Sheet).focus()

    async def reload(self) -> None:
        """Count who started the newest runs."""
        query = RunQuery(project=self.bridge.project, with_children=True, limit=LOOKED_AT)
        self._runs = await self.ask(lambda space: space.runs(query))
        self.query_one("#list", Sheet).show(self._lines())

    def _lines(self) -> list[Line]:
        glyphs, now = self.graft.glyphs, self.bridge.now()
        lines: list[Line] = [
            [],
            [
                ("  No schedules and no triggers.", Tone.BOLD),
                ("  This version has none; what there is instead:", Tone.DIM),
            ],
            [],
            [("    W", Tone.KEY), ("  watches files and runs what a save concerns", Tone.TEXT)],
            [("    graft run -d", Tone.CYAN), ("  in a crontab or a timer runs at a time", Tone.TEXT)],
            [("    graft events -f --json", Tone.CYAN), ("  tells other programs what happens", Tone.TEXT)],
        ]
        origins = Counter(run.origin for run in self._runs)
        if origins:
            lines += [[], [("  who started the newest runs", Tone.TITLE)]]
        for origin, count in origins.most_common():
            last = next(run for run in self._runs if run.origin == origin)
            lines.append(
                [
                    (f"    {origin:<10}", Tone.KEY),
                    (f"{count:>5,}   last ", Tone.TEXT),
                    state_span(last.state, glyphs),
                    (f"  {short(last)}  {last.pipeline}  {ago(last.created, now)}", Tone.DIM),
                ]
            )
        return lines
