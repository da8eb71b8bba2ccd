"""What a retry of a run does: which steps run again, which keep what they made, and on which code.

It works on the graph as it had grown. What runs again and had made the graph grow (the split of a map, the end of an
iteration) may come out otherwise, so what grew out of it goes and grows anew; everything else that grew stays, also
when changed code is compiled anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from .errors import ConflictError, InvalidError
from .graph import Graph, Node, Terminate
from .growth import Plot, pruned
from .launching import load_current, runs_working_copy
from .ports import Loaded
from .preflight import Preflight, refuse_check
from .records import dataclass, replace
from .requests import CodeChoice, RetryPlan, RetryRequest, Stale
from .runs import Run, RunSpec, StepRun
from .selection import Selection
from .staleness import stale_steps
from .states import Reason, Status
from .supply import upstreams
from .undeclared import chosen_guard

if TYPE_CHECKING:
    from .parts import Parts  # the bundle of ports; workspace builds Retrying, so a real import would be a circle

_RIGHTLY_SKIPPED = frozenset({Reason.BRANCH, Reason.UNSELECTED, Reason.HELD})
_PROBLEMS_SHOWN = 8
"""Of a map of ten thousand items each may have the same one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """A retry that may go ahead."""

    plan: RetryPlan
    spec: RunSpec
    """What the run becomes: the same id, its code and selection as the retry wants them."""
    loaded: Loaded | None
    """Current code, compiled; None: the recorded code runs."""


class Retrying:
    """Plans retries on the ports of a workspace."""

    def __init__(self, parts: Parts):
        self._parts = parts
        self._preflight = Preflight(parts)

    def prepare(self, request: RetryRequest) -> Retry:
        """Find out what a retry would do, without changing anything.

        Raises:
            ConflictError: the run is still going.
            InvalidError: it succeeded; nothing is left to do; the pipeline changed before a step that would be kept;
                or the steps would fail for certain.
        """
        parts = self._parts
        run = parts.history.run(request.run)
        old = parts.runs.spec(request.run)
        refuse_check(old)
        _refuse_unless_over(run)
        steps = {step.path: step for step in parts.history.steps(request.run)}
        loaded = None
        if request.code is CodeChoice.CURRENT and runs_working_copy(old):
            loaded = parts.overridden(load_current(parts, old), request.runner or old.runner)
        spec = self._revised(old, request, loaded)
        again = _to_run_again(spec, steps, request)
        if not again and not _waits_for_commit(spec, run):
            raise InvalidError(
                f"run {run.id} has nothing to retry: no step failed or was left undone", "use --all to run them all"
            )
        retry = self._planned(request, old, steps, spec, loaded, again)
        if request.stale is Stale.RERUN and retry.plan.stale:
            stale = {each.path for each in retry.plan.stale}
            again |= (stale | _affected(spec.graph, stale)) & _within(spec)
            retry = self._planned(request, old, steps, spec, loaded, again)
        if loaded is not None:
            parts.warn_of(loaded)
        return retry

    def decided(self, request: RetryRequest, decide: Callable[[RetryPlan], Stale] | None) -> Retry:
        """Return the retry, once it is decided what becomes of stale steps the request would keep; raises as `prepare`.

        Args:
            request: what is asked for.
            decide: asked where there are such steps; None: they are kept.
        """
        retry = self.prepare(request)
        if decide is None or request.stale is Stale.RERUN or not retry.plan.stale:
            return retry
        stale = decide(retry.plan)
        return retry if stale is Stale.KEEP else self.prepare(replace(request, stale=stale))

    def _planned(
        self,
        request: RetryRequest,
        old: RunSpec,
        steps: Mapping[str, StepRun],
        spec: RunSpec,
        loaded: Loaded | None,
        again: set[str],
    ) -> Retry:
        """Return the retry that runs these steps again.

        Raises:
            InvalidError: as `prepare`, once it is known what runs.
        """
        growers = {growth.node for growth in spec.graph.growth} & again
        graph, again = _without_regrown(spec.graph, growers, again)
        good = {path for path, step in steps.items() if step.state.is_good}
        kept = _in_order(graph, good - again)
        if loaded is not None:
            _refuse_rewired(pruned(old.graph, growers), graph, kept)
        selected = None if spec.selected is None else _in_order(graph, _within(spec) | again)
        spec = replace(spec, graph=graph, selected=selected)
        if request.is_everything or not request.selection.is_everything:  # what a person names runs, whatever is known
            told = _in_order(graph, again)
            released = (*spec.reusing.released, *told)
            spec = replace(spec, reusing=replace(spec.reusing, forced=told, released=released))
        recorded = {path: made for path, made in self._parts.outputs.of_run(request.run).items() if path in set(kept)}
        hint = "include it in the retry, or use 'graft run': it starts from the pipeline as it is now"
        self._preflight.check_again(spec, again, {path: recorded.get(path, ()) for path in kept}, hint)
        stale = stale_steps(self._parts, old, spec, [steps[path] for path in kept], recorded)
        left_out = _in_order(spec.graph, set(spec.graph.index) - again - set(kept))
        plan = RetryPlan(run=request.run, again=_in_order(spec.graph, again), kept=kept, left_out=left_out, stale=stale)
        return Retry(plan=plan, spec=spec, loaded=loaded)

    def _revised(self, old: RunSpec, request: RetryRequest, loaded: Loaded | None) -> RunSpec:
        guard = chosen_guard(request.guard, old.guard)
        spec = replace(
            old,
            uses_snapshot=loaded is None,
            jobs=request.jobs or old.jobs,
            fail_fast=request.fail_fast or old.fail_fast,
            runner=request.runner or old.runner,
            # A guard looks at steps that run.
            reusing=replace(old.reusing, is_on=guard is None, sources=True, forced=()),
            guard=guard,
        )
        if loaded is None:
            if spec.runner != old.runner:
                spec = replace(spec, graph=self._parts.overriding.applied(spec.graph, spec.runner))
            return replace(spec, environment=self._parts.routed(spec.environment, spec.graph, spec.runner))
        graph = grown_as(loaded.graph, old.graph)
        return replace(
            spec,
            graph=graph,
            code=self._parts.machine.code_state(old.target.root, loaded.snapshot.key),
            environment={**loaded.environment, "imports": list(loaded.preload)},
            prints=loaded.prints,
            # A selected step may be gone.
            selected=None if old.selected is None else _in_order(graph, set(old.selected)),
        )


def _refuse_unless_over(run: Run) -> None:
    short = run.id[:6]
    if run.state is Status.STARTED:
        raise ConflictError(
            f"run {run.id} is still going (pid {run.pid} on {run.host})",
            f"wait for it with 'graft attach {short}', or stop it with 'graft cancel {short}'",
        )
    if run.state is Status.SUCCESS:
        raise InvalidError(
            f"run {run.id} succeeded: there is nothing to retry", f"'graft rerun {short}' runs it again, as a new run"
        )


def _waits_for_commit(spec: RunSpec, run: Run) -> bool:
    """Tell whether nothing is left to do but to commit what was trained."""
    trains = spec.lifecycle is not None and spec.lifecycle.makes_generation
    return trains and (run.state is Status.INTERRUPTED or run.reason == Reason.COMMIT)


def _to_run_again(spec: RunSpec, steps: Mapping[str, StepRun], request: RetryRequest) -> set[str]:
    graph = spec.graph
    if not request.selection.is_everything:
        return _chosen(graph, steps, request.selection)
    within = _within(spec)
    if request.is_everything:
        return within
    unfinished = {
        path for path in within if path in steps and (not _is_settled(steps[path]) or _failed_all(graph, path))
    }
    # What follows a new step is not run again for its sake: if it is to be kept, `_refuse_rewired` says no.
    new = {path for path in within if path not in steps}
    return ((unfinished | _affected(graph, unfinished)) & within) | new


def _failed_all(graph: Graph, path: str) -> bool:
    """Tell whether a step ends its pipeline as failed: kept as it is, it would end the retry at once."""
    return graph.operation_of(path).policy.terminate is Terminate.FAILURE


def _within(spec: RunSpec) -> set[str]:
    """Return what the run is about: its selection, and what grew out of it."""
    if spec.selected is None:
        return set(spec.graph.index)
    within = set(spec.selected)
    plot = Plot(spec.graph.origin or spec.graph)
    for growth in spec.graph.growth:
        added = plot.grow(*growth).added
        if growth.node in within:
            within.update(node.path for node in added)
    return within


def _affected(graph: Graph, paths: set[str]) -> set[str]:
    """Return everything that follows the paths: by what it needs, or by what lets it run (a choice, a failure)."""
    guarded: dict[str, set[str]] = {}
    for node in graph.nodes:
        if node.guard is not None:
            guarded.setdefault(node.guard.node, set()).add(node.path)
    found: set[str] = set()
    new = set(paths)
    while new:
        follows = graph.descendants(new)
        follows |= {each for path in new | follows for each in guarded.get(path, ())}
        new = follows - found - paths
        found |= follows
    return found


def _without_regrown(graph: Graph, growers: set[str], again: set[str]) -> tuple[Graph, set[str]]:
    """Return the graph without what grew out of growers that run again, and what runs again of it."""
    if not growers:
        return graph, again
    smaller = pruned(graph, growers)
    # The ends of those composites are bound to what is gone.
    ends = {path.rpartition("/")[0] for path in growers}
    return smaller, (again | ends) & smaller.index.keys()


def grown_as(graph: Graph, old: Graph) -> Graph:
    """Return a graph that was compiled anew as the old one had grown, as far as the same nodes grow."""
    plot = Plot(graph)
    for growth in old.growth:
        node = plot.nodes.get(growth.node)
        if node is not None and node.grows is not None:
            plot.grow(*growth)
    return plot.graph()


def _chosen(graph: Graph, steps: Mapping[str, StepRun], selection: Selection) -> set[str]:
    """The selected steps; what they need must run with them or be there.

    Raises:
        InvalidError: a step they need did not succeed in this run.
    """
    chosen = selection.paths(graph)
    lacking = {
        need
        for path in chosen
        for need in graph.node(path).needs
        if need not in chosen and (need not in steps or not _is_settled(steps[need]))
    }
    if lacking:
        names = [f"'{path}'" for path in _in_order(graph, lacking)]
        raise InvalidError(
            f"the selection needs {_first(names, ', ', ' and ')}, which did not succeed in this run",
            "include it, or use --from",
        )
    return chosen


def _is_settled(step: StepRun) -> bool:
    """Tell whether a retry leaves the step alone: its outputs are there, or it was rightly not run."""
    return step.state.is_good or (step.state is Status.SKIPPED and step.reason in _RIGHTLY_SKIPPED)


def _refuse_rewired(old: Graph, new: Graph, kept: Sequence[str]) -> None:
    """A kept result stands on everything before it: that part of the graph must be the same.

    Raises:
        InvalidError: a step upstream of a kept one is new, gone or wired differently.
    """
    problems = []
    for path in _in_order(new, set(kept) | new.ancestors(set(kept))):
        name = new.node(path).family or path
        if path not in old.index:
            problems.append(f"'{name}' is new")
        elif _wiring(new.node(path)) != _wiring(old.node(path)):
            problems.append(f"'{name}' is wired differently")
    before = old.ancestors({path for path in kept if path in old.index})
    problems += [
        f"'{old.node(path).family or path}' is gone" for path in _in_order(old, before) if path not in new.index
    ]
    if problems:
        told = _first(list(dict.fromkeys(problems)), "; ", "; and ")
        raise InvalidError(
            f"the pipeline has changed before steps whose results would be kept: {told}",
            "use 'graft run': it starts from the pipeline as it is now",
        )


def _wiring(node: Node) -> tuple[object, ...]:
    """Return what a step waits for and which values it takes; constants are parameters, no wiring."""
    taken = [(argument.name, upstreams(argument.source)) for argument in node.arguments]
    return node.needs, node.guard, sorted((name, sources) for name, sources in taken if sources)


def _first(texts: Sequence[str], comma: str, last: str) -> str:
    """Return the first texts in one, and how many there are more."""
    left = len(texts) - _PROBLEMS_SHOWN
    return comma.join(texts[:_PROBLEMS_SHOWN]) + (f"{last}{left} more" if left > 0 else "")


def _in_order(graph: Graph, paths: set[str]) -> tuple[str, ...]:
    return tuple(node.path for node in graph.nodes if node.path in paths)
