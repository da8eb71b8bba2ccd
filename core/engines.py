"""Which feeds a pipeline's source is asked of, and which sinks get what it predicts: `-E` and the configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from .config import Settings
from .discovery import plugins, version_of
from .errors import InvalidError, nearest
from .feeding import VARIABLE, Provider, provider_from_json
from .graph import Argument, Call, CallKind, Graph, Json, Node, Operation, ReturnKind
from .learning import LOWER, UPPER
from .loaded import Loaded
from .named import NamedTuple
from .prints import Print
from .records import replace
from .supply import Constant, Upstream, upstreams

DEFAULT = "default"
"""The engine that holds where no other is named, if it is configured."""
SINK = "sink"
"""Path of the node that writes what an apply run makes."""
BUNDLED_FEEDS = {
    "csv": "graftline.plugins.feeds.files:CsvFeed",
    "json": "graftline.plugins.feeds.files:JsonFeed",
    "parquet": "graftline.plugins.feeds.files:ParquetFeed",
    "sqlite": "graftline.plugins.feeds.sqlite:SqliteFeed",
    "duckdb": "graftline.plugins.feeds.duckdb:DuckdbFeed",
    "ibis": "graftline.plugins.feeds.ibis:IbisFeed",
}
"""Asked in this order where nothing is configured. Why they are written here too: `core/runners.py`."""
BUNDLED_SINKS = {
    "stdout": "graftline.plugins.sinks.plain:StdoutSink",
    "null": "graftline.plugins.sinks.plain:NullSink",
    "csv": "graftline.plugins.sinks.files:CsvSink",
    "parquet": "graftline.plugins.sinks.files:ParquetSink",
    "sqlite": "graftline.plugins.sinks.sqlite:SqliteSink",
}
_FIXED = "fixed"


class Channels(NamedTuple):
    """What a run reads from and writes to."""

    feeds: tuple[Provider, ...] = ()
    """The first that can answer is asked."""
    sinks: tuple[Provider, ...] = ()
    """Each gets all of it."""


def channels_of(settings: Settings, name: str | None) -> Channels:
    """Return the feeds and sinks of an engine.

    `[engine.NAME]` names them; a NAME that is no engine is that of a feed, a sink or both, configured or bundled.
    Without a name it is `[engine.default]`; what that leaves open is every configured feed and then the bundled ones,
    and standard output.

    Raises:
        InvalidError: there is no engine, feed or sink of that name, with the nearest.
    """
    engines = settings.table("engine")
    if name is None or name in engines:
        engine = engines.get(name or DEFAULT, {})
        feeds = [_feed(settings, each) for each in engine.get("feed", ())] or _all_feeds(settings)
        sinks = [_sink(settings, each) for each in engine.get("sink", ())] or [_sink(settings, "stdout")]
        return Channels(tuple(feeds), tuple(sinks))
    configured = settings.table("feed"), settings.table("sink")
    is_feed = name in configured[0] or name in BUNDLED_FEEDS or ":" in name
    is_sink = name in configured[1] or name in ("stdout", "null")
    if not (is_feed or is_sink):
        known = sorted({*engines, *configured[0], *configured[1], *BUNDLED_FEEDS, "stdout", "null"})
        hint = f"there are {', '.join(known)}; [engine.{name}] names feeds and a sink"
        raise InvalidError(f"there is no engine '{name}'{nearest(name, known)}", hint)
    return Channels(
        (_feed(settings, name),) if is_feed else tuple(_all_feeds(settings)),
        (_sink(settings, name),) if is_sink else (_sink(settings, "stdout"),),
    )


def channels_between(settings: Settings, feed: object, sink: object) -> Channels:
    """Return the feeds and sinks that a program names; what it leaves open is as in the default engine.

    Args:
        settings: where they may be configured.
        feed: a name or `module:Class`, or a list of them; None: not said.
        sink: the same, or a file by its ending; None: not said.

    Raises:
        InvalidError: there is no feed or sink of that name, with the nearest.
    """
    default = channels_of(settings, None)
    feeds = tuple(_feed(settings, each) for each in _names("feed", feed))
    is_known = {*settings.table("sink"), *BUNDLED_SINKS}.__contains__
    sinks = tuple(
        _sink(settings, each) if is_known(each) or ":" in each or "." not in each else file_sink(each)
        for each in _names("sink", sink)
    )
    return Channels(feeds or default.feeds, sinks or default.sinks)


def _names(kind: str, value: object) -> Sequence[str]:
    names = [] if value is None else [value] if isinstance(value, str) else value
    if not isinstance(names, Sequence) or not all(isinstance(each, str) for each in names):
        raise InvalidError(f"{kind}= takes the name of a {kind}, or a list of names, not {value!r}")
    return names


def file_sink(path: str) -> Provider:
    """Return the sink that writes a file, by its ending (`-o scores.csv`).

    Raises:
        InvalidError: the ending says nothing.
    """
    ending = path.rpartition(".")[2].lower()
    if ending not in _SINK_OF:
        known = ", ".join(f".{each}" for each in _SINK_OF)
        raise InvalidError(f"'{path}' does not say what is to be written", f"a sink writes {known}")
    return Provider(path, BUNDLED_SINKS[_SINK_OF[ending]], {"path": path})


def connected(
    graph: Graph,
    channels: Channels,
    *,
    lower: Json = None,
    upper: Json = None,
    query: str | None = None,
    named: Mapping[str, Json] | None = None,
) -> Graph:
    """Return a graph whose source asks these feeds and, when it applies, whose outputs go to these sinks.

    Args:
        graph: as compiled.
        channels: feeds and sinks.
        lower: bound of the ordinal, exclusive; None: from the first row.
        upper: bound, inclusive; None: to the last.
        query: asked in place of the source's own; None: that.
        named: what texts of the sinks may hold: `project`, `lineage`, `generation`.

    Raises:
        InvalidError: bounds or a query are given, and the pipeline has no source, or it has no ordinal.
    """
    source = next((node for node in graph.nodes if _kind(graph, node) is CallKind.FEED), None)
    _check(graph, source, lower, upper, query)
    nodes, operations = list(graph.nodes), list(graph.operations)
    if source is not None:
        bound = {"feeds": [each.to_json() for each in channels.feeds], LOWER: lower, UPPER: upper}
        arguments = [Argument(name, Constant(value, _FIXED)) for name, value in bound.items() if value is not None]
        if query is not None:
            operation = operations[source.operation]
            call = replace(operation.call, query=query, module=None, qualname=None, blob=None)
            operations[source.operation] = replace(operation, call=call)
        nodes[nodes.index(source)] = replace(source, arguments=tuple(arguments))
    outputs = outputs_of(graph) if graph.mode == "apply" else {}
    for at, sink in enumerate(channels.sinks if outputs else ()):
        path = SINK if at == 0 else f"{SINK}-{at + 1}"
        given: dict[str, Json] = {SINK: sink.to_json(), "named": dict(named or {})}
        nodes.append(
            Node(
                path=path,
                operation=len(operations),
                arguments=(
                    *(Argument(name, Constant(value, _FIXED)) for name, value in given.items()),
                    *(Argument(name, value) for name, value in outputs.items() if name not in given),
                ),
                needs=tuple(dict.fromkeys(value.node for value in outputs.values())),
            )
        )
        operations.append(Operation(call=Call(kind=CallKind.SINK)))
    return replace(graph, nodes=tuple(nodes), operations=tuple(operations))


def connected_as(graph: Graph, old: Graph) -> Graph:
    """Return a graph that was compiled anew with the feeds, bounds and sinks that another one had."""
    found: dict[str, Any] = {}
    named: Mapping[str, Any] = {}
    sinks: list[Provider] = []
    for node in old.nodes:
        constants: dict[str, Any] = {
            each.name: each.source.value for each in node.arguments if isinstance(each.source, Constant)
        }
        if _kind(old, node) is CallKind.FEED:
            found = constants
        elif _kind(old, node) is CallKind.SINK:
            sinks.append(provider_from_json(constants[SINK]))
            named = constants.get("named", {})
    feeds = [provider_from_json(each) for each in found.get("feeds", ())]
    has_source = any(_kind(graph, node) is CallKind.FEED for node in graph.nodes)
    bounds = {name: found.get(name) for name in (LOWER, UPPER)} if has_source else {}
    return connected(graph, Channels(tuple(feeds), tuple(sinks)), named=named, **bounds)


def connecting(loaded: Loaded, graph: Graph) -> Loaded:
    """Return what was loaded with its graph connected, and what is known of the feeds and sinks themselves.

    Sinks run whatever was before, so they are known by nothing.
    """
    found = {at: Print() for at, each in enumerate(graph.operations) if each.call.kind is CallKind.SINK}
    for node in graph.nodes:
        if _kind(graph, node) is CallKind.FEED and (known := loaded.prints.get(node.operation)) is not None:
            found[node.operation] = feeds_print(known, graph.operations[node.operation].call, _feeds_of(node))
    return replace(loaded, graph=graph, prints={**loaded.prints, **found})


def ordinal_of(graph: Graph) -> str | None:
    """Return the column that orders the rows of a graph's source; None: there is none."""
    return next((each.call.ordinal for each in graph.operations if each.call.kind is CallKind.FEED), None)


def _feeds_of(node: Node) -> list[Provider]:
    """Return the feeds that a source node asks."""
    constants = [
        each.source.value for each in node.arguments if each.name == "feeds" and isinstance(each.source, Constant)
    ]
    given: Any = constants[0] if constants else ()
    return [provider_from_json(each) for each in given]


def feeds_print(known: Print, call: Call, feeds: Sequence[Provider]) -> Print:
    """Return the print of a source with what its feeds are: versions of plugins, variables that options name.

    Their options are among its arguments. Code of the project is not looked into: such a feed is asked each time.
    """
    if call.module is not None or call.blob is not None:
        return known
    code = [each for each in feeds if ":" in each.provider and each.provider not in BUNDLED_FEEDS.values()]
    if code:
        told = f"it asks feed '{code[0].name}' ({code[0].provider}), which may answer otherwise each time"
        return replace(known, unknown=told)
    packages = dict(known.packages)
    by_name = {each.provider for each in feeds if ":" not in each.provider}
    for plugin in plugins("graftline.feeds") if by_name else ():
        if plugin.name in by_name and plugin.distribution:
            packages[plugin.distribution] = version_of(plugin.distribution)
    texts = (value for each in feeds for value in each.options.values() if isinstance(value, str))
    variables = {name for text in texts for name in VARIABLE.findall(text)}
    return replace(known, packages=packages, variables=tuple(sorted({*known.variables, *variables})), unknown=None)


_SINK_OF = {"csv": "csv", "tsv": "csv", "parquet": "parquet", "pq": "parquet", "db": "sqlite", "sqlite": "sqlite"}


def _check(graph: Graph, source: Node | None, lower: Json, upper: Json, query: str | None) -> None:
    if source is None and (query is not None or lower is not None or upper is not None):
        raise InvalidError(
            f"pipeline '{graph.name}' has no source to be asked with bounds or a query",
            "Pipeline(..., source=Source('select ...', ordinal='day'))",
        )
    if source is not None and (lower is not None or upper is not None) and ordinal_of(graph) is None:
        call = graph.operations[source.operation].call
        raise InvalidError(
            f"the source of pipeline '{graph.name}' has no ordinal, so there is nothing to bound",
            "say which column orders its rows: Source(..., ordinal='day')",
            file=call.file,
            line=call.line,
        )


def outputs_of(graph: Graph) -> dict[str, Upstream]:
    """Return what a graph makes that nothing inside takes, by name; of equal names the later step's.

    A step that takes nothing brings data in: what is left of that is no result.
    """
    ends = {node.path: node for node in graph.nodes if "/" not in node.path and node.needs}
    taken = {
        each
        for node in graph.nodes
        if _kind(graph, node) not in (CallKind.JOIN, CallKind.SINK)
        for argument in node.arguments
        for each in upstreams(argument.source)
    }
    found: dict[str, Upstream] = {}
    for node in ends.values():
        for name in _made(graph, node):
            value = Upstream(node.path, name)
            if value not in taken:
                found[name] = value
    return found


def _made(graph: Graph, node: Node) -> Iterator[str]:
    operation = graph.operations[node.operation]
    if operation.call.kind in (CallKind.FEED, CallKind.LOAD, CallKind.SINK):
        return
    if operation.call.kind is CallKind.JOIN:
        for argument in node.arguments:
            if not any(_is_state(graph, each) for each in upstreams(argument.source)):
                yield argument.name
        return
    yield from (each.name for each in operation.returns if each.kind not in (ReturnKind.METRIC, ReturnKind.STATE))


def _is_state(graph: Graph, value: Upstream) -> bool:
    """Tell whether a value is a trained state, which a composite hands on beside what it predicts."""
    returns = graph.operation_of(value.node).returns
    return any(each.name == value.output and each.kind is ReturnKind.STATE for each in returns)


def _kind(graph: Graph, node: Node) -> CallKind:
    return graph.operations[node.operation].call.kind


def _all_feeds(settings: Settings) -> Sequence[Provider]:
    configured = [_feed(settings, name) for name in settings.table("feed")]
    has_duckdb = find_spec("duckdb") is not None
    # The one of ibis reads nothing before it is told where from.
    bundled = [name for name in BUNDLED_FEEDS if name != "ibis" and (name != "duckdb" or has_duckdb)]
    return [*configured, *(Provider(name, BUNDLED_FEEDS[name], {}) for name in bundled)]


def _feed(settings: Settings, name: str) -> Provider:
    return _provider(settings, "feed", name, BUNDLED_FEEDS)


def _sink(settings: Settings, name: str) -> Provider:
    return _provider(settings, "sink", name, BUNDLED_SINKS)


def _provider(settings: Settings, kind: str, name: str, bundled: Mapping[str, str]) -> Provider:
    tables = settings.table(kind)
    options = dict(tables.get(name, {}))
    provider = str(options.pop("provider", name))
    if provider not in bundled and ":" not in provider:
        plugged = [each.name for each in plugins(f"graftline.{kind}s")]
        if provider not in plugged:
            known = sorted({*tables, *bundled, *plugged})
            hint = f"there are {', '.join(known)}; [{kind}.NAME] makes another"
            raise InvalidError(f"there is no {kind} '{provider}'{nearest(provider, known)}", hint)
    return Provider(name, bundled.get(provider, provider), options)
