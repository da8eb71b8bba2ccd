"""What workers do at the head and at the end of a pipeline that learns: ask a feed, hand over to a sink."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ..core.discovery import load
from ..core.errors import GraftError, InvalidError, nearest
from ..core.feeding import VARIABLE, Answer, Feed, Provider, Query, Sink, provider_from_json
from ..core.graph import Call, Return, ReturnKind
from .bind import Binder
from .observing import note_reads
from .returns import Returns

_OURS = ("sink", "named")
"""Arguments of a sink that are no values."""
_FUNCTION_FEED = "graftline.plugins.feeds.function:FunctionFeed"
"""By name: a room on a floor above."""
LOWER, UPPER = "lower", "upper"
"""Arguments of a feed, and last outputs of one with an ordinal: bounds."""


class FeedStep:
    """Head of a pipeline: features and labels, asked of the first feed that can answer."""

    __slots__ = ("_call", "_expression", "binder", "peak_bytes", "returns")

    def __init__(self, call: Call, returns: Returns, expression: Callable[[Any], Any] | None = None) -> None:
        self._call = call
        self._expression = expression
        self.binder: Binder | None = None
        self.returns = returns
        self.peak_bytes: int | None = None

    def call(self, values: Mapping[str, Any]) -> Iterator[tuple[Return, object]]:
        """Yield the features, each label, and with an ordinal the bounds of what was read.

        Raises:
            InvalidError: no feed can answer, or a label is no column.
            PluginError: a feed does not load.
        """
        made = {each.name: each for each in self.returns.direct}
        labels = [(column, name) for column, name in self._call.labels if name in made]
        answer = self._answer(values, dropped=tuple(column for column, name in self._call.labels if name not in made))
        for column, name in labels:
            _check(column, answer.table)
            yield made.pop(name), answer.table[column]
        bounds = {LOWER: answer.lower, UPPER: answer.upper} if self._call.ordinal is not None else {}
        for declared in made.values():
            if declared.kind is ReturnKind.JSON and declared.name in bounds:
                yield declared, bounds[declared.name]
            else:
                yield declared, _without(answer.table, [column for column, _ in labels])

    def _answer(self, values: Mapping[str, Any], dropped: Sequence[str]) -> Answer:
        query = Query(
            text=self._call.query or "",
            ordinal=self._call.ordinal,
            lower=values.get(LOWER),
            upper=values.get(UPPER),
            without=tuple(dropped),
            expression=self._expression,
        )
        providers = [provider_from_json(each) for each in values.get("feeds", ())]
        for provider in providers:
            feed = _feed(provider)
            if self._expression is not None and not feed.takes_expressions:
                continue
            with _named(provider):
                # The only one is asked outright: it knows better what is wrong.
                if len(providers) == 1 or feed.can_answer(query):
                    answer = _checked(feed.read(query), query)
                    note_reads(answer.read or None)
                    return answer
                note_reads(feed.looked_for(query))
        if self._expression is not None:
            raise InvalidError(
                f"no feed takes the expression '{query.text}'",
                '[feed.NAME] provider = "ibis" url = "duckdb://file.db" does',
            )
        names = ", ".join(f"'{each.name}'" for each in providers)
        raise InvalidError(
            f"no feed can answer {query.text!r}" + (f": asked {names}" if names else ""),
            "name a file or table that is there, or configure a feed: [feed.NAME] provider = ..., path = ...",
        )


class SinkStep:
    """End of a graph that applies: all values go to the sink."""

    __slots__ = ("_run", "binder", "peak_bytes", "returns")

    def __init__(self, returns: Returns, run: str = "") -> None:
        self._run = run
        self.binder: Binder | None = None
        self.returns = returns
        self.peak_bytes: int | None = None

    def call(self, values: Mapping[str, Any]) -> list[tuple[Return, object]]:
        """Write every value but `sink` itself, and print where they are.

        Raises:
            InvalidError: a value has no form the sink can write.
            PluginError: the sink does not load.
        """
        provider = filled(provider_from_json(values["sink"]), {**values.get("named", {}), "run": self._run})
        sink: Sink = _made(provider, "graftline.sinks", Sink)
        with _named(provider):
            where = sink.write({name: value for name, value in values.items() if name not in _OURS})
        if where:
            print(f"written to {where}")  # noqa: T201  this is the step's log
        return []


def filled(provider: Provider, named: Mapping[str, Any]) -> Provider:
    """Return a provider with `{run}`, `{project}`, `{lineage}` and `{generation}` in its texts filled in."""

    def fill(value: Any) -> Any:
        if isinstance(value, str):
            for name, each in named.items():
                value = value.replace(f"{{{name}}}", str(each))
        return value

    return provider._replace(options={name: fill(value) for name, value in provider.options.items()})


def _checked(answer: Answer, query: Query) -> Answer:
    """Refuse an answer without rows: no step is there to make something of nothing.

    Raises:
        InvalidError: there are none.
    """
    columns = list(answer.table)
    if columns and len(answer.table[columns[0]]):
        return answer
    bounds = [f"above {query.lower}"] if query.lower is not None else []
    bounds += [f"up to {query.upper}"] if query.upper is not None else []
    within = f" with '{query.ordinal}' {' and '.join(bounds)}" if bounds else ""
    hint = "; --from-start reads everything, --lower another part" if query.lower is not None else ""
    raise InvalidError(f"there are no rows{within} in {query.text!r}{hint}")


def _from_environment(provider: Provider) -> Provider:
    """Return a provider with `${NAME}` in its texts filled in from the environment: no password need be configured.

    Here and not where the configuration is read, so that no run records it.

    Raises:
        InvalidError: there is no such variable.
    """

    def fill(value: Any) -> Any:
        return VARIABLE.sub(look_up, value) if isinstance(value, str) else value

    def look_up(found: re.Match[str]) -> str:
        if found[1] not in os.environ:
            raise InvalidError(f"'{provider.name}': the environment variable {found[1]} is not set")
        return os.environ[found[1]]

    return provider._replace(options={name: fill(value) for name, value in provider.options.items()})


def _feed(provider: Provider) -> Feed:
    """Return a feed; a plain function of the project is one that answers what it returns a table for."""
    found = load("graftline.feeds", provider.provider)
    if callable(found) and not isinstance(found, type):
        made: Any = load("graftline.feeds", _FUNCTION_FEED)
        answers: Feed = made(found, **_from_environment(provider).options)
        return answers
    feed: Feed = _made(provider, "graftline.feeds", Feed)
    return feed


def _made(provider: Provider, group: str, kind: type[Any]) -> Any:
    found = load(group, provider.provider)
    if not isinstance(found, type) or not issubclass(found, kind):
        raise InvalidError(
            f"'{provider.provider}' is no {kind.__name__}", f"a subclass of graftline.{kind.__name__} is"
        )
    return found(**_from_environment(provider).options)


@contextmanager
def _named(provider: Provider) -> Iterator[None]:
    """Say in every error of ours which feed or sink it is about."""
    try:
        yield
    except GraftError as error:
        error.message = f"'{provider.name}': {error.message}"
        error.args = (error.message,)
        raise


def _check(column: str, table: Any) -> None:
    known = [str(each) for each in table]
    if column not in known:
        raise InvalidError(
            f"there is no column '{column}' for labels{nearest(column, known)}", f"it has {', '.join(known)}"
        )


def _without(table: Any, columns: Sequence[str]) -> Any:
    if isinstance(table, dict):
        return {name: values for name, values in table.items() if name not in columns}
    return table.drop(columns=list(columns))
