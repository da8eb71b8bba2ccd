"""The numbers that steps told: a table with the change since the run before, and how the one at the cursor went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from ...core.document import roll_up
from ...core.linechart import line_chart
from ...core.ports import RunQuery
from ...core.runs import Run
from ...core.states import Status
from ...core.text import clean, cut
from ...core.workspace import Workspace
from ..glyphs import Glyphs
from ..keys import bindings
from ..metricrows import MetricRow, metric_rows
from ..tones import Line, Tone
from ..widgets.grid import Column, Grid
from ..widgets.rows import ListRows
from ..widgets.sheet import Sheet
from .part import Part
from .steplist import Told
from .stepsheet import sparkline

SPARKS = 24
LOOKED_AT = 20
"""Runs among which the one before is looked for."""


class MetricPart(Part):
    """Metrics above, the line of one of them below."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("chart.scale")]
    HINTS: ClassVar[tuple[str, ...]] = ("chart.scale", "tab.next", "run.retry", "copy")
    DEFAULT_CSS = "MetricPart Grid { height: 1fr; } MetricPart Sheet { height: 60%; min-height: 6; padding: 1 1 0 1; }"

    def __init__(self, name: str, glyphs: Glyphs) -> None:
        super().__init__(name, glyphs)
        self.grid: Grid[MetricRow] = Grid(self._columns(), lambda row: row.name, glyphs=glyphs, empty=self._nothing)
        self.sheet = Sheet()
        self.is_log = False
        self._before: tuple[Run | None, Mapping[str, object]] | None = None
        self._is_read = False

    def compose(self) -> ComposeResult:
        """Put the table over the chart."""
        yield self.grid
        yield self.sheet

    @property
    def target(self) -> Grid[MetricRow]:
        """Return the table."""
        return self.grid

    async def show(self, told: Told) -> None:
        """Show the numbers there are."""
        if self._before is None:
            run = told.run
            self._before = await self.page.ask(lambda space: _before(space, run))
        found = metric_rows(told.steps, self._before[1])
        is_first, self._is_read = not self._is_read, True
        rows = ListRows(found, lambda row: row.name)
        if is_first:
            self.grid.set_rows(rows)
        else:
            self.grid.replace_rows(rows)
        self.sheet.display = bool(found)
        self._draw()

    def status(self) -> tuple[Line, Line]:
        """Return what they are compared with."""
        run = self._before[0] if self._before is not None else None
        left: Line = [(f"compared with run {run.id[:6]}", Tone.DIM)] if run is not None else []
        return left, [("log scale", Tone.KEY)] if self.is_log else []

    def on_grid_moved(self, event: Grid.Moved) -> None:
        """Draw the metric the cursor came to."""
        event.stop()
        self._draw()

    def on_grid_opened(self, event: Grid.Opened) -> None:
        """There is nothing more to open."""
        event.stop()

    def on_resize(self) -> None:
        """Draw for the new size."""
        self.call_after_refresh(self._draw)

    def action_scale(self) -> None:
        """Draw by the logarithm, or not."""
        self.is_log = not self.is_log
        self._draw()
        self.page.show_bars()

    def _draw(self) -> None:
        row, room = self.grid.current, self.sheet.room
        if row is None:
            self.sheet.show([])
            return
        odd = f"   {row.odd}" if row.odd else ""
        lines: list[Line] = [[(clean(row.name), Tone.BOLD), (f"   {self._range(row)}{odd}", Tone.DIM)]]
        if len(row.points) > 1:
            drawn = line_chart(
                row.points,
                max(20, room.width - 1),
                max(3, room.height - 1),
                is_ascii=self.glyphs.is_ascii,
                is_log=self.is_log,
            )
            lines += [[(text, Tone.CYAN)] for text in drawn]
        else:
            lines.append([("one value: there is no line to draw", Tone.DIM)])
        self.sheet.show(lines)

    def _range(self, row: MetricRow) -> str:
        numbers = [y for _, y in row.points if y == y and abs(y) != float("inf")]
        if not numbers:
            return ""
        return f"{len(row.points):,} values, {min(numbers):.4g} to {max(numbers):.4g}"

    def _nothing(self) -> Sequence[Line]:
        if not self._is_read:
            return []
        call = 'graftline.log_metric("auc", 0.9)'
        return [[], [("  No numbers yet. A step tells one by ", Tone.DIM), (call, Tone.CYAN)]]

    def _columns(self) -> list[Column[MetricRow]]:
        return [
            Column(title="METRIC", width=18, share=2, cell=lambda row: [(row.name, Tone.BOLD)]),
            Column(title="LAST", width=14, share=1, is_right=True, cell=self._value),
            Column(title="BEFORE", width=10, rank=3, is_right=True, cell=self._earlier),
            Column(title="CHANGE", width=10, rank=1, is_right=True, cell=self._change),
            Column(title="", width=SPARKS, rank=2, cell=self._spark),
        ]

    def _value(self, row: MetricRow) -> Line:
        return [(cut(row.text, 40, ellipsis=self.glyphs.ellipsis), Tone.TEXT)]

    def _earlier(self, row: MetricRow) -> Line:
        return [] if row.before is None else [(MetricRow(name="", value=row.before, points=()).text, Tone.DIM)]

    def _change(self, row: MetricRow) -> Line:
        change = row.change
        if change is None or change != change:
            return []
        return [(f"{change:+.4g}" if change else "=", Tone.DIM if not change else Tone.YELLOW)]

    def _spark(self, row: MetricRow) -> Line:
        return [(sparkline([y for _, y in row.points], self.glyphs, SPARKS) if len(row.points) > 1 else "", Tone.CYAN)]


def _before(space: Workspace, run: Run) -> tuple[Run | None, Mapping[str, object]]:
    """Return the newest good run of the pipeline before one, and its metrics."""
    query = RunQuery(project=run.project, pipeline=run.pipeline, states=(Status.SUCCESS,), limit=LOOKED_AT)
    found = next((each for each in space.runs(query) if each.created < run.created and each.id != run.id), None)
    return (None, {}) if found is None else (found, roll_up(space.steps(found.id)))
