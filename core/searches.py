"""The use-cases of searches: what `sweep` and `tune` are asked for becomes a run whose steps are runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from .children import request_of
from .errors import InvalidError
from .graph import Json, ReturnKind
from .ids import RunId, new_run_id
from .launching import Launching
from .lifecycle import LifecycleRequest, Lifecycles
from .lineages import Lineage
from .loaded import Loaded
from .ports import LoadRequest
from .records import dataclass, replace
from .requests import RunRequest
from .runs import RunSpec
from .spaces import Choice, Space, space_of
from .spacetext import Searched
from .trials import (
    SearchSpec,
    Told,
    first_of,
    listed_of,
    search_graph,
    told,
    tune_of,
    tune_to_json,
)
from .tuning import SearchMethod, Tune

if TYPE_CHECKING:
    from .parts import Parts  # the bundle of ports; workspace builds who uses this


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneRequest:
    """What `tune` is asked for beside what is searched. None: as the pipeline's `tune=` says."""

    spaces: Mapping[str, Searched] | None = None
    """In place of those of the pipeline."""
    method: str | None = None
    trials: int | None = None
    seed: int | None = None
    metric: str | None = None
    is_maximum: bool | None = None
    budget: tuple[str, int, int] | tuple[str, int, int, int] | None = None
    fixed: frozenset[str] = frozenset()
    """Parameters that a program gives, which are not searched then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """A search that may be written."""

    spec: RunSpec
    loaded: Loaded
    """The first trial, compiled."""
    lineage: Lineage | None
    """Whose code is searched; None: the working copy's."""
    first: LifecycleRequest
    """What was compiled."""


class Searches:
    """Makes searches, on the ports of a workspace."""

    def __init__(self, parts: Parts, launching: Launching, lifecycle: Lifecycles):
        self._parts = parts
        self._launching = launching
        self._lifecycle = lifecycle

    def sweep(
        self, request: LifecycleRequest, trials: tuple[Told, ...], *, metric: str | None = None, is_maximum: bool = True
    ) -> Sought:
        """Return a search of listed trials; write it with `create`. The first of them is compiled here.

        Args:
            request: what each trial runs; its parameters are fixed in all of them.
            trials: each as `-p` would have it.
            metric: what they are ranked by; None: they are not.
            is_maximum: whether more of it is better.

        Raises:
            InvalidError: nothing is searched, a parameter is fixed and searched, or is unknown; or as `run`.
        """
        if not trials:
            raise InvalidError("nothing is searched", "say which values of what: -S C=0.1,1,10")
        for name in dict.fromkeys(name for each in trials for name in each):
            if name in request.run.params:
                raise InvalidError(f"'{name}' is searched, and fixed by -p as well", "leave one of them out")
        record = self._record(request, "job", metric, is_maximum=is_maximum, listed=trials)
        return self._sought(request, record, "sweep")

    def tune(self, request: LifecycleRequest, asked: TuneRequest) -> Sought:
        """Return a search for the best parameters, which are trained with in the end; write it with `create`.

        Raises:
            InvalidError: the pipeline does not say what is searched, and nobody else does; a parameter is unknown;
                nothing is trained; or as `train`.
            PluginError: it is by optuna, which is not installed.
        """
        loaded = self._tried(request, asked.spaces)
        tune = _tune(loaded, request.run, asked)
        if not any(each.kind is ReturnKind.STATE for op in loaded.graph.operations for each in op.returns):
            raise InvalidError(
                f"pipeline '{loaded.graph.name}' has nothing to train: no step returns a state",
                "say which return is one: returns=[state('model')]; 'graft sweep' runs a pipeline that trains nothing",
            )
        self._parts.chooses(str(tune.method))
        listed = listed_of(tune)
        chosen = None if listed else tune_to_json(tune)
        record = self._record(request, "tune", tune.metric, is_maximum=tune.is_maximum, listed=listed, tune=chosen)
        return self._sought(request, record, "tune")

    def code_line(self, sought: Sought, *, root: str, command: str) -> str | None:
        """Return the line that says which code is searched; None: the working copy."""
        if sought.lineage is None:
            return None
        return self._lifecycle.line_of(sought.lineage, root=root, command=command)

    def create(self, sought: Sought) -> RunId:
        """Write a PENDING run; host or launch it next."""
        self._parts.runs.create(sought.spec, sought.loaded.snapshot)
        return sought.spec.id

    # -- how -------------------------------------------------------------------------------------------------------

    def _record(
        self,
        request: LifecycleRequest,
        mode: str,
        metric: str | None,
        *,
        is_maximum: bool,
        listed: tuple[Told, ...],
        tune: Mapping[str, Json] | None = None,
    ) -> SearchSpec:
        run = request.run
        needs_registry = mode == "tune" or bool(request.words)
        return SearchSpec(
            mode=mode,
            listed=listed,
            tune=tune,
            metric=metric,
            is_maximum=is_maximum,
            params=dict(run.params),
            values=dict(run.values),
            places=dict(run.places),
            words=request.words,
            registry=self._parts.registry_place() if needs_registry else None,
            engine=request.engine,
            query=request.query,
            lower=request.lower,
            upper=request.upper,
            trusts=request.trusts,
        )

    def _sought(self, request: LifecycleRequest, record: SearchSpec, action: str) -> Sought:
        """Return the search, once its first trial has been compiled and looked over."""
        first = first_of(record)
        run = replace(request.run, params={**request.run.params, **first})
        asked = replace(request_of(record, run), loaded=request.loaded)
        prepared = self._lifecycle.trial(asked, record.mode)
        spec = prepared.spec
        if record.listed and (problem := next((each for each in record.listed if set(each) != set(first)), None)):
            raise InvalidError(f"trials search the same parameters, not {', '.join(problem)} in one of them")
        searched = {name.rpartition(":")[2] for name in record.names} | set(record.names)
        parent = replace(
            spec,
            id=new_run_id(),
            origin=request.run.origin,
            parent=request.run.parent,
            action=action,
            graph=search_graph(record, spec.pipeline),
            params={name: value for name, value in spec.params.items() if name not in searched},
            prints={},
            lifecycle=None,
            uses_snapshot=False,
            reusing=request.run.reusing,
            guard=None,
            search=record,
        )
        return Sought(spec=parent, loaded=prepared.loaded, lineage=prepared.lineage, first=asked)

    def _tried(self, request: LifecycleRequest, spaces: Mapping[str, Searched] | None) -> Loaded:
        """Compile once with parameters that might be tried, to hear what `tune=` says."""
        run = request.run
        if request.loaded is not None:
            return request.loaded
        given = {} if spaces is None else told({name: each.space.grid(1)[0] for name, each in spaces.items()})
        wanted = LoadRequest(
            target=run.target,
            params={**given, **run.params},
            values=run.values,
            places=run.places,
            mode="tune",
            wants_tune=True,
            tries=spaces is None,
        )
        if not request.words:
            return self._parts.loader.load(wanted)
        return self._lifecycle.load_as(self._lifecycle.lineage_of(request.words), wanted)


def searched(spaces: Mapping[str, object], fixed: Collection[str] = ()) -> dict[str, Searched]:
    """Return where a program says that parameters are searched, as `Tune` takes it.

    Raises:
        InvalidError: one is no list and no range, or is given a value as well.
    """
    if twice := [name for name in spaces if name in fixed]:
        raise InvalidError(f"'{twice[0]}' is searched, and given a value as well", "leave one of them out")
    return {name: Searched(space=space_of(name, each)) for name, each in spaces.items()}


def _tune(loaded: Loaded, run: RunRequest, asked: TuneRequest) -> Tune:
    """Return the search: the pipeline's own, with what the person says in place of it."""
    own = None if loaded.tune is None else tune_of(loaded.tune)
    if own is None and asked.spaces is None:
        raise InvalidError(
            f"pipeline '{loaded.graph.name}' does not say what is searched",
            "give it tune=Tune({'C': log(1e-3, 10)}, maximize='auc'), or say it: -S C=0.1,1,10",
        )
    own_method = None if own is None else str(own.method)
    method = asked.method or own_method or str(SearchMethod.GRID)
    if asked.spaces is not None:
        spaces = {name: _space(each, method) for name, each in asked.spaces.items()}
    else:
        spaces = {} if own is None else dict(own.space)
    space = {name: each for name, each in spaces.items() if name not in {*run.params, *asked.fixed}}
    if not space:
        raise InvalidError(f"nothing is left to search: {', '.join(spaces)} is given")
    metric, is_maximum = _judged(loaded, own, asked)
    trials = own.trials if own is not None and asked.trials is None and method == own_method else asked.trials
    seed = asked.seed if asked.seed is not None or own is None else own.seed
    ranked = {"maximize" if is_maximum else "minimize": metric}
    try:
        return Tune(
            space,
            method=method,
            trials=trials,
            seed=seed or 0,
            steps=5 if own is None else own.steps,
            budget=_budget(own, asked, method),
            **ranked,
        )
    except InvalidError as problem:
        hint = problem.hint
        if method == SearchMethod.HALVING and asked.budget is None:
            hint = "say which parameter, from what to what: --budget epochs=5:135, or budget=('epochs', 5, 135)"
        raise InvalidError(problem.message, hint) from problem  # at no line: the person has typed it


def _judged(loaded: Loaded, own: Tune | None, asked: TuneRequest) -> tuple[str, bool]:
    """Return what trials are judged by, and whether more of it is better."""
    if asked.metric is not None:
        return asked.metric, asked.is_maximum is not False
    known = loaded.score if own is None else (own.metric, "maximize" if own.is_maximum else "minimize")
    if known is None:
        raise InvalidError(
            f"nothing says what the trials of '{loaded.graph.name}' are judged by",
            "name a metric: --maximize auc, or --minimize loss",
        )
    return known[0], known[1] == "maximize"


def _budget(
    own: Tune | None, asked: TuneRequest, method: str
) -> tuple[str, int, int] | tuple[str, int, int, int] | None:
    if asked.budget is not None or own is None or own.budget is None or method != SearchMethod.HALVING:
        return asked.budget
    return own.budget.name, own.budget.least, own.budget.most, own.budget.factor


def _space(searched: Searched, method: str) -> Space:
    """Return where a method searches: a grid takes as many values of a range as were asked for."""
    if searched.count is None or method != SearchMethod.GRID:
        return searched.space
    return Choice(tuple(searched.space.grid(searched.count)))
