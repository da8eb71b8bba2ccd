"""From a request to a frozen spec: load, select, check. Everything wrong is found here, before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from .errors import ConflictError, InvalidError, nearest
from .graph import Graph, upstreams
from .ids import RunId, new_run_id
from .ports import Loaded, LoadRequest
from .quantities import size_text
from .requests import CodeChoice, RetryPlan, RetryRequest, RunRequest
from .runs import CodeState, RunSpec, Snapshot, StepRun, Target
from .selection import Selection
from .states import Status

if TYPE_CHECKING:
    from .workspace import Parts  # the bundle of ports; workspace builds Launching, so a real import would be a circle

DEFAULT_LABEL = "default"


class Launching:
    """Makes specs of new runs, of retries and of reruns."""

    def __init__(self, parts: Parts):
        self._parts = parts

    def load(self, request: RunRequest) -> Loaded:
        """Import and compile a target."""
        return self._parts.loader.load(LoadRequest(target=request.target, params=request.params, values=request.values))

    def prepare(self, request: RunRequest) -> tuple[RunSpec, Loaded]:
        """Return the frozen spec of a new run and what was loaded for it."""
        loaded = self.load(request)
        parts = self._parts
        selected = None if request.selection.is_everything else request.selection.paths(loaded.graph)
        spec = RunSpec(
            id=new_run_id(),
            project=parts.project,
            pipeline=loaded.graph.name,
            runner=request.runner or parts.default_runner,
            origin=request.origin,
            params=loaded.params,
            tags=request.tags,
            target=request.target,
            graph=loaded.graph,
            code=self._code_state(request.target, loaded.snapshot),
            environment={**loaded.environment, "imports": list(loaded.preload)},
            parent=request.parent,
            jobs=request.jobs or parts.default_jobs or parts.machine.cores(),
            fail_fast=request.fail_fast,
            timeout_s=request.timeout_s,
            selected=None if selected is None else _in_order(loaded.graph, selected),
            created=parts.clock(),
        )
        self.check(spec)
        self._warn(loaded)
        return spec, loaded

    def check(self, spec: RunSpec) -> None:
        """Find what would fail for certain: labels nobody serves, secrets nowhere, inputs nobody has made.

        Raises:
            InvalidError: all problems in one message.
            MissingError: no runner of that name.
        """
        self._parts.runner(spec.runner)
        problems = [
            *self._label_problems(spec.graph),
            *self._resource_problems(spec.graph),
            *self._input_problems(spec),
        ]
        if problems:
            raise InvalidError.all_of(problems)
        names = sorted({name for operation in spec.graph.operations for name in operation.policy.secrets})
        if names:
            self._parts.secrets(names)

    def plan_retry(self, request: RetryRequest) -> tuple[RetryPlan, tuple[RunSpec, Loaded] | None]:
        """Return what a retry would do, and the revised spec when it runs current code."""
        parts = self._parts
        run = parts.history.run(request.run)
        if run.state is Status.STARTED:
            raise ConflictError(
                f"run {run.id} is still going (pid {run.pid} on {run.host})",
                f"wait for it with 'graft attach {run.id[:6]}', or stop it with 'graft cancel {run.id[:6]}'",
            )
        spec = parts.runs.spec(request.run)
        steps = {step.path: step for step in parts.history.steps(request.run)}
        revision = None
        if request.code is CodeChoice.CURRENT and spec.target.is_loadable:
            revision = self._revise(spec, request)
        graph = revision[0].graph if revision else spec.graph
        again = _to_run_again(graph, steps, request)
        kept = [node.path for node in graph.nodes if node.path in steps and node.path not in again]
        kept = [path for path in kept if steps[path].state.is_good]
        if revision is not None:
            _refuse_rewired(spec.graph, graph, kept)
        left_out = [node.path for node in graph.nodes if node.path not in again and node.path not in set(kept)]
        plan = RetryPlan(run=request.run, again=_in_order(graph, again), kept=tuple(kept), left_out=tuple(left_out))
        return plan, revision

    def again(
        self, run: RunId, *, code: CodeChoice, origin: str, runner: str | None
    ) -> tuple[RunSpec, Snapshot | None]:
        """Return the spec of a new run that repeats an old one."""
        parts = self._parts
        old = parts.runs.spec(run)
        fresh = replace(
            old,
            id=new_run_id(),
            parent=run,
            origin=origin,
            runner=runner or old.runner,
            created=parts.clock(),
            tags=(),
        )
        if code is CodeChoice.CURRENT and old.target.is_loadable:
            loaded = parts.loader.load(LoadRequest(target=old.target, params={}, values=old.params))
            self._warn(loaded)
            for data in loaded.blobs.values():
                parts.outputs.keep(data)
            state = self._code_state(old.target, loaded.snapshot)
            return replace(fresh, graph=loaded.graph, code=state), loaded.snapshot
        snapshot = parts.runs.snapshot(run)
        return replace(fresh, target=self._recorded_target(old, snapshot)), snapshot

    def _recorded_target(self, spec: RunSpec, snapshot: Snapshot) -> Target:
        """Point a target's imports at a copy of the recorded code."""
        if not snapshot.files or spec.code.key is None:
            return spec.target
        copy = self._parts.machine.materialise(snapshot, spec.code.key)
        root = spec.target.root
        moved = tuple(
            copy + entry[len(root) :] if entry == root or entry.startswith(root + "/") else entry
            for entry in spec.target.sys_path
        )
        return replace(spec.target, sys_path=(*moved, copy) if copy not in moved else moved)

    def _revise(self, spec: RunSpec, request: RetryRequest) -> tuple[RunSpec, Loaded]:
        loaded = self._parts.loader.load(LoadRequest(target=spec.target, params={}, values=spec.params))
        revised = replace(
            spec,
            graph=loaded.graph,
            code=self._code_state(spec.target, loaded.snapshot),
            environment={**loaded.environment, "imports": list(loaded.preload)},
            jobs=request.jobs or spec.jobs,
            fail_fast=request.fail_fast,
            runner=request.runner or spec.runner,
        )
        return revised, loaded

    def _warn(self, loaded: Loaded) -> None:
        for warning in loaded.warnings:
            self._parts.warn(warning)

    def _code_state(self, target: Target, snapshot: Snapshot) -> CodeState:
        return self._parts.machine.code_state(target.root, snapshot.key)

    def _label_problems(self, graph: Graph) -> list[InvalidError]:
        served = {DEFAULT_LABEL, *self._parts.labels}
        problems = []
        for node in graph.nodes:
            for label in graph.operations[node.operation].policy.labels:
                if label not in served:
                    problems.append(
                        InvalidError(
                            f"step '{node.path}' wants label '{label}', which nothing serves"
                            f"{nearest(label, sorted(served))}",
                            f"labels here: {', '.join(sorted(served))}; add it under [runner.local.labels] or [route]",
                        )
                    )
        return problems

    def _resource_problems(self, graph: Graph) -> list[InvalidError]:
        """Steps that want more than this machine has; they would wait for ever."""
        problems = []
        for node in graph.nodes:
            for name, amount in graph.operations[node.operation].policy.resources.items():
                if name != "cpus" and amount > (offered := self._parts.capacity(name)):
                    wanted = f"{amount:g} of '{name}'" if name != "memory" else f"{size_text(int(amount))} of memory"
                    has = f"{offered:g}" if name != "memory" else size_text(int(offered))
                    problems.append(
                        InvalidError(
                            f"step '{node.path}' wants {wanted}; this machine has {has}",
                            "lower it, route its label to another runner, or set [runner.local.limits]",
                        )
                    )
        return problems

    def _input_problems(self, spec: RunSpec) -> list[InvalidError]:
        """Selected steps whose inputs come from steps that neither run nor have recorded outputs."""
        if spec.selected is None:
            return []
        chosen = set(spec.selected)
        wanted = {
            each
            for path in spec.selected
            for argument in spec.graph.node(path).arguments
            for each in upstreams(argument.source)
            if each.node not in chosen
        }
        newest = self._parts.outputs.newest(spec.project, spec.pipeline, sorted({each.node for each in wanted}))
        return [
            InvalidError(
                f"'{each.output}' of step '{each.node}' is needed, but '{each.node}' is not selected and has never run",
                f"add it with --to, or run the whole pipeline once: graft run {spec.target.text}",
            )
            for each in sorted(wanted)
            if each.node not in newest or each.output not in {output.name for output in newest[each.node][1]}
        ]


def _in_order(graph: Graph, paths: set[str]) -> tuple[str, ...]:
    return tuple(node.path for node in graph.nodes if node.path in paths)


def _to_run_again(graph: Graph, steps: Mapping[str, StepRun], request: RetryRequest) -> set[str]:
    if request.is_everything:
        return set(graph.index)
    if not request.selection.is_everything:
        return _chosen_for_retry(graph, steps, request.selection)
    unfinished = {path for path in graph.index if path not in steps or not _is_settled(steps[path])}
    return unfinished | graph.descendants(unfinished)


def _chosen_for_retry(graph: Graph, steps: Mapping[str, StepRun], selection: Selection) -> set[str]:
    """The selected steps; with `--from/--to` those in between, with `--only` what they need must be there."""
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
    return step.state.is_good or (step.state is Status.SKIPPED and step.reason in ("BRANCH", "UNSELECTED"))


def _refuse_rewired(old: Graph, new: Graph, kept: Sequence[str]) -> None:
    """A kept result stands on everything before it: that part of the graph must be the same.

    Raises:
        InvalidError: a step upstream of a kept one is new, gone or wired differently.
    """
    problems = []
    upstream = set(kept) | new.ancestors(set(kept))
    for path in _in_order(new, upstream):
        if path not in old.index:
            problems.append(f"'{path}' is new")
        elif new.node(path).needs != old.node(path).needs:
            problems.append(f"'{path}' waits for other steps now")
    before = old.ancestors({path for path in kept if path in old.index})
    problems += [f"'{path}' is gone" for path in _in_order(old, before) if path not in new.index]
    if problems:
        raise InvalidError(
            f"the pipeline has changed before steps whose results would be kept: {'; '.join(problems)}",
            "use 'graft run': it starts from the pipeline as it is now",
        )
