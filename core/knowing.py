"""Which steps of a graph have a result that would serve if it ran now, found without starting anything."""

from __future__ import annotations

from collections.abc import Sequence

from .artifacts import Output
from .events import Fact, StepJoined, StepJudged, StepReused
from .evidencing import Circumstances
from .graph import Graph
from .judging import Judge
from .scheduler import Scheduler
from .values import Values

_ENDLESS = 1_000_000_000
"""cpus of a run that nothing waits in."""


class Known:
    """Goes through a graph as the engine would, as far as results are known.

    Args:
        graph: as compiled.
        circumstances: what its steps are judged by.
        now: wall time.
    """

    def __init__(self, graph: Graph, circumstances: Circumstances, now: float):
        self._now = now
        self._scheduler = Scheduler(graph, jobs=_ENDLESS)
        self._values = Values(self._scheduler.plot, {})
        self._judge = Judge(plot=self._scheduler.plot, values=self._values, circumstances=circumstances)

    def results(self) -> dict[str, tuple[str, tuple[Output, ...]]]:
        """Return by path the key and the outputs of each step whose result is known; of items of maps too."""
        found: dict[str, tuple[str, tuple[Output, ...]]] = {}
        news: list[Fact] = []
        while True:
            self._advance(news)
            fresh = self._scheduler.fresh()
            if not fresh:
                return found
            judged = self._judge.judge(fresh, self._now)
            for each in judged:
                evidence = self._judge.evidence(each.node)
                if isinstance(each, StepReused) and evidence is not None:
                    found[each.node] = evidence.key, each.outputs
            news = [each for each in judged if not isinstance(each, StepJudged)]

    def _advance(self, news: Sequence[Fact]) -> None:
        turn = self._scheduler.advance(news, self._now)
        while True:
            for fact in turn.facts:
                if isinstance(fact, StepReused | StepJoined):
                    self._values.add(fact.node, fact.outputs)
            if not turn.joins:
                return
            turn = self._scheduler.advance([self._values.join(path, self._now) for path in turn.joins], self._now)
