"""Where train and apply data comes from, and where predictions go: feeds and sinks, as users and plugins see them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from .graph import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What a source asks of a feed, as plain data: it is part of the graph."""

    text: str
    """SQL (`select * from customers`), or the name of a table or file (`customers`, `customers.csv`)."""
    is_sql: bool
    labels: tuple[str, ...] = ()
    """Columns with labels; in apply they are neither asked for nor handed on."""
    features: tuple[str, ...] = ()
    """Columns to hand on as features; empty: all that are no labels."""
    ordinal: str | None = None
    """Column that orders the rows; bounds are of it."""
    lower: Json = None
    """Rows with a greater ordinal; None: from the first."""
    upper: Json = None
    """Rows with an ordinal up to this one; None: to the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a feed gives: one frame, and what of the ordinal is in it."""

    frame: Any
    """A pandas DataFrame when pandas is installed and the feed makes one, else a dict column -> list."""
    lower: Json = None
    """Least ordinal in it; None: no rows, or no ordinal was asked for."""
    upper: Json = None
    """Greatest ordinal in it."""
    evidence: Mapping[str, str | None] = field(default_factory=dict)
    """File or table it read -> sha256, for the key of the step; None: its content cannot be told."""


class Feed(ABC):
    """Reads data. Found by the entry point group `graftline.feeds`; made in the process that executes the step.

    Args:
        options: from `[feed.NAME]` in the configuration. Paths in it are relative to the project root, where it runs.
    """

    name: ClassVar[str]

    def __init__(self, **options: Any):
        self.options = options

    @abstractmethod
    def can_answer(self, query: Query) -> bool:
        """Tell whether it has what is asked for, without reading it: of several feeds the first that can is asked."""

    @abstractmethod
    def read(self, query: Query) -> Answer:
        """Return the rows within the bounds.

        Raises:
            InvalidError: a column or table is not there, with the nearest.
        """


class Sink(ABC):
    """Writes what an apply step returns. Found by the entry point group `graftline.sinks`.

    Args:
        options: from `[sink.NAME]` in the configuration; `{run}`, `{project}`, `{lineage}`, `{generation}` in a path
            are filled in by the caller.
    """

    name: ClassVar[str]

    def __init__(self, **options: Any):
        self.options = options

    @abstractmethod
    def write(self, values: Mapping[str, Any]) -> str:
        """Write outputs by name (frames, arrays, lists, scalars) whole or not at all; return where they are, in words.

        Raises:
            InvalidError: a value has no form the sink can write.
        """
