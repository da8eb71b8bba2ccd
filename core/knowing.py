"""Which steps of a graph have a result that would serve if it ran now, found without starting anything."""

from __future__ import annotations

from collections.abc import Sequence

from .artifacts import Output
from .events import Fact, StepJoined, StepJudged, StepReused
from .evidencing import Circumstances, is_control
from .graph import CallKind, Graph, Node
from .judging import Judge, Judged
from .scheduler import Scheduler
from .states import Status
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
        self._asked: set[str] = set()
        self._found: dict[str, tuple[str, tuple[Output, ...]]] = {}

    def results(self) -> dict[str, tuple[str, tuple[Output, ...]]]:
        """Return by path the key and the outputs of each step whose result is known; of items of maps too."""
        news: list[Fact] = []
        while True:
            self._advance(news)
            fresh = self._scheduler.fresh()
            if not fresh:
                break
            news = [each for each in self._judged(fresh) if not isinstance(each, StepJudged)]
        # What only comes after a step that must run, and takes nothing of it, is known all the same.
        while taken := [node.path for node in self._scheduler.plot.nodes.values() if self._is_told(node)]:
            for each in self._judged(taken):
                if isinstance(each, StepReused):
                    self._values.add(each.node, each.outputs)
        return self._found

    def _judged(self, paths: Sequence[str]) -> list[Judged]:
        self._asked.update(paths)
        judged = self._judge.judge(paths, self._now)
        for each in judged:
            evidence = self._judge.evidence(each.node)
            if isinstance(each, StepReused) and evidence is not None:
                self._found[each.node] = evidence.key, each.outputs
        return judged

    def _is_told(self, node: Node) -> bool:
        """Tell whether a step that waits has all it takes, and is no end of something that may still grow."""
        operation = self._scheduler.plot.origin.operations[node.operation]
        return (
            node.path not in self._asked
            and self._scheduler.states[node.path] is Status.PENDING
            and not is_control(operation)
            and operation.call.kind is not CallKind.REDUCE
            and node.guard is None
            and not node.files
            and not self._values.missing(node.path)
        )

    def _advance(self, news: Sequence[Fact]) -> None:
        turn = self._scheduler.advance(news, self._now)
        while True:
            for fact in turn.facts:
                if isinstance(fact, StepReused | StepJoined):
                    self._values.add(fact.node, fact.outputs)
            if not turn.joins:
                return
            turn = self._scheduler.advance([self._values.join(path, self._now) for path in turn.joins], self._now)
