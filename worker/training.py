"""Estimators, actors and pairs of functions under one face: made anew, given parameters, trained, applied."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from ..core.actors import Actor
from ..core.errors import InvalidError, nearest
from ..core.estimators import Shape, shape_of
from ..core.learntasks import PREVIOUS_STATE


def made(estimator: Any) -> Any:
    """Return an estimator of one's own, whatever stands for it: an object is copied, a class or function called.

    Raises:
        InvalidError: what a function made cannot be trained.
        BaseException: whatever the class or function raises.
    """
    shape = shape_of(estimator)
    if shape is Shape.PAIR:
        return Pair(estimator)
    if isinstance(estimator, type):
        return estimator()
    if shape is Shape.FACTORY:
        found = estimator()
        if shape_of(found) not in (Shape.ESTIMATOR, Shape.ACTOR, Shape.PAIR):
            name = getattr(estimator, "__name__", type(estimator).__name__)
            raise InvalidError(f"{name}() made a {type(found).__name__}, which has neither fit() nor train()")
        return made(found) if isinstance(found, type) or shape_of(found) is Shape.PAIR else found
    return copy.deepcopy(estimator)


def set_parameters(estimator: Any, given: Mapping[str, Any]) -> None:
    """Give an estimator parameters by its own names; a number becomes a whole one, or not, as it has it.

    Raises:
        InvalidError: it has no such parameter, with the nearest.
    """
    if not given:
        return
    if isinstance(estimator, Pair):
        estimator.params.update(given)
        return
    known = dict(estimator.get_params()) if callable(getattr(estimator, "get_params", None)) else vars(estimator)
    for name, value in given.items():
        if name not in known:
            kind = type(estimator).__name__
            raise InvalidError(f"{kind} has no parameter '{name}'{nearest(name, sorted(known))}", _listed(known))
        value = _fitting(value, known[name])
        if callable(getattr(estimator, "set_params", None)):
            estimator.set_params(**{name: value})
        else:
            setattr(estimator, name, value)


def train(estimator: Any, features: Any, labels: Any | None, previous: Any, *, warm: bool) -> Any:
    """Train an estimator and return it trained; with `warm`, on from a state of the last generation."""
    if isinstance(estimator, Pair):
        estimator.train(features, labels, previous)
        return estimator
    given = (features,) if labels is None else (features, labels)
    if shape_of(estimator) is Shape.ACTOR:
        if warm and previous is not None:
            estimator.set_state(previous)
        estimator.train(*given)
        return estimator
    if warm and previous is not None:
        return _trained_on(estimator, previous, given)
    if not callable(getattr(estimator, "fit", None)):
        return _first_part(estimator, given)
    # What is returned by those that return nothing is the estimator too.
    estimator.fit(*given)
    return estimator


def state_of(estimator: Any) -> Any:
    """Return what is kept of a trained estimator: the state of an actor or pair, any other as it is."""
    if isinstance(estimator, Pair):
        return estimator.state
    return estimator.get_state() if shape_of(estimator) is Shape.ACTOR else estimator


def from_state(estimator: Any | None, state: Any) -> Any:
    """Return a trained estimator again.

    Args:
        estimator: What it was made of; None: the state is itself the estimator.
        state: As `state_of` returned it.
    """
    if estimator is None:
        return state
    found = made(estimator)
    if isinstance(found, Pair):
        found.state = state
        return found
    if shape_of(found) is Shape.ACTOR:
        found.set_state(state)
        return found
    return state


def predicted(estimator: Any, features: Any, method: str) -> Any:
    """Return what a trained estimator makes of features."""
    if isinstance(estimator, Pair):
        return estimator.apply(features)
    if shape_of(estimator) is Shape.ACTOR:
        return estimator.apply(features)
    found = getattr(estimator, method, None)
    if not callable(found):
        raise InvalidError(f"{type(estimator).__name__} has no {method}()", "predict= names the method that predicts")
    return found(features)


class Pair:
    """The two functions of an `@actor` with the state between them."""

    def __init__(self, actor: Actor) -> None:
        self._actor = actor
        self.params: dict[str, Any] = {}
        self.state: Any = None

    def train(self, features: Any, labels: Any | None, previous: Any) -> None:
        """Call the function that trains, and keep what it returns."""
        function = self._actor.__wrapped__
        given = dict(self.params)
        if PREVIOUS_STATE in inspect.signature(function).parameters:
            given[PREVIOUS_STATE] = previous
        self.state = function(*((features,) if labels is None else (features, labels)), **given)

    def apply(self, features: Any) -> Any:
        """Call the function that applies."""
        return self._actor.applies(self.state, features)


def _trained_on(estimator: Any, previous: Any, given: Sequence[Any]) -> Any:
    """Return the last generation's estimator trained on, with this one's parameters."""
    found = copy.deepcopy(previous)
    if callable(getattr(found, "partial_fit", None)):
        if callable(getattr(found, "set_params", None)):
            found.set_params(**estimator.get_params(deep=False))
        found.partial_fit(*given)
        return found
    found.set_params(**{**estimator.get_params(deep=False), "warm_start": True})
    found.fit(*given)
    return found


def _first_part(estimator: Any, given: Sequence[Any]) -> Any:
    """Train what can only be trained in parts; a classifier wants to know all labels with the first."""
    more: dict[str, Any] = {}
    if len(given) == 2 and "classes" in inspect.signature(estimator.partial_fit).parameters:
        more["classes"] = sorted(set(given[1]))
    estimator.partial_fit(*given, **more)
    return estimator


def _fitting(value: Any, current: Any) -> Any:
    if isinstance(value, bool) or isinstance(current, bool):
        return value
    if isinstance(current, float) and isinstance(value, int):
        return float(value)
    if isinstance(current, int) and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _listed(known: Mapping[str, Any]) -> str:
    return f"it has {', '.join(sorted(known)[:20])}"
