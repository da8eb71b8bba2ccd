"""What makes a pipeline learn: where its data comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from .errors import InvalidError, nearest
from .graph import Call, CallKind, Json, Operation, Return, ReturnKind
from .ids import name_problem
from .place import Place, caller, relative_to, told_at
from .records import dataclass

SOURCE = "source"
"""Path of the node that a source is in the graph."""
LOWER, UPPER = "lower", "upper"
"""Last outputs of a source with an ordinal: the bounds of what was read."""


_BY_TEXT: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Source:
    """Where a pipeline's data comes from: what is asked, and under which names it is handed on.

    In train and eval steps get the features and the labels, in apply the features alone.
    """

    query: str
    """SQL, or the name of a table or file; of a function or an expression its name."""
    expression: Callable[[Any], Any] | None
    """Function that is given an ibis connection and returns a table expression; None: `query` is asked."""
    features: str
    """Name of the table of all columns that are no labels."""
    labels: Mapping[str, str]
    """Column -> name it is handed on under."""
    ordinal: str | None
    """Column that orders the rows: `--lower` and `--upper` are bounds of it. None: everything is always read."""
    place: Place

    def __init__(
        self,
        query: str | Callable[[Any], Any] | Any,
        *,
        features: str = "X",
        labels: Mapping[str, str] | str | None = None,
        ordinal: str | None = None,
    ):
        """Say what is asked of the feed.

        Args:
            query: SQL (`select * from customers`), or the name of a table or file (`customers`, `data/customers.csv`).
                A table expression of ibis, or a function that makes one of a connection, is for a feed of ibis.
            features: Name under which steps take the table of all columns but the labels.
            labels: Column -> name under which steps take it; a text: that column, as `y`. None: there are none.
            ordinal: Column that orders the rows, so that training can go on where the last one ended.

        Raises:
            InvalidError: something in it is wrong; all of it in one message.
        """
        named = {labels: "y"} if isinstance(labels, str) else labels or {}
        text, expression = _asked(query)
        for name, value in (
            ("query", text),
            ("expression", expression),
            ("features", features),
            ("labels", named),
            ("ordinal", ordinal),
        ):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "place", caller())
        if problems := list(self._problems()):
            raise told_at(self.place, problems)

    def operation(self, root: str, named: Mapping[str, Any] = _BY_TEXT) -> Operation:
        """Return what asks the feed for it: the features, each label, and the bounds where there is an ordinal.

        Args:
            root: Absolute project root, which the file it is written in is relative to.
            named: Fields of a call that name the function of its expression.
        """
        call = Call(
            kind=CallKind.FEED,
            query=self.query,
            ordinal=self.ordinal,
            labels=tuple(self.labels.items()),
            file=relative_to(root, self.place.file),
            line=self.place.line,
            **{name: value for name, value in named.items() if name not in ("file", "line")},
        )
        bounds = (LOWER, UPPER) if self.ordinal is not None else ()
        return Operation(
            call=call,
            returns=(
                *(Return(name=name) for name in (self.features, *self.labels.values())),
                *(Return(name=name, kind=ReturnKind.JSON) for name in bounds),
            ),
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names under which steps take it."""
        return (self.features, *self.labels.values())

    def _problems(self) -> Iterator[InvalidError]:
        if not isinstance(self.query, str) or not self.query.strip():
            told = "takes SQL, the name of a table, or an expression of ibis first"
            yield self._wrong(f"{told}, not {self.query!r}")
        if not isinstance(self.labels, Mapping) or not all(isinstance(column, str) for column in self.labels):
            yield self._wrong(f"labels= takes a column, or column -> name, not {self.labels!r}")
            return
        if self.ordinal is not None and (not isinstance(self.ordinal, str) or not self.ordinal):
            yield self._wrong(f"ordinal= takes a column, not {self.ordinal!r}")
        for name in self.names:
            if trouble := name_problem(name):
                yield self._wrong(f"hands something on as {name!r}: {trouble}")
            elif self.ordinal is not None and name in (LOWER, UPPER):
                yield self._wrong(f"hands something on as '{name}', which is the name of a bound", "call it otherwise")
        if len(set(self.names)) < len(self.names):
            yield self._wrong(f"hands two things on under one name: {', '.join(self.names)}")

    def _wrong(self, message: str, hint: str | None = None) -> InvalidError:
        return InvalidError(f"Source {message}", hint, file=self.place.file, line=self.place.line)


def _asked(query: Any) -> tuple[Any, Callable[[Any], Any] | None]:
    """Return the text of what is asked, and the function that makes an expression of a connection.

    An expression goes with every table it names unbound, so that it can be asked of any backend.
    """
    if isinstance(query, str):
        return query, None
    if type(query).__module__.partition(".")[0] == "ibis" and hasattr(query, "unbind"):
        return "expression", partial(_same, query.unbind())
    if callable(query) and not isinstance(query, type):
        return getattr(query, "__qualname__", "expression"), query
    return query, None


def _same(expression: Any, connection: Any) -> Any:
    """Return an expression whatever the connection is: what is not bound to one fits all."""
    return expression


def source_from(value: object) -> Source | None:
    """Return what `source=` of a pipeline takes: a Source, a text or mapping as a YAML file holds it, or None.

    Raises:
        InvalidError: it is none of these.
    """
    if value is None or isinstance(value, Source):
        return value
    if isinstance(value, str):
        return Source(value)
    if isinstance(value, Mapping) and isinstance(value.get("query"), str):
        if unknown := [str(key) for key in value if key not in _KEYS]:
            raise InvalidError(
                f"a source has no '{unknown[0]}'{nearest(unknown[0], _KEYS)}", f"it has {', '.join(_KEYS)}"
            )
        rest = {key: each for key, each in value.items() if key != "query" and each is not None}
        return Source(value["query"], **rest)
    raise InvalidError(f"source= takes a Source, not {value!r}", "write Source('select * from customers', labels='y')")


def source_data(source: Source) -> Json:
    """Return a source as plain data, as `source_from` takes it."""
    if source.expression is not None:
        raise source._wrong("is asked by an expression, which is no plain data", "ask it by SQL, or write it in Python")
    found: dict[str, Json] = {"query": source.query}
    if source.features != "X":
        found["features"] = source.features
    if source.labels:
        found["labels"] = dict(source.labels)
    if source.ordinal is not None:
        found["ordinal"] = source.ordinal
    return found if len(found) > 1 else source.query


_KEYS = ("query", "features", "labels", "ordinal")
