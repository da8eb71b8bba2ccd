"""The use-cases of the lifecycle: train, apply and evaluate. Each writes a PENDING run, which is then hosted as any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .applying import loadings
from .engines import Channels, connected, connecting, file_sink, ordinal_of
from .errors import InvalidError, MissingError
from .feeding import Provider
from .graph import CallKind, Graph, Json, ReturnKind
from .ids import RunId
from .lineages import Generation, Lineage
from .loading import load_states
from .ports import Loaded, LoadRequest
from .records import dataclass, replace
from .requests import RunRequest
from .runs import APPLIES, CodeState, Lifecycle, RunSpec, Target

if TYPE_CHECKING:
    from .launching import Launching  # both are built by workspace, so real imports would be a circle
    from .parts import Parts
    from .plans import Plan
    from .releasing import Lineages


@dataclass(frozen=True, slots=True, kw_only=True)
class LifecycleRequest:
    """What is to be trained, applied or evaluated."""

    run: RunRequest
    """Its target is the working copy's; with `words`, its root is where steps work."""
    words: tuple[str, ...] = ()
    """Address of a lineage or generation, up to three words; empty: the working copy."""
    engine: str | None = None
    """`-E`; None: the default one."""
    sink: str | None = None
    """File that an apply run writes (`scores.csv`), whatever the engine says; None: as the engine says."""
    query: str | None = None
    """Asked of the feed in place of the source's own; None: that."""
    lower: str | None = None
    """Bound of the ordinal, exclusive; None: what the last generation was trained up to."""
    upper: str | None = None
    """Bound, inclusive; None: none."""
    from_start: bool = False
    """Read from the first row, whatever was trained on before."""
    trusts: bool = False
    """Trust pickles that this store did not make."""
    is_dry: bool = False
    """Only a plan is wanted: no lineage is published for it."""
    loaded: Loaded | None = None
    """The working copy, compiled in this process for what is asked; None: it is loaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A run that may be written, and whose code it is."""

    spec: RunSpec
    loaded: Loaded
    lineage: Lineage | None
    """None: of no lineage (an evaluation of the working copy)."""
    generation: Generation | None
    """Whose states are loaded, or that is trained further; None: none."""
    is_working: bool
    """The working copy runs."""

    @property
    def commits(self) -> tuple[str, int, tuple[str, ...]] | None:
        """Return lineage, number and states of the generation it would commit; None: it commits none.

        The number is as of now: another training may be faster.
        """
        lifecycle = self.spec.lifecycle
        if self.lineage is None or lifecycle is None or not lifecycle.makes_generation:
            return None
        graph = self.spec.graph
        states = tuple(
            f"{node.path}:{each.name}"
            for node in graph.nodes
            if graph.operations[node.operation].call.kind is not CallKind.LOAD
            for each in graph.operations[node.operation].returns
            if each.kind is ReturnKind.STATE
        )
        return self.lineage.address, self.lineage.generations + 1, states


class Lifecycles:
    """Trains, applies and evaluates, on the ports of a workspace."""

    def __init__(self, parts: Parts, launching: Launching, lineages: Lineages):
        self._parts = parts
        self._launching = launching
        self._lineages = lineages

    def train(self, request: LifecycleRequest) -> Prepared:
        """Return a run that commits a generation when it succeeds; write it with `create`.

        Of an address: with the lineage's own code. Else the working copy, as a development lineage.

        Raises:
            InvalidError: the code or a parameter is wrong, no step returns state(), bounds fit no source.
            MissingError: there is no such lineage.
            StoreError: the registry cannot be read or written.
        """
        loaded, lineage = self._loaded(request, "train")
        if not any(each.kind is ReturnKind.STATE for op in loaded.graph.operations for each in op.returns):
            raise InvalidError(
                f"pipeline '{loaded.graph.name}' has nothing to train: no step returns a state",
                "say which return is one: returns=[state('model')], or use Model(...)",
            )
        known = self._parts.registry().generations(lineage.project, lineage.version)
        last = known[-1] if known else self._before(lineage)
        lower = self._lower(request, loaded.graph, last)
        # With --from-start nothing of what was trained before counts: neither its rows nor its states.
        goes_on = bool(loadings(loaded.graph)) or (lower is not None and request.lower is None)
        further = last is not None and not request.from_start and goes_on
        lifecycle = Lifecycle(
            registry=self._parts.registry_place(),
            project=lineage.project,
            version=lineage.version,
            loads=_place(last) if further else None,
            trusts=request.trusts,
            lower=lower,
            upper=request.upper,
            engine=request.engine,
            score=None if loaded.score is None else loaded.score[0],
            direction="maximize" if loaded.score is None else loaded.score[1],
        )
        prepared = self._prepared(request, "train", loaded, lineage, last if further else None, lifecycle)
        load_states(self._parts, prepared.spec)  # what cannot be loaded is told before anything is on record
        if request.words or request.is_dry:
            return prepared
        published = self._lineages.working(loaded, request.run.target)
        if published.version != lineage.version:  # another training has published since, and took the number
            return self.train(replace(request, loaded=loaded))
        return replace(prepared, lineage=published)

    def apply(self, request: LifecycleRequest) -> Prepared:
        """Return a run that applies a generation; write it with `create`. Its states are verified here already.

        Of an address: the generation, with its lineage's code. Else the working copy, with the newest generation.

        Raises:
            InvalidError: as `train`; or nothing is left to apply.
            MissingError: there is no such generation, or it lacks a state.
            StoreError: a state is missing or damaged; or the registry cannot be read.
        """
        return self._applied(request, "apply", lower=request.lower)

    def evaluate(self, request: LifecycleRequest) -> Prepared:
        """Return a run that scores a generation on the source with labels; of the working copy, its definition.

        Raises:
            InvalidError: as `train`; or the pipeline says no evaluation.
            MissingError, StoreError: as `apply`.
        """
        if request.words:
            return self._applied(request, "eval", lower=None)
        loaded, _ = self._compiled(request, "eval")
        return self._prepared(request, "eval", loaded, None, None, None)

    def trial(self, request: LifecycleRequest, mode: str) -> Prepared:
        """Return a run that tries parameters, as part of a search; write it with `create`.

        Args:
            request: of an address: with the lineage's own code. Else the working copy.
            mode: `job`, or `tune`: scored as the pipeline's evaluation says.

        Raises:
            InvalidError: as `train`.
            MissingError: there is no such lineage.
            StoreError: the registry cannot be read.
        """
        if request.words:
            lineage = self.lineage_of(request.words)
            return self._prepared(request, mode, self._load_lineage(request, lineage, mode), lineage, None, None)
        loaded, _ = self._compiled(request, mode)
        return self._prepared(request, mode, loaded, None, None, None)

    def lineage_of(self, words: tuple[str, ...]) -> Lineage:
        """Return the lineage at an address; MissingError when there is none."""
        return self._lineages.lineage_of(*words)

    def load_as(self, lineage: Lineage, wanted: LoadRequest) -> Loaded:
        """Compile a lineage as a request of the working copy says, from a copy of its code."""
        return self._lineages.load_as(lineage, wanted)

    def create(self, prepared: Prepared) -> RunId:
        """Write a PENDING run; host, submit or launch it next."""
        parts = self._parts
        for data in prepared.loaded.blobs.values():
            parts.outputs.keep(data)
        parts.runs.create(prepared.spec, prepared.loaded.snapshot)
        return prepared.spec.id

    def check_lasting(self) -> None:
        """Refuse a run that another process would carry on a registry that ends with this one.

        Raises:
            InvalidError: it does.
        """
        if self._parts.registry().name == "virtual":
            raise InvalidError(
                "the virtual registry ends with this process, and what goes on in another one would not find it",
                "leave -d out, or name a registry that stays: -P ./registry",
            )

    def plan(self, prepared: Prepared) -> Plan:
        """Return what a prepared run would do; `prepared.commits` says what it would leave. Nothing is written."""
        from .planning import Planning  # 30 ms that a run never needs

        origin = None if prepared.generation is None else prepared.generation.address
        ready = load_states(self._parts, prepared.spec)
        return Planning(self._parts, prepared.spec, prepared.loaded, ready, origin).plan()

    def code_line(self, prepared: Prepared, *, root: str, command: str) -> str | None:
        """Return the line that says which code runs; None: the working copy, of no lineage."""
        if prepared.lineage is None:
            return None
        return self._lineages.code_line(prepared.lineage, root=root, is_working=prepared.is_working, command=command)

    def line_of(self, lineage: Lineage, *, root: str, command: str) -> str | None:
        """Return the line that says that a lineage's own code runs."""
        return self._lineages.code_line(lineage, root=root, is_working=False, command=command)

    def again(self, spec: RunSpec, loaded: Loaded) -> RunSpec:
        """Return the spec of a run that is continued with the working copy as it is now: of the lineage of that."""
        if spec.lifecycle is None or not spec.lifecycle.makes_generation:
            return spec
        lineage = self._lineages.working(loaded, spec.target)
        return replace(spec, lifecycle=replace(spec.lifecycle, version=lineage.version))

    # -- what is run -----------------------------------------------------------------------------------------------

    def _applied(self, request: LifecycleRequest, mode: str, *, lower: Json) -> Prepared:
        if request.words:
            lineage, generation = self._lineages.generation_of(*request.words)
            loaded = self._load_lineage(request, lineage, mode)
        else:
            loaded, target = self._compiled(request, mode, of_generation=True)
            lineage, generation = self._newest(loaded, target)
        if mode == "eval":
            lower = self._lower(request, loaded.graph, generation)
        lifecycle = Lifecycle(
            registry=self._parts.registry_place(),
            project=lineage.project,
            version=lineage.version,
            loads=_place(generation),
            trusts=request.trusts,
            lower=lower,
            upper=request.upper,
            engine=request.engine,
            origin=APPLIES,
        )
        prepared = self._prepared(request, mode, loaded, lineage, generation, lifecycle)
        load_states(self._parts, prepared.spec)  # what cannot be loaded is told before anything is on record
        return prepared

    def _loaded(self, request: LifecycleRequest, mode: str) -> tuple[Loaded, Lineage]:
        """Return what is trained and the lineage it is of; that of the working copy need not be published yet."""
        if not request.words:
            loaded, target = self._compiled(request, mode)
            return loaded, self._lineages.working(loaded, target, is_dry=True)
        lineage = self._lineages.lineage_of(*request.words)
        return self._load_lineage(request, lineage, mode), lineage

    def _load_lineage(self, request: LifecycleRequest, lineage: Lineage, mode: str) -> Loaded:
        run = request.run
        return self._lineages.load(
            lineage,
            params=run.params,
            values=run.values,
            places=run.places,
            mode=mode,
            of_generation=mode == "eval",
            runner=run.runner,
        )

    def _compiled(self, request: LifecycleRequest, mode: str, *, of_generation: bool = False) -> tuple[Loaded, Target]:
        """Return the working copy, compiled."""
        run = request.run
        if request.loaded is not None:
            return request.loaded, run.target
        loaded = self._parts.loader.load(
            LoadRequest(
                target=run.target,
                params=run.params,
                values=run.values,
                places=run.places,
                mode=mode,
                of_generation=of_generation,
            )
        )
        return self._parts.overridden(loaded, run.runner or self._parts.default_runner), run.target

    def _newest(self, loaded: Loaded, target: Target) -> tuple[Lineage, Generation]:
        """Return the generation that the working copy applies: the last one trained with this code, else the newest.

        Raises:
            MissingError: nothing was trained yet.
        """
        registry, project = self._parts.registry(), self._parts.project
        lineages = registry.lineages(project)
        same = [each for each in lineages if dict(each.files) == dict(loaded.snapshot.files)]
        for chosen in (same, lineages):
            trained = [(each, found[-1]) for each in chosen if (found := registry.generations(project, each.version))]
            if trained:
                return max(trained, key=lambda pair: pair[1].draft.created)
        raise MissingError(f"project '{project}' has no generation", f"'graft train {target.text}' makes the first")

    def _before(self, lineage: Lineage) -> Generation | None:
        """Return the last generation of the lineage before this one, from which its first goes on; None: there is none.

        A development lineage goes on where the newest trained lineage of any kind stopped.
        """
        registry = self._parts.registry()
        earlier = [each for each in registry.lineages(lineage.project) if each.version != lineage.version]
        if not lineage.is_dev:
            earlier = [each for each in earlier if not each.is_dev and each.created <= lineage.created]
        for each in reversed(earlier):
            if found := registry.generations(lineage.project, each.version):
                return found[-1]
        return None

    # -- how it is run ---------------------------------------------------------------------------------------------

    def _lower(self, request: LifecycleRequest, graph: Graph, last: Generation | None) -> Json:
        """Return the lower bound: what the person said, else where the last training ended.

        Raises:
            InvalidError: two contrary things are said.
        """
        if request.lower is not None and request.from_start:
            raise InvalidError("--lower and --from-start exclude each other")
        if request.lower is not None or request.from_start or ordinal_of(graph) is None:
            return request.lower
        return None if last is None else last.draft.upper

    def _prepared(
        self,
        request: LifecycleRequest,
        mode: str,
        loaded: Loaded,
        lineage: Lineage | None,
        generation: Generation | None,
        lifecycle: Lifecycle | None,
    ) -> Prepared:
        parts = self._parts
        channels = self._channels(request)
        lower, upper = (request.lower, request.upper) if lifecycle is None else (lifecycle.lower, lifecycle.upper)
        named = _named(parts.project, lineage, generation)
        graph = connected(loaded.graph, channels, lower=lower, upper=upper, query=request.query, named=named)
        loaded = connecting(loaded, graph)
        is_working = not request.words
        run, code = request.run, None
        if not is_working and lineage is not None:
            run = replace(run, target=self._lineages.target(lineage, run.target.root))
            manifest = lineage.manifest
            code = CodeState(key=lineage.code, git=manifest.git, dirty=manifest.dirty, branch=manifest.branch)
        spec, loaded = self._launching.prepare(run, loaded)
        spec = replace(
            spec,
            action=mode,
            lifecycle=lifecycle,
            uses_snapshot=not is_working,
            project=spec.project if lineage is None else lineage.project,
            code=code or spec.code,
        )
        return Prepared(spec=spec, loaded=loaded, lineage=lineage, generation=generation, is_working=is_working)

    def _channels(self, request: LifecycleRequest) -> Channels:
        channels = self._parts.channels(request.engine)
        sinks: Sequence[Provider] = channels.sinks if request.sink is None else (file_sink(request.sink),)
        return Channels(channels.feeds, tuple(sinks))


def _place(generation: Generation | None) -> tuple[str, int] | None:
    return None if generation is None else (generation.draft.version, generation.number)


def _named(project: str, lineage: Lineage | None, generation: Generation | None) -> dict[str, Json]:
    if lineage is None or generation is None:
        return {"project": project}
    return {"project": lineage.project, "lineage": generation.draft.version, "generation": generation.number}
