"""How models are written as plain data, and read: entries of the table in `forms`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from .actors import Actor
from .constants import is_json
from .ensembles import CrossValidated, Ensemble, Stack
from .errors import InvalidError
from .estimators import known_parameters, shape_of
from .graph import Json
from .marks import Path, shown
from .modelling import Chain, Learner, Model
from .shapeforms import Data, Made
from .steps import Step

if TYPE_CHECKING:
    from .definitions import Reading, Writing  # they hold the table of forms

MODEL = ("arguments", "features", "labels", "returns", "predict", "params", "metrics", "warm_start")
STACK = ("final", "folds", "seed", "stratified", "returns")
ENSEMBLE = ("combine", "weights", "returns")
CROSS_VALIDATED = ("folds", "seed", "stratified", "combine", "returns")


def make_model(reading: Reading, data: Data, path: Path, given: dict[str, Any], made: Made) -> Step:
    """Return an estimator as a step: an object of a class, a factory or an actor."""
    found: Any = reading.function(data["model"], (*path, "model"))
    arguments = data.get("arguments")
    if arguments is not None and not isinstance(found, type):
        raise InvalidError(f"arguments are those of a class, and {data['model']} is none")
    if arguments is not None and not isinstance(arguments, Mapping):
        raise InvalidError(f"arguments are a mapping of names to values, not {shown(arguments)}")
    if arguments:
        try:
            found = found(**arguments)
        except TypeError as problem:
            raise InvalidError(f"{data['model']} cannot be made: {problem}") from problem
    return Model(found, **_own(data, MODEL[1:]), **given)


def make_chain(reading: Reading, data: Data, path: Path, given: dict[str, Any], made: Made) -> Step:
    """Return models one after the other."""
    return Chain(_models(reading, data["chain"], (*path, "chain"), made), **given)


def make_stack(reading: Reading, data: Data, path: Path, given: dict[str, Any], made: Made) -> Step:
    """Return models, and one that learns from what they predict."""
    if "final" not in data:
        raise InvalidError("a stack has a model that learns from the others", "write final: and a model below it")
    final = _model(reading, data["final"], (*path, "final"), made)
    return Stack(_models(reading, data["stack"], (*path, "stack"), made), final, **_own(data, STACK[1:]), **given)


def make_ensemble(reading: Reading, data: Data, path: Path, given: dict[str, Any], made: Made) -> Step:
    """Return models whose predictions are combined."""
    models = _models(reading, data["ensemble"], (*path, "ensemble"), made)
    return Ensemble(models, **_combining(reading, data, path, ENSEMBLE), **given)


def make_cross_validated(reading: Reading, data: Data, path: Path, given: dict[str, Any], made: Made) -> Step:
    """Return a model that is trained once for each fold."""
    model = _model(reading, data["cross_validated"], (*path, "cross_validated"), made)
    return CrossValidated(model, **_combining(reading, data, path, CROSS_VALIDATED), **given)


def model_data(writing: Writing, step: Model) -> dict[str, Json]:
    """Return the keys of an estimator as a step.

    Raises:
        InvalidError: the estimator has something that is no plain data.
    """
    estimator: Any = step.estimator
    found: dict[str, Json] = {}
    if isinstance(estimator, Actor):
        found["model"] = writing.function(step, estimator.__wrapped__)
    elif isinstance(estimator, type) or shape_of(estimator) == "factory":
        found["model"] = writing.function(step, estimator)
    else:
        found["model"] = writing.function(step, type(estimator))
        if arguments := _arguments(step, estimator):
            found["arguments"] = arguments
    usual = {"features": "X", "labels": "y", "predict": "predict", "warm_start": False}
    said = {"features": step.features, "labels": step.labels, "predict": step.predict, "warm_start": step.warm_start}
    found |= {key: value for key, value in said.items() if value != usual[key]}
    if step.result != (step.features if step.predict == "transform" else "prediction"):
        found["returns"] = step.result
    if step.bound:
        found["params"] = dict(step.bound)
    if step.metrics:
        found["metrics"] = dict(step.metrics)
    return found


def chain_data(writing: Writing, step: Chain) -> dict[str, Json]:
    """Return the keys of models one after the other."""
    return {"chain": [writing.step(each) for each in step.models]}


def stack_data(writing: Writing, step: Stack) -> dict[str, Json]:
    """Return the keys of stacked models."""
    assert step.final is not None
    models: list[Json] = [writing.step(each) for each in step.models]
    return {"stack": models, "final": writing.step(step.final), **_folding(step), **_result(step)}


def ensemble_data(writing: Writing, step: Ensemble) -> dict[str, Json]:
    """Return the keys of combined models."""
    found: dict[str, Json] = {"ensemble": [writing.step(each) for each in step.models], **_combined(writing, step)}
    if step.weights is not None:
        found["weights"] = [float(each) for each in step.weights]
    return found | _result(step)


def cross_validated_data(writing: Writing, step: CrossValidated) -> dict[str, Json]:
    """Return the keys of a model that is trained by folds."""
    assert step.model is not None
    found: dict[str, Json] = {"cross_validated": writing.step(step.model)}
    return found | _folding(step) | _combined(writing, step) | _result(step, step.model.result)


def _arguments(step: Model, estimator: Any) -> dict[str, Json]:
    """Return the arguments an estimator was made with, as far as they are not the defaults of its class."""
    known = known_parameters(estimator)
    if known is None:
        raise step.problem(
            f"its estimator {type(estimator).__name__} does not tell what it was made with",
            "write the class or a function that makes it: Model(make_estimator)",
        )
    own = {name: value for name, value in known.items() if "__" not in name}
    usual = known_parameters(type(estimator)) or {}
    found: dict[str, Json] = {}
    for name, value in own.items():
        if name in usual and type(usual[name]) is type(value) and is_json(value) and usual[name] == value:
            continue
        if not is_json(value):
            raise step.problem(
                f"its estimator's '{name}' is a {type(value).__name__}, which is no plain data",
                "write a function that makes the estimator, and name that: Model(make_estimator)",
            )
        found[name] = value
    return found


def _own(data: Data, names: Sequence[str]) -> dict[str, Any]:
    # `labels: null` is said on purpose: a model that learns without.
    return {name: data[name] for name in names if name in data and (data[name] is not None or name == "labels")}


def _combining(reading: Reading, data: Data, path: Path, names: Sequence[str]) -> dict[str, Any]:
    found = _own(data, names)
    if isinstance(found.get("combine"), str) and ":" in found["combine"]:
        found["combine"] = reading.function(found["combine"], (*path, "combine"))
    return found


def _models(reading: Reading, data: object, path: Path, made: Made) -> list[Learner]:
    if not isinstance(data, list) or not data:
        raise reading.marks.problem(path, f"models are a list, not {shown(data)}")
    return [_model(reading, each, (*path, at), made) for at, each in enumerate(data)]


def _model(reading: Reading, data: object, path: Path, made: Made) -> Learner:
    found = reading.step({"model": data} if isinstance(data, str) else data, path, made)
    if not isinstance(found, Learner):
        raise reading.marks.problem(path, f"'{found.name}' is no model", "write model: package.module:Class")
    return found


def _folding(step: Stack | CrossValidated) -> dict[str, Json]:
    usual: dict[Literal["folds", "seed", "stratified"], Json] = {"folds": 5, "seed": 0, "stratified": False}
    return {name: getattr(step, name) for name, value in usual.items() if getattr(step, name) != value}


def _combined(writing: Writing, step: Ensemble | CrossValidated) -> dict[str, Json]:
    if isinstance(step.combine, str):
        return {} if step.combine == "auto" else {"combine": step.combine}
    return {"combine": writing.function(step, step.combine)}


def _result(step: Learner, usual: str = "prediction") -> dict[str, Json]:
    return {} if step.result == usual else {"returns": step.result}
