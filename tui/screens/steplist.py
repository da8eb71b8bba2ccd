"""The steps of a run as rows of a table: composites above what is inside, families that open and shut."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ...core.errors import GraftError
from ...core.folding import Row, rows
from ...core.graph import Graph
from ...core.ids import RunId
from ...core.quantities import duration_text, size_text
from ...core.records import dataclass, field, replace
from ...core.roles import Composites
from ...core.runs import Run, RunSpec, StepRun
from ...core.signs import MARKS
from ...core.states import Reason, Status
from ...core.steplines import StepLine, StepLines
from ...core.workspace import Workspace
from ..glyphs import Glyphs
from ..relations import ASCII, Relations
from ..tones import TONE_OF, Line, Tone
from ..widgets.grid import Column
from .runlines import Moment, state_span

MEMBERS_SHOWN = 2000
"""Members of an opened family that get rows; who wants more looks at the failed ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A run as it was read, with everything its screen shows worked out."""

    run: Run
    steps: Sequence[StepRun]
    spec: RunSpec | None
    """None: it cannot be read."""
    composites: Composites
    lines: StepLines
    rows: Sequence[Row] = field(default_factory=list)
    untaken: frozenset[str] = frozenset()
    """Paths whose branch was not taken."""
    failed: frozenset[str] = frozenset()
    """Paths that failed by themselves."""
    by_path: Mapping[str, StepRun] = field(default_factory=dict)

    @property
    def graph(self) -> Graph | None:
        """Return the graph, as far as it has grown."""
        return None if self.spec is None else self.spec.graph

    def step(self, path: str | None) -> StepRun | None:
        """Return a step by its path."""
        return self.by_path.get(path) if path is not None else None


def read_run(space: Workspace, run: RunId, before: Told | None) -> Told:
    """Read a run and work out its rows; for a thread.

    Raises:
        GraftError: it cannot be read.
    """
    found = space.show(run)
    steps = space.steps(run)
    # The spec changes when the graph grows or a retry takes other code; both change what steps there are.
    is_known = before is not None and [step.path for step in steps] == [step.path for step in before.steps]
    if is_known and before is not None:
        spec, composites = before.spec, before.composites
    else:
        spec = _spec(space, run)
        composites = Composites(None if spec is None else spec.graph)
    by_path = {step.path: step for step in steps}
    lines = StepLines(composites, steps)
    told = Told(
        run=found,
        steps=steps,
        spec=spec,
        composites=composites,
        lines=lines,
        by_path=by_path,
        untaken=frozenset(step.path for step in steps if step.state is Status.SKIPPED and step.reason == Reason.BRANCH),
        failed=frozenset(step.path for step in steps if step.state is Status.FAILURE and step.reason != Reason.INSIDE),
    )
    if is_known and before is not None and (told.untaken, told.failed) == (before.untaken, before.failed):
        return replace(told, rows=before.rows)  # 15 of the 33 ms that 2,000 steps take
    paths = [step.path for step in steps]
    return replace(told, rows=rows(composites, paths, untaken=told.untaken, always=told.failed))


def opened(told: Told, open_rows: Collection[str]) -> list[Row]:
    """Return the rows with the members of opened families below them."""
    found: list[Row] = []
    for row in told.rows:
        found.append(row)
        if row.path in open_rows and len(row.members) > 1:
            found += [
                Row(path=path, label=path, depth=row.depth + 1, role=row.role, members=(path,))
                for path in row.members[:MEMBERS_SHOWN]
            ]
    return found


def row_key(row: Row) -> str:
    """Return what names a row for good."""
    return row.path


def is_family(row: Row) -> bool:
    """Tell whether a row stands for several steps."""
    return len(row.members) > 1


BAR = 10
"""Columns of the bar that compares how long steps took."""
WAITED = 4
"""Steps that one waits for that are named."""


class StepColumns:
    """The cells of the table; what they tell is worked out for the rows one sees alone."""

    def __init__(self, glyphs: Glyphs, moment: Moment) -> None:
        self._glyphs = glyphs
        self._moment = moment
        self._told: Told | None = None
        self._lines: dict[str, StepLine] = {}
        self._relations: Relations | None = None
        self._here: str | None = None
        self._longest = 0.0
        self.open_rows: set[str] = set()
        """Families whose members have rows."""

    def show(self, told: Told) -> None:
        """Tell of another state of the run."""
        if self._told is None or [step.path for step in told.steps] != [step.path for step in self._told.steps]:
            self._relations = None
        self._told = told
        self._longest = max((step.seconds for step in told.steps if step.seconds is not None), default=0.0)
        self._lines.clear()

    def line(self, row: Row) -> StepLine:
        """Return what a row tells."""
        found = self._lines.get(row.path)
        if found is None:
            assert self._told is not None
            found = self._lines[row.path] = self._told.lines.of(row)
        return found

    def look_from(self, row: Row) -> bool:
        """Tell the other rows how they stand to one; False: they know already."""
        if self._told is None or (self._here == row.path and self._relations is not None):
            return False
        if self._relations is None:
            self._relations = Relations(self._told.steps)
        self._here = row.path
        self._relations.look_from(row.members)
        return True

    @property
    def columns(self) -> list[Column[Row]]:
        """Return the columns."""
        return [
            Column(title="STATE", width=13, cell=self._state),
            Column(title="", width=1, cell=self._relation),
            Column(title="STEP", width=18, share=2, cell=self._name),
            Column(title="TIME", width=7, is_right=True, cell=self._time),
            Column(title="", width=BAR, rank=5, cell=self._bar),
            Column(title="CPU", width=6, is_right=True, rank=4, cell=self._cpu),
            Column(title="MEMORY", width=7, is_right=True, rank=3, cell=self._memory),
            Column(title="TRIES", width=5, is_right=True, rank=2, cell=self._tries),
            Column(title="RESULT", width=14, share=3, rank=1, cell=self._result),
        ]

    def _state(self, row: Row) -> Line:
        return [state_span(self.line(row).state, self._glyphs)]

    def _name(self, row: Row) -> Line:
        mark = ""
        if is_family(row):
            mark = f"{self._glyphs.open if row.path in self.open_rows else self._glyphs.shut} "
        count = f" {self._glyphs.times}{len(row.members):,}" if mark else ""
        tone = Tone.DIM if row.is_untaken or row.role.is_composite else Tone.BOLD
        return [("  " * row.depth + mark, Tone.RULE), (row.label, tone), (count, Tone.DIM)]

    def _time(self, row: Row) -> Line:
        line = self.line(row)
        if line.state is Status.STARTED and line.started is not None and not is_family(row):
            return [(duration_text(max(0.0, self._moment.now - line.started)), TONE_OF[MARKS[Status.STARTED].ink])]
        return [] if line.seconds is None else [(duration_text(line.seconds), Tone.TEXT)]

    def _relation(self, row: Row) -> Line:
        found = None if self._relations is None or row.path == self._here else self._relations.of(row.members)
        return [] if found is None else [(ASCII[found] if self._glyphs.is_ascii else found.value, Tone.KEY)]

    def _bar(self, row: Row) -> Line:
        line = self.line(row)
        seconds = line.seconds
        if line.state is Status.STARTED and line.started is not None:
            seconds = max(0.0, self._moment.now - line.started)
        if seconds is None or row.role.is_composite or is_family(row):
            return []
        cells = seconds / max(self._longest, seconds, 1e-9) * BAR
        tone = TONE_OF[MARKS[line.state].ink]
        return [(self._glyphs.full * max(1, round(cells)), tone if line.state is not Status.SUCCESS else Tone.RULE)]

    def _cpu(self, row: Row) -> Line:
        seconds = self.line(row).cpu_seconds
        return [] if seconds is None else [(duration_text(seconds), Tone.DIM)]

    def _memory(self, row: Row) -> Line:
        peak = self.line(row).peak_bytes
        return [] if peak is None else [(size_text(peak), Tone.DIM)]

    def _tries(self, row: Row) -> Line:
        tries = self.line(row).tries
        return [(str(tries), Tone.YELLOW)] if tries > 1 else []

    def _result(self, row: Row) -> Line:
        line = self.line(row)
        if not line.result and line.state is Status.PENDING and not is_family(row):
            return [(self._waiting(row), Tone.DIM)]
        return [(line.result, Tone.RED if line.is_bad else Tone.DIM)]

    def _waiting(self, row: Row) -> str:
        """Return what a step waits for that has not begun."""
        assert self._told is not None
        step = self._told.step(row.path)
        if step is None or self._told.run.state.is_final:
            return ""
        found = (self._told.step(need) for need in step.needs)
        open_needs = [each.path for each in found if each is not None and not each.state.is_final]
        if not open_needs:
            return "waits for a worker" if self._told.run.state is Status.STARTED else "planned"
        more = self._glyphs.ellipsis if len(open_needs) > WAITED else ""
        return f"waits for {', '.join(open_needs[:WAITED])}{more}"


def _spec(space: Workspace, run: RunId) -> RunSpec | None:
    """Return what a run was started from; None when it cannot be read, so that the rest can still be shown."""
    try:
        return space.spec(run)
    except GraftError:
        return None
