"""The trials of a search: a table that is ranked while they run, the leaderboard afterwards, and the document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from shlex import quote
from typing import Any

from ..core.document import inline_json, jsonable, metrics_of
from ..core.events import (
    AttemptCancelled,
    AttemptDispatched,
    AttemptFailed,
    AttemptSucceeded,
    Fact,
    StepProgressed,
    StepSettled,
    StepYielded,
)
from ..core.graph import Graph
from ..core.ids import RunId
from ..core.quantities import duration_text
from ..core.records import dataclass, replace
from ..core.runs import RunSpec, StepRun
from ..core.states import Status
from ..core.supply import Constant
from ..core.trials import BEST, NUMBER, PARAMS, SearchSpec, child_id, said_of, told, trial_number
from .look import MARKS, Ink, Look
from .table import Cell, Column, table
from .text import clean, cut, metric_text

PREFIX = 8
"""Characters of a trial's run id in commands: to look for the shortest would take a query each."""
SHOWN = 10
"""Trials of a leaderboard unless somebody asks for more."""
_RUNNING, _WAITING = 1, 3
_PLACES = {Status.STARTED: _RUNNING, Status.FAILURE: 2, Status.CANCELLED: 2, Status.INTERRUPTED: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRow:
    """One trial as it stands."""

    number: int
    state: Status
    params: Mapping[str, Any]
    """What it is told; empty while nobody knows."""
    score: float | None = None
    metrics: Mapping[str, Any] | None = None
    seconds: float | None = None
    began: float | None = None
    """Wall time; None: it waits, or is over."""
    share: float | None = None
    """How far it is, 0 to 1; None: not told."""
    cause: str = ""
    run: str | None = None
    """Id of its run; None: it has none yet."""


class TrialBoard:
    """Keeps the trials of a search up by the facts of its run.

    Args:
        record: of the search.
        graph: of its run.
    """

    def __init__(self, record: SearchSpec, graph: Graph):
        self.record = record
        self._rows: dict[str, TrialRow] = {}
        for node in graph.nodes:
            number = trial_number(node.path)
            if number is not None:
                params = {each.name: each.source.value for each in node.arguments if isinstance(each.source, Constant)}
                self._rows[node.path] = TrialRow(number=number, state=Status.PENDING, params=params)

    @property
    def rows(self) -> list[TrialRow]:
        """Return the trials in order."""
        return list(self._rows.values())

    def load(self, steps: Sequence[StepRun], run: str) -> None:
        """Take over what is on record."""
        for row in recorded(self.record, steps, run):
            path = f"trials/{row.number}"
            self._rows[path] = row if row.params else replace(row, params=self._rows[path].params)

    def take(self, facts: Sequence[Fact]) -> None:
        """Bring the trials up to date."""
        for fact in facts:
            row = self._rows.get(getattr(fact, "node", ""))
            if row is not None:
                self._rows[f"trials/{row.number}"] = self._changed(row, fact)

    def remark(self, path: str) -> str:
        """Return what is said of a trial in one line: its parameters and its score."""
        row = self._rows.get(path)
        if row is None:
            return ""
        words = [f"{clean(name)}={_value(value)}" for name, value in row.params.items()]
        if row.score is not None:
            words.append(f"{clean(self.record.metric or '')} {metric_text(row.score)}")
        return " ".join(words)

    def _changed(self, row: TrialRow, fact: Fact) -> TrialRow:
        match fact:
            case AttemptDispatched():
                return replace(row, state=Status.STARTED, began=fact.at, seconds=None, cause="", score=None, share=None)
            case StepYielded() if isinstance(fact.value, dict):
                return replace(row, params=fact.value)
            case StepProgressed() if fact.total:
                return replace(row, share=min(1.0, fact.done / fact.total))
            case AttemptSucceeded():
                metrics = {each.key: each.value for each in fact.metrics}
                score = _number(metrics.get(self.record.metric or ""))
                return replace(
                    row, state=Status.SUCCESS, began=None, seconds=fact.seconds, metrics=metrics, score=score
                )
            case AttemptFailed():
                cause = f"{fact.error.type}: {fact.error.message}"
                return replace(row, state=Status.FAILURE, began=None, seconds=fact.seconds, cause=cause)
            case AttemptCancelled():
                return replace(row, state=Status.CANCELLED, began=None, seconds=fact.seconds)
            case StepSettled():
                return replace(row, state=fact.state, began=None)
            case _:
                return row


def recorded(record: SearchSpec, steps: Sequence[StepRun], run: str) -> list[TrialRow]:
    """Return the trials of a run as it has them on record, in order."""
    found = []
    for step in steps:
        number = trial_number(step.path)
        if number is None:
            continue
        said, child = said_of(step.outputs)
        params: Mapping[str, Any] = said or dict(step.params)
        if child is None and step.attempts and params:
            child = child_id(RunId(run), step.path, told(params))
        metrics = metrics_of(step)
        found.append(
            TrialRow(
                number=number,
                state=step.state,
                params=params,
                score=_number(metrics.get(record.metric or "")) if step.state.is_good else None,
                metrics=metrics,
                seconds=step.seconds,
                began=step.started if step.state is Status.STARTED else None,
                cause="" if step.error is None else f"{step.error.type}: {step.error.message}",
                run=child,
            )
        )
    return found


def ranked(record: SearchSpec, rows: Sequence[TrialRow]) -> list[tuple[int | None, TrialRow]]:
    """Return the trials, the best first, each with its place; those without a score have none, and come last."""
    sign = -1.0 if record.is_maximum else 1.0
    pairs = [(sign * each.score, each.number, each) for each in rows if each.score is not None]
    scored = [each for *_, each in sorted(pairs, key=lambda pair: pair[:2])]
    rest = [each for each in rows if each.score is None]
    rest.sort(key=lambda each: (_PLACES.get(each.state, _WAITING), each.number))
    if record.metric is None:
        return [(None, each) for each in rows]
    return [*enumerate(scored, 1), *((None, each) for each in rest)]


def trial_table(
    look: Look, record: SearchSpec, rows: Sequence[TrialRow], *, now: float, room: int | None = None
) -> list[str]:
    """Return the lines of the table: rank, parameters, metric, state, time.

    Args:
        room: the most lines; None: any number.
    """
    order = ranked(record, rows)
    shown = [each for each in order if each[1].state is not Status.PENDING or each[1].params]
    most = len(shown) if room is None else max(1, room - 2)
    if len(shown) > most:
        # What runs is always among them: the rest of the room is for the best.
        live = [each for each in shown if each[1].state is Status.STARTED][:most]
        best = [each for each in shown if each[1].state is not Status.STARTED][: most - len(live)]
        shown = [each for each in shown if each in live or each in best]
    names = list(dict.fromkeys(name for _, row in shown for name in row.params))
    heads = [
        Column(title="RANK", is_right=True),
        Column(title="TRIAL", is_right=True),
        *(Column(title=name, is_right=True, shrinks=True) for name in names),
        Column(title=record.metric or "", is_right=True),
        Column(title="STATE"),
        Column(title="TIME", is_right=True),
        Column(title="NOTE", shrinks=True, rank=1),
    ]
    lines = table(look, heads, [_row(look, place, row, names, now) for place, row in shown], indent=2)
    left = len(rows) - len(shown)
    return [*lines, look.paint(look.said(f"  … {left:,} more"), Ink.DIM)] if left else lines


def leaderboard(look: Look, spec: RunSpec, steps: Sequence[StepRun], now: float, *, top: int | None) -> list[str]:
    """Return the trials of a run that is on record, the best of them first.

    Args:
        top: the most trials shown; None: `SHOWN`.
    """
    assert spec.search is not None
    rows = recorded(spec.search, steps, spec.id)
    return ["", look.paint("trials", Ink.DIM), *trial_table(look, spec.search, rows, now=now, room=(top or SHOWN) + 2)]


def best_line(look: Look, spec: RunSpec, steps: Sequence[StepRun]) -> str:
    """Return the line on the best trial; empty: there is none."""
    record, best = spec.search, next((each for each in steps if each.path == BEST), None)
    if record is None or best is None or not best.state.is_good:
        return ""
    said = {each.name: inline_json(each) for each in best.outputs}
    params = said.get(PARAMS) or {}
    words = ", ".join(f"{clean(str(name))}={_value(value)}" for name, value in params.items())
    score = _number(metrics_of(best).get(record.metric or ""))
    parts = [f"best: trial {said.get(NUMBER)}", words]
    if score is not None:
        parts.append(f"{clean(record.metric or '')} {metric_text(score)}")
    return cut(look.dot.join(parts), look.width, ellipsis=look.ellipsis)


def next_of(spec: RunSpec, steps: Sequence[StepRun], state: Status, short: str) -> list[tuple[str, str]]:
    """Return commands that lead on from a search, each with what it does."""
    record = spec.search
    assert record is not None
    rows = recorded(record, steps, spec.id)
    found = []
    failed = next((row for row in rows if row.state is Status.FAILURE and row.run is not None), None)
    if failed is not None and failed.run is not None:
        child = failed.run[:PREFIX]
        found += [(f"graft logs {child}", f"all that trial {failed.number} wrote")]
        found += [(f"graft debug {child}", "its failed step again, in a debugger")]
    if state in (Status.FAILURE, Status.CANCELLED):
        found.append((f"graft retry {short}", "trials that failed or were not finished"))
    elif state is Status.INTERRUPTED:
        found.append((f"graft resume {short}", "trials that were not finished"))
    elif state is Status.STARTED:
        found += [(f"graft attach {short}", "follow it"), (f"graft cancel {short}", "stop it")]
    if any(row.run is not None for row in rows):
        sign = "" if record.is_maximum else "-"
        by = "" if record.metric is None else f" --by {sign}{quote(record.metric)}"
        columns = f" --columns {quote(','.join(record.names))}"
        found.append((f"graft runs --parent {short}{by}{columns}", "the runs of its trials"))
    return found


def trials_document(spec: RunSpec, steps: Sequence[StepRun]) -> dict[str, Any]:
    """Return what the document of a search has beside that of its run: the trials, the best first."""
    record = spec.search
    if record is None:
        return {}
    order = ranked(record, recorded(record, steps, spec.id))
    trials = [
        {
            "trial": row.number,
            "rank": place,
            "run": row.run,
            "state": row.state.value,
            "params": jsonable(row.params),
            "score": row.score,
            "metrics": jsonable(row.metrics or {}),
            "seconds": row.seconds,
            "error": row.cause or None,
        }
        for place, row in order
    ]
    ranking = {"metric": record.metric, "direction": "maximize" if record.is_maximum else "minimize"}
    return {"search": ranking if record.metric is not None else {}, "trials": trials}


def _row(look: Look, place: int | None, row: TrialRow, names: Sequence[str], now: float) -> list[Cell | str]:
    mark = MARKS[row.state]
    took = row.seconds if row.began is None else max(0.0, now - row.began)
    note = row.cause.partition("\n")[0]
    if row.began is not None and row.share:
        note = f"{row.share:.0%}"
    ink = (Ink.BOLD,) if place == 1 else ()
    return [
        Cell("" if place is None else str(place), ink),
        str(row.number),
        *(Cell(_value(row.params[name]) if name in row.params else "", ink) for name in names),
        Cell("" if row.score is None else metric_text(row.score), ink),
        Cell(look.state(row.state), (mark.ink,)),
        "" if took is None else duration_text(took),
        note,
    ]


def _value(value: Any) -> str:
    """Return a value of a parameter: numbers as short as a person reads them."""
    if isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            return clean(value)
        return value if len(value) <= SHORT else f"{number:.4g}"
    return metric_text(value)


SHORT = 8
"""Characters of a number up to which it is shown as it was written."""


def _number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and value == value
    return float(value) if is_number else None
