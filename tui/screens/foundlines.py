"""Lines of many runs' logs that have a text: they come while the search goes on, and lead to where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.widgets import Input

from ...core.errors import GraftError, InvalidError
from ...core.moments import local
from ...core.quantities import size_text
from ...core.records import replace
from ...core.signs import MARKS
from ...core.text import clean, plural
from ..bridge import begin
from ..keys import bindings
from ..loglines import highlighted
from ..lookingup import LookingUp, Row, Search
from ..tones import TONE_OF, Line, Span, Tone
from ..widgets.field import Field
from ..widgets.grid import Column, Grid
from ..widgets.rows import ListRows
from .page import Page
from .runlines import SHORT

SLICE_S = 0.1
"""A thread searches so long at once: what it found is then shown, and whether to go on is asked."""
LEAD = 24
"""Columns of a line before what was found in it, where it does not stand at its beginning."""


class FoundLines(Page):
    """One search, and what it found."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("found.search", "found.stop", "found.copy")]
    HINTS = ("row.open", "found.search", "found.stop", "found.copy", "back")

    def __init__(self, wanted: LookingUp) -> None:
        super().__init__()
        self.wanted = wanted
        self.search: Search | None = None
        """None: nothing was looked for yet."""
        self.is_stopped = False
        self._is_begun = False

    def body(self) -> ComposeResult:
        """Put the field above the list."""
        yield Field(
            self.wanted.text, placeholder="a text that lines have; re: begins a regular expression", id="search"
        )
        with Container(id="body"):
            yield Grid[Row](
                self._columns(), lambda row: row.number, glyphs=self.graft.glyphs, empty=self._nothing, id="list"
            )

    @property
    def grid(self) -> Grid[Row]:
        """Return the list."""
        return self.query_one("#list", Grid)

    @property
    def is_searching(self) -> bool:
        """Tell whether the search goes on."""
        return self.search is not None and not self.search.is_ended and not self.is_stopped

    def _columns(self) -> list[Column[Row]]:
        return [
            Column(title="RUN", width=SHORT + 2, cell=self._run),
            Column(title="PIPELINE", width=14, share=1, rank=3, cell=lambda row: [(row.run.pipeline, Tone.TEXT)]),
            Column(title="STEP", width=14, share=1, rank=1, cell=lambda row: [(row.step, Tone.DIM)]),
            Column(title="WHEN", width=16, rank=2, cell=lambda row: [(local(row.found.hit.at)[:16], Tone.DIM)]),
            Column(title="LINE", width=40, share=6, cell=self._line),
        ]

    def _run(self, row: Row) -> Line:
        mark = MARKS[row.run.state]
        return [(f"{self.graft.glyphs.of(mark)} ", TONE_OF[mark.ink]), (row.run.id[:SHORT], Tone.KEY)]

    def _line(self, row: Row) -> Line:
        assert self.search is not None
        text = clean(row.found.hit.text).strip()
        start = next(self.search.sought.spans(text), (0, 0))[0]
        if start > LEAD * 2:
            text = self.graft.glyphs.ellipsis + text[start - LEAD :]
        return highlighted([(text, Tone.TEXT)], self.search.sought)

    # -- what is shown ---------------------------------------------------------------------------------------------

    def crumbs(self) -> tuple[Line, Line]:
        """Return what is looked for and where; on the right the command that does the same."""
        wanted = self.wanted
        left: list[Span] = [("Lines of all logs", Tone.BOLD)]
        left += [("   / ", Tone.KEY), (wanted.text, Tone.YELLOW)] if wanted.text else []
        where = [MARKS[state].word for state in wanted.states or ()] + wanted.filter.split()
        left += [("   in runs ", Tone.DIM), (" ".join(where), Tone.YELLOW)] if where else []
        left += [("   all projects", Tone.CYAN)] if wanted.project is None else []
        command = wanted.command if self.search is not None else ""
        return left, [(f"$ {command}", Tone.DIM)] if command else []

    def status(self) -> tuple[Line, Line]:
        """Return how far it is, and what could not be read."""
        search = self.search
        if search is None:
            return (), ()
        read, ellipsis = search.read, self.graft.glyphs.ellipsis
        how: Span = (f"searching {ellipsis} x stops", Tone.BLUE)
        if search.is_full:
            how = ("and more: a longer text, or fewer runs, finds the others", Tone.YELLOW)
        elif search.problem is not None:
            how = (clean(search.problem.message), Tone.RED)
        elif self.is_stopped:
            how = ("stopped; R begins anew", Tone.YELLOW)
        elif search.is_over:
            how = ("", Tone.TEXT) if read.problems else ("every run was searched", Tone.GREEN)
        left: list[Span] = [(f"{plural(len(search.rows), 'line')}  ", Tone.TEXT), how]
        if read.problems:
            run, error = read.problems[0]
            others = f" (and {len(read.problems) - 1:,} more)" if len(read.problems) > 1 else ""
            left.append((f" ! {run.id[:SHORT]} was not searched{others}: {clean(error.message)}", Tone.RED))
        at = f", back to {local(read.oldest.created)[:10]}" if read.oldest is not None else ""
        return left, [(f"{plural(read.runs, 'run')}, {size_text(read.size)}{at}", Tone.DIM)]

    def _nothing(self) -> Sequence[Line]:
        search = self.search
        if search is None:
            return [
                [],
                [("  What steps wrote, in every run of the list.", Tone.BOLD)],
                [],
                [("  enter", Tone.KEY), ("  searches, newest runs first; lines come as they are found", Tone.DIM)],
                [("  re:", Tone.KEY), ("    begins a regular expression: re:KeyError: '\\w+'", Tone.DIM)],
            ]
        if self.is_searching:
            return []
        is_cut = self.is_stopped or search.problem is not None
        told = "none so far" if is_cut else f"no line has '{clean(self.wanted.text)}'"
        return [[], [(f"  {told}", Tone.BOLD), ("   / looks for something else", Tone.DIM)]]

    async def reload(self) -> None:
        """Nothing is read anew: what was found stays until `R`."""

    # -- searching -------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Begin to search; without a text, type one."""
        if self.wanted.text:
            self.grid.focus()
            self._begin()
        else:
            self.action_search()

    def _begin(self) -> None:
        try:
            self.search = Search(self.bridge.space, self.wanted, self.bridge.now())
        except InvalidError as error:
            self.complain(error)
            self.action_search()
            return
        self.is_stopped = False
        self.grid.set_rows(ListRows())
        self.show_bars()
        begin(self, partial(self._search, self.search), "search")

    async def _search(self, search: Search) -> None:
        try:
            while search is self.search and self.is_searching:
                fresh = await self.ask(lambda _: search.go_on(SLICE_S))
                if search is not self.search:
                    return
                search.rows += fresh
                if fresh:
                    rows: ListRows[Row] = ListRows(search.rows, lambda row: row.number)
                    self.grid.replace_rows(rows)
                self.show_bars()
            if search is self.search and search.problem is not None:
                self.complain(search.problem)
        except GraftError as error:
            self.is_stopped = True
            self.complain(error)
        self.grid.refresh()

    # -- events and actions ----------------------------------------------------------------------------------------

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Look for what was typed; what means nothing is told, and the field stays."""
        wanted = replace(self.wanted, text=event.value)
        try:
            wanted.sought()
        except InvalidError as error:
            self.complain(error)
            return
        self.wanted = wanted
        self._close_field()
        self._begin()

    def on_grid_opened(self, event: Grid.Opened) -> None:
        """Open the log at the line."""
        event.stop()
        row = self.grid.current
        if row is None or self.search is None:
            return
        from .run import RunScreen

        screen = RunScreen(row.run, "logs")
        screen.step = row.found.hit.node or None
        screen.log_of_step = screen.step is not None
        screen.log_place = row.place(self.search.sought)
        self.app.push_screen(screen)

    def on_grid_moved(self, event: Grid.Moved) -> None:
        """Nothing is shown beside."""
        event.stop()

    def action_search(self) -> None:
        """Type what is looked for; what was stands there."""
        field = self.query_one("#search", Input)
        field.value = self.wanted.text
        field.add_class("-open")
        field.focus()
        field.cursor_position = len(field.value)

    def reason_against(self, key_id: str) -> str:
        """Say why something cannot be done now; empty: it can."""
        if key_id == "found.stop" and not self.is_searching:
            return "nothing is being searched"
        return "there is no line here" if key_id == "found.copy" and self.grid.current is None else ""

    def action_stop(self) -> None:
        """Search no further."""
        if reason := self.reason_against("found.stop"):
            self.say(reason, Tone.DIM)
            return
        self.is_stopped = True
        self.grid.refresh()
        self.show_bars()

    def action_copy(self) -> None:
        """Copy the line at the cursor."""
        row = self.grid.current
        if row is None:
            self.say(self.reason_against("found.copy"), Tone.YELLOW)
            return
        self.app.copy_to_clipboard(clean(row.found.hit.text))
        self.say("copied", Tone.GREEN)

    def action_refresh_now(self) -> None:
        """Search anew: what was written since counts."""
        if self.wanted.text:
            self._begin()

    def action_back(self) -> None:
        """Close the field, then the screen; the search ends with it."""
        if self.query_one("#search", Input).has_class("-open") and self.search is not None:
            self._close_field()
            return
        self.search = None
        super().action_back()

    def _close_field(self) -> None:
        self.query_one("#search", Input).remove_class("-open")
        self.grid.focus()
