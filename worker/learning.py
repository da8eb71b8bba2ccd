"""What workers do for models and evaluations: one function for each `qualname` of `CallKind.LEARN`.

Each takes the arguments of an order by name: `settings` says which name is what.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from ..core.errors import InvalidError
from ..core.graph import Call, Return
from ..core.learntasks import FOLDS, PREVIOUS_STATE, SETTINGS
from .bind import Binder
from .folding import folds_of, held_out
from .returns import Returns
from .rows import assembled, count, like, listed, side_by_side, taken
from .shapes import plain
from .training import from_state, made, predicted, set_parameters, state_of, train

Values: TypeAlias = Mapping[str, Any]
"""Arguments of a node, by name."""


class LearnStep:
    """A node of a model or of an evaluation."""

    __slots__ = ("_doing", "binder", "peak_bytes", "returns")

    def __init__(self, call: Call, returns: Returns) -> None:
        self._doing = DOINGS[call.qualname or ""]
        self.binder: Binder | None = None
        self.returns = returns
        self.peak_bytes: int | None = None

    def call(self, values: Values) -> list[tuple[Return, object]]:
        """Do it and return each declared return with its value.

        Raises:
            BaseException: whatever the estimator or the function that scores raises.
        """
        found = self._doing(values)
        return list(zip(self.returns.direct, found, strict=True))


def _fit(values: Values) -> list[Any]:
    """Train a row of estimators, each on what those before make of the features; the state, and metrics."""
    settings = values[SETTINGS]
    links = settings["links"]
    rows = _rows_of(values, settings.get("fold"), is_inside=False)
    trained = _trained(values, rows)
    states = [state_of(each) for each in trained]
    metrics = [_attribute(trained[-1], each) for each in settings.get("metrics", {}).values()]
    return [states[0] if len(links) == 1 else states, *metrics]


def _predict(values: Values) -> list[Any]:
    """Apply a row of trained estimators; where the rows have folds, to the rows of one."""
    settings = values[SETTINGS]
    links = settings["links"]
    state = values[settings["state"]]
    states = [state] if len(links) == 1 else state
    table = values[links[0]["features"]]
    rows = _rows_of(values, settings.get("fold"), is_inside=True)
    if rows is not None:
        table = taken(table, rows)
    for link, each in zip(links, states, strict=True):
        table = predicted(from_state(values.get(link["estimator"]), each), table, link["predict"])
    return [table]


def _cross(values: Values) -> list[Any]:
    """Train a row of estimators without a fold, and apply it to that fold."""
    settings = values[SETTINGS]
    trained = _trained(values, _rows_of(values, settings["fold"], is_inside=False))
    table = taken(values[settings["links"][0]["features"]], _rows_of(values, settings["fold"], is_inside=True) or [])
    for link, estimator in zip(settings["links"], trained, strict=True):
        table = predicted(estimator, table, link["predict"])
    return [table]


def _trained(values: Values, rows: list[int] | None) -> list[Any]:
    settings = values[SETTINGS]
    links = settings["links"]
    table = values[links[0]["features"]]
    table = table if rows is None else taken(table, rows)
    previous = values.get(PREVIOUS_STATE)
    trained = []
    for at, link in enumerate(links):
        estimator = made(values[link["estimator"]])
        set_parameters(estimator, {own: values[name] for name, own in link["params"].items() if name in values})
        labels = None if link["labels"] is None else values[link["labels"]]
        labels = labels if rows is None or labels is None else taken(labels, rows)
        before = previous[at] if previous is not None and len(links) > 1 else previous
        trained.append(train(estimator, table, labels, before, warm=link["warm"]))
        if at < len(links) - 1:
            table = predicted(trained[-1], table, link["predict"])
    return trained


def _rows_of(values: Values, fold: int | None, *, is_inside: bool) -> list[int] | None:
    """Return the rows of a fold, or those of all others; None: all rows, as there are no folds."""
    if fold is None or FOLDS not in values:
        return None
    return [row for row, each in enumerate(values[FOLDS]) if (each == fold) is is_inside]


def _folds(values: Values) -> list[Any]:
    settings = values[SETTINGS]
    table = values[settings["rows"]]
    labels = listed(table) if settings["stratified"] else None
    return [folds_of(count(table), settings["folds"], settings["seed"], labels)]


def _assemble(values: Values) -> list[Any]:
    folds = values[FOLDS]
    parts = [
        ([row for row, each in enumerate(folds) if each == fold], values[name])
        for fold, name in enumerate(values[SETTINGS]["parts"], 1)
    ]
    return [assembled(parts, len(folds))]


def _columns(values: Values) -> list[Any]:
    return [side_by_side([values[name] for name in values[SETTINGS]["columns"]])]


def _combine(values: Values) -> list[Any]:
    """Make one prediction of several: each row's own where rows have folds, else all of them combined."""
    settings = values[SETTINGS]
    if FOLDS in values:
        return _assemble(values)
    parts = [values[name] for name in settings["parts"]]
    if settings["combine"] is None:
        return [values["function"](parts)]
    weights = settings["weights"] or [1.0] * len(parts)
    how = settings["combine"]
    if how == "mean" or (how == "auto" and _is_fractional(parts[0])):
        return [_mean(parts, weights)]
    return [_vote(parts, weights)]


def _mean(parts: Sequence[Any], weights: Sequence[float]) -> Any:
    total = sum(weights)
    if isinstance(parts[0], list | tuple):
        return type(parts[0])(_mean(row, weights) for row in zip(*parts, strict=True))
    # weights first divided: a sum of large weights times numbers would lose digits
    return sum(part * (weight / total) for part, weight in zip(parts, weights, strict=True))


def _vote(parts: Sequence[Any], weights: Sequence[float]) -> Any:
    columns = [listed(part) for part in parts]
    found = []
    for row in zip(*columns, strict=True):
        votes: Counter[Any] = Counter()
        for label, weight in zip(row, weights, strict=True):
            votes[label] += weight  # type: ignore[assignment]  # a weight may have a fraction
        found.append(max(votes, key=votes.__getitem__))  # the first of equals: of the earlier model
    return like(parts[0], found)


def _is_fractional(column: Any) -> bool:
    """Tell whether a prediction is of numbers with a fraction, or of several numbers a row."""
    kind = getattr(getattr(column, "dtype", None), "kind", None)
    if kind is not None:
        return bool(kind == "f")
    if getattr(column, "ndim", 1) > 1:
        return True
    first = next(iter(listed(column)), None)
    return isinstance(first, float | list | tuple)


def _split(values: Values) -> list[Any]:
    """Part the tables of a source: for each name what is trained on, then for each what is scored."""
    settings = values[SETTINGS]
    tables = [values[name] for name in settings["tables"]]
    rows = count(tables[0])
    for name, table in zip(settings["tables"], tables, strict=True):
        if count(table) != rows:
            raise InvalidError(f"'{name}' has {count(table)} rows, '{settings['tables'][0]}' has {rows}")
    labels = listed(values[settings["stratify"]]) if settings["stratify"] is not None else None
    if settings["folds"] is None:
        inside = set(held_out(rows, settings["share"], settings["seed"], labels))
    else:
        folds = folds_of(rows, settings["folds"], settings["seed"], labels)
        inside = {row for row, fold in enumerate(folds) if fold == settings["fold"]}
    parts = [[row for row in range(rows) if row not in inside], sorted(inside)]
    return [taken(table, part) for part in parts for table in tables]


def _score(values: Values) -> list[Any]:
    """Return the score of predictions."""
    settings = values[SETTINGS]
    labels, prediction = values[settings["labels"]], values[settings["on"]]
    if count(labels) != count(prediction):
        raise InvalidError(
            f"there are {count(prediction)} predictions for {count(labels)} rows",
            "a step between drops or adds rows: scored is row by row",
        )
    return [plain(values["function"](labels, prediction))]


def _spread(values: Values) -> list[Any]:
    """Return the mean of scores and their deviation, that of the sample: nothing is known of one score's."""
    scores = [float(values[name]) for name in values[SETTINGS]["parts"]]
    mean = math.fsum(scores) / len(scores)
    deviation = math.sqrt(math.fsum((each - mean) ** 2 for each in scores) / max(len(scores) - 1, 1))
    return [mean, deviation]


def _attribute(estimator: Any, name: str) -> Any:
    found = getattr(estimator, name, None)
    if found is None:
        raise InvalidError(f"metrics= names '{name}', which {type(estimator).__name__} does not have once it is fitted")
    shape = getattr(found, "shape", None)
    return plain(found.reshape(-1)[0]) if shape is not None and shape != () and found.size == 1 else plain(found)


DOINGS: dict[str, Callable[[Values], list[Any]]] = {
    "fit": _fit,
    "predict": _predict,
    "cross": _cross,
    FOLDS: _folds,
    "assemble": _assemble,
    "columns": _columns,
    "combine": _combine,
    "split": _split,
    "score": _score,
    "spread": _spread,
}
"""What there is to do, by name."""
