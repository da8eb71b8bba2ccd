"""The runs of a search, one for each trial: compiled, written, hosted and read, each like any other run.

A trial's run has an id that follows from the search and the trial's parameters. So whoever takes a search up again
finds what became of it: done, it is taken as it is; unfinished, it goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .artifacts import Output
from .document import roll_up, root_failures
from .errors import ConflictError, InvalidError, MissingError
from .graph import CallKind, Graph, Json
from .hosting import Hosting, moved
from .ids import RunId
from .launching import Launching
from .lifecycle import LifecycleRequest, Lifecycles
from .loaded import Loaded, LoadRequest
from .prints import Print
from .records import dataclass, replace
from .releasing import Lineages
from .requests import CodeChoice, RetryRequest, RunRequest
from .retrying import Retrying
from .reusing import Reusing
from .runs import Run, RunSpec, StepRun
from .session import Observer, Requests
from .states import Status
from .trials import BEST, SWEEP_ORIGIN, SearchSpec, Told, child_id, shared_steps

if TYPE_CHECKING:
    from .parts import Parts  # the bundle of ports; workspace builds who makes this


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """The run of one trial, ready to be started."""

    path: str
    """Of the trial's node."""
    told: Told
    spec: RunSpec
    loaded: Loaded | None
    """What is written with it; None: it is on record already."""
    shared: Mapping[str, str]
    """`trials.shared_steps` of it."""

    @property
    def graph(self) -> Graph:
        """Return the graph it runs."""
        return self.spec.graph


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a trial's run stands."""

    run: Run
    metrics: Mapping[str, Json]
    failed: StepRun | None
    """The first step that failed by itself."""
    cpu_seconds: float
    peak_bytes: int | None


class Children:
    """Makes and hosts the runs of one search.

    Args:
        parts: ports of the workspace.
        parent: spec of the search's run.
    """

    def __init__(self, parts: Parts, parent: RunSpec):
        assert parent.search is not None
        self.record: SearchSpec = parent.search
        self._parent = parent
        self._parts = _at_registry(parts, self.record.registry)
        self._launching = Launching(self._parts)
        self._lifecycle = Lifecycles(self._parts, self._launching, Lineages(self._parts))
        self._hosting = Hosting(self._parts)
        self._retrying = Retrying(self._parts)
        self._code = self._parts.runs.snapshot(parent.id)
        self._begun: list[Child] = []
        """Runs of this search that have been started."""
        self._is_copied = parent.uses_snapshot
        """The working copy is not what was recorded: trials run a copy of that."""

    def trial(self, path: str, params: Told) -> Child:
        """Return the run of a trial, compiled; nothing is written.

        Raises:
            GraftError: its parameters do not fit, or the code cannot be loaded.
        """
        return self._child(path, params, None)

    def best(self, params: Told, score: float | None) -> Child:
        """Return the run that trains with the best parameters, and commits what it learned; raises as `trial`."""
        return self._child(BEST, params, score)

    def start(self, child: Child, jobs: int, observe: Observer, requests: Requests) -> None:
        """Host the run to its end; one that is on record is continued.

        Args:
            child: which.
            jobs: cpus its steps may use together.
            observe: told of every committed group of facts.
            requests: where it is asked to stop.

        Raises:
            GraftError: it cannot be hosted; what is known of it is on record.
        """
        parts, handed = self._parts, self._handed(child)
        if child.loaded is not None:
            for data in child.loaded.blobs.values():
                parts.outputs.keep(data)
            spec = replace(child.spec, jobs=jobs, reusing=self._reusing(child))
            parts.runs.create(spec, child.loaded.snapshot)
        else:
            state = parts.history.run(child.spec.id).state
            if state is Status.SUCCESS:
                return
            if state is not Status.PENDING:
                self._again(child.spec.id, jobs)
        self._begun.append(child)
        self._hosting.host(child.spec.id, observe, requests, None, reused=handed)

    def recall(self, child: RunId) -> None:
        """Take note of a trial that was over when the search was taken up: what it was given, others are given too."""
        known = self._known(child)
        if known is not None:
            self._begun.append(_recorded(known, ""))

    def outcome(self, child: RunId) -> Outcome | None:
        """Return how a trial's run stands; None: it is not on record."""
        try:
            run = self._parts.history.run(child)
        except MissingError:
            return None
        steps = self._parts.history.steps(child)
        failures = root_failures(steps)
        peaks = [step.peak_bytes for step in steps if step.peak_bytes is not None]
        return Outcome(
            run=run,
            metrics=roll_up(steps),
            failed=failures[0] if failures else None,
            cpu_seconds=sum(step.cpu_seconds or 0.0 for step in steps),
            peak_bytes=max(peaks, default=None),
        )

    def _child(self, path: str, params: Told, score: float | None) -> Child:
        identity = child_id(self._parent.id, path, params)
        known = self._known(identity)
        if known is not None:
            return replace(_recorded(known, path), told=params)
        request = self.request(params)
        is_best = path == BEST
        if not self.record.words:
            loaded = self._loaded(request.run, "train" if is_best else self.record.mode)
            request = replace(request, loaded=loaded)
        if is_best:
            prepared = self._lifecycle.train(replace(request, from_start=self.record.lower is None))
            lifecycle = prepared.spec.lifecycle
            assert lifecycle is not None
            direction = "maximize" if self.record.is_maximum else "minimize"
            found = replace(
                lifecycle, origin="tune", score=self.record.metric, direction=direction, scored=score, loads=None
            )
            prepared = replace(prepared, spec=replace(prepared.spec, lifecycle=found))
        else:
            prepared = self._lifecycle.trial(request, self.record.mode)
        spec = replace(
            prepared.spec,
            id=identity,
            code=self._parent.code,
            uses_snapshot=prepared.spec.uses_snapshot or (self._is_copied and not self.record.words),
        )
        return Child(path=path, told=params, spec=spec, loaded=prepared.loaded, shared=_shared(spec))

    def request(self, params: Told) -> LifecycleRequest:
        """Return what is asked for to try these parameters."""
        record, parent = self.record, self._parent
        return request_of(
            record,
            RunRequest(
                target=parent.target,
                params={**record.params, **params},
                values=record.values,
                places=record.places,
                runner=parent.runner,
                jobs=parent.jobs,
                fail_fast=parent.fail_fast,
                origin=SWEEP_ORIGIN,
                parent=parent.id,
                reusing=parent.reusing,
            ),
        )

    def _handed(self, child: Child) -> dict[str, tuple[RunId, tuple[Output, ...]]]:
        """Return what sources answered when another trial asked: all are tried on the same rows."""
        graph = child.graph
        feeds = [node.path for node in graph.nodes if graph.operations[node.operation].call.kind is CallKind.FEED]
        found = {}
        for path in feeds:
            if path in child.shared and (made := self._made(child, path)) is not None:
                found[path] = made
        return found

    def _reusing(self, child: Child) -> Reusing:
        """Return what the run may take over: of what reads the world, what another trial has read, and nothing else."""
        reusing = child.spec.reusing
        if not reusing.is_on or not self._begun:
            return reusing
        nodes = [child.graph.node(path) for path in child.shared]
        sources = [node.path for node in nodes if _is_source(child.spec.prints.get(node.operation))]
        unread = tuple(path for path in sources if self._made(child, path) is None)
        return replace(reusing, sources=True, forced=(*reusing.forced, *unread))

    def _made(self, child: Child, path: str) -> tuple[RunId, tuple[Output, ...]] | None:
        """Return the run of this search that has made the result of a step, and its outputs; None: none has."""
        digest = child.shared[path]
        for other in self._begun:
            if other.shared.get(path) == digest:
                outputs = self._parts.outputs.of_run(other.spec.id).get(path)
                if outputs is not None:
                    return other.spec.id, outputs
        return None

    def _known(self, child: RunId) -> RunSpec | None:
        try:
            return self._parts.runs.spec(child)
        except MissingError:
            return None

    def _loaded(self, run: RunRequest, mode: str) -> Loaded:
        """Compile the code the search was started with: the working copy as long as it is that."""
        parts, target = self._parts, run.target
        if not self._is_copied:
            loaded = parts.loader.load(_asked(run, mode))
            files = self._code.files
            changed = [name for name, digest in files.items() if loaded.snapshot.files.get(name, digest) != digest]
            if not changed or not target.is_loadable:
                return parts.overridden(loaded, self._parent.runner)
            self._is_copied = True
        if self._parent.code.key is not None and self._code.files:
            target = moved(target, parts.machine.materialise(self._code, self._parent.code.key))
        loaded = parts.loader.load(_asked(replace(run, target=target), mode))
        return parts.overridden(replace(loaded, snapshot=self._code), self._parent.runner)

    def _again(self, child: RunId, jobs: int) -> None:
        """Put an unfinished run back to where it goes on.

        Where the pipeline is another one now, all of its steps are asked for again; those of which results are known
        are reused.
        """
        code = CodeChoice.RECORDED if self._is_copied else CodeChoice.CURRENT
        request = RetryRequest(run=child, code=code, jobs=jobs)
        try:
            retry = self._retrying.prepare(request)
        except ConflictError:
            raise
        except InvalidError:
            retry = self._retrying.prepare(replace(request, is_everything=True))
        spec = retry.spec
        if retry.loaded is not None:
            for data in retry.loaded.blobs.values():
                self._parts.outputs.keep(data)
            spec = self._lifecycle.again(spec, retry.loaded)
        self._parts.runs.revise(child, spec, retry.loaded.snapshot if retry.loaded else None)
        self._hosting.reset(child, retry.plan.again, retry.plan.left_out)


def request_of(record: SearchSpec, run: RunRequest) -> LifecycleRequest:
    """Return what a search asks of each trial."""
    return LifecycleRequest(
        run=run,
        words=record.words,
        engine=record.engine,
        query=record.query,
        lower=record.lower,
        upper=record.upper,
        trusts=record.trusts,
    )


def _recorded(spec: RunSpec, path: str) -> Child:
    return Child(path=path, told={}, spec=spec, loaded=None, shared=_shared(spec))


def _shared(spec: RunSpec) -> Mapping[str, str]:
    return shared_steps(spec.graph, spec.prints) if spec.reusing.is_on else {}


def _is_source(known: Print | None) -> bool:
    return known is not None and known.source is not None


def _asked(run: RunRequest, mode: str) -> LoadRequest:
    return LoadRequest(target=run.target, params=run.params, values=run.values, places=run.places, mode=mode)


def _at_registry(parts: Parts, place: str | None) -> Parts:
    """Return ports whose registry is the one that the search was started with, whoever goes on with it."""
    if place is None or place == parts.registry_place():
        return parts
    return replace(parts, registry=lambda: parts.registry_at(place), registry_place=lambda: place)
