"""How evaluations and searches are written as plain data, and read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .errors import InvalidError, nearest
from .evaluation import CrossVal, Evaluation, HoldOut
from .graph import Json
from .marks import Path, shown
from .place import written_at
from .spaces import Choice, Interval, Space, log, uniform, whole
from .tuning import SearchMethod, Tune

if TYPE_CHECKING:
    from .definitions import Reading

_METHODS: dict[str, type[HoldOut] | type[CrossVal]] = {"hold_out": HoldOut, "cross_val": CrossVal}
_FIRST = {"hold_out": "share", "cross_val": "folds"}
_EVALUATION = ("score", *_METHODS, "on", "labels")
_TUNE = ("space", "maximize", "minimize", "method", "trials", "seed", "steps", "budget")
_RANGES: dict[str, Callable[..., Interval]] = {"uniform": uniform, "log": log, "whole": whole}


def evaluation_from(reading: Reading, data: object, path: Path) -> Evaluation:
    """Return what `evaluation:` of a pipeline says: `{score: {auc: module:function}, cross_val: 5}`.

    Raises:
        InvalidError: something in it is wrong, at its line.
    """
    given = _mapping(reading, data, path, _EVALUATION, "an evaluation")
    score = given.pop("score", None)
    if isinstance(score, Mapping):
        functions: Any = {name: reading.function(each, (*path, "score", name)) for name, each in score.items()}
    else:
        functions = reading.function(score, (*path, "score"))
    methods = [key for key in _METHODS if key in given]
    if len(methods) > 1:
        raise reading.marks.problem((*path, methods[1]), "an evaluation is by hold_out or by cross_val, not both")
    method = None
    for key in methods:
        said = given.pop(key)
        fields = dict(said) if isinstance(said, Mapping) else {_FIRST[key]: said}
        known = (_FIRST[key], "seed", "stratified")
        for name in fields:
            if name not in known:
                text = f"{key} has no '{name}'{nearest(str(name), known)}"
                raise reading.marks.problem((*path, key, name), text, f"it has {', '.join(known)}")
        with written_at(reading.marks.place((*path, key))):
            method = _METHODS[key](**fields)
    with written_at(reading.marks.place(path)):
        return Evaluation(functions, method, **given)


def tune_from(reading: Reading, data: object, path: Path) -> Tune:
    """Return what `tune:` of a pipeline says: `{space: {C: {log: [0.001, 10]}, depth: [2, 3]}, maximize: auc}`.

    Raises:
        InvalidError: something in it is wrong, at its line.
    """
    given = _mapping(reading, data, path, _TUNE, "a search")
    space = given.pop("space", None)
    if isinstance(space, Mapping):
        space = {name: _space(reading, each, (*path, "space", name)) for name, each in space.items()}
    if isinstance(given.get("budget"), list):
        given["budget"] = tuple(given["budget"])
    with written_at(reading.marks.place(path)):
        return Tune(space, **given)


def evaluation_data(evaluation: Evaluation, name_of: Callable[[Callable[..., object]], str]) -> dict[str, Json]:
    """Return an evaluation as plain data.

    Raises:
        InvalidError: a function that scores cannot be named, at the evaluation's line.
    """
    place = evaluation.place
    score: dict[str, Json] = {}
    for name, function in evaluation.score.items():
        try:
            score[name] = name_of(function)
        except InvalidError as problem:
            text = f"evaluation= scores '{name}': {problem.message}"
            raise InvalidError(text, problem.hint, file=place.file, line=place.line) from problem
    method = evaluation.method
    key, first = ("hold_out", "share") if isinstance(method, HoldOut) else ("cross_val", "folds")
    found: dict[str, Json] = {"score": score}
    said: dict[str, Json] = {first: getattr(method, first)}
    if method.seed != 0:
        said["seed"] = method.seed
    if method.stratified:
        said["stratified"] = True
    found[key] = said if len(said) > 1 else said[first]
    on = set(evaluation.on.values())
    if on != {"prediction"}:
        found["on"] = on.pop() if len(on) == 1 else dict(evaluation.on)
    return found if evaluation.labels is None else {**found, "labels": evaluation.labels}


def tune_data(tune: Tune) -> dict[str, Json]:
    """Return a search as plain data."""
    found: dict[str, Json] = {
        "space": {name: _space_data(each) for name, each in tune.space.items()},
        "maximize" if tune.is_maximum else "minimize": tune.metric,
    }
    usual = None if tune.method is SearchMethod.GRID else 20
    said = {"method": tune.method.value, "trials": tune.trials, "seed": tune.seed, "steps": tune.steps}
    left_out = {"method": "grid", "trials": usual, "seed": 0, "steps": 5}
    found |= {key: value for key, value in said.items() if value != left_out[key]}
    return found if tune.budget is None else {**found, "budget": list(tune.budget)}


def _mapping(reading: Reading, data: object, path: Path, known: Sequence[str], what: str) -> dict[str, Any]:
    if not isinstance(data, Mapping):
        raise reading.marks.problem(path, f"{what} is a mapping, not {shown(data)}", f"it has {', '.join(known)}")
    for key in data:
        if key not in known:
            text = f"{what} has no '{key}'{nearest(str(key), known)}"
            raise reading.marks.problem((*path, key), text, f"it has {', '.join(known)}")
    return {key: value for key, value in data.items() if value is not None}


def _space(reading: Reading, data: object, path: Path) -> object:
    if not isinstance(data, Mapping):
        return data
    kind = next(iter(data), None)
    ends = data.get(kind)
    if len(data) != 1 or kind not in _RANGES or not isinstance(ends, list) or len(ends) != 2:
        raise reading.marks.problem(path, f"a range is one of {{log: [0.001, 10]}}, uniform, whole; not {shown(data)}")
    if not all(isinstance(each, int | float) and not isinstance(each, bool) for each in ends):
        raise reading.marks.problem(path, f"a range goes from a number to another, not {shown(ends)}")
    try:
        return _RANGES[kind](*ends)
    except InvalidError as problem:
        raise reading.marks.problem(path, problem.message, problem.hint) from problem


def _space_data(space: Space) -> Json:
    if isinstance(space, Choice):
        return list(space.values)
    assert isinstance(space, Interval)
    name = "whole" if space.is_whole else "log" if space.is_log else "uniform"
    ends = [int(space.low), int(space.high)] if space.is_whole else [space.low, space.high]
    return {name: ends}
