"""Carrying a run to its end in this process: open it, take in what is known, have its runner carry it, let go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import takewhile
from types import MappingProxyType
from typing import TYPE_CHECKING

from .artifacts import Output
from .collector import rare_collections
from .demands import capacities
from .dispatching import Dispatch, served
from .errors import Cancelled, GraftError
from .events import RunStarted, StepReused, StepSettled
from .evidencing import Circumstances
from .growth import Plot, with_grown
from .ids import RunId
from .judging import Judge
from .orders import RunContext
from .ports import RunLog
from .records import replace
from .runs import Attempt, RunSpec, Snapshot, StepRun, Target
from .scheduler import reset_for_retry
from .session import Observer, Requests, Session, report
from .settling import settle
from .states import Reason, Status
from .turns import Past
from .values import Values

if TYPE_CHECKING:
    from .committing import CommittingLog
    from .parts import Parts  # the bundle of ports; workspace builds Hosting, so a real import would be a circle
    from .runners import RunnerChoice


class Hosting:
    """Hosts runs on the ports of a workspace."""

    def __init__(self, parts: Parts):
        self._parts = parts

    @rare_collections()
    def host(
        self,
        run: RunId,
        observe: Observer | None,
        requests: Requests,
        expect: Status | None,
        *,
        given: Mapping[str, tuple[Output, ...]] = MappingProxyType({}),
        reused: Mapping[str, tuple[RunId, tuple[Output, ...]]] = MappingProxyType({}),
    ) -> None:
        """Take the run up and carry it to its end, whatever its runner does: it is never left STARTED.

        What a runner raises fails the run. An error of ours is raised as well, for it says what to do.

        Args:
            run: to be taken up.
            observe: told of every committed group of facts.
            requests: where this process asks it to stop.
            expect: state it must still be in; None: any that may go on.
            given: outputs that are no step's, by path, which its steps may be bound to.
            reused: by path, steps that are not run, and the run whose outputs serve in their place.

        Raises:
            ConflictError: a living process holds it, or somebody else took it over.
            StoreError: the run log cannot be written; the run can be resumed.
            GraftError: the runner cannot work; the run is recorded as FAILURE.
        """
        parts = self._parts
        log = parts.runs.open(run, expect=expect)
        try:
            spec = parts.runs.spec(run)
            committing: CommittingLog | None = None
            if spec.lifecycle is not None and spec.lifecycle.makes_generation:
                log = committing = _committing(parts, spec, log, observe)
                observe = committing.told
            begun = parts.clock()
            error: Exception | None = None
            try:
                past = self._begin(spec, log, observe, reused)
                choice = parts.runner(spec.runner) if spec.search is None else parts.searching(parts, spec)
                session = self._session(spec, past, log, observe, requests, choice)
                session = replace(session, recorded={**session.recorded, **given}) if given else session
                choice.runner.run(spec.graph, events=session, **choice.options)
            except Exception as problem:  # noqa: BLE001  a plugin may raise anything; all of it is recorded
                error = problem
            if error is not None or not parts.history.run(run).state.is_final:
                self._settle(spec, log, observe, error, begun)
            if committing is not None and committing.problem is not None:
                raise committing.problem
        finally:
            # Last: until no process of the run is left, the run is not anybody else's.
            log.close()

    def reset(self, run: RunId, paths: Sequence[str], left_out: Sequence[str]) -> None:
        """Put steps back to PENDING, so that whoever hosts the run next runs them; settle what was left out."""
        log = self._parts.runs.open(run)
        try:
            states = {step.path: step.state for step in self._parts.history.steps(run)}
            log.append(reset_for_retry(states, paths, left_out, self._parts.clock()))
        finally:
            log.close()

    def _begin(
        self,
        spec: RunSpec,
        log: RunLog,
        observe: Observer | None,
        reused: Mapping[str, tuple[RunId, tuple[Output, ...]]],
    ) -> dict[str, Past]:
        """Record the start, and what a selection reuses or leaves out; return what is known of every step then.

        Before the runner is asked for anything: if it never reports, the start still is on record.
        """
        past = self._past(spec)
        try:
            loaded = [] if spec.lifecycle is None else self._loaded(spec, past)
        except GraftError:  # it fails as one that began, and can be retried when the state is mended
            report(log, [RunStarted(at=self._parts.clock())], observe)
            raise
        for path, (other, outputs) in reused.items():
            if path in past and not past[path].state.is_final:
                loaded.append(StepReused(node=path, at=self._parts.clock(), from_run=other, outputs=outputs))
        ready = {fact.node for fact in loaded}
        outside = [*loaded, *self._left_out(spec, {path: each for path, each in past.items() if path not in ready})]
        report(log, [RunStarted(at=self._parts.clock()), *outside], observe)
        for fact in outside:
            state, reason = (fact.state, fact.reason) if isinstance(fact, StepSettled) else (Status.CACHED, None)
            past[fact.node] = replace(past[fact.node], state=state, reason=reason)
        return past

    def _past(self, spec: RunSpec) -> dict[str, Past]:
        if self._parts.history.run(spec.id).is_untouched:
            return dict.fromkeys(spec.graph.index, Past(state=Status.PENDING))
        return _past(self._parts.history.steps(spec.id))

    def _settle(
        self, spec: RunSpec, log: RunLog, observe: Observer | None, error: Exception | None, begun: float
    ) -> None:
        """End a run that its runner left open.

        Raises:
            GraftError: `error` itself when it is one of ours, or the run log cannot be written.
        """
        parts = self._parts
        steps = parts.history.steps(spec.id)
        facts = settle(steps, error, worker=spec.runner, begun=begun, now=parts.clock())
        if not isinstance(error, GraftError) or isinstance(error, Cancelled):
            report(log, facts, observe)
            return
        # Where the run log itself is the trouble, this fails too, and readers find the run INTERRUPTED.
        with suppress(GraftError):
            report(log, facts, observe)
        raise error

    def _session(
        self,
        spec: RunSpec,
        past: Mapping[str, Past],
        log: RunLog,
        observe: Observer | None,
        requests: Requests,
        choice: RunnerChoice,
    ) -> Session:
        parts, is_real = self._parts, choice.runner.takes_resources
        dispatch = Dispatch(parts, spec, choice)
        here = dispatch.here
        wanted = {} if here == frozenset() else capacities(spec.graph, served(parts, spec.graph), parts.capacity, here)
        context = self._context(spec)
        if here is not None and any(known.attempts for known in past.values()):
            context = replace(context, unended=_unended(parts.history.attempts(spec.id)))
        return Session(
            context=dispatch.context(context, 0),
            log=log,
            clock=parts.clock,
            jobs=spec.jobs,
            slots=parts.slots(wanted) if wanted else None,
            fail_fast=spec.fail_fast,
            deadline=None if spec.timeout_s is None else parts.clock() + spec.timeout_s,
            past=past,
            recorded=parts.outputs.of_run(spec.id),
            observe=observe,
            requests=requests,
            sites=dispatch.sites,
            away=dispatch.away(context),
            here=here,
            judge=partial(self._judge, spec) if is_real else None,
        )

    def _judge(self, spec: RunSpec, plot: Plot, values: Values) -> Judge:
        snapshot = self._parts.runs.snapshot(spec.id)
        return Judge(plot=plot, values=values, circumstances=circumstances_of(spec, self._parts, snapshot))

    def _loaded(self, spec: RunSpec, past: Mapping[str, Past]) -> list[StepReused]:
        """Hand on the states of a generation in place of the steps that make them.

        Raises:
            StoreError: one is missing or damaged; nothing is unpickled then, and nothing was started.
        """
        from .loading import load_states  # registries: runs that are no part of a lifecycle need none

        now = self._parts.clock()
        return [
            StepReused(node=path, at=now, from_run=None, outputs=outputs)
            for path, outputs in load_states(self._parts, spec).items()
            if not past[path].state.is_good
        ]

    def _left_out(self, spec: RunSpec, past: Mapping[str, Past]) -> list[StepReused | StepSettled]:
        """Settle the steps outside the selection: reused where an earlier run has their outputs, else left out."""
        if spec.selected is None:
            return []
        now = self._parts.clock()
        chosen = with_grown(spec.graph, spec.selected)
        outside = [
            node.path
            for node in spec.graph.nodes
            if node.path not in chosen and node.path in past and not past[node.path].state.is_final
        ]
        newest = self._parts.outputs.newest(spec.project, spec.pipeline, outside) if outside else {}
        facts: list[StepReused | StepSettled] = []
        for path in outside:
            if path in newest:
                from_run, outputs = newest[path]
                facts.append(StepReused(node=path, at=now, from_run=from_run, outputs=outputs))
            else:
                facts.append(StepSettled(node=path, state=Status.SKIPPED, reason=Reason.UNSELECTED, at=now))
        return facts

    def _context(self, spec: RunSpec) -> RunContext:
        parts = self._parts
        snapshot = parts.runs.snapshot(spec.id)
        target = target_of(parts, spec, snapshot)
        imports = spec.environment.get("imports")
        return RunContext(
            run=spec.id,
            operations=spec.graph.operations,
            root=target.root,
            cwd=target.cwd,
            sys_path=target.sys_path,
            objects=parts.objects,
            logs=parts.log_directory(spec.id),
            slots=parts.slot_directory,
            jobs=spec.jobs,
            preload=tuple(str(name) for name in imports) if isinstance(imports, list) else (),
            planned_files=snapshot.files,
            contents=snapshot.contents,
            code=spec.code.key,
            params=spec.params,
            guard=spec.guard,
            work_tree=None if target.root == spec.target.root else spec.target.root,
        )

    def context(self, spec: RunSpec) -> RunContext:
        """Return what all attempts of a run share, its secrets left out; recorded code is written out for it."""
        return self._context(spec)


def _committing(parts: Parts, spec: RunSpec, log: RunLog, observe: Observer | None) -> CommittingLog:
    from .committing import committing  # registries: runs that are no part of a lifecycle need none

    return committing(parts, spec, log, observe)


def circumstances_of(spec: RunSpec, parts: Parts, snapshot: Snapshot) -> Circumstances:
    """Return what the steps of a run are judged by.

    Args:
        spec: of the run, or of one that is only planned.
        parts: where earlier results and files are.
        snapshot: its recorded code; without files it is not known, or not asked for.
    """
    return Circumstances(
        project=spec.project,
        pipeline=spec.pipeline,
        prints=spec.prints,
        reusing=spec.reusing,
        results=parts.results,
        files=parts.files,
        root=spec.target.root,
        cwd=spec.target.cwd,
        environ=parts.environ,
        planned=snapshot.files,
        is_copy=spec.uses_snapshot,
        code_of_values=lambda refs: parts.code_of_values(refs, target_of(parts, spec, snapshot)),
        restore=parts.restore,
    )


def target_of(parts: Parts, spec: RunSpec, snapshot: Snapshot) -> Target:
    """Return where steps find their code: the working copy, or a copy of the recorded one."""
    if not spec.uses_snapshot or not snapshot.files or spec.code.key is None:
        return spec.target
    return moved(spec.target, parts.machine.materialise(snapshot, spec.code.key))


def moved(target: Target, copy: str) -> Target:
    """Point a target's code at a copy of the project; steps still run in the working directory they ran in."""
    root = target.root
    search = tuple(
        copy + entry[len(root) :] if entry == root or entry.startswith(root.rstrip("/") + "/") else entry
        for entry in target.sys_path
    )
    return replace(target, root=copy, sys_path=search if search != target.sys_path else (copy, *search))


def _unended(attempts: Mapping[str, Sequence[Attempt]]) -> dict[str, tuple[int, ...]]:
    """Return by path the attempts at the end of the list that nobody heard the end of."""
    found = {}
    for path, tried in attempts.items():
        lost = [each.n for each in takewhile(lambda each: each.state is Status.INTERRUPTED, reversed(tried))]
        if lost:
            found[path] = tuple(reversed(lost))
    return found


def _past(steps: Sequence[StepRun]) -> dict[str, Past]:
    return {
        step.path: Past(state=step.state, reason=Reason(step.reason) if step.reason else None, attempts=step.attempts)
        for step in steps
    }
