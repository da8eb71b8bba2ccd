"""What `Model` takes: estimators in the manner of sklearn, actors, functions that make one of these. Nothing is called
here but `get_params`, so that a mistake is told where the model is written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Any

from .actors import METHODS, Actor
from .errors import InvalidError, nearest

_USUAL = ("predict", "predict_proba", "transform", "decision_function", "score_samples", "fit_predict")
"""Methods a prediction comes from, for hints."""


class Shape(StrEnum):
    """How a model is trained."""

    ESTIMATOR = "estimator"
    """An object or class with `fit`; its state is the fitted object."""
    ACTOR = "actor"
    """An object or class with `train`, `apply`, `get_state`, `set_state`."""
    PAIR = "pair"
    """Two functions (`@actor`)."""
    FACTORY = "factory"
    """A function without arguments that makes one of the first two."""


def shape_of(estimator: object) -> Shape | None:
    """Return what an estimator is; None when it is nothing that can be trained."""
    if isinstance(estimator, Actor):
        return Shape.PAIR
    if all(callable(getattr(estimator, name, None)) for name in METHODS):
        return Shape.ACTOR
    if callable(getattr(estimator, "fit", None)) or callable(getattr(estimator, "partial_fit", None)):
        return Shape.ESTIMATOR
    return Shape.FACTORY if callable(estimator) and not isinstance(estimator, type) else None


def default_name(estimator: object) -> str | None:
    """Return the name a model has without one: that of the class as `logistic_regression`, or of the function."""
    kind = estimator if isinstance(estimator, type) or hasattr(estimator, "__qualname__") else type(estimator)
    name = getattr(kind, "__name__", "")
    if not name or "<" in name:
        return None
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def problems_with(estimator: object, predict: str, warm: bool) -> Iterator[InvalidError]:
    """Yield what is wrong with an estimator, as far as it can be told without making one."""
    shape = shape_of(estimator)
    if shape is None:
        lacks = [name for name in METHODS if not callable(getattr(estimator, name, None))]
        is_near = len(lacks) < len(METHODS) - 1  # one method of four may be chance
        why = f"it has no {', '.join(lacks)}" if is_near else "it has no fit()"
        hint = "it takes an estimator with fit and predict, an actor, or a function that makes one"
        yield InvalidError(f"cannot train {_shown(estimator)}: {why}", hint)
    elif shape is Shape.ESTIMATOR and not callable(getattr(estimator, predict, None)):
        has = [name for name in _USUAL if callable(getattr(estimator, name, None))]
        advice = f"it has {', '.join(has)}: predict='{has[0]}'" if has else None
        yield InvalidError(f"{_shown(estimator)} has no {predict}(){nearest(predict, has)}", advice)
    elif shape is Shape.PAIR:
        try:
            assert isinstance(estimator, Actor)
            _ = estimator.applies
        except InvalidError as problem:
            yield InvalidError(problem.message, problem.hint)
    if warm and shape is Shape.ESTIMATOR and not _goes_on(estimator):
        text = f"warm_start= needs an estimator that goes on from another, and {_shown(estimator)} does not"
        yield InvalidError(text, "one with partial_fit, or with a parameter warm_start, does")


def parameter_problems(estimator: object, params: Mapping[str, str]) -> Iterator[InvalidError]:
    """Yield an error for each parameter that the estimator has not, where it tells which it has."""
    known = known_parameters(estimator)
    if known is None:
        return
    for name, target in params.items():
        if target not in known:
            text = f"params= binds '{name}' to '{target}', which {_shown(estimator)} does not have"
            yield InvalidError(text + nearest(target, list(known)), f"it has {', '.join(sorted(known)[:20])}")


def known_parameters(estimator: object) -> Mapping[str, object] | None:
    """Return the parameters an estimator has, with their values; None when only the worker will know."""
    if shape_of(estimator) not in (Shape.ESTIMATOR, Shape.ACTOR):
        return None
    getter: Callable[..., Any] | None = getattr(estimator, "get_params", None)
    if not callable(getter):
        return None
    try:
        made: Any = estimator() if isinstance(estimator, type) else estimator
        return dict(made.get_params())
    except Exception:  # noqa: BLE001  the user's code; the worker tells what it raises
        return None


def _goes_on(estimator: object) -> bool:
    if callable(getattr(estimator, "partial_fit", None)):
        return True
    known = known_parameters(estimator)
    return known is None or "warm_start" in known


def _shown(estimator: object) -> str:
    if isinstance(estimator, type):
        return estimator.__name__
    name: str | None = getattr(estimator, "__name__", None)
    return name or type(estimator).__name__
