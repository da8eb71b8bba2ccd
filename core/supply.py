"""Where the values of a node's arguments come from: what the compiler binds them to."""

from __future__ import annotations

from typing import Any, TypeAlias

from .artifacts import ArtifactRef
from .named import NamedTuple

Json: TypeAlias = "bool | int | float | str | list[Any] | dict[str, Any] | None"


class Upstream(NamedTuple):
    """The value an earlier node returns under a name."""

    node: str
    output: str


class Constant(NamedTuple):
    """A JSON-able value fixed at compile time, and where it came from."""

    value: Json
    origin: str
    """`fixed` (params= of the step), `cli`, `env`, `file`, `pipeline`, or `call`."""


class Blob(NamedTuple):
    """A constant that JSON cannot hold, pickled by value into the store."""

    sha256: str
    origin: str


class Stored(NamedTuple):
    """A value the store has already, by digest: a named dataset, the state of a generation, the result of a run."""

    ref: ArtifactRef
    origin: str


class Gather(NamedTuple):
    """Several values as one list."""

    items: tuple[Source, ...]


class Either(NamedTuple):
    """The first of several values that is there: what a conditional's end hands on is of the branch that ran."""

    items: tuple[Source, ...]


class Item(NamedTuple):
    """In a body: the item of a map, or one entry of it."""

    scope: str
    """Of the map's body: `trials/[]`."""
    key: str | None
    """Entry of the item; None: the whole."""


class Index(NamedTuple):
    """In a body: the number of the iteration or item, from 0."""

    scope: str


class Carried(NamedTuple):
    """In the body of a loop: a value that iterations hand to the next one."""

    scope: str
    first: Source | None
    """In the first iteration; None: the argument is left out then."""
    later: Source
    """In all others; its path names the iteration before by `PREVIOUS`."""


Source: TypeAlias = Upstream | Constant | Blob | Stored | Gather | Either | Item | Index | Carried

HERE = "[]"
"""Part of a path in a body: the number of the item or iteration. No name of a step holds brackets."""
PREVIOUS = "[<]"
"""Part of a path in the body of a loop: the number of the iteration before."""


def upstreams(source: Source) -> list[Upstream]:
    """Return every upstream value a source takes, in order."""
    if isinstance(source, Upstream):
        return [source]
    if isinstance(source, Gather | Either):
        return [each for item in source.items for each in upstreams(item)]
    if isinstance(source, Carried):
        return upstreams(source.later) + ([] if source.first is None else upstreams(source.first))
    return []
