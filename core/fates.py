"""What was judged of the steps of a plan, with the causes that are certain before anything runs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from .detailing import Detailing, Side
from .events import StepJudged, StepReused, StepSettled
from .evidencing import digests_of, within
from .ids import RunId
from .judging import Judged
from .keys import Cause, CauseKind, Evidence
from .plans import Fate, Planned
from .remembered import Remembered
from .reusing import Verdict
from .runs import RunSpec
from .whys import Because, Compared

if TYPE_CHECKING:
    from .parts import Parts  # the bundle of ports; workspace builds who builds this


class Fates:
    """Tells what becomes of the steps of one run that is planned.

    Args:
        parts: of the workspace.
        recorded: what runs recorded, the planned one among them.
        spec: of the planned run.
        judged: by path, what was decided.
    """

    def __init__(self, parts: Parts, recorded: Remembered, spec: RunSpec, judged: Mapping[str, Judged]):
        self._recorded = recorded
        self._details = Detailing(recorded)
        self._files = parts.files
        self._spec = spec
        runs = [each for each in judged.values() if isinstance(each, StepJudged)]
        places = {each.evidence.place: each.node for each in runs if each.evidence is not None}
        found = parts.results.earlier(spec.project, spec.pipeline, list(places)) if places else {}
        self._earlier: dict[str, tuple[RunId, str]] = {places[place]: each for place, each in found.items()}

    def judged(self, path: str, judged: Judged | None, *, doubtful: Collection[str] = ()) -> Planned:
        """Return what becomes of a step that was judged; None: its branch is not taken.

        Args:
            doubtful: paths whose outputs were only supposed; inputs from those are no cause.
        """
        match judged:
            case StepReused():
                assert judged.from_run is not None  # states of generations are not judged
                at = self._recorded.ended(judged.from_run, path)
                return Planned(path=path, fate=Fate.REUSE, reused=Compared(run=judged.from_run, node=path, at=at))
            case StepSettled():
                return Planned(path=path, fate=Fate.HELD)
            case StepJudged():
                return self._running(judged, doubtful)
            case None:
                return Planned(path=path, fate=Fate.SKIP)

    def _running(self, judged: StepJudged, doubtful: Collection[str]) -> Planned:
        earlier = self._earlier.get(judged.node)
        causes: tuple[Because, ...] = ()
        compared = None
        if earlier is not None:
            compared = Compared(run=earlier[0], node=earlier[1], at=self._recorded.ended(*earlier))
            causes = tuple(self._causes(judged, compared, doubtful))
        return Planned(
            path=judged.node,
            fate=Fate.RUN,
            verdict=judged.verdict,
            detail=judged.detail,
            causes=causes,
            compared=compared,
            unkept=self.unkept(judged.node) if judged.verdict is Verdict.NEVER else None,
        )

    def unkept(self, path: str) -> Compared | None:
        """Return what a step made in the newest run, if that was not kept."""
        return self._recorded.unkept(self._spec, path, is_planned=True)

    def _causes(self, judged: StepJudged, compared: Compared, doubtful: Collection[str]) -> Iterator[Because]:
        before = self._recorded.judgement(compared.run, compared.node)
        evidence: Evidence | None = judged.evidence
        if before is None or before.evidence is None or evidence is None:
            return
        old = Side(compared.run, compared.node, before.evidence, before.seen)
        for each in self._details.causes(old, Side(self._spec.id, judged.node, evidence, {})):
            is_doubtful = each.cause.kind is CauseKind.INPUT and any(made.step in doubtful for made in each.made)
            if not is_doubtful:
                yield each
        if judged.verdict is Verdict.READS and judged.detail is not None:
            was, path = before.seen.get(judged.detail), within(self._spec.target.root, judged.detail)
            now = digests_of(self._files, [path])[0].get(path)
            yield Because(cause=Cause(kind=CauseKind.FILE, name=judged.detail, old=was, new=now))
