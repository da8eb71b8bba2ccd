"""The read side of the run log: lists, one run, its steps and attempts. Settles dead runs before it answers."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping

from ..core.artifacts import MetricPoint, Output
from ..core.errors import MissingError
from ..core.graph import Node
from ..core.ids import RunId
from ..core.listings import Spread
from ..core.ports import RunQuery
from ..core.runs import Attempt, Run, StepRun
from ..core.states import Status
from .convert import (
    ATTEMPT_COLUMNS,
    METRIC_COLUMNS,
    OUTPUT_COLUMNS,
    RUN_COLUMNS,
    STEP_COLUMNS,
    attempt_from_row,
    metric_from_row,
    outputs_from_rows,
    steps_from_rows,
)
from .database import Database
from .graphs import Graphs, Numbered
from .interruption import settle
from .layout import Layout
from .listing import page, spread, to_run
from .names import find_run, short_ids

_STEPS = (
    f"SELECT {STEP_COLUMNS} FROM step LEFT JOIN attempt"
    " ON attempt.run = step.run AND attempt.node = step.node AND attempt.n = step.shown"
    " WHERE step.run = ? ORDER BY step.node"
)
_OUTPUTS = (
    f"SELECT step.node, {OUTPUT_COLUMNS} FROM step"
    " JOIN output ON output.run = step.run AND output.node = step.node AND output.attempt = step.shown"
    " LEFT JOIN artifact ON artifact.sha256 = output.sha256 AND output.bytes IS NULL AND NOT is_file"
    " WHERE step.run = ? AND step.state IN ('SUCCESS', 'CACHED', 'FAILURE') ORDER BY step.node, position"
)
_METRICS = (
    f"SELECT step.node, {METRIC_COLUMNS.replace('step', 'metric.step')} FROM step"
    " JOIN metric ON metric.run = step.run AND metric.node = step.node AND metric.attempt = step.shown"
    " WHERE step.run = ? ORDER BY step.node, position"
)
_ENDED = f"SELECT {ATTEMPT_COLUMNS} FROM attempt JOIN run ON run.seq = attempt.run WHERE attempt.run = ?"
_LIVE = (
    "SELECT node, attempts, step.state, NULL, dispatched, NULL, NULL, NULL, NULL, NULL, run.code, NULL"
    " FROM step JOIN run ON run.seq = step.run WHERE step.run = ? AND step.state = 'STARTED'"
)


class StoredHistory:
    """`History` on SQLite; any thread may use it."""

    def __init__(self, layout: Layout, database: Database, graphs: Graphs) -> None:
        self._layout = layout
        self._database = database
        self._graphs = graphs

    def find(self, text: str, project: str | None) -> RunId:
        """Resolve a run id, unique prefix (>= 4), `@last`, `@last~N`, `@last-failed` or tag.

        Raises:
            MissingError: nothing fits, with the nearest; or the prefix is ambiguous, with the candidates.
        """
        dead = settle(self._database, self._layout)
        with self._database.reading() as connection:
            return find_run(connection, text, project, dead)

    def runs(self, query: RunQuery) -> list[Run]:
        """Return runs, newest first."""
        dead = settle(self._database, self._layout)
        with self._database.reading() as connection:
            return page(connection, query, dead)

    def spread(self, query: RunQuery, every: int) -> Spread:
        """Count the runs of a query and mark every so many of them."""
        dead = settle(self._database, self._layout)
        with self._database.reading() as connection:
            return spread(connection, query, every, dead)

    def run(self, run: RunId) -> Run:
        """Return one run.

        Raises:
            MissingError: no such run.
        """
        dead = settle(self._database, self._layout, self._row(run)[0])
        with self._database.reading() as connection:
            row = connection.execute(f"SELECT {RUN_COLUMNS} FROM run WHERE id = ?", (run,)).fetchone()
            return to_run(row, dead)

    def steps(self, run: RunId) -> list[StepRun]:
        """Return the steps of a run in definition order, each with the outputs of its last good attempt.

        A failed one comes with what its attempt left as evidence.

        Raises:
            MissingError: no such run.
        """
        seq, graph_seq = self._row(run)
        is_dead = bool(settle(self._database, self._layout, seq))
        with self._database.reading() as connection:
            # Read in one transaction: a step must not get the outputs of a later state, nor lack its node.
            connection.execute("BEGIN")
            try:
                found = self._graphs.of(connection, seq, graph_seq)
                rows = connection.execute(_STEPS, (seq,)).fetchall()
                outputs = outputs_by_node(connection, seq)
                metrics = _metrics_by_node(connection, seq)
            finally:
                connection.execute("COMMIT")
        nodes = found.graph.nodes
        numbers = [found.index[node.path] for node in nodes]
        by_number = {row[0]: row for row in rows}
        return steps_from_rows(
            [by_number[number] for number in numbers],
            nodes,
            [outputs.get(number, ()) for number in numbers],
            [metrics.get(number, ()) for number in numbers],
            is_dead=is_dead,
        )

    def attempts(self, run: RunId, node: str | None = None) -> dict[str, list[Attempt]]:
        """Return attempts by path, oldest first; of one step when `node` is given.

        Raises:
            MissingError: no such run, or no such step in it.
        """
        seq, graph_seq = self._row(run)
        is_dead = bool(settle(self._database, self._layout, seq))
        with self._database.reading() as connection:
            connection.execute("BEGIN")
            try:
                found = self._graphs.of(connection, seq, graph_seq)
                if node is not None and node not in found.index:
                    raise MissingError(f"run {run} has no step '{node}'")
                which, number = ("", ()) if node is None else (" AND node = ?", (found.index[node],))
                rows = connection.execute(f"{_ENDED}{which}", (seq, *number)).fetchall()
                rows += connection.execute(f"{_LIVE}{which}", (seq, *number)).fetchall()
            finally:
                connection.execute("COMMIT")
        tries: dict[int, list[Attempt]] = {}
        for row in sorted(rows, key=lambda row: (row[0], row[1])):
            shown = (*row[:2], Status.INTERRUPTED, *row[3:]) if is_dead and row[2] == Status.STARTED else row
            at, attempt = attempt_from_row(shown)
            tries.setdefault(at, []).append(attempt)
        return {each.path: tries[at] for at, each in in_definition_order(found) if at in tries}

    def short_ids(self, runs: Iterable[RunId]) -> Mapping[RunId, str]:
        """Return for each run the shortest prefix, of at least 4 characters, that no other run of the store has."""
        with self._database.reading() as connection:
            return short_ids(connection, runs)

    def _row(self, run: RunId) -> tuple[int, int]:
        with self._database.reading() as connection:
            row: tuple[int, int] | None = connection.execute(
                "SELECT seq, graph FROM run WHERE id = ?", (run,)
            ).fetchone()
        if row is None:
            raise MissingError(f"there is no run {run}", "'graft ls' lists them")
        return row


def in_definition_order(found: Numbered) -> Iterator[tuple[int, Node]]:
    """Yield number and node of each step, as people see them."""
    index = found.index
    return ((index[node.path], node) for node in found.graph.nodes)


def outputs_by_node(connection: sqlite3.Connection, seq: int) -> dict[int, list[Output]]:
    """Return by position the current outputs of each good step of a run, and what failed ones left as evidence."""
    found: dict[int, list[Output]] = {}
    rows = connection.execute(_OUTPUTS, (seq,)).fetchall()
    for row, output in zip(rows, outputs_from_rows([row[1:] for row in rows]), strict=True):
        found.setdefault(row[0], []).append(output)
    return found


def _metrics_by_node(connection: sqlite3.Connection, seq: int) -> dict[int, list[MetricPoint]]:
    found: dict[int, list[MetricPoint]] = {}
    for node, *row in connection.execute(_METRICS, (seq,)):
        found.setdefault(node, []).append(metric_from_row(tuple(row)))
    return found
