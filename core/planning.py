"""What a run would do, found without starting anything: steps are judged as the engine judges them.

First the engine's own way: whatever can be judged is, results that serve make others ready, until only steps are left
that run. What follows those is judged as if they made again what they made before: what runs even then runs for
certain, the rest may be spared.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from .artifacts import Output
from .control import is_control
from .estimating import estimate, last_seconds
from .events import Fact, StepJoined, StepJudged, StepReused
from .fates import Fates
from .graph import ON_FAILURE, BodyKind, CallKind, Graph, Node, Operation
from .guards import waits_of
from .hosting import circumstances_of
from .judging import Judge, Judged
from .plans import Fate, Hinge, Plan, Planned
from .ports import Loaded
from .records import replace
from .remembered import Remembered
from .reusing import Verdict
from .roles import Composites
from .routes import follows_routes
from .runs import RunSpec, StepRun
from .scheduler import Scheduler
from .states import Reason, Status
from .supply import upstreams
from .turns import Past
from .values import Values

if TYPE_CHECKING:
    from .parts import Parts  # the bundle of ports; workspace builds who builds this

_ENDLESS = 1_000_000_000
"""cpus of a run that nothing waits in."""


class Planning:
    """Plans one run on the ports of a workspace.

    Args:
        parts: of the workspace.
        spec: what would be run; it is written nowhere.
        loaded: what it was compiled from.
        ready: by path, what is handed on in place of steps: the states of a generation.
        origin: address of that generation.
    """

    def __init__(
        self,
        parts: Parts,
        spec: RunSpec,
        loaded: Loaded,
        ready: Mapping[str, tuple[Output, ...]] = MappingProxyType({}),
        origin: str | None = None,
    ):
        self._parts = parts
        self._spec = spec
        self._snapshot = loaded.snapshot
        self._now = parts.clock()
        outside = _outside(spec)
        newest = parts.outputs.newest(spec.project, spec.pipeline, outside) if outside else {}
        recorded = {path: outputs for path, (_, outputs) in newest.items()} | dict(ready)
        self._ready, self._origin = frozenset(ready), origin
        self._scheduler = Scheduler(
            spec.graph, jobs=_ENDLESS, past=_past([*outside, *ready], recorded), recorded=recorded
        )
        self._plot = self._scheduler.plot
        self._values = Values(self._plot, recorded)
        # Nothing is put back into the work tree for a plan.
        around = replace(circumstances_of(spec, parts, loaded.snapshot), restore=None)
        self._judge = Judge(plot=self._plot, values=self._values, circumstances=around)
        self._judged: dict[str, Judged] = {}
        self._left_out = set(outside)
        self._sure: set[str] = set()
        """Steps that were judged with all they take known for certain."""
        self._never_run: set[str] = set()

    def plan(self) -> Plan:
        """Return what would run."""
        self._settle_sure()
        self._sure = set(self._judged)
        later = self._suppose()
        self._never_run = self._never(later)
        graph = self._plot.graph()
        roles = Composites(graph)
        told = [node for node in graph.nodes if _is_told(graph, roles, node)]
        seconds = last_seconds(self._parts.history, self._spec, [node.path for node in told])
        fates = Fates(self._parts, self._recorded(graph), self._spec, self._judged)
        away = self._away(graph)
        steps = tuple(
            replace(self._planned(fates, node, later), seconds=seconds.get(node.path), runner=away.get(node.path))
            for node in told
        )
        certain, longest = estimate(graph, steps, self._spec.jobs)
        return Plan(
            pipeline=self._spec.pipeline,
            graph=graph,
            steps=steps,
            unknown=self._unknown(graph),
            estimate_s=certain,
            longest_s=longest,
        )

    def _away(self, graph: Graph) -> dict[str, str]:
        """Return path -> runner of steps that go to another one than the run's own."""
        is_followed = follows_routes(self._parts.runner(self._spec.runner).runner)
        return self._parts.routes.steps(graph, self._spec.runner) if is_followed else {}

    def _settle_sure(self) -> None:
        """Judge what the engine would judge before it starts anything."""
        news: list[Fact] = []
        while True:
            self._advance(news)
            fresh = self._scheduler.fresh()
            if not fresh:
                return
            judged = self._judge.judge(fresh, self._now)
            self._judged.update((each.node, each) for each in judged)
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

    def _suppose(self) -> dict[str, tuple[str, ...]]:
        """Judge what follows the steps that run, as if those made what they last made.

        Returns:
            By path of each step that is not settled for certain, what before it decides.
        """
        states = self._scheduler.states
        pending = [node for node in self._plot.graph().nodes if states[node.path] is Status.PENDING]
        paths = {node.path for node in pending}
        later = {node.path: tuple(each for each in waits_of(node) if each in paths) for node in pending}
        for path, (_, outputs) in self._parts.outputs.newest(
            self._spec.project, self._spec.pipeline, list(later)
        ).items():
            self._values.add(path, outputs)
        for batch in _levels([node for node in pending if node.path not in self._sure], later):
            ungrown = self._ungrown()
            supposed = [node.path for node in batch if node.path not in ungrown and self._can_be_judged(node)]
            for judged in self._judge.judge(supposed, self._now) if supposed else ():
                self._judged[judged.node] = judged
                if isinstance(judged, StepReused):
                    self._values.add(judged.node, judged.outputs)
        return later

    def _can_be_judged(self, node: Node) -> bool:
        """Tell whether all a step takes is there, supposing what runs before it makes what it last made."""
        return self._operation(node).call.kind is not CallKind.JOIN and not self._values.missing(node.path)

    def _never(self, later: Collection[str]) -> set[str]:
        """Return the steps that could not be judged, for values they take are nowhere, and that have no result."""
        unjudged = [path for path in later if path not in self._judged and self._values.missing(path)]
        places = [path for path in unjudged if self._plot.nodes[path].family is None]
        if not places:
            return set()
        return set(places) - self._parts.results.earlier(self._spec.project, self._spec.pipeline, places).keys()

    def _ungrown(self) -> set[str]:
        """Return the maps and loops whose items are not known yet, or not all of them."""
        grown = {growth.node for growth in self._plot.growth}
        starts = [path for path, node in self._plot.nodes.items() if node.grows is not None and path not in grown]
        return {path.rpartition("/")[0] for path in starts if self._scheduler.states[path] is Status.PENDING}

    def _operation(self, node: Node) -> Operation:
        return self._plot.origin.operations[node.operation]

    def _unknown(self, graph: Graph) -> dict[str, str]:
        """Return what grows while the run goes on, and by what."""
        kinds = {
            node.path.rpartition("/")[0]: graph.bodies[node.grows].kind
            for node in graph.nodes
            if node.grows is not None
        }
        ungrown = self._ungrown() - self._left_out
        return {path: "items" if kinds[path] is BodyKind.MAP else "iterations" for path in kinds if path in ungrown}

    def _planned(self, fates: Fates, node: Node, later: Mapping[str, tuple[str, ...]]) -> Planned:
        path, judged = node.path, self._judged.get(node.path)
        if path in self._ready:
            return Planned(path=path, fate=Fate.REUSE, detail=self._origin)
        if path in self._left_out:
            return Planned(path=path, fate=Fate.LEFT_OUT)
        if path in self._sure or path not in later:
            return fates.judged(path, judged)
        if node.guard is not None and node.guard.node in later:
            choice = self._shown(node.guard.node)
            return Planned(path=path, fate=Fate.MAY_RUN, after=(choice,), hinge=Hinge.BRANCH)
        if path in self._never_run:
            return Planned(path=path, fate=Fate.RUN, verdict=Verdict.NEVER, unkept=fates.unkept(path))
        if isinstance(judged, StepJudged):
            certain = fates.judged(path, judged, doubtful=later)
            if certain.causes or certain.verdict is not Verdict.CHANGED:
                return certain
            # Nothing but what was supposed differs: the step before it last made something for a run that failed.
        deciding, hinge = _deciding(node, later[path])
        after = tuple(dict.fromkeys(self._shown(each) for each in deciding))
        return Planned(path=path, fate=Fate.MAY_RUN, after=after, hinge=hinge)

    def _shown(self, path: str) -> str:
        """Return what a person knows a node as: the start of a composite by the composite."""
        is_start = self._operation(self._plot.nodes[path]).call.kind in (CallKind.SPLIT, CallKind.CHOOSE)
        return path.rpartition("/")[0] if is_start else path

    def _recorded(self, graph: Graph) -> Remembered:
        """Return what runs recorded, with the run that is planned among them."""
        recorded = Remembered(self._parts)
        reused = {path: each for path, each in self._judged.items() if isinstance(each, StepReused)}
        steps = [_imagined(node, self._values.outputs(node.path), reused.get(node.path)) for node in graph.nodes]
        recorded.imagine(replace(self._spec, graph=graph), self._snapshot, steps)
        return recorded


def _outside(spec: RunSpec) -> list[str]:
    """Return the paths the selection leaves out."""
    if spec.selected is None:
        return []
    chosen = set(spec.selected)
    return [node.path for node in spec.graph.nodes if node.path not in chosen]


def _past(outside: Sequence[str], recorded: Collection[str]) -> dict[str, Past]:
    """Return where steps stand that the selection leaves out: as hosting the run would settle them."""
    left = Past(state=Status.SKIPPED, reason=Reason.UNSELECTED)
    return {path: Past(state=Status.CACHED) if path in recorded else left for path in outside}


def _deciding(node: Node, after: Sequence[str]) -> tuple[Sequence[str], Hinge]:
    """Return what before a step decides whether it runs, and how."""
    taken = {each.node for one in node.arguments for each in upstreams(one.source)} | {*node.files}
    data = [path for path in after if path in taken]
    return (data, Hinge.DATA) if data else (after, Hinge.ORDER)


def _levels(nodes: Sequence[Node], after: Mapping[str, Sequence[str]]) -> list[list[Node]]:
    """Return nodes in batches, each of which waits for earlier ones alone: one look into the store for each."""
    depth: dict[str, int] = {}
    levels: list[list[Node]] = []
    for node in nodes:
        at = depth[node.path] = max([depth.get(each, -1) + 1 for each in after[node.path]], default=0)
        levels += [[] for _ in range(at + 1 - len(levels))]
        levels[at].append(node)
    return [level for level in levels if level]


def _is_told(graph: Graph, roles: Composites, node: Node) -> bool:
    """Tell whether people count a node as a step of the plan: they wrote it, and it does not only end a composite."""
    operation = graph.operations[node.operation]
    if f"/{ON_FAILURE}" in node.path:
        return False  # runs when something fails, which no plan knows
    if roles.role(node.path).is_composite:
        return not is_control(operation)
    return roles.role(node.path).is_counted


def _imagined(node: Node, outputs: tuple[Output, ...], reused: StepReused | None) -> StepRun:
    """Return a step of the run that is planned, as it would stand."""
    return StepRun(
        path=node.path,
        name=node.name,
        state=Status.PENDING if reused is None else Status.CACHED,
        reason=None,
        attempts=0,
        started=None,
        seconds=None,
        cpu_seconds=None,
        peak_bytes=None,
        needs=node.needs,
        params={},
        cached_from=None if reused is None else reused.from_run,
        error=None,
        outputs=outputs,
        metrics=(),
        family=node.family,
    )
