"""`Results` in memory: what the facts say, gone through from the first."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graftline.core.artifacts import Output
from graftline.core.errors import MissingError
from graftline.core.events import AttemptSucceeded, ResultKept, StepJudged
from graftline.core.ids import RunId
from graftline.core.keys import Evidence
from graftline.core.reusing import Judgement, Result

if TYPE_CHECKING:
    from memory_store import MemoryStore


@dataclass
class _Kept:
    """One result, with what it depends on."""

    evidence: Evidence
    result: Result


class MemoryResults:
    """Keeps nothing of its own."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def find(self, keys: Sequence[str]) -> dict[str, list[Result]]:
        found: dict[str, list[Result]] = {}
        for kept in sorted(self._kept(), key=lambda kept: -kept.result.at):
            if kept.evidence.key in keys:
                found.setdefault(kept.evidence.key, []).append(kept.result)
        return {key: results[:8] for key, results in found.items()}

    def damaged(self, results: Sequence[Result]) -> list[str | None]:
        return [next(filter(None, map(self._damage, result.outputs)), None) for result in results]

    def judgement(self, run: RunId, node: str) -> Judgement | None:
        if node not in self._store.record(run).steps:
            raise MissingError(f"run {run} has no step '{node}'")
        judged = self._judged(run, node)
        if judged is None:
            return None
        kept = [
            kept.result
            for kept in self._kept()
            if (kept.result.run, kept.result.node, kept.evidence) == (run, node, judged.evidence)
        ]
        return Judgement(
            verdict=judged.verdict,
            detail=judged.detail,
            evidence=judged.evidence,
            seen=kept[-1].seen if kept else {},
            is_kept=bool(kept),
        )

    def earlier(
        self, project: str, pipeline: str, places: Sequence[str], *, before: RunId | None = None
    ) -> dict[str, tuple[RunId, str]]:
        found: dict[str, tuple[RunId, str]] = {}
        limit = self._age(before) if before else None
        for kept in sorted(self._kept(), key=lambda kept: self._age(kept.result.run)):
            spec, place = self._store.records[kept.result.run].spec, kept.evidence.place
            judged = self._judged(kept.result.run, kept.result.node)
            is_on_record = judged is not None and judged.evidence == kept.evidence
            is_older = limit is None or self._age(kept.result.run) < limit
            if (spec.project, spec.pipeline) == (project, pipeline) and place in places and is_on_record and is_older:
                found[place] = kept.result.run, kept.result.node
        return found

    def _age(self, run: RunId) -> tuple[float, RunId]:
        return self._store.record(run).spec.created, run

    def _judged(self, run: RunId, node: str) -> StepJudged | None:
        facts = [fact for each, group in self._store.groups if each == run for fact in group]
        return next((fact for fact in reversed(facts) if isinstance(fact, StepJudged) and fact.node == node), None)

    def _kept(self) -> Iterator[_Kept]:
        evidence: dict[tuple[RunId, str], Evidence | None] = {}
        ends: dict[tuple[RunId, str, int], AttemptSucceeded] = {}
        for run, group in self._store.groups:
            for fact in group:
                if isinstance(fact, StepJudged):
                    evidence[run, fact.node] = fact.evidence
                elif isinstance(fact, AttemptSucceeded):
                    ends[run, fact.node, fact.attempt] = fact
                elif isinstance(fact, ResultKept) and fact.node in self._store.record(run).steps:
                    end, known = ends[run, fact.node, fact.attempt], evidence[run, fact.node]
                    assert known is not None
                    result = Result(
                        run=run, node=fact.node, at=fact.at, seen=fact.seen, outputs=end.outputs, metrics=end.metrics
                    )
                    yield _Kept(known, result)

    def _damage(self, output: Output) -> str | None:
        data = self._store.bytes.get(output.ref.sha256) if output.ref.inline is None else output.ref.inline
        if data is None:
            return f"the stored value of '{output.name}' is missing"
        is_right = hashlib.sha256(data).hexdigest() == output.ref.sha256
        return None if is_right else f"the stored value of '{output.name}' is damaged"
