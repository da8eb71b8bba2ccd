"""Two to eight runs side by side: what differs, the best values, the changed lines of code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from ...core.comparing import Comparison, Divergence
from ...core.ids import RunId
from ...core.text import clean, plural
from ...core.workspace import Workspace
from ..keys import bindings
from ..sidebyside import Row, rows_of, runs_of
from ..tones import Line, Span, Tone
from ..widgets.grid import GAP, MARGIN, Column, Grid
from ..widgets.rows import ListRows
from ..widgets.sheet import Sheet
from .page import Page
from .runlines import SHORT

LEAST, MOST = 2, 8
"""Runs that are compared."""
NAME = 26
VALUE = 11
"""Columns of the names, and least of each run."""
PARTS = {"parameters": "param", "metrics": "metric", "environment": "env", "durations": "time", "states": "state"}
"""Parts of a comparison, as a column has room for them; all others as they are."""
LINES = 400
"""Changed lines of one file that are shown."""


class Compare(Page):
    """The table of differences; below it what is behind the row at the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("compare.all", "compare.left", "compare.right", "compare.copy"),
    ]
    HINTS = ("compare.all", "compare.right", "row.open", "compare.copy", "back")

    def __init__(self, runs: Sequence[RunId]) -> None:
        super().__init__()
        self.runs = list(runs)
        self.has_all = False
        """Equal things are shown too."""
        self.first = 0
        """How many of the other runs are left of what one sees."""
        self._found: list[Comparison] = []
        self._rows: list[Row] = []

    def body(self) -> ComposeResult:
        """Put the details below the table."""
        with Container(id="body", classes="stacked"):
            yield Grid[Row](
                self._columns(), lambda row: row.id, glyphs=self.graft.glyphs, empty=self._nothing, id="list"
            )
            yield Sheet(id="detail")

    @property
    def grid(self) -> Grid[Row]:
        """Return the table."""
        return self.query_one("#list", Grid)

    # -- what is shown ---------------------------------------------------------------------------------------------

    def crumbs(self) -> tuple[Line, Line]:
        """Return which runs are compared."""
        sign = "›" if not self.graft.glyphs.is_ascii else ">"
        left: list[Span] = [(f"Runs {sign} ", Tone.DIM), ("Compare", Tone.BOLD)]
        left += [(f"  {run[:SHORT]}", Tone.KEY) for run in self.runs]
        names = list(dict.fromkeys(run.pipeline for run in runs_of(self._found)))
        return left, [(", ".join(names), Tone.DIM)]

    def status(self) -> tuple[Line, Line]:
        """Return what is equal, and the command."""
        same = Counter(row.section for row in self._rows if row.is_same and row.section)
        told = ", ".join(f"{section} {count}" for section, count in same.items())
        left = f"equal: {told}   = shows them" if told and not self.has_all else ""
        return [(left, Tone.DIM)], [(self._command(), Tone.DIM)]

    def _command(self) -> str:
        return f"$ graft diff {self.runs[0][:SHORT]} {self.runs[-1][:SHORT]}"

    def _nothing(self) -> Sequence[Line]:
        if not self._found:
            return [[], [(f"  comparing {self.graft.glyphs.ellipsis}", Tone.DIM)]]
        return [[], [("  Nothing differs.", Tone.BOLD), ("   = shows what is equal", Tone.DIM)]]

    async def reload(self) -> None:
        """Compare once; runs that go on are compared again when the store has moved."""
        if self._found and all(run.state.is_final for run in runs_of(self._found)):
            return
        first, others = self.runs[0], self.runs[1:]

        def read(space: Workspace) -> tuple[list[Comparison], list[Row]]:
            found = [space.inquiry.compare(first, each) for each in others]
            return found, rows_of(found)

        self._found, self._rows = await self.ask(read)
        self._fill()

    def on_mount(self) -> None:
        """Give the table the focus."""
        self.grid.focus()

    def _fill(self) -> None:
        shown = [row for row in self._rows if self.has_all or not row.is_same]
        rows: ListRows[Row] = ListRows(shown, lambda row: row.id)
        self.grid.set_columns(self._columns())
        self.grid.replace_rows(rows)
        self._detail()
        self.show_bars()

    def _columns(self) -> list[Column[Row]]:
        columns: list[Column[Row]] = [
            Column(title="", width=NAME, share=1, cell=self._label),
            self._of_run(0, 0),
        ]
        others = range(1 + self.first, len(self.runs))
        return [*columns, *(self._of_run(at, rank) for rank, at in enumerate(others, start=0))]

    def _of_run(self, at: int, rank: int) -> Column[Row]:
        title = self.runs[at][:SHORT] if at < len(self.runs) else ""
        return Column(title=title, width=VALUE, share=2, rank=rank, cell=lambda row: self._cell(row, at))

    def _label(self, row: Row) -> Line:
        # The part is in the same column: on a narrow terminal others go, and `fit` alone may be its state or its time.
        part: list[Span] = [(f"{PARTS.get(row.section, row.section):<7}", Tone.DIM)] if row.section else []
        return [*part, (row.name, Tone.DIM if row.is_same else Tone.BOLD)]

    def _cell(self, row: Row, at: int) -> Line:
        text = row.values[at] if at < len(row.values) else ""
        if at in row.best:
            return [(f"{self.graft.glyphs.best} {text}", Tone.BOLD)]
        is_other = bool(row.values) and text != row.values[0]
        return [(text, Tone.DIM if row.is_same else Tone.YELLOW if at and is_other else Tone.TEXT)]

    # -- the row at the cursor -------------------------------------------------------------------------------------

    def on_grid_moved(self, event: Grid.Moved) -> None:
        """Show what is behind the row."""
        event.stop()
        self._detail()

    def _detail(self) -> None:
        row = self.grid.current
        sheet = self.query_one("#detail", Sheet)
        if row is None:
            sheet.show([])
        elif row.section == "code":
            sheet.show(self._code(row), is_new=True)
        elif row.name == "first to differ":
            sheet.show(self._firsts(), is_new=True)
        else:
            values = [
                [(f"  {run[:SHORT]}  ", Tone.KEY), (row.values[at], Tone.TEXT)] for at, run in enumerate(self.runs)
            ]
            sheet.show([[(f"{row.section}  {row.name}".strip(), Tone.TITLE)], *values], is_new=True)

    def _firsts(self) -> list[Line]:
        lines: list[Line] = []
        for each in self._found:
            lines.append([(f"{self.runs[0][:SHORT]} and {each.new.id[:SHORT]}", Tone.TITLE)])
            lines += (
                self._first(each.first) if each.first is not None else [[("  every step came out the same", Tone.DIM)]]
            )
        return lines

    def _first(self, first: Divergence) -> list[Line]:
        what = (
            f"made another {', '.join(clean(name) for name in first.outputs[:4])}"
            if first.outputs
            else "ended otherwise"
        )
        what = "is new" if first.old is None else "is gone" if first.new is None else what
        lines: list[Line] = [[(f"  {first.path} ", Tone.BOLD), (what, Tone.TEXT)]]
        lines += [[(f"    {self.graft.outside.phrases.because(each)}", Tone.TEXT)] for each in first.causes]
        if not first.causes and first.is_known:
            lines.append([("    from equal code, parameters and inputs: it is not deterministic", Tone.YELLOW)])
        return lines

    def _code(self, row: Row) -> list[Line]:
        lines: list[Line] = []
        for at, hunks in enumerate(row.hunks):
            if not hunks:
                continue
            lines.append([(f"{row.name}  {self.runs[0][:SHORT]} to {self.runs[at][:SHORT]}", Tone.TITLE)])
            shown = 0
            for hunk in hunks:
                lines.append([(f"  line {hunk.new}", Tone.DIM)])
                for text in hunk.lines[: max(0, LINES - shown)]:
                    tone = Tone.GREEN if text[:1] == "+" else Tone.RED if text[:1] == "-" else Tone.DIM
                    lines.append([(f"  {text}", tone)])
                shown += len(hunk.lines)
            if shown > LINES:
                lines.append([(f"  {plural(shown - LINES, 'further line')}: {self._command()} --full", Tone.DIM)])
        return lines

    # -- actions ---------------------------------------------------------------------------------------------------

    def action_toggle_all(self) -> None:
        """Show equal things too, or differences alone."""
        self.has_all = not self.has_all
        self._fill()

    def action_shift(self, by: int) -> None:
        """Move the runs under the columns; the first one stays."""
        room = max(1, (self.grid.room.width - MARGIN - NAME - GAP) // (VALUE + GAP) - 1)
        self.first = max(0, min(len(self.runs) - 1 - room, self.first + by)) if len(self.runs) > room else 0
        self._fill()

    def on_grid_opened(self, event: Grid.Opened) -> None:
        """Give the details all the room, and the focus to scroll them."""
        event.stop()
        self.add_class("-detail")
        self.query_one("#detail", Sheet).focus()

    def action_copy(self) -> None:
        """Copy the command."""
        self.app.copy_to_clipboard(self._command().removeprefix("$ "))
        self.say("copied", Tone.GREEN)

    def action_back(self) -> None:
        """Go back to the table, then leave."""
        if self.has_class("-detail"):
            self.remove_class("-detail")
            self.grid.focus()
        else:
            super().action_back()
