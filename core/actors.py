"""Actors: anything that trains and applies. A class may be one; `@actor` makes one of two functions."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

from .callables import Wrapped, imported, plain
from .errors import InvalidError
from .place import Place, caller
from .tasks import name_of

METHODS = ("train", "apply", "get_state", "set_state")
"""What a class has that is an actor."""


class Actor(Wrapped):
    """Two functions: one trains and returns a state, the other applies the state to features."""

    __wrapped__: Callable[..., Any]
    __qualname__: str

    def __init__(self, train: Callable[..., Any], place: Place):
        functools.update_wrapper(self, train)
        self.__wrapped__ = train
        self.place = place
        self._apply: Callable[..., Any] | None = None

    def __repr__(self) -> str:
        return f"<actor {name_of(self.__wrapped__)}>"

    def __reduce__(self) -> Any:
        if imported(self.__wrapped__) is not None and _holds(self):
            return self.__qualname__  # by name, as a function goes
        return _rebuilt, (self.__wrapped__, self._apply, self.place)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function that trains."""
        return self.__wrapped__(*args, **kwargs)

    def apply(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Take the function that applies: `(state, features)`, in this order. Returns the function as it is.

        Raises:
            InvalidError: it is no function, or there is one already.
        """
        if not callable(function):
            raise self._wrong(f"apply takes a function, not {function!r}")
        if self._apply is not None:
            raise self._wrong("has a function that applies already", "make another actor for another function")
        self._apply = plain(function)
        return function

    @property
    def applies(self) -> Callable[..., Any]:
        """The function that applies.

        Raises:
            InvalidError: there is none.
        """
        if self._apply is None:
            name = name_of(self.__wrapped__)
            raise self._wrong("has no function that applies", f"write one below it: @{name}.apply, (state, features)")
        return self._apply

    @property
    def functions(self) -> tuple[Callable[..., Any], ...]:
        """The functions it is made of, as many as there are."""
        return (self.__wrapped__,) if self._apply is None else (self.__wrapped__, self._apply)

    def _wrong(self, message: str, hint: str | None = None) -> InvalidError:
        text = f"actor '{name_of(self.__wrapped__)}' {message}"
        return InvalidError(text, hint, file=self.place.file, line=self.place.line)


def actor(train: Callable[..., Any], apply: Callable[..., Any] | None = None) -> Actor:
    """Make an actor of a function that trains; `@NAME.apply` gives it the one that applies.

    Args:
        train: Takes the features, the labels if there are any, and parameters by name; returns the state. With an
            argument `previous` it gets the state of the last generation.
        apply: Takes the state and the features. None: it comes by `@NAME.apply`.

    Raises:
        InvalidError: one of them is no function.
    """
    place = caller()
    if not callable(train) or isinstance(train, type):
        hint = "a class with train, apply, get_state and set_state needs no decorator: Model(TheClass)"
        raise InvalidError(
            f"@actor takes a function that trains, not {train!r}", hint, file=place.file, line=place.line
        )
    made = Actor(plain(train), place)
    if apply is not None:
        made.apply(apply)
    return made


def _holds(made: Actor) -> bool:
    """Tell whether the module has the actor under its name, and not the function that trains."""
    holder: Any = sys.modules.get(made.__module__)
    for part in made.__qualname__.split("."):
        holder = getattr(holder, part, None)
    return holder is made


def _rebuilt(train: Callable[..., Any], apply: Callable[..., Any] | None, place: Place) -> Actor:
    made = Actor(train, Place(*place))
    made._apply = apply
    return made
