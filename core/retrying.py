"""What a retry of a run does: which steps run again, which keep what they made, and on which code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .errors import ConflictError, InvalidError
from .graph import Graph, Node, upstreams
from .launching import load_again
from .ports import Loaded
from .preflight import Preflight
from .requests import CodeChoice, RetryPlan, RetryRequest
from .runs import Run, RunSpec, StepRun
from .selection import Selection
from .states import Reason, Status

if TYPE_CHECKING:
    from .workspace import Parts  # the bundle of ports; workspace builds Retrying, so a real import would be a circle

_RIGHTLY_SKIPPED = frozenset({Reason.BRANCH, Reason.UNSELECTED})


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
        _refuse_unless_over(run)
        old = parts.runs.spec(request.run)
        steps = {step.path: step for step in parts.history.steps(request.run)}
        loaded = None
        if request.code is CodeChoice.CURRENT and old.target.is_loadable:
            loaded = parts.overridden(parts.loader.load(load_again(old)), request.runner or old.runner)
        spec = self._revised(old, request, loaded)
        again = _to_run_again(spec, steps, request)
        if not again:
            raise InvalidError(
                f"run {run.id} has nothing to retry: no step failed or was left undone", "use --all to run them all"
            )
        kept = _in_order(spec.graph, {path for path, step in steps.items() if step.state.is_good} - again)
        if loaded is not None:
            _refuse_rewired(old.graph, spec.graph, kept)
        if spec.selected is not None:
            spec = replace(spec, selected=_in_order(spec.graph, {*spec.selected, *again}))
        recorded = parts.outputs.of_run(request.run)
        hint = "include it in the retry, or use 'graft run': it starts from the pipeline as it is now"
        self._preflight.check_again(spec, again, {path: recorded.get(path, ()) for path in kept}, hint)
        if loaded is not None:
            parts.warn_of(loaded)
        left_out = _in_order(spec.graph, set(spec.graph.index) - again - set(kept))
        plan = RetryPlan(run=request.run, again=_in_order(spec.graph, again), kept=kept, left_out=left_out)
        return Retry(plan=plan, spec=spec, loaded=loaded)

    def _revised(self, old: RunSpec, request: RetryRequest, loaded: Loaded | None) -> RunSpec:
        spec = replace(
            old,
            uses_snapshot=loaded is None,
            jobs=request.jobs or old.jobs,
            fail_fast=request.fail_fast or old.fail_fast,
            runner=request.runner or old.runner,
        )
        if loaded is None:
            if spec.runner != old.runner:
                return replace(spec, graph=self._parts.overriding.applied(spec.graph, spec.runner))
            return spec
        graph = loaded.graph
        return replace(
            spec,
            graph=graph,
            code=self._parts.machine.code_state(old.target.root, loaded.snapshot.key),
            environment={**loaded.environment, "imports": list(loaded.preload)},
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


def _to_run_again(spec: RunSpec, steps: Mapping[str, StepRun], request: RetryRequest) -> set[str]:
    graph = spec.graph
    if not request.selection.is_everything:
        return _chosen(graph, steps, request.selection)
    within = set(graph.index) if spec.selected is None else set(spec.selected)
    if request.is_everything:
        return within
    unfinished = {path for path in within if path in steps and not _is_settled(steps[path])}
    # What follows a new step is not run again for its sake: if it is to be kept, `_refuse_rewired` says no.
    new = {path for path in within if path not in steps}
    return ((unfinished | graph.descendants(unfinished)) & within) | new


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
        names = ", ".join(f"'{path}'" for path in _in_order(graph, lacking))
        raise InvalidError(
            f"the selection needs {names}, which did not succeed in this run", "include it, or use --from"
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
        if path not in old.index:
            problems.append(f"'{path}' is new")
        elif _wiring(new.node(path)) != _wiring(old.node(path)):
            problems.append(f"'{path}' is wired differently")
    before = old.ancestors({path for path in kept if path in old.index})
    problems += [f"'{path}' is gone" for path in _in_order(old, before) if path not in new.index]
    if problems:
        raise InvalidError(
            f"the pipeline has changed before steps whose results would be kept: {'; '.join(problems)}",
            "use 'graft run': it starts from the pipeline as it is now",
        )


def _wiring(node: Node) -> tuple[object, ...]:
    """Return what a step waits for and which values it takes; constants are parameters, no wiring."""
    taken = [(argument.name, upstreams(argument.source)) for argument in node.arguments]
    return node.needs, sorted((name, sources) for name, sources in taken if sources)


def _in_order(graph: Graph, paths: set[str]) -> tuple[str, ...]:
    return tuple(node.path for node in graph.nodes if node.path in paths)
