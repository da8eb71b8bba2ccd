"""A run over time: for each row of its steps when it waited, ran, failed and ran again, and what it waits for still.

Pure: records in, bars out. The terminal, the command line and the page in HTML draw the same ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum, auto
from statistics import median

from .folding import Row
from .forecast import Forecast, begun_of, critical_path, ends_of
from .quantities import duration_text
from .reasons import reason_text
from .records import dataclass, replace
from .roles import Composites, Role
from .runs import Attempt, Run, StepRun
from .signs import WORST_FIRST
from .states import Reason, Status
from .timescale import Stretch, merged, stretches


class Phase(Enum):
    """What a bar tells."""

    WAIT = auto()
    """Ready, and not begun: no worker was free."""
    RUN = auto()
    CACHED = auto()
    """A moment: an earlier result was taken over."""
    SPAN = auto()
    """From the first start to the last end inside a composite."""
    AHEAD = auto()
    """When it will run, by how long it took before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One piece of time of one row."""

    phase: Phase
    start: float
    """Wall time."""
    end: float
    state: Status
    attempt: int = 0
    """Number of the attempt; 0: it is of none."""
    path: str = ""
    """Of the step; empty for what several share."""
    is_critical: bool = False
    """Had it been shorter, the run would have been."""

    @property
    def is_live(self) -> bool:
        """Tell whether it grows."""
        return self.phase is Phase.RUN and self.state is Status.STARTED

    @property
    def seconds(self) -> float:
        """Return its length."""
        return self.end - self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One row of the chart."""

    key: str
    """Names it for good: a path, one with `*`, or a worker."""
    label: str
    depth: int = 0
    state: Status
    bars: tuple[Bar, ...]
    role: Role = Role.STEP
    members: tuple[str, ...] = ()
    """Paths of the steps in it."""
    done: int = 0
    """Of several members, how many have ended well."""
    durations: tuple[float, float, float] | None = None
    """Of several members the shortest, the median and the longest, in seconds."""
    note: str = ""
    """Why there is no bar; of a worker how long it was busy."""

    @property
    def seconds(self) -> float | None:
        """Return how long it ran at last; of a composite from first to last; None: it did not."""
        ran = [bar.seconds for bar in self.bars if bar.phase in (Phase.RUN, Phase.SPAN)]
        return ran[-1] if ran else None

    @property
    def tries(self) -> int:
        """Return how many attempts a step had; 0 for a family."""
        return 0 if len(self.members) > 1 else max((bar.attempt for bar in self.bars), default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The chart of a run, before anybody draws it."""

    lanes: tuple[Lane, ...]
    pieces: tuple[Stretch, ...]
    """Time in which something happened or will; between two of them the chart is folded. Empty: nothing began."""
    now: float
    is_live: bool
    left_s: float | None = None
    """Seconds until it ends, by how long its steps took before; None: it is over, or that is not known."""


def timeline(
    run: Run,
    composites: Composites,
    rows: Sequence[Row],
    steps: Sequence[StepRun],
    attempts: Mapping[str, Sequence[Attempt]],
    *,
    now: float,
    past: Mapping[str, float] | None = None,
    jobs: int = 1,
) -> Timeline:
    """Return a run over time, a lane for each row.

    Args:
        run: it is of.
        composites: of its graph.
        rows: of its table (`folding.rows`).
        steps: of the run, in definition order.
        attempts: by path, oldest first.
        now: wall time; where running bars end.
        past: how long steps took before, in seconds by path; steps that are not in it are not foretold.
        jobs: steps that may run at once.
    """
    return _Build(run, composites, steps, attempts, now, past or {}, jobs).chart(rows)


def worker_timeline(run: Run, attempts: Mapping[str, Sequence[Attempt]], *, now: float, jobs: int = 1) -> Timeline:
    """Return a run over time, a lane for each worker; attempts that run have not told theirs and stand at the end.

    Args: as for `timeline`.
    """
    closing = run.finished if run.finished is not None else now
    begun = begun_of(attempts, jobs)
    by_worker: dict[str, list[Bar]] = {}
    unknown: list[Bar] = []
    for path, tried in attempts.items():
        for each in tried:
            bar = _ran(each, path, closing, begun)
            if each.worker is not None:
                by_worker.setdefault(each.worker, []).append(bar)
            elif bar.phase is Phase.RUN:
                unknown.append(bar)
    lanes = [_worker_lane(name, bars) for name, bars in sorted(by_worker.items(), key=lambda found: _natural(found[0]))]
    for at, bars in enumerate(_side_by_side(unknown), start=1):
        lanes.append(_worker_lane(f"at work {at}", bars))
    pieces = stretches([(bar.start, bar.end) for lane in lanes for bar in lane.bars])
    return Timeline(lanes=tuple(lanes), pieces=pieces, now=now, is_live=not run.state.is_final)


class _Build:
    """Everything that the lanes of one run are made from."""

    def __init__(
        self,
        run: Run,
        composites: Composites,
        steps: Sequence[StepRun],
        attempts: Mapping[str, Sequence[Attempt]],
        now: float,
        past: Mapping[str, float],
        jobs: int,
    ) -> None:
        self._run, self._now = run, now
        self._steps = {step.path: step for step in steps}
        self._attempts = attempts
        # What was at work when its process died ended no later than the run did, as far as anybody knows.
        self._closing = run.finished if run.finished is not None else now
        begun = begun_of(attempts, jobs)
        self._ran = {
            path: [_ran(each, path, self._closing, begun) for each in tried] for path, tried in attempts.items()
        }
        own = {path: bars[-1].end for path, bars in self._ran.items() if bars}
        self._began = min(
            (bar.start for bars in self._ran.values() for bar in bars), default=run.started or run.created
        )
        self._ends = ends_of(self._steps, own, self._began)
        self._critical = critical_path(self._steps, own, self._ends)
        self._busy = stretches(
            [
                (each.dispatched, max(each.dispatched, bar.end))
                for path, bars in self._ran.items()
                for each, bar in zip(attempts[path], bars, strict=True)
            ]
        )
        is_live = run.state in (Status.STARTED, Status.PENDING)
        self._ahead = (
            Forecast(composites, self._steps, self._ends, past, begun, now=now, jobs=jobs) if is_live else None
        )

    def chart(self, rows: Sequence[Row]) -> Timeline:
        lanes = tuple(self._lane(row) for row in rows)
        spans = [(bar.start, bar.end) for lane in lanes for bar in lane.bars]
        return Timeline(
            lanes=lanes,
            pieces=stretches(spans),
            now=self._now,
            is_live=not self._run.state.is_final,
            left_s=None if self._ahead is None else self._ahead.left_s,
        )

    def _lane(self, row: Row) -> Lane:
        lane = Lane(
            key=row.path,
            label=row.label,
            depth=row.depth,
            role=row.role,
            members=row.members,
            state=Status.SKIPPED,
            bars=(),
        )
        if row.is_untaken:
            return replace(lane, note=reason_text(Reason.BRANCH))
        members = [self._steps[path] for path in row.members if path in self._steps]
        if len(members) != 1:
            return self._family(lane, members)
        (step,) = members
        bars = self._inside(row.path) if row.role.is_composite else self._of_step(step)
        state = step.state
        if state is Status.PENDING and row.role.is_composite and any(bar.end >= self._now for bar in bars):
            state = Status.STARTED
        return replace(lane, state=state, bars=tuple(bars), note="" if bars else reason_text(step.reason))

    def _family(self, lane: Lane, members: Sequence[StepRun]) -> Lane:
        bars = [bar for step in members for bar in self._of_step(step)]
        took = sorted(step.seconds for step in members if step.seconds is not None)
        states = {step.state for step in members}
        return replace(
            lane,
            state=next((status for status in WORST_FIRST if status in states), Status.PENDING),
            bars=tuple(sorted(bars, key=lambda bar: bar.start)),
            done=sum(step.state.is_good for step in members),
            durations=(took[0], median(took), took[-1]) if took else None,
        )

    def _of_step(self, step: StepRun) -> list[Bar]:
        if step.state is Status.CACHED:
            at = self._ends[step.path]
            return [Bar(phase=Phase.CACHED, start=at, end=at, state=step.state, path=step.path)]
        bars: list[Bar] = []
        for each, ran in zip(self._attempts.get(step.path, ()), self._ran.get(step.path, ()), strict=True):
            ready = each.dispatched if bars else self._ready(step, each.dispatched)
            if ran.phase is Phase.WAIT:
                bars.append(replace(ran, start=ready))
                continue
            if ran.start > ready:
                bars.append(replace(ran, phase=Phase.WAIT, start=ready, end=ran.start))
            bars.append(replace(ran, is_critical=step.path in self._critical))
        return bars + self._coming(step)

    def _coming(self, step: StepRun) -> list[Bar]:
        found = None if self._ahead is None else self._ahead.spans.get(step.path)
        if found is None:
            return []
        return [Bar(phase=Phase.AHEAD, start=found[0], end=found[1], state=step.state, path=step.path)]

    def _ready(self, step: StepRun, dispatched: float) -> float:
        """Return when a step could have begun; while nothing of the run went on, nothing waited for a worker."""
        ready = max((self._ends[need] for need in step.needs if need in self._ends), default=self._began)
        begun = max((piece.start for piece in self._busy if piece.start <= dispatched), default=dispatched)
        return min(dispatched, max(ready, begun))

    def _inside(self, path: str) -> list[Bar]:
        """Return the stretches in which something inside a composite went on."""
        below = f"{path}/"
        spans = [(bar.start, bar.end) for each, bars in self._ran.items() if each.startswith(below) for bar in bars]
        spans += [(bar.start, bar.end) for bar in self._ran.get(path, ())]
        state = self._steps[path].state
        return [Bar(phase=Phase.SPAN, start=one.start, end=one.end, state=state, path=path) for one in stretches(spans)]


def _ran(attempt: Attempt, path: str, closing: float, begun: Mapping[str, float | None]) -> Bar:
    """Return the bar of an attempt; one that has told nothing yet ran since it began or, at the latest, waits still."""
    start = attempt.dispatched if attempt.started is None else attempt.started
    if attempt.state is Status.STARTED and path in begun:
        since = begun[path]
        if since is None:
            return Bar(phase=Phase.WAIT, start=start, end=max(start, closing), state=attempt.state, path=path)
        start = since
    end = max(start, closing) if attempt.seconds is None and not _is_over(attempt) else start + (attempt.seconds or 0.0)
    return Bar(phase=Phase.RUN, start=start, end=end, state=attempt.state, attempt=attempt.n, path=path)


def _is_over(attempt: Attempt) -> bool:
    return attempt.state.is_final and attempt.state is not Status.INTERRUPTED


def _worker_lane(name: str, bars: Iterable[Bar]) -> Lane:
    found = tuple(sorted(bars, key=lambda bar: bar.start))
    states = {bar.state for bar in found}
    busy = sum(one.end - one.start for one in merged([(bar.start, bar.end) for bar in found]))
    took = sorted(bar.seconds for bar in found)
    return Lane(
        key=name,
        label=name,
        state=next(status for status in WORST_FIRST if status in states),
        bars=found,
        members=tuple(dict.fromkeys(bar.path for bar in found)),
        done=sum(bar.state.is_good for bar in found),
        durations=(took[0], median(took), took[-1]),
        note=f"busy {duration_text(busy)}",
    )


def _side_by_side(bars: Iterable[Bar]) -> list[list[Bar]]:
    """Return bars in as few rows as hold them without one over another."""
    rows: list[list[Bar]] = []
    for bar in sorted(bars, key=lambda each: each.start):
        for row in rows:
            if row[-1].end <= bar.start and not row[-1].is_live:
                row.append(bar)
                break
        else:
            rows.append([bar])
    return rows


def _natural(name: str) -> tuple[object, ...]:
    """Return what sorts `w9` before `w10`."""
    head = name.rstrip("0123456789")
    return head, int(name[len(head) :] or 0)
