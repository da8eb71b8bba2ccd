"""From a recorded attempt to one that is executed again at a terminal: the inputs, code and environment that it had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from .document import root_failures
from .errors import InvalidError
from .givenup import refuse_given_up
from .graph import CallKind, Graph, Operation
from .growth import Plot
from .hosting import moved
from .ids import RunId
from .launching import load_current
from .orders import Order, RunContext, artifacts_of
from .ports import Loaded
from .records import dataclass, field
from .replay import Ended, Entry, Replay
from .requests import CodeChoice
from .retrying import grown_as
from .runs import RunSpec, StepRun, Target
from .states import Reason, Status
from .supply import Upstream
from .undeclared import is_guarded
from .values import Values

if TYPE_CHECKING:
    from .parts import Parts  # the bundle of ports; workspace builds Debugging, so a real import would be a circle


@dataclass(frozen=True, slots=True, kw_only=True)
class DebugRequest:
    """A step to be debugged."""

    run: RunId
    step: str | None = None
    """Path; None: the first that failed."""
    entry: Entry = Entry.FAILURE
    code: CodeChoice = CodeChoice.RECORDED
    values: Mapping[str, str] = field(default_factory=dict)
    """Arguments that are set instead of the recorded ones, as typed."""


class Debugging:
    """Prepares steps for a debugger on the ports of a workspace."""

    def __init__(self, parts: Parts):
        self._parts = parts

    def prepare(self, request: DebugRequest) -> Replay:
        """Find everything an attempt had. Nothing is changed; recorded code is written out.

        Raises:
            InvalidError: no step failed, and none is named; a value it takes was never made; nothing in it can be
                debugged; today's code does not have it; a secret is nowhere.
        """
        parts = self._parts
        old = parts.runs.spec(request.run)
        steps = {step.path: step for step in parts.history.steps(request.run)}
        path = request.step or _first_failed(request.run, list(steps.values()))
        loaded = self._loaded(old, request)
        graph = old.graph if loaded is None else grown_as(loaded.graph, old.graph)
        if path not in graph.index:
            raise InvalidError(f"today's pipeline has no step '{path}'", "without --now the recorded one runs")
        operation = graph.operation_of(path)
        _refuse_ours(graph, path, request.entry, list(steps.values()))
        step = steps[path]
        return Replay(
            context=self._context(old, operation, loaded),
            order=self._order(request.run, graph, path, max(1, step.attempts), steps),
            operation=operation,
            entry=request.entry,
            values=request.values,
            is_recorded=loaded is None and old.code.key is not None,
            working_copy=old.target.root,
            environment=old.environment,
            story=_story(step),
            remarks=tuple(self._remarks(old, step, loaded)),
        )

    def begin(self, replay: Replay) -> Ended:
        """Execute it at this terminal and wait for the end.

        Raises:
            InvalidError: there is no terminal, or a value that was set does not fit.
        """
        return self._parts.terminal(replay)

    def _loaded(self, old: RunSpec, request: DebugRequest) -> Loaded | None:
        if request.code is CodeChoice.RECORDED:
            return None
        if not old.target.is_loadable:
            raise InvalidError(
                f"run {old.id} was made in a REPL or notebook: there is no code of today for it",
                "without --now the recorded code runs",
            )
        loaded = self._parts.overridden(load_current(self._parts, old), old.runner)
        for data in loaded.blobs.values():  # functions without a module travel as objects, which no run names
            self._parts.outputs.keep(data)
        return loaded

    def _order(self, run: RunId, graph: Graph, path: str, attempt: int, steps: Mapping[str, StepRun]) -> Order:
        values = Values(Plot(graph), self._parts.outputs.of_run(run))
        missing = values.missing(path)
        if missing:
            raise _missing(run, path, missing[0], steps)
        order = values.order(path, attempt)
        taken = [ref for _, value in order.arguments for ref in artifacts_of(value)]
        refuse_given_up(self._parts.outputs, run, taken, f"step '{path}' of run {run[:6]}")
        return order

    def _context(self, spec: RunSpec, operation: Operation, loaded: Loaded | None) -> RunContext:
        parts = self._parts
        names = sorted(operation.policy.secrets)
        target, planned = self._code(spec, loaded)
        return RunContext(
            run=spec.id,
            operations=(operation,),
            root=target.root,
            cwd=target.cwd,
            sys_path=target.sys_path,
            objects=parts.objects,
            logs="",
            slots=parts.slot_directory,
            jobs=1,
            secrets=parts.secrets(names) if names else {},
            planned_files=planned,
            code=spec.code.key,
            params=spec.params,
        )

    def _code(self, spec: RunSpec, loaded: Loaded | None) -> tuple[Target, Mapping[str, str]]:
        """Return where the code lies, and its files; recorded code is written out unless it is already."""
        if loaded is not None:
            return spec.target, loaded.snapshot.files
        snapshot = self._parts.runs.snapshot(spec.id)
        if not snapshot.files or spec.code.key is None:
            return spec.target, {}
        return moved(spec.target, self._parts.machine.materialise(snapshot, spec.code.key)), snapshot.files

    def _remarks(self, spec: RunSpec, step: StepRun, loaded: Loaded | None) -> list[str]:
        if loaded is not None:
            return []
        if step.reason == Reason.CODE_CHANGED:
            return ["the code was changed while the run went on: what ran may be other code than what is recorded"]
        attempts = self._parts.history.attempts(spec.id, step.path).get(step.path, [])
        if attempts and attempts[-1].code not in (None, spec.code.key):
            return ["the step ran before the run was retried with changed code; the recorded code is that of the retry"]
        return []


def _first_failed(run: RunId, steps: Sequence[StepRun]) -> str:
    failed = [step for step in root_failures(steps) if step.reason != Reason.INSIDE]
    if not failed:
        names = ", ".join(step.path for step in steps[:8])
        raise InvalidError(f"no step of run {run} failed", f"name the step to debug: {names}")
    return failed[0].path


def _refuse_ours(graph: Graph, path: str, entry: Entry, steps: Sequence[StepRun]) -> None:
    """Refuse to debug what no code of the project does.

    Raises:
        InvalidError: saying where to look instead.
    """
    operation = graph.operation_of(path)
    kind = operation.call.kind
    if is_guarded(operation) or (entry is Entry.PROMPT and kind not in _NOT_STARTED):
        return
    inside = [step.path for step in root_failures(steps) if step.path.startswith(f"{path}/")]
    inside += [
        node.path
        for node in graph.nodes
        if node.path.startswith(f"{path}/") and is_guarded(graph.operation_of(node.path))
    ]
    if inside:
        raise InvalidError(f"'{path}' is a composite: it runs no code itself", f"name a step inside of it: {inside[0]}")
    hint = None if kind in _NOT_STARTED else "--shell shows what it takes"
    raise InvalidError(f"there is nothing to debug in '{path}': {_WHAT.get(kind, 'it runs no code of yours')}", hint)


_WHAT = {
    CallKind.STUB: "a stub does nothing",
    CallKind.SPLIT: "it takes a list apart",
    CallKind.REDUCE: "it gathers what the items returned",
    CallKind.CHOOSE: "it compares a value with the branches",
    CallKind.UNTIL: "it looks whether a value is true",
    CallKind.JOIN: "it hands on what is inside of it",
    CallKind.FEED: "it asks a feed",
    CallKind.SINK: "it hands outputs to a sink",
    CallKind.LOAD: "a generation supplies what it made",
}
_NOT_STARTED = frozenset({CallKind.JOIN, CallKind.STUB, CallKind.LOAD})


def _missing(run: RunId, path: str, lacking: Upstream, steps: Mapping[str, StepRun]) -> InvalidError:
    """Return the error of an input that nobody made, naming the step to debug instead where one failed."""
    maker = steps.get(lacking.node)
    became = {
        None: "which is not in this run",
        Status.FAILURE: "which failed",
        Status.SKIPPED: "which was skipped",
        Status.CANCELLED: "which was cancelled",
        Status.INTERRUPTED: "which was interrupted",
    }.get(None if maker is None else maker.state, "which has not ended")
    if maker is not None and maker.state.is_good:
        became = "which did not make it"
    failed = [step.path for step in root_failures(list(steps.values()))]
    hint = f"graft debug {run[:6]} {failed[0]}" if failed else None
    return InvalidError(f"step '{path}' takes '{lacking.output}' of step '{lacking.node}', {became}", hint)


def _story(step: StepRun) -> str:
    if step.error is not None:
        first = step.error.message.strip().split("\n")[0]
        return f"attempt {step.attempts} failed: {step.error.type}" + (f": {first}" if first else "")
    if step.state is Status.CACHED:
        return f"its result is of run {step.cached_from}"
    return f"{step.state.lower()} in the run" if step.attempts else "it never ran"
