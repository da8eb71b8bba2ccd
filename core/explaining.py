"""Why steps of a run ran, were reused, failed or were skipped: read from records, never guessed afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from .control import is_control
from .detailing import Detailing, Side
from .graph import Graph
from .ids import RunId
from .keys import Cause, CauseKind, Evidence
from .records import replace
from .remembered import Remembered
from .reusing import Judgement, Verdict
from .roles import ANY, Composites
from .runs import RunSpec, StepRun
from .states import Reason, Status
from .whys import Because, Compared, Group, RunWhy, StepWhy

if TYPE_CHECKING:
    from .parts import Parts  # the bundle of ports; workspace builds who builds this

_BLOCKED = frozenset({Reason.UPSTREAM, Reason.RECOVERED, Reason.INSIDE})


class Explaining:
    """Explains runs on the ports of a workspace. One object answers one question: it remembers what it read."""

    def __init__(self, parts: Parts, recorded: Remembered | None = None):
        self._parts = parts
        self._recorded = recorded or Remembered(parts)
        self._details = Detailing(self._recorded)
        self._composites: dict[RunId, Composites] = {}

    def step(self, run: RunId, path: str) -> StepWhy:
        """Return why one step of a run is where it is.

        Raises:
            MissingError: no such run.
            KeyError: it has no step at that path.
        """
        return self._steps(run, [path])[path]

    def run(self, run: RunId, *, below: str | None = None) -> RunWhy:
        """Return why the steps of a run ran, equal reasons together; of those inside a composite when it is given."""
        paths = [path for path in self._recorded.steps(run) if self._is_told(run, path, below)]
        whys = self._steps(run, paths)
        ran = [why for why in whys.values() if why.state not in (Status.CACHED, Status.SKIPPED, Status.PENDING)]
        reused: dict[RunId, list[str]] = {}
        loaded: dict[str, list[str]] = {}
        for why in whys.values():
            if why.reused is not None:
                reused.setdefault(why.reused.run, []).append(why.path)
            if why.loaded is not None:
                loaded.setdefault(why.loaded, []).append(why.path)
        return RunWhy(
            run=run,
            groups=_grouped(ran),
            reused={each: tuple(found) for each, found in reused.items()},
            loaded={each: tuple(found) for each, found in loaded.items()},
            skipped=_grouped([why for why in whys.values() if why.state is Status.SKIPPED]),
            waiting=tuple(why.path for why in whys.values() if why.state is Status.PENDING),
            total=len(paths),
        )

    def is_hollow(self, run: RunId, path: str) -> bool:
        """Tell whether a path is of a composite that runs nothing of its own: its reasons are those inside."""
        return self._roles(run).role(path).is_composite and not self._is_told(run, path, None)

    def _is_told(self, run: RunId, path: str, below: str | None) -> bool:
        if below is not None and not path.startswith(f"{below}/"):
            return False
        role, operation = self._roles(run).role(path), self._recorded.operation(run, path)
        return role.is_counted and not (role.is_composite and (operation is None or is_control(operation)))

    def _roles(self, run: RunId) -> Composites:
        if run not in self._composites:
            self._composites[run] = Composites(self._recorded.spec(run).graph)
        return self._composites[run]

    def _steps(self, run: RunId, paths: Sequence[str]) -> dict[str, StepWhy]:
        steps = self._recorded.steps(run)
        judged = {path: self._recorded.judgement(run, path) for path in paths}
        compared = self._earlier(run, {path: each.evidence for path, each in judged.items() if each and each.evidence})
        return {path: self._why(run, steps[path], judged[path], compared.get(path)) for path in paths}

    def _earlier(self, run: RunId, evidence: Mapping[str, Evidence]) -> dict[str, Compared]:
        """Return by path the result that stood at a step's place before the run."""
        places = {each.place: path for path, each in evidence.items()}
        if not places:
            return {}
        spec = self._recorded.spec(run)
        found = self._parts.results.earlier(spec.project, spec.pipeline, list(places), before=run)
        return {places[place]: self._compared(*each) for place, each in found.items()}

    def _compared(self, run: RunId, path: str) -> Compared:
        return Compared(run=run, node=path, at=self._recorded.ended(run, path))

    def _why(self, run: RunId, step: StepRun, judged: Judgement | None, compared: Compared | None) -> StepWhy:
        if step.state is Status.CACHED:
            return self._reused(run, step)
        if step.state is Status.SKIPPED or judged is None:
            return self._stopped(run, step)
        causes = tuple(self._causes(run, step.path, judged, compared)) if compared is not None else ()
        is_never = judged.verdict is Verdict.NEVER and compared is None
        return StepWhy(
            run=run,
            path=step.path,
            state=step.state,
            reason=step.reason,
            verdict=judged.verdict,
            detail=judged.detail,
            causes=causes,
            compared=compared,
            unkept=self._recorded.unkept(self._recorded.spec(run), step.path) if is_never else None,
            error=step.error,
            attempts=step.attempts,
        )

    def _causes(self, run: RunId, path: str, judged: Judgement, compared: Compared) -> list[Because]:
        before = self._recorded.judgement(compared.run, compared.node)
        if before is None or before.evidence is None or judged.evidence is None:
            return []
        old = Side(compared.run, compared.node, before.evidence, before.seen)
        found = self._details.causes(old, Side(run, path, judged.evidence, judged.seen))
        is_told = any(each.cause.name == judged.detail for each in found if each.cause.kind is CauseKind.FILE)
        if judged.verdict is Verdict.READS and judged.detail and not is_told:
            # What it read this time is not on record: it failed, or is at work.
            was = before.seen.get(judged.detail)
            found.append(Because(cause=Cause(kind=CauseKind.FILE, name=judged.detail, old=was, new=None)))
        return found

    def _reused(self, run: RunId, step: StepRun) -> StepWhy:
        if step.cached_from is None:
            address = _generation(self._recorded.spec(run))
            return StepWhy(run=run, path=step.path, state=step.state, reason=step.reason, loaded=address)
        source, path = self._recorded.maker(run, step.path)
        judged = self._recorded.judgement(source, path) if source != run else None
        evidence = None if judged is None else judged.evidence
        return StepWhy(
            run=run,
            path=step.path,
            state=step.state,
            reason=step.reason,
            reused=self._compared(source, path),
            held={} if evidence is None or judged is None else held(evidence, judged.seen),
        )

    def _stopped(self, run: RunId, step: StepRun) -> StepWhy:
        """Explain what did not run, or ran without a judgement: by the steps around it."""
        graph, steps = self._recorded.spec(run).graph, self._recorded.steps(run)
        branch = _chosen(graph, steps, step.path) if step.reason == Reason.BRANCH else None
        blocked = blockers(graph, steps, step.path) if step.reason in _BLOCKED else ()
        return StepWhy(
            run=run,
            path=step.path,
            state=step.state,
            reason=step.reason,
            error=step.error,
            attempts=step.attempts,
            blocked_by=blocked,
            branch=branch,
        )


def held(evidence: Evidence, seen: Mapping[str, str | None]) -> dict[str, int]:
    """Return how many things of each kind a result depends on; nothing of a kind is left out."""
    basis = evidence.basis
    parameters = sum(token.startswith("value:") for token in evidence.arguments.values())
    files = {*evidence.files, *basis.reads, *seen}
    counts = {
        CauseKind.CODE: 1,
        CauseKind.PARAMETER: parameters,
        CauseKind.INPUT: len(evidence.arguments) - parameters,
        CauseKind.FILE: len(files),
        CauseKind.PACKAGE: len(basis.packages),
        CauseKind.VARIABLE: len(basis.variables),
    }
    return {str(kind): count for kind, count in counts.items() if count}


def blockers(graph: Graph, steps: Mapping[str, StepRun], path: str) -> tuple[str, ...]:
    """Return the failed steps for which a step did not run, or failed: the nearest ones before it, or inside it."""
    inside = [each for each in steps if each.startswith(f"{path}/") and _is_root(steps[each])]
    if inside:
        return tuple(inside)
    seen: set[str] = set()
    stack, found = [path], set()
    while stack:
        here = stack.pop()
        for need in graph.node(here).needs if here in graph.index else ():
            if need in seen or need not in steps:
                continue
            seen.add(need)
            if _is_root(steps[need]):
                found.add(need)
            else:
                stack.append(need)
    return tuple(each for each in steps if each in found)


def _is_root(step: StepRun) -> bool:
    is_bad = step.state in (Status.FAILURE, Status.CANCELLED, Status.INTERRUPTED)
    return is_bad and step.reason not in (Reason.INSIDE, Reason.UPSTREAM)


def _chosen(graph: Graph, steps: Mapping[str, StepRun], path: str) -> str | None:
    """Return the word that was chosen instead of the branch a step is in."""
    node = graph.node(path) if path in graph.index else None
    choice = None if node is None or node.guard is None else steps.get(node.guard.node)
    for output in choice.outputs if choice is not None else ():
        if output.name == "branch" and output.ref.inline is not None and output.ref.serializer == "json":
            return str(json.loads(output.ref.inline))
    return None


def _grouped(whys: Iterable[StepWhy]) -> tuple[Group, ...]:
    """Put steps with the same reason together, in the order of the first of each."""
    groups: dict[object, list[StepWhy]] = {}
    for why in whys:
        groups.setdefault(_sameness(why), []).append(why)
    return tuple(Group(why=_common(members), paths=tuple(each.path for each in members)) for members in groups.values())


def _common(members: Sequence[StepWhy]) -> StepWhy:
    """Return the first of several, without the values of inputs that the others do not share."""
    first = members[0]
    if all(each.causes == first.causes for each in members):
        return first
    causes = [
        replace(each, made=tuple(made._replace(old=None, new=None) for made in each.made)) for each in first.causes
    ]
    return replace(first, causes=tuple(causes))


def _sameness(why: StepWhy) -> object:
    causes = tuple(
        (each.cause.kind, each.cause.name, *_values(each), frozenset(_starred(made.step) for made in each.made))
        for each in why.causes
    )
    failed = None if why.error is None else (why.error.type, why.error.message)
    detail = None if why.causes and why.verdict is Verdict.CHANGED else why.detail
    return why.verdict, detail, causes, failed, why.reason, why.blocked_by, why.branch


def _values(because: Because) -> tuple[str | None, str | None]:
    """Return what tells two causes of one name apart; digests of inputs do not, for every item has its own."""
    if because.cause.kind in (CauseKind.INPUT, CauseKind.CODE, CauseKind.CALL, CauseKind.PLACE):
        return None, None
    return because.cause.old, because.cause.new


def _starred(path: str) -> str:
    """Return a path with `*` for the numbers of items and iterations."""
    return "/".join(ANY if part.isdecimal() else part for part in path.split("/"))


def _generation(spec: RunSpec) -> str:
    """Return the address of the generation that a run loads."""
    life = spec.lifecycle
    if life is None or life.loads is None:
        return "nothing: there was no generation yet"
    return f"{life.project}/{life.loads[0]}/{life.loads[1]}"
