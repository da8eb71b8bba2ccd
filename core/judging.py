"""Whether steps that became ready must run: each is judged by what its result depends on, all of a pass at once.

The engine asks before it starts anything, `graft plan` without one.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from operator import attrgetter
from typing import TypeAlias

from .cataloguing import Cataloguing
from .events import AttemptSucceeded, ResultKept, StepJudged, StepReused, StepSettled
from .evidencing import Circumstances, Evidences, decides, digests_of, is_bare, within
from .fingerprints.readers import source_reason
from .graph import Node, Operation
from .growth import Plot
from .ids import RunId
from .keeping import Keeping, is_connection
from .keys import Evidence
from .reusing import Result, Verdict
from .states import Reason, Status
from .values import Values

Judged: TypeAlias = StepReused | StepJudged | StepSettled
"""What is decided of a step: an earlier result serves; it runs, and why; it is an effect that is held."""


class Judge:
    """Judges the steps of one run.

    Args:
        plot: the graph as it stands; it may grow.
        values: what steps have produced so far, those that are reused among them.
        circumstances: of the run.
    """

    def __init__(self, *, plot: Plot, values: Values, circumstances: Circumstances):
        self._nodes = plot.nodes
        self._operations = plot.origin.operations
        self._around = circumstances
        self._evidences = Evidences(plot, values, circumstances)
        self._catalog = Cataloguing(circumstances)
        self._keeping = Keeping(plot, circumstances)
        self._known: dict[str, Evidence] = {}
        self._bare = {at for at, operation in enumerate(self._operations) if is_bare(operation)}
        self._keeps: dict[int, bool] = {}
        """By operation that declares no output: whether it kept something when it was another one."""

    def judge(self, paths: Sequence[str], now: float) -> list[Judged]:
        """Decide each of these steps, in their order; everything they wait for must be over.

        Catalog files that are missing in the work tree are put back for the steps that are reused.

        Args:
            paths: of steps that became ready; each is asked for once.
            now: wall time of the facts.

        Raises:
            StoreError: earlier results cannot be looked up.
        """
        cases = [self._case(path, gathered) for path, gathered in self._evidences.gather(paths).items()]
        holds = self._around.reusing.holds_effects
        self._look_up([case for case in cases if case.verdict is None or (holds and self._may_be_held(case))])
        for case in cases:
            if case.verdict is None:
                self._sift(case, now)
        self._compare_reads([case for case in cases if case.candidates])
        self._check_outputs([case for case in cases if case.candidates])
        return [self._told(case, now) for case in cases]

    def gather(self, paths: Sequence[str]) -> dict[str, Evidence | str]:
        """Return by path what its result would depend on now, or why no key can be made; decides nothing."""
        return self._evidences.gather(paths)

    def evidence(self, path: str) -> Evidence | None:
        """Return what the result of a step depends on, once it was judged; None: no key can be made."""
        return self._known.get(path)

    def kept(self, ends: Sequence[AttemptSucceeded]) -> list[ResultKept]:
        """Return which of these attempts made results that may serve again; of steps that were judged before.

        Raises:
            StoreError: what is known of files cannot be read.
        """
        return self._keeping.kept([(end, known) for end in ends if (known := self._known.get(end.node)) is not None])

    def _case(self, path: str, gathered: Evidence | str) -> _Case:
        node = self._nodes[path]
        reusing = self._around.reusing
        case = _Case(node, self._operations[node.operation], is_bare=node.operation in self._bare)
        if not isinstance(gathered, str):
            self._known[path] = case.evidence = gathered
        if not reusing.is_on or (reusing.forced and is_meant(node, reusing.forced)):
            case.verdict = Verdict.FORCED
        elif case.operation.policy.cache == "never":
            case.verdict = Verdict.OFF
        elif isinstance(gathered, str):
            case.verdict, case.detail = Verdict.UNKNOWN, gathered
        return case

    def _may_be_held(self, case: _Case) -> bool:
        reusing = self._around.reusing
        return (
            reusing.holds_effects
            and case.is_bare
            and not case.operation.policy.watch
            and not is_meant(case.node, reusing.released)
        )

    def _look_up(self, cases: Sequence[_Case]) -> None:
        """Find the results of each key; of those that have none, whether one stood at their place."""
        known = [(case, case.evidence, case.evidence.key) for case in cases if case.evidence is not None]
        if not known:
            return
        around = self._around
        found = around.results.find(list(dict.fromkeys([key for _, _, key in known])))
        lacking = [evidence.place for _, evidence, key in known if key not in found]
        before = around.results.earlier(around.project, around.pipeline, lacking) if lacking else {}
        for case, evidence, key in known:
            case.results = found.get(key, ())
            case.has_changed = evidence.place in before
            if case.is_bare:
                case.keeps = any(result.outputs or result.metrics for result in case.results)
                if not case.results and case.has_changed:
                    case.keeps = self._kept_before(case.node.operation, *before[evidence.place])

    def _kept_before(self, operation: int, run: RunId, path: str) -> bool:
        """Tell whether an operation that declares no output kept something once: then it is no effect."""
        if operation not in self._keeps:
            judgement = self._around.results.judgement(run, path)
            evidence = None if judgement is None else judgement.evidence
            results = () if evidence is None else self._around.results.find([evidence.key]).get(evidence.key, ())
            self._keeps[operation] = any(result.outputs or result.metrics for result in results)
        return self._keeps[operation]

    def _sift(self, case: _Case, now: float) -> None:
        """Apply the rules that need no look at files."""
        if not decides(case.operation):
            if case.is_bare and not case.keeps:
                case.verdict = Verdict.EFFECT
                return
            case.detail = self._source(case)
            if case.detail is not None:
                case.verdict = Verdict.SOURCE
                return
        lifetime = _lifetime(case.operation)
        case.candidates = [result for result in case.results if now - result.at <= lifetime]
        if case.results and not case.candidates:
            case.verdict = Verdict.EXPIRED
        elif not case.results:
            case.verdict = Verdict.CHANGED if case.has_changed else Verdict.NEVER

    def _source(self, case: _Case) -> str | None:
        """Return why a step may read the world behind our back; None: it does not, or sources are reused."""
        if self._around.reusing.sources or case.operation.policy.reads:
            return None
        known = self._around.prints.get(case.node.operation)
        if known is not None and known.source is not None:
            return known.source
        seen = case.results[0].seen if case.results else None
        return source_reason((), seen=seen) if seen else None

    def _compare_reads(self, cases: Sequence[_Case]) -> None:
        """Leave the results whose files are what they were when they were read."""
        cases = [case for case in cases if any(map(_seen, case.candidates))]
        if not cases:
            return
        root = self._around.root
        paths = [within(root, name) for case in cases for each in case.candidates for name in _files(each)]
        digests, reasons = digests_of(self._around.files, paths)
        for case in cases:
            newest = case.candidates[0]
            case.candidates = [each for each in case.candidates if self._unlike(each, digests, reasons) is None]
            if not case.candidates:
                case.verdict, case.detail = Verdict.READS, self._unlike(newest, digests, reasons)

    def _unlike(self, result: Result, digests: Mapping[str, str | None], reasons: Collection[str]) -> str | None:
        """Return the first file that is not what a result was made of; None: all are."""
        for name in _files(result):
            path = within(self._around.root, name)
            if path in reasons or self._catalog.expected(path, digests.get(path)) != result.seen[name]:
                return name
        return None

    def _check_outputs(self, cases: Sequence[_Case]) -> None:
        """Choose the newest result of each that is whole, and put its catalog files back."""
        while cases:
            heads = [(case.operation, case.candidates.pop(0)) for case in cases]
            damages = self._around.results.damaged([self._catalog.stored(*head) for head in heads])
            whole = [head for head, damage in zip(heads, damages, strict=True) if damage is None]
            problems = iter(self._catalog.put_back(whole))
            for case, (_, result), damage in zip(cases, heads, damages, strict=True):
                problem = next(problems) if damage is None else damage
                if problem is None:
                    case.chosen = result
                else:
                    case.detail = case.detail or problem  # of the newest
                    case.verdict = None if case.candidates else Verdict.DAMAGED
            cases = [case for case in cases if case.chosen is None and case.candidates]

    def _told(self, case: _Case, now: float) -> Judged:
        path = case.node.path
        if case.chosen is not None:
            chosen = case.chosen
            return StepReused(node=path, at=now, from_run=chosen.run, outputs=chosen.outputs, metrics=chosen.metrics)
        if not case.keeps and self._may_be_held(case):
            return StepSettled(node=path, state=Status.SKIPPED, reason=Reason.HELD, at=now)
        assert case.verdict is not None
        return StepJudged(node=path, at=now, verdict=case.verdict, detail=case.detail, evidence=case.evidence)


def is_meant(node: Node, names: Collection[str]) -> bool:
    """Tell whether one of these names means a node: its path, its family, or a composite it is in."""
    return bool(names) and any(
        above in names for path in (node.path, node.family) if path is not None for above in _upwards(path)
    )


class _Case:
    """What is known so far of a step that is judged. No record: each step has one, and this is made in a quarter of
    the time of one that sets twelve fields."""

    evidence: Evidence | None = None
    verdict: Verdict | None = None
    detail: str | None = None
    results: Sequence[Result] = ()
    """Of its key, the newest first."""
    has_changed = False
    """It has none, but one of another key stood at its place."""
    keeps = False
    """It made something that is kept although it declares nothing."""
    chosen: Result | None = None

    def __init__(self, node: Node, operation: Operation, *, is_bare: bool):
        self.node = node
        self.operation = operation
        self.is_bare = is_bare
        """It declares nothing that is kept."""
        self.candidates: list[Result] = []
        """Results that may still serve."""


def _upwards(path: str) -> list[str]:
    """Return a path and those of everything it is in."""
    return [path, *(path[:at] for at, each in enumerate(path) if each == "/")]


_seen = attrgetter("seen")


def _files(result: Result) -> list[str]:
    return [name for name in result.seen if not is_connection(name)]


def _lifetime(operation: Operation) -> float:
    """Return for how many seconds a result holds."""
    cache = operation.policy.cache
    return math.inf if cache in ("auto", "always") else float(cache)
