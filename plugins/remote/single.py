"""One node of a run from a directory of artifacts, without an engine: `graft exec-node`, in a pod or container.

A node takes what the reports of others say (`laidout.py`); a composite's end only hands on. A map has grown when its
start has said how many items there are, so that each item's nodes can be executed by path. Who calls says which branch
of a conditional is taken: a node of another one is not executed. The iterations of a loop need an engine.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from urllib.parse import quote

from ...core.artifacts import Output
from ...core.decisions import branch, size_to_grow
from ...core.errors import InvalidError, MissingError, PluginError, nearest
from ...core.events import AttemptFailed, AttemptSucceeded
from ...core.graph import ON_FAILURE, Argument, CallKind, Graph, Node
from ...core.growth import ITEMS, Plot
from ...core.guards import Guards, is_of_recovery, recovery_of, waits_of
from ...core.records import replace
from ...core.scopes import Scopes, around
from ...core.supply import Constant, upstreams
from ...core.translating import text_of
from ...core.values import Values
from ...worker.bundles import Bundle, graph_in
from ...worker.handshake import here
from ...worker.parcels import Ended, Parcel, Refused, decode_report, encode_parcel, token_of
from . import stations
from .laidout import End, LaidOutRun, ended_at_once, lay_out
from .logs import LogCopies
from .places import at_home

__all__ = ["execute_node", "lay_out", "plain_word"]

_ENDS = frozenset({CallKind.JOIN, CallKind.REDUCE})
"""Calls of nodes that end a composite: they go on when a recovery made up for what failed inside."""
_NO_PARAMS: Mapping[str, str] = {}


def execute_node(
    folder: str,
    run: str,
    path: str,
    *,
    attempt: int | None = None,
    bundle: str | None = None,
    params: Mapping[str, str] = _NO_PARAMS,
    decision: str | None = None,
) -> End:
    """Execute one node and keep its report; one that has succeeded is not executed again.

    Args:
        folder: absolute; the run, or its bundle, is laid out in it.
        run: id.
        path: of the node; numbers of map items filled in.
        attempt: its number; None: the next one.
        bundle: digest of the bundle, with which the run begins where it has not; None: it has.
        params: by argument of this node, other values for what it was compiled with, as typed.
        decision: file that gets what a start of a composite decided: the numbers of a map's items as JSON, or the word
            of a choice (`plain_word`).

    Raises:
        MissingError: there is no such run or node here.
        InvalidError: what it takes is not there yet; it is of a branch that was not taken.
        PluginError: it cannot be executed here: another graftline or Python, a damaged bundle.
    """
    known = LaidOutRun(folder, run)
    if bundle is not None:
        known.begin(bundle)
    packed = known.bundle()
    graph = graph_in(packed)
    plot = _grown(graph, known, path)
    if path not in plot.nodes:
        raise MissingError(f"run {run} has no node '{path}'{nearest(path, list(plot.nodes))}")
    fact = known.end(path)
    if not isinstance(fact, AttemptSucceeded):
        _check_needs(plot, known, path)
        plot.nodes[path] = _with_params(plot.nodes[path], params)
        fact = _executed(plot, known, packed, path, attempt)
        known.keep(fact)
    if decision is not None and isinstance(fact, AttemptSucceeded):
        with open(decision, "w", encoding="utf-8") as file:
            file.write(_decided(graph, plot.nodes[path], fact.outputs))
    return fact


def plain_word(word: str) -> str:
    """Return the word of a branch without any character that means something to others (`it's` as `it%27s`)."""
    return quote(word, safe="")


def _grown(graph: Graph, known: LaidOutRun, path: str) -> Plot:
    """Return the graph with the items of all maps around a node, and of the one it ends."""
    plot = Plot(graph)
    for above in reversed([path, *around(path)]):
        start = plot.nodes.get(f"{above}/{ITEMS}")
        outputs = None if start is None or start.grows is None else known.outputs(start.path)
        if start is not None and outputs is not None:
            size = size_to_grow(graph, start, outputs)
            assert size is not None  # a map always says it
            plot.grow(start.path, size)
    return plot


def _check_needs(plot: Plot, known: LaidOutRun, path: str) -> None:
    node = plot.nodes[path]
    if (guard := node.guard) is not None and guard.word != ON_FAILURE:
        outputs = known.outputs(guard.node)
        if outputs is not None and branch(guard.node, outputs) != guard.word:
            raise InvalidError(f"node '{path}' is of the branch '{guard.word}', which was not taken")
    is_end = plot.origin.operations[node.operation].call.kind in _ENDS
    for need in waits_of(node):
        is_awaited = is_of_recovery(path, need) and known.has_failed(need)
        if not (is_awaited or _is_passed(plot, known, need) or (is_end and _is_recovered(plot, known, need))):
            raise InvalidError(f"node '{path}' needs '{need}', which has not succeeded", "execute that one first")


def _is_passed(plot: Plot, known: LaidOutRun, path: str) -> bool:
    """Tell whether a node need not be waited for: it succeeded, or its branch was not taken."""
    if known.outputs(path) is not None:
        return True
    guard = plot.nodes[path].guard
    if guard is not None and guard.word == ON_FAILURE:
        return known.outputs(guard.node) is not None
    if guard is not None:
        outputs = known.outputs(guard.node)
        taken = None if outputs is None else branch(guard.node, outputs)
        return taken != guard.word if taken is not None else _is_passed(plot, known, guard.node)
    return False


def _is_recovered(plot: Plot, known: LaidOutRun, path: str) -> bool:
    """Tell whether a node failed, or was left out after one that did, and an `on_failure` path took over."""
    scopes = Scopes(plot.nodes)
    return any(
        path == failed or path in scopes.listed_after(failed)
        for failed in Guards(plot.nodes.values()).recoverable
        if known.has_failed(failed) and known.outputs(recovery_of(failed)) is not None
    )


def _with_params(node: Node, params: Mapping[str, str]) -> Node:
    """Return a node with other constants; one that is said as it was compiled stays what it was."""
    known = {each.name: each for each in node.arguments if isinstance(each.source, Constant)}
    if unknown := [name for name in params if name not in known]:
        raise InvalidError(f"node '{node.path}' has no constant '{unknown[0]}'{nearest(unknown[0], list(known))}")
    return replace(node, arguments=tuple(_said(each, params.get(each.name)) for each in node.arguments))


def _said(argument: Argument, text: str | None) -> Argument:
    source = argument.source
    if text is None or not isinstance(source, Constant) or text_of(source.value) == text:
        return argument
    return argument._replace(source=Constant(text, "cli"))


def _executed(plot: Plot, known: LaidOutRun, bundle: Bundle, path: str, attempt: int | None) -> End:
    values = Values(plot, {each: found for each in _sources(plot, path) if (found := known.outputs(each)) is not None})
    if plot.origin.operations[plot.nodes[path].operation].call.kind is CallKind.JOIN:
        return ended_at_once(path, values.join(path, 0.0).outputs, worker="join")
    number = known.next_attempt(path) if attempt is None else attempt
    order = values.order(path, number)
    token = token_of(known.run, order)
    parcel = encode_parcel(Parcel(token=token, run=known.run, bundle=bundle.digest, order=order))
    os.makedirs(known.logs, exist_ok=True)
    copies, name = LogCopies(known.logs), f"{quote(path, safe='')}-{number}"
    try:
        report = decode_report(stations.execute(parcel, known.objects.get, known.objects.put, name=name))
    finally:
        while (news := stations.finish(known.run, copies.seen(name))) is not None and news.logs:
            copies.take(name, news.logs)
    if isinstance(report, Ended) and isinstance(report.fact, End):
        return at_home(report.fact, None) if isinstance(report.fact, AttemptFailed) else report.fact
    why = report.message if isinstance(report, Refused) else f"a value it takes is not in {known.home}"
    raise PluginError(f"node '{path}' cannot be executed by graftline {here().graftline}: {why}")


def _sources(plot: Plot, path: str) -> set[str]:
    """Return the nodes whose outputs one may take, through the ends of composites, which hand on what others made."""
    found: set[str] = set()
    waiting = [path]
    while waiting:
        node = plot.nodes[waiting.pop()]
        taken = {each.node for argument in node.arguments for each in upstreams(argument.source)} | set(node.files)
        fresh = [each for each in taken - found if each in plot.nodes]
        found.update(fresh)
        operations = plot.origin.operations
        waiting += [each for each in fresh if operations[plot.nodes[each].operation].call.kind is CallKind.JOIN]
    return found


def _decided(graph: Graph, node: Node, outputs: tuple[Output, ...]) -> str:
    """Return what a start decided, as those read it that are no graftline.

    Raises:
        InvalidError: the node decides nothing.
    """
    if graph.operations[node.operation].call.kind is CallKind.CHOOSE:
        return plain_word(branch(node.path, outputs))
    if node.grows is None:
        raise InvalidError(f"node '{node.path}' decides nothing", "leave --decision out")
    return json.dumps(list(range(size_to_grow(graph, node, outputs) or 0)))
