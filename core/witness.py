"""The steps of a run as its facts told them, for who watched all of it and does not read ten thousand of them again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Any, TypeAlias

from .events import (
    AttemptDispatched,
    AttemptSucceeded,
    Fact,
    ResultKept,
    RunFinished,
    RunStarted,
    StepJudged,
    StepProgressed,
    StepReused,
    StepYielded,
)
from .graph import Graph
from .packing import records_of
from .records import names_of
from .runs import StepRun
from .session import Observer
from .states import Status
from .supply import Constant

_End: TypeAlias = AttemptSucceeded | StepReused

_ENDS = frozenset({AttemptSucceeded, StepReused})
_PLAIN = _ENDS | {RunStarted, AttemptDispatched, StepJudged, ResultKept, StepYielded, StepProgressed, RunFinished}
"""Facts of a run in which each step was reused, or ran once and went well. All that runs of ten thousand steps have."""

_OF_ATTEMPTS = ("reason", "started", "seconds", "cpu_seconds", "peak_bytes")


class Witness:
    """Sees every fact of one run from its first on, and tells how its steps ended: 0.1 s less than the store takes to
    tell it of 10,000.

    It speaks of runs that went smoothly alone: of another one who was not there may as well be asked.

    Args:
        graph: of the run, as it was compiled; None: it is not seen from its beginning.
        observe: is told as well.
    """

    def __init__(self, graph: Graph | None, observe: Observer):
        self._graph = graph
        self._observe = observe
        self._ends: dict[str, _End] = {}
        self._is_over = False

    def observe(self, facts: Sequence[Fact], /) -> None:
        """Take facts that were committed, and hand them on."""
        if self._graph is not None:
            self._take(facts)
        self._observe(facts)

    def _take(self, facts: Sequence[Fact]) -> None:
        kinds = set(map(type, facts))
        if not kinds <= _PLAIN:
            self._graph = None
            self._ends.clear()
        elif not kinds.isdisjoint(_ENDS):
            self._ends.update([(fact.node, fact) for fact in facts if type(fact) in _ENDS])  # type: ignore[union-attr,misc]
        self._is_over = self._is_over or RunFinished in kinds

    def steps(self) -> list[StepRun] | None:
        """Return what the store has of the steps, in definition order; None: it is to be asked."""
        ends, nodes = self._ends, () if self._graph is None else self._graph.nodes
        if not self._is_over or not nodes or len(ends) != len(nodes):
            return None
        facts: list[Any] = [ends[node.path] for node in nodes]
        columns = _ends_of(facts) | {
            "path": [node.path for node in nodes],
            "name": [node.name for node in nodes],
            "needs": [node.needs for node in nodes],
            "params": [
                {name: source.value for name, source, _ in node.arguments if type(source) is Constant} for node in nodes
            ],
            "error": repeat(None),
            "outputs": [fact.outputs for fact in facts],
            "metrics": [fact.metrics for fact in facts],
            "family": [node.family for node in nodes],
        }
        return records_of(StepRun, [columns[name] for name in names_of(StepRun)])


def _ends_of(facts: Sequence[Any]) -> dict[str, Iterable[Any]]:
    """Return what only the end of a step tells of it; the two kinds have few fields in common."""
    ran = [type(fact) is AttemptSucceeded for fact in facts]
    if not any(ran):
        of_attempts: dict[str, Iterable[Any]] = {"attempts": repeat(0), **dict.fromkeys(_OF_ATTEMPTS, repeat(None))}
        return {"state": repeat(Status.CACHED), "cached_from": [fact.from_run for fact in facts], **of_attempts}
    told = list(zip(facts, ran, strict=True))
    return {
        "state": [Status.SUCCESS if is_own else Status.CACHED for is_own in ran],
        "cached_from": [None if is_own else fact.from_run for fact, is_own in told],
        "attempts": [fact.attempt if is_own else 0 for fact, is_own in told],
        **{name: [getattr(fact, name) if is_own else None for fact, is_own in told] for name in _OF_ATTEMPTS},
    }
