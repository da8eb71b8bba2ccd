"""Where train and apply data comes from, and where predictions go: feeds and sinks, as users and plugins see them."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from .graph import Json
from .named import NamedTuple
from .records import dataclass

_SQL = re.compile(r"\s*(select|with|from)\b", re.IGNORECASE)

VARIABLE = re.compile(r"\$\{(\w+)\}")
"""In a text of the options: an environment variable, filled in where the step runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What a feed is asked for, as plain data: it is part of a graph."""

    text: str
    """SQL (`select * from customers`), or the name of a table or file (`customers`, `data/customers.csv`)."""
    ordinal: str | None = None
    """Column that orders the rows; bounds are of it."""
    lower: Json = None
    """Only rows with a greater ordinal; None: from the first."""
    upper: Json = None
    """Only rows with an ordinal up to this one; None: to the last."""
    without: tuple[str, ...] = ()
    """Columns that need not be there (labels, in apply): they are left out."""
    expression: Any = None
    """Function that is given an ibis connection and returns a table expression; `text` is its name then. None: the
    text is what is asked. Only feeds that say `takes_expressions` are asked."""

    @property
    def is_sql(self) -> bool:
        """Tell whether it is SQL, not the name of a table."""
        return self.expression is None and _SQL.match(self.text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a feed gives: one table, and what of the ordinal is in it."""

    table: Any
    """A pandas DataFrame; where pandas is not installed a dict, column -> list of values."""
    lower: Json = None
    """Least ordinal in it; None: no rows, or no ordinal was asked for."""
    upper: Json = None
    """Greatest ordinal in it."""
    read: tuple[str, ...] = ()
    """Absolute paths of all files that it depends on, such among them as were looked for in vain; a directory, told
    with a slash at its end, counts by the names in it. While their contents stay, the feed is not asked again. Empty:
    it depends on something else (a server, a clock), and the feed is asked each time."""


class Feed(ABC):
    """Reads data. Found by the entry point group `graftline.feeds`; made in the process that executes the step.

    Args:
        options: from `[feed.NAME]` in the configuration. Paths in them are relative to the project root, which is the
            current directory.
    """

    name: ClassVar[str]
    """As the entry point."""
    takes_expressions: ClassVar[bool] = False
    """It may be asked by `Query.expression`."""

    def __init__(self, **options: Any):
        self.options = options

    @abstractmethod
    def can_answer(self, query: Query) -> bool:
        """Tell whether it has what is asked for, without reading it: of several feeds the first that can is asked."""

    def looked_for(self, query: Query) -> Sequence[str] | None:
        """Return what decided that it cannot answer: absolute paths, as in `Answer.read`.

        While they stay as they are it need not be asked again whether it can, and what a feed after it answered from
        files holds. None: something else decides, as nothing is known of a server.
        """
        return None

    @abstractmethod
    def read(self, query: Query) -> Answer:
        """Return the rows within the bounds, in the order the data has them.

        Raises:
            InvalidError: a column or table is not there, with the nearest; the SQL is wrong.
        """


class Sink(ABC):
    """Writes what an apply run makes. Found by the entry point group `graftline.sinks`.

    Args:
        options: from `[sink.NAME]` in the configuration, `{run}`, `{project}`, `{lineage}` and `{generation}` in texts
            filled in.
    """

    name: ClassVar[str]
    """As the entry point."""

    def __init__(self, **options: Any):
        self.options = options

    @abstractmethod
    def write(self, values: Mapping[str, Any]) -> str:
        """Write outputs by name, whole or not at all, and return in words where they are (empty: nowhere).

        Raises:
            InvalidError: a value has no form the sink can write.
        """


class Provider(NamedTuple):
    """One configured feed or sink, as an order carries it to a worker."""

    name: str
    """Its name in the configuration, or of the provider."""
    provider: str
    """Name of an entry point, or `module:Class`."""
    options: Mapping[str, Json]

    def to_json(self) -> dict[str, Json]:
        """Return it as a JSON object."""
        return {"name": self.name, "provider": self.provider, "options": dict(self.options)}


def provider_from_json(document: Mapping[str, Any]) -> Provider:
    """Return the provider that `to_json` wrote."""
    return Provider(document["name"], document["provider"], document["options"])
