"""What each fact makes of the tables: the rows of a group, gathered by statement and written with `executemany`.

Facts about different steps commute, so they are gathered; a second fact about one step in the same group first flushes
what was gathered. Growing touches no step that is there, and its rows are written first. Every change of state names
the state it starts from, and a statement that touches fewer rows than it was given means that the race was lost.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from ..core.artifacts import MetricPoint, Output
from ..core.canonical import canonical
from ..core.codec import error_to_json
from ..core.errors import ConflictError
from ..core.events import (
    AttemptCancelled,
    AttemptDispatched,
    AttemptEnded,
    AttemptFailed,
    AttemptSucceeded,
    Fact,
    GraphGrown,
    ResultKept,
    RetryScheduled,
    StepJoined,
    StepJudged,
    StepReset,
    StepReused,
    StepSettled,
)
from ..core.graph import Growth
from ..core.growth import Plot
from ..core.states import Status, can_become
from .convert import metric_to_row
from .graphs import Numbered
from .judged import BASIS, BY_KEY, BY_PLACE, JUDGEMENT, RESULT, Judged

ROW_LIMIT = 256
"""Bytes up to which a value stands in its output row: no digest index to touch."""

_REMEMBERED = 10_000
"""Digests a run remembers to have stored, some 1 MB."""

_DISPATCH = "UPDATE step SET state = 'STARTED', attempts = ?, dispatched = ? WHERE run = ? AND node = ? AND state = ?"
_CLEAR = "UPDATE step SET reason = NULL, shown = NULL, cached_from = NULL WHERE run = ? AND node = ? AND state = ?"
_END = (
    "UPDATE step SET state = ?, reason = ?, shown = ? WHERE run = ? AND node = ? AND state = 'STARTED' AND attempts = ?"
)
_ATTEMPT = "INSERT INTO attempt VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?)"
_SETTLE = (
    "UPDATE step SET state = ?, reason = ?, shown = NULL, cached_from = NULL WHERE run = ? AND node = ? AND state = ?"
)
_RESET = (
    "UPDATE step SET state = 'PENDING', reason = NULL, shown = NULL, cached_from = NULL, dispatched = NULL"
    " WHERE run = ? AND node = ? AND state = ?"
)
_RETRY = "UPDATE step SET state = 'PENDING', reason = NULL WHERE run = ? AND node = ? AND state = ?"
_REUSE = (
    "UPDATE step SET state = 'CACHED', reason = NULL, shown = 0, cached_from = ?, dispatched = ?"
    " WHERE run = ? AND node IN (SELECT value FROM json_each(?)) AND state = ?"
)
"""Of all steps at once that are reused from one run: half the time of a statement for each."""
_JOIN = (
    "UPDATE step SET state = 'SUCCESS', reason = NULL, shown = 0, cached_from = NULL, dispatched = ?"
    " WHERE run = ? AND node = ? AND state = 'PENDING'"
)
_GROWTH = "INSERT INTO growth VALUES (?, ?, ?, ?)"
_STEP = "INSERT INTO step (run, node, state) VALUES (?, ?, 'PENDING')"
_FORGET_OUTPUTS = "DELETE FROM output WHERE run = ? AND node = ? AND attempt = 0"
_FORGET_METRICS = "DELETE FROM metric WHERE run = ? AND node = ? AND attempt = 0"
_ARTIFACT = "INSERT INTO artifact (sha256, bytes) VALUES (?, ?) ON CONFLICT DO NOTHING"
_OUTPUT = "INSERT INTO output VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_METRIC = "INSERT INTO metric VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_ON_STEPS = (_GROWTH, _STEP, _CLEAR, _DISPATCH, _ATTEMPT, _END, _SETTLE, _RESET, _RETRY, _REUSE, _JOIN)
_ON_RESULTS = (_FORGET_OUTPUTS, _FORGET_METRICS, _ARTIFACT, _OUTPUT, _METRIC)
_ORDER = (*_ON_STEPS, *_ON_RESULTS, BASIS, JUDGEMENT, RESULT, BY_KEY, BY_PLACE)
_OF_STEPS = frozenset(
    {
        AttemptDispatched,
        AttemptSucceeded,
        AttemptFailed,
        AttemptCancelled,
        RetryScheduled,
        StepReset,
        StepSettled,
        StepReused,
        StepJoined,
    }
)
"""Facts that change a step; of the others only `GraphGrown`, `StepJudged` and `ResultKept` make rows."""
_MAY_TOUCH_LESS = frozenset({_ARTIFACT, _FORGET_OUTPUTS, _FORGET_METRICS, BASIS})

# As exact `str`: sqlite3 asks its adapters about each value of a subclass, 0.8 us.
_PENDING_TEXT = Status.PENDING.value
_SUCCESS_TEXT = Status.SUCCESS.value

Rows = dict[str, list[tuple[Any, ...]]]


class Projection:
    """The steps of one run as its only writer knows them, and the rows that facts turn into.

    `write` executes inside the caller's transaction; `keep` after its commit makes the new states the known ones.
    Without `keep` they are forgotten.
    """

    def __init__(
        self,
        run: int,
        found: Numbered,
        states: list[Status],
        counts: Mapping[str, int],
        judged: Judged,
        *,
        is_first: bool,
    ) -> None:
        """Begin; `is_first`: nobody hosted the run before, so that until one is reset no step has to forget."""
        self._run = run
        self._is_first = is_first
        self._judged = judged
        self._graph = found.graph
        self._index = dict(found.index)
        self._states = states
        self._grown = list(found.graph.growth)
        """What grew so far, `write` included."""
        self._known_growths = len(self._grown)
        self._plot: Plot | None = None
        """The graph as `_grown` says, from the first growth on: most graphs have none."""
        self.counts: dict[str, int] = dict(counts)
        """Steps by status, `write` included."""
        self._known_counts = dict(counts)
        self._live: dict[int, tuple[int, float]] = {}
        """Number and dispatch time of the live attempts."""
        self._stored: set[bytes] = set()
        """Digests this run has stored inline already."""
        self._changed: dict[int, Status] = {}
        self._handed: dict[int, tuple[int, float]] = {}
        self._storing: set[bytes] = set()
        self._logged: dict[int, int] = {}
        """How many metrics came with the results of this `write`, of those that have some."""
        self._rows: Rows = {sql: [] for sql in _ORDER}
        self._reused: dict[tuple[str | None, float, str], list[int]] = {}
        """Steps that are reused in this `write`: by run, time and state before, their numbers."""
        self._begun = self._done = self._passed = 0
        """Steps that went from PENDING to STARTED, from there to SUCCESS, and from PENDING to CACHED; not in `counts`
        before all are known."""

    def write(self, connection: sqlite3.Connection, facts: Sequence[Fact]) -> None:
        """Execute what the facts make of steps, attempts, outputs and metrics; facts about the run are the caller's.

        Raises:
            ConflictError: a fact does not follow from the state its step is in.
        """
        self._changed, self._handed, self._storing, self._logged = {}, {}, set(), {}
        self._begun = self._done = self._passed = 0
        self.counts = dict(self._known_counts)
        self._judged.begin()
        rows = self._rows
        for group in rows.values():  # not empty where the last `write` was refused
            group.clear()
        self._reused.clear()
        if len(self._grown) > self._known_growths:  # refused as well
            self._shrink()
        gathered: set[int] = set()
        index = self._index
        for fact in facts:
            kind = type(fact)
            if kind not in _OF_STEPS:
                if kind is StepJudged:
                    node = index[fact.node]  # type: ignore[union-attr]
                    if node in gathered:  # an earlier result of it is kept by the judgement before
                        self._flush(connection)
                        gathered.clear()
                    self._judged.judge(fact, node, rows)  # type: ignore[arg-type]
                elif kind is ResultKept:
                    node = index[fact.node]  # type: ignore[union-attr]
                    self._judged.result(connection, fact, node, self._logged.get(node, 0), rows)  # type: ignore[arg-type]
                elif kind is GraphGrown:
                    self._grow(fact, rows)  # type: ignore[arg-type]
                continue
            node = index[fact.node]  # type: ignore[union-attr]  # narrowed by the lines above
            if node in gathered:
                self._flush(connection)
                gathered.clear()
            gathered.add(node)
            # Exact types, not isinstance: two facts an attempt, and unions cost 1 us each.
            if kind is AttemptDispatched:
                self._dispatch(fact, node, rows)  # type: ignore[arg-type]
            elif kind is AttemptSucceeded:
                self._succeed(fact, node, rows)  # type: ignore[arg-type]
            elif kind is StepReused:
                self._reuse(fact, node, rows)  # type: ignore[arg-type]
            else:
                self._gather(fact, node, rows)  # type: ignore[arg-type]
        self._count(Status.PENDING, Status.STARTED, self._begun)
        self._count(Status.STARTED, Status.SUCCESS, self._done)
        self._count(Status.PENDING, Status.CACHED, self._passed)
        self._judged.index(facts[-1], rows)
        self._flush(connection)

    def keep(self) -> None:
        """Take the last `write` as committed."""
        for node, state in self._changed.items():
            self._states[node] = state
            if state is not Status.STARTED:
                self._live.pop(node, None)
            elif node in self._handed:
                self._live[node] = self._handed[node]
        self._stored |= self._storing
        if len(self._stored) > _REMEMBERED:
            self._stored.clear()
        self._known_counts = self.counts
        self._known_growths = len(self._grown)
        self._judged.keep()

    def _grow(self, fact: GraphGrown, rows: Rows) -> None:
        """Give the next numbers to the nodes of a map's items or of a loop's next iteration."""
        if self._plot is None:
            self._plot = self._replayed(len(self._grown))
        path, plot = fact.node, self._plot
        number = self._index[path]
        state = self._changed.get(number) or self._states[number]
        if plot.nodes[path].grows is None or any(each.node == path for each in self._grown) or not state.is_good:
            raise ConflictError(f"step '{path}' is {state} and cannot grow")
        rows[_GROWTH].append((self._run, len(self._grown), number, fact.size))
        added = plot.grow(path, fact.size).added
        self._grown.append(Growth(path, fact.size))
        first = len(self._states)
        self._index.update((node.path, first + at) for at, node in enumerate(added))
        self._states += [Status.PENDING] * len(added)
        rows[_STEP] += [(self._run, first + at) for at in range(len(added))]
        self.counts[Status.PENDING] = self.counts.get(Status.PENDING, 0) + len(added)

    def _shrink(self) -> None:
        """Forget what grew in a `write` that was not committed."""
        self._plot = self._replayed(self._known_growths)
        del self._grown[self._known_growths :]
        self._index = {path: number for number, path in enumerate(self._plot.nodes)}
        del self._states[len(self._index) :]

    def _replayed(self, growths: int) -> Plot:
        plot = Plot(self._graph.origin or self._graph)
        for growth in self._grown[:growths]:
            plot.grow(*growth)
        return plot

    def _dispatch(self, fact: AttemptDispatched, node: int, rows: Rows) -> None:
        old = self._move(node, Status.STARTED, fact.node)
        if old is Status.PENDING:
            rows[_DISPATCH].append((fact.attempt, fact.at, self._run, node, _PENDING_TEXT))
        else:
            rows[_CLEAR].append((self._run, node, old))
            rows[_DISPATCH].append((fact.attempt, fact.at, self._run, node, old))
        self._handed[node] = fact.attempt, fact.at

    def _succeed(self, fact: AttemptSucceeded, node: int, rows: Rows) -> None:
        self._results(node, fact.attempt, fact.outputs, fact.metrics, rows)
        self._end(fact, node, Status.SUCCESS, (fact.cpu_seconds, fact.peak_bytes), None, rows)

    def _reuse(self, fact: StepReused, node: int, rows: Rows) -> None:
        old = self._move(node, Status.CACHED, fact.node)
        text = _PENDING_TEXT if old is Status.PENDING else old.value
        self._reused.setdefault((fact.from_run, fact.at, text), []).append(node)
        self._take_over(node, fact.outputs, fact.metrics, rows)

    def _gather(
        self,
        fact: StepReset | AttemptFailed | AttemptCancelled | RetryScheduled | StepSettled | StepJoined,
        node: int,
        rows: Rows,
    ) -> None:
        run = self._run
        if isinstance(fact, AttemptFailed):
            self._results(node, fact.attempt, fact.outputs, fact.metrics, rows)
            error = canonical(error_to_json(fact.error))
            self._end(fact, node, Status.FAILURE, (fact.cpu_seconds, fact.peak_bytes), error, rows)
        elif isinstance(fact, AttemptCancelled):
            self._end(fact, node, Status.CANCELLED, (None, None), None, rows)
        elif isinstance(fact, StepSettled):
            old = self._move(node, fact.state, fact.node)
            if old is Status.STARTED:
                attempt, dispatched = self._live_attempt(node, fact.at)
                nothing = (None,) * 4
                rows[_ATTEMPT].append((run, node, attempt, fact.state, fact.reason, dispatched, *nothing, None, None))
            rows[_SETTLE].append((fact.state, fact.reason, run, node, old))
        elif isinstance(fact, StepReset):
            self._is_first = False
            rows[_RESET].append((run, node, self._move(node, Status.PENDING, fact.node)))
        elif isinstance(fact, RetryScheduled):
            rows[_RETRY].append((run, node, self._move(node, Status.PENDING, fact.node)))
        else:
            self._join(fact, node, rows)

    def _join(self, fact: StepJoined, node: int, rows: Rows) -> None:
        old = self._move(node, Status.SUCCESS, fact.node)
        if old is not Status.PENDING:
            raise ConflictError(f"step '{fact.node}' is {old} and cannot end without an attempt")
        rows[_JOIN].append((fact.at, self._run, node))
        self._take_over(node, fact.outputs, (), rows)

    def _take_over(self, node: int, outputs: Sequence[Output], metrics: Sequence[MetricPoint], rows: Rows) -> None:
        """Give a step results that no attempt of it made, in place of those it took over before."""
        if not self._is_first:
            rows[_FORGET_OUTPUTS].append((self._run, node))
            rows[_FORGET_METRICS].append((self._run, node))
        self._results(node, 0, outputs, metrics, rows)

    def _end(
        self,
        fact: AttemptEnded,
        node: int,
        state: Status,
        usage: tuple[float | None, int | None],
        error: str | None,
        rows: Rows,
    ) -> None:
        run, attempt, reason = self._run, fact.attempt, fact.reason
        self._move(node, state, fact.node)
        _, dispatched = self._live_attempt(node, fact.at)
        text = _SUCCESS_TEXT if state is Status.SUCCESS else state.value
        rows[_END].append((text, reason, attempt, run, node, attempt))
        rows[_ATTEMPT].append(
            (run, node, attempt, text, reason, dispatched, fact.started, fact.seconds, *usage, fact.worker, error)
        )

    def _results(
        self, node: int, attempt: int, outputs: Sequence[Output], metrics: Sequence[MetricPoint], rows: Rows
    ) -> None:
        run = self._run
        for position, (name, role, (sha256, size, serializer, inline)) in enumerate(outputs):
            digest = bytes.fromhex(sha256)
            in_row = inline
            if inline is not None and len(inline) > ROW_LIMIT:
                in_row = None
                if digest not in self._stored and digest not in self._storing:
                    self._storing.add(digest)
                    rows[_ARTIFACT].append((digest, inline))
            rows[_OUTPUT].append(
                (run, node, attempt, position, name, role, digest, size, serializer, inline is None, in_row)
            )
        if metrics:
            self._logged[node] = len(metrics)
        for position, point in enumerate(metrics):
            rows[_METRIC].append((run, node, attempt, position, *metric_to_row(point)))

    def _live_attempt(self, node: int, at: float) -> tuple[int, float]:
        """Return number and dispatch time; `at` only if this host never dispatched it, which `_END` then refuses."""
        return self._handed.get(node) or self._live.get(node, (0, at))

    def _move(self, node: int, new: Status, path: str) -> Status:
        """Note that the step becomes `new` and return what it was."""
        old = self._changed.get(node) or self._states[node]
        self._changed[node] = new
        # The two of each attempt, and that of a reused step, need no table: enums are hashed in Python, 0.5 us.
        if old is Status.PENDING and new is Status.STARTED:
            self._begun += 1
        elif old is Status.STARTED and new is Status.SUCCESS:
            self._done += 1
        elif old is Status.PENDING and new is Status.CACHED:
            self._passed += 1
        elif can_become(old, new):
            self._count(old, new, 1)
        else:
            raise ConflictError(f"step '{path}' is {old} and cannot become {new}")
        return old

    def _count(self, old: Status, new: Status, steps: int) -> None:
        if steps:
            self.counts[old] = self.counts.get(old, 0) - steps
            self.counts[new] = self.counts.get(new, 0) + steps

    def _flush(self, connection: sqlite3.Connection) -> None:
        """Execute what was gathered."""
        rows = self._rows
        for (from_run, at, old), nodes in self._reused.items():
            rows[_REUSE].append((from_run, at, self._run, f"[{','.join(map(str, nodes))}]", old))
        for sql, group in rows.items():
            if group:
                touched = connection.executemany(sql, group).rowcount
                wanted = len(group) if sql is not _REUSE else sum(map(len, self._reused.values()))
                if touched != wanted and sql not in _MAY_TOUCH_LESS:
                    raise ConflictError("another process changed the steps of this run", "see who with 'graft show'")
                group.clear()
        self._reused.clear()
