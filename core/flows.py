"""What flows into the call of a task: outputs of steps, items of a map, fixed values, and lists of these."""

from __future__ import annotations

from typing import TypeAlias

from .bodies import Body
from .futures import Future, futures_in, refusal, source_of
from .named import NamedTuple
from .steps import OutputOf


class ItemOf(NamedTuple):
    """The item of the map that a step is in, by the name it has there."""

    name: str


Flow: TypeAlias = "OutputOf | ItemOf | Flows | object"
"""One argument of a call: an output of a step, an item, several of them, or a fixed value."""


class Flows(tuple["Flow", ...]):
    """Values of one list or tuple, of which at least one is an output of a step: they are gathered into a list."""

    __slots__ = ()


def flow_of(value: object, body: Body) -> Flow:
    """Return an argument as the compiler binds it. Containers are copied: a body may go on filling its list.

    Raises:
        CallError: it holds a future that cannot be passed on.
    """
    if isinstance(value, Future):
        return source_of(value, body)
    if isinstance(value, list | tuple) and futures_in(value):
        return Flows(flow_of(each, body) for each in value)
    if isinstance(value, dict | set | frozenset) and (inside := futures_in(value)):
        raise refusal(inside[0], f"cannot be passed in a {type(value).__name__}")
    return _copied(value)


def _copied(value: object) -> object:
    kind = type(value)
    if kind is list or kind is tuple:
        return kind(_copied(each) for each in value)  # type: ignore[attr-defined]
    if kind is dict:
        return {key: _copied(each) for key, each in value.items()}  # type: ignore[attr-defined]
    return value
