"""What a search is on record as: a run whose steps are runs, one for each trial.

The record says what is asked of each trial; its graph has a node for each (`trials/1`, `trials/2`, ...), and where they
are ranked a last one, `best`, which says which is; in `tune` it trains with its parameters, on everything. Both are
values: a plugin hosts the runs (`plugins/search`).
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .artifacts import Output
from .canonical import canonical, plain
from .document import inline_json
from .errors import InvalidError
from .graph import Argument, Call, CallKind, Graph, Json, Node, Operation, Policy
from .ids import RunId
from .prints import Prints
from .records import dataclass, field
from .searching import Sampler, Search, Trial, sampler_of
from .spaces import Choice, Interval, Space, grid, rungs
from .supply import Constant
from .tuning import SearchMethod, Tune

TRIALS = "trials"
BEST = "best"
"""Path of the node that says which trial was the best, and in `tune` trains with its parameters."""
LARGEST = 10_000
"""Trials of one search: a grid of more is a mistake nearly always, and each is a run of its own."""
SWEEP_ORIGIN = "sweep"
"""Origin of the runs of a search."""
SAID = "trial"
"""Output of each trial's node: `params`, as it was told them, and `run`, the id of its run."""
PARAMS, CHILD, NUMBER = "params", "run", "number"
"""Outputs of the best: its parameters, the run that trained with them (or was that trial), and which trial it is."""

Told = Mapping[str, str]
"""Parameters of a trial as `-p` would have them: name or STEP:name -> text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSpec:
    """What a search was asked for; part of the spec of its run."""

    mode: str
    """What trials are compiled for: `job`, or `tune`."""
    listed: tuple[Told, ...] = ()
    """Every trial in order, where all are known before; empty: `tune` chooses by what others scored."""
    tune: Mapping[str, Json] | None = None
    """The search that chooses, as `tune_to_json` writes it."""
    metric: str | None = None
    """What trials are ranked by; None: they are not."""
    is_maximum: bool = True
    params: Told = field(default_factory=dict)
    """`-p` of every trial, as typed."""
    values: Mapping[str, Json] = field(default_factory=dict)
    """Those of a parameter file."""
    places: Mapping[str, str] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    """Address of the lineage that is searched; empty: the working copy."""
    registry: str | None = None
    """As `Lifecycle.registry`."""
    engine: str | None = None
    query: str | None = None
    lower: str | None = None
    upper: str | None = None
    trusts: bool = False

    @property
    def count(self) -> int:
        """Return how many trials there are at most."""
        return len(self.listed) if self.tune is None else sum(rounds_of(tune_of(self.tune)))

    @property
    def names(self) -> tuple[str, ...]:
        """Return the parameters that are searched, in order."""
        if self.tune is None:
            return tuple(dict.fromkeys(name for each in self.listed for name in each))
        tune = tune_of(self.tune)
        return (*tune.space, *([tune.budget.name] if tune.budget is not None else []))

    @property
    def refits(self) -> bool:
        """Tell whether the best is trained on everything in the end."""
        return self.mode == "tune"


def typed(value: Json) -> str:
    """Return a value as a person would type it after `-p NAME=`."""
    return value if isinstance(value, str) else json.dumps(value)


def told(params: Mapping[str, Json]) -> dict[str, str]:
    """Return the parameters of a trial as `-p` would have them."""
    return {name: typed(value) for name, value in params.items()}


def distinct(trials: Iterator[Mapping[str, Json]]) -> tuple[Told, ...]:
    """Return trials as they are told, without those that equal an earlier one: `1` and `1.0` are equal.

    Raises:
        InvalidError: there are too many.
    """
    found: dict[str, Told] = {}
    for each in trials:
        given = told(each)
        found.setdefault(canonical([[name, _likeness(text)] for name, text in sorted(given.items())]), given)
        if len(found) > LARGEST:
            raise InvalidError(
                f"these are more than {LARGEST:,} trials, and each is a run", "search fewer values, or draw: --random N"
            )
    return tuple(found.values())


def listed_of(tune: Tune) -> tuple[Told, ...]:
    """Return every trial of a search that lists them before it begins; none when it chooses as it goes.

    Raises:
        InvalidError: there are too many.
    """
    if tune.method in (SearchMethod.HALVING, SearchMethod.OPTUNA):
        return ()
    search = Search(tune)
    return distinct(dict(each.params) for each in iter(lambda: next(iter(search.ask(1)), None), None))


def first_trial(tune: Tune) -> Mapping[str, Json]:
    """Return parameters that a search may begin with: they name all that it searches."""
    found = {name: space.grid(1)[0] for name, space in tune.space.items()}
    return found if tune.budget is None else {**found, tune.budget.name: tune.budget.least}


def first_of(record: SearchSpec) -> Told:
    """Return what the first trial is told, or may be: where a method chooses, it is asked when the search runs."""
    return record.listed[0] if record.tune is None else told(first_trial(tune_of(record.tune)))


def rounds_of(tune: Tune) -> list[int]:
    """Return how many trials each round has, at most."""
    if tune.budget is None:
        return [tune.trials if tune.trials is not None else sum(1 for _ in grid(tune.space, tune.steps))]
    return [each.trials for each in rungs(tune.trials or 1, *tune.budget[1:])]


def search_of(record: SearchSpec, sampler: Sampler | None = None) -> Search:
    """Return the search of a record, at its beginning.

    Args:
        record: of the run.
        sampler: of a method that core does not have; None: core's, or the listed trials.
    """
    if record.tune is not None:
        tune = tune_of(record.tune)
        return Search(tune, sampler or sampler_of(tune))
    metric = record.metric or "score"
    ranked = {"maximize" if record.is_maximum else "minimize": metric}
    space = {name: Choice(("",)) for name in record.names} or {"": Choice(("",))}
    return Search(Tune(space, **ranked), _Listing(record.listed))  # type: ignore[arg-type]


class _Listing:
    """Trials that are on record."""

    def __init__(self, listed: Sequence[Told]):
        self._listed = listed

    def ask(self, number: int, pending: int) -> Trial | None:
        return Trial(number=number, params=dict(self._listed[number - 1])) if number <= len(self._listed) else None

    def tell(self, trial: Trial, score: float | None) -> None:
        pass


def trial_path(number: int) -> str:
    """Return the path of a trial's node."""
    return f"{TRIALS}/{number}"


def trial_number(path: str) -> int | None:
    """Return the number of a trial by the path of its node; None: it is another node."""
    head, _, number = path.partition("/")
    return int(number) if head == TRIALS and number.isdigit() else None


def search_graph(record: SearchSpec, name: str) -> Graph:
    """Return the graph of a search: its trials, each round after the one before, and the training of the best."""
    operation = Operation(call=Call(kind=CallKind.STUB), policy=Policy(cache="never"))
    nodes: list[Node] = []
    before: tuple[str, ...] = ()
    rounds = [len(record.listed)] if record.tune is None else rounds_of(tune_of(record.tune))
    for size in rounds:
        here = tuple(trial_path(len(nodes) + at) for at in range(1, size + 1))
        for path in here:
            nodes.append(Node(path=path, operation=0, arguments=_arguments(record, len(nodes)), needs=before))
        before = here
    if record.metric is not None:
        nodes.append(Node(path=BEST, operation=0, needs=tuple(node.path for node in nodes)))
    return Graph(name=name, nodes=tuple(nodes), operations=(operation,))


def _arguments(record: SearchSpec, at: int) -> tuple[Argument, ...]:
    given = record.listed[at] if record.tune is None else {}
    return tuple(Argument(name, Constant(read(text), "cli")) for name, text in given.items())


def child_id(parent: RunId, path: str, params: Told) -> RunId:
    """Return the id of a trial's run: always the same, so that who takes the search up again finds it."""
    digest = hashlib.sha256(canonical([parent, path, dict(params)]).encode()).digest()
    return RunId(base64.b32encode(digest[:10]).decode().lower())


def shared_steps(graph: Graph, prints: Prints) -> Mapping[str, str]:
    """Return by path a digest of each step whose result another run could take over: equal ones make the same.

    As far as it can be told before anything runs: what it calls and is given, and what comes before it. Steps of which
    no result is kept are left out; sources are not, for the trials of a search hand on what they answered.
    """
    digests: dict[str, str] = {}
    found: dict[str, str] = {}
    for node in graph.nodes:
        operation = graph.operations[node.operation]
        known = prints.get(node.operation)
        parts = [node.path, repr(operation), repr(known), repr(node.arguments), repr(node.guard)]
        parts += [digests[need] for need in node.needs]
        digests[node.path] = hashlib.sha256("\0".join(parts).encode()).hexdigest()
        is_feed = operation.call.kind is CallKind.FEED
        is_kept = known is not None and known.unknown is None and operation.policy.cache != "never"
        if is_feed or (is_kept and not operation.is_effect):
            found[node.path] = digests[node.path]
    return found


def said_of(outputs: Sequence[Output]) -> tuple[Told, RunId | None]:
    """Return what a trial was told and the run it was, or the run of the best, by the outputs of its node."""
    found = {each.name: inline_json(each) for each in outputs if each.name in (SAID, CHILD)}
    said = found.get(SAID)
    if isinstance(said, dict):
        return said[PARAMS], RunId(said[CHILD])
    child = found.get(CHILD)
    return {}, RunId(child) if isinstance(child, str) else None


def read(text: str) -> Json:
    """Return what a person meant who typed this: JSON where it is, else the text."""
    try:
        found: Json = json.loads(text)
    except ValueError:
        return text
    return found


def _likeness(text: str) -> Json:
    """Return what equal values have in common: numbers by their size."""
    value = read(text)
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        return int(value)
    return plain(value)


# -- as JSON -------------------------------------------------------------------------------------------------------


def tune_to_json(tune: Tune) -> dict[str, Json]:
    """Return a search as JSON."""
    return {
        "space": {name: _space_to_json(space) for name, space in tune.space.items()},
        "metric": tune.metric,
        "is_maximum": tune.is_maximum,
        "method": str(tune.method),
        "trials": tune.trials,
        "seed": tune.seed,
        "steps": tune.steps,
        "budget": None if tune.budget is None else list(tune.budget),
    }


def tune_of(document: Mapping[str, Any]) -> Tune:
    """Return what `tune_to_json` wrote."""
    ranked = {"maximize" if document["is_maximum"] else "minimize": document["metric"]}
    return Tune(
        {name: _space_of(each) for name, each in document["space"].items()},
        method=document["method"],
        trials=document["trials"],
        seed=document["seed"],
        steps=document["steps"],
        budget=None if document["budget"] is None else tuple(document["budget"]),
        **ranked,
    )


def _space_to_json(space: Space) -> dict[str, Json]:
    if isinstance(space, Choice):
        return {"values": list(space.values)}
    assert isinstance(space, Interval)
    return {"low": space.low, "high": space.high, "is_log": space.is_log, "is_whole": space.is_whole}


def _space_of(document: Mapping[str, Any]) -> Space:
    return Choice(tuple(document["values"])) if "values" in document else Interval(**document)


def search_to_json(record: SearchSpec) -> dict[str, Json]:
    """Return the record of a search as JSON; what is not said is left out."""
    said: dict[str, Json] = {"mode": record.mode, "metric": record.metric, "is_maximum": record.is_maximum}
    said["listed"] = [dict(each) for each in record.listed]
    said["words"] = list(record.words)
    said["tune"] = None if record.tune is None else dict(record.tune)
    for name in ("params", "values", "places"):
        said[name] = dict(getattr(record, name))
    for name in ("registry", "engine", "query", "lower", "upper", "trusts"):
        said[name] = getattr(record, name)
    return {name: value for name, value in said.items() if value not in (None, [], {})}


def search_from_json(document: Mapping[str, Any]) -> SearchSpec:
    """Return what `search_to_json` wrote; what this version does not know is dropped."""
    known: dict[str, Any] = {name: value for name, value in document.items() if name in SearchSpec.__slots__}
    for name in ("listed", "words"):
        if name in known:
            known[name] = tuple(known[name])
    return SearchSpec(**known)
