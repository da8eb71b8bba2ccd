"""From a request to a frozen spec: load, select, check. Everything wrong is found here, before anything is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import InvalidError
from .graph import CallKind, Graph
from .hosting import moved
from .ids import RunId, new_run_id
from .ports import Loaded, LoadRequest
from .preflight import Preflight, refuse_check
from .provenance import recorded
from .records import replace
from .requests import CodeChoice, RunRequest
from .reusing import Reusing
from .runs import RunSpec
from .selection import named
from .undeclared import GuardMode, chosen_guard

if TYPE_CHECKING:
    from .parts import Parts  # the bundle of ports; workspace builds Launching, so a real import would be a circle
    from .trials import SearchSpec


def load_again(old: RunSpec) -> LoadRequest:
    """Return the request to compile a recorded run's target anew, with its parameters as it had them."""
    origins, places = recorded(old.environment, old.params)
    return LoadRequest(
        target=old.target,
        params={},
        values=old.params,
        is_again=True,
        origins=origins,
        places=places,
        mode=old.graph.mode,
        of_generation=old.lifecycle is not None and old.lifecycle.loads is not None,
    )


def load_current(parts: Parts, old: RunSpec) -> Loaded:
    """Compile a recorded run's target anew; its source and sinks are those it had."""
    if old.search is not None:
        return _load_search(parts, old, old.search)
    loaded = parts.loader.load(load_again(old))
    if not any(each.call.kind in (CallKind.FEED, CallKind.SINK) for each in old.graph.operations):
        return parts.sourced(loaded)
    from .engines import connected_as, connecting  # of runs that train or apply

    return connecting(loaded, connected_as(loaded.graph, old.graph))


def _load_search(parts: Parts, old: RunSpec, search: SearchSpec) -> Loaded:
    """Compile the first trial of a search: its code is that of all; the search stays what it is."""
    from .trials import first_of  # spaces and methods, for one kind of run

    wanted = LoadRequest(
        target=old.target,
        params={**search.params, **first_of(search)},
        values=search.values,
        places=search.places,
        mode=search.mode,
    )
    return replace(parts.loader.load(wanted), graph=old.graph, params=old.params, prints={})


def runs_working_copy(old: RunSpec) -> bool:
    """Tell whether a recorded run can go on with the code as it is now: one of a release goes on with that."""
    is_of_release = old.lifecycle is not None and old.uses_snapshot
    return old.target.is_loadable and not is_of_release and not (old.search is not None and old.search.words)


class Launching:
    """Makes specs of new runs and of reruns."""

    def __init__(self, parts: Parts):
        self._parts = parts
        self._preflight = Preflight(parts)

    def load(self, request: RunRequest) -> Loaded:
        """Import and compile a target."""
        loaded = self._parts.loader.load(
            LoadRequest(
                target=request.target,
                params=request.params,
                values=request.values,
                places=request.places,
                mode=request.mode,
            )
        )
        return self._parts.overridden(loaded, request.runner or self._parts.default_runner)

    def form(self, request: RunRequest) -> Loaded:
        """Import a target for the parameters and steps it has; what has to be given may be missing."""
        wanted = LoadRequest(
            target=request.target, params={}, values=request.values, places=request.places, wants_form=True
        )
        return self._parts.loader.load(wanted)

    def yaml(self, request: RunRequest) -> str:
        """Return the pipeline of a target as YAML."""
        wanted = LoadRequest(target=request.target, params=request.params, values=request.values, wants_yaml=True)
        return self._parts.loader.load(wanted).yaml or ""

    def yaml_of(self, run: RunId) -> str:
        """Return the pipeline of a run as YAML, written from its recorded code, with the parameters it was given.

        Raises:
            InvalidError: it was made in a REPL or notebook, or has a step that cannot be written.
        """
        parts = self._parts
        spec = parts.runs.spec(run)
        if not spec.target.is_loadable:
            raise InvalidError(f"run {run} was made in a REPL or notebook: there is no file to read its pipeline from")
        snapshot, target = parts.runs.snapshot(run), spec.target
        if snapshot.files and spec.code.key is not None:
            copy = parts.machine.materialise(snapshot, spec.code.key)
            target = replace(moved(target, copy), cwd=copy)
        wanted = LoadRequest(target=target, params={}, values=spec.params, is_again=True, wants_yaml=True)
        return parts.loader.load(wanted).yaml or ""

    def prepare(self, request: RunRequest, loaded: Loaded | None = None) -> tuple[RunSpec, Loaded]:
        """Return the frozen spec of a new run and what was loaded for it.

        Args:
            request: what is wanted.
            loaded: what `load` returned for it just now; None: it is loaded here.

        Raises:
            InvalidError: the code, the selection or a step is wrong; all problems in one message.
        """
        loaded = self.load(request) if loaded is None else loaded
        if loaded.graph.mode == "job":  # the use-cases of the lifecycle have connected theirs
            loaded = self._parts.sourced(loaded, request.engine)
        parts, graph = self._parts, loaded.graph
        selected = None
        if not request.selection.is_everything:
            chosen = request.selection.paths(graph)
            selected = tuple(node.path for node in graph.nodes if node.path in chosen)
        spec = RunSpec(
            id=new_run_id(),
            project=parts.project,
            pipeline=graph.name,
            runner=request.runner or parts.default_runner,
            origin=request.origin,
            params=loaded.params,
            tags=request.tags,
            target=request.target,
            graph=graph,
            code=parts.machine.code_state(request.target.root, loaded.snapshot.key),
            environment={**loaded.environment, "imports": list(loaded.preload)},
            parent=request.parent,
            jobs=request.jobs or parts.jobs_of(request.runner or parts.default_runner),
            fail_fast=request.fail_fast,
            prints=loaded.prints,
            reusing=_reusing(request, graph),
            timeout_s=request.timeout_s,
            selected=selected,
            guard=chosen_guard(request.guard, parts.default_guard),
            created=parts.clock(),
        )
        self._preflight.check(spec)
        parts.warn_of(loaded)
        return spec, loaded

    def check(self, spec: RunSpec) -> None:
        """Find what would fail for certain in a spec that was made elsewhere; raises as `prepare`."""
        self._preflight.check(spec)

    def again(self, run: RunId, *, code: CodeChoice, origin: str, runner: str | None) -> tuple[RunSpec, Loaded | None]:
        """Return the spec of a new run that repeats an old one, and what was loaded for it.

        None instead of the latter: it runs the recorded code.

        Raises:
            InvalidError: current code is asked for and is wrong, or the run would fail for certain.
        """
        parts = self._parts
        old = parts.runs.spec(run)
        refuse_check(old)
        compiled = old.graph.origin or old.graph
        spec = replace(
            old,
            graph=compiled,  # what it grew into is for the new run to find out
            # A retry of the old run may have selected what had grown.
            selected=None if old.selected is None else tuple(path for path in old.selected if path in compiled.index),
            id=new_run_id(),
            parent=run,
            origin=origin,
            runner=runner or old.runner,
            uses_snapshot=True,
            reusing=Reusing(is_on=False),  # to run it again is what it is for
            created=parts.clock(),
            tags=(),
        )
        loaded = None
        if code is CodeChoice.CURRENT and runs_working_copy(old):
            loaded = parts.overridden(load_current(parts, old), spec.runner)
            graph, chosen = loaded.graph, set(old.selected or ())
            spec = replace(
                spec,
                graph=graph,
                code=parts.machine.code_state(old.target.root, loaded.snapshot.key),
                environment={**loaded.environment, "imports": list(loaded.preload)},
                selected=None if old.selected is None else tuple(n.path for n in graph.nodes if n.path in chosen),
                prints=loaded.prints,
                uses_snapshot=False,
            )
            parts.warn_of(loaded)
        elif spec.runner != old.runner:
            spec = replace(spec, graph=parts.overriding.applied(spec.graph, spec.runner))
        spec = replace(spec, environment=parts.routed(spec.environment, spec.graph, spec.runner))
        self._preflight.check(spec)
        return spec, loaded


def _reusing(request: RunRequest, graph: Graph) -> Reusing:
    """Return how far a run takes over earlier results; a guard that was asked for looks at steps that run."""
    wanted = request.reusing
    is_on = wanted.is_on and request.guard in (None, GuardMode.OFF)
    return replace(wanted, is_on=is_on, forced=named(graph, wanted.forced))
