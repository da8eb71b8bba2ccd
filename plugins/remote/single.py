"""One node of a run from a directory of artifacts, without an engine: `graft exec-node`, in a pod or container.

    objects/AB/CDEF...                  values, the bundle among them, by digest
    runs/RUN/bundle                     digest of the run's bundle, which holds the whole graph
    runs/RUN/steps/PATH/report          of a node that has ended, `/` in its path as `%2F`
    runs/RUN/logs/*.log                 what steps printed

A node takes what the reports of others say; a composite's end only hands on. Graphs that grow while they run (maps,
loops) need an engine that expands them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from urllib.parse import quote, unquote

from ...core.artifacts import Output
from ...core.errors import InvalidError, MissingError, PluginError, nearest
from ...core.events import AttemptFailed, AttemptSucceeded
from ...core.graph import CallKind, Graph
from ...core.growth import Plot
from ...core.orders import RunContext
from ...core.supply import Blob, Either, Gather, Source
from ...core.values import Values
from ...worker.blobs import object_path
from ...worker.bundles import Bundle, graph_in
from ...worker.handshake import here
from ...worker.parcels import Ended, Parcel, Refused, decode_report, encode_parcel, encode_report, token_of
from . import stations
from .artifacts import ArtifactFolder
from .logs import LogCopies


def lay_out(folder: str, context: RunContext, bundle: Bundle) -> None:
    """Put a run into a directory, so that its nodes can be executed from there.

    Args:
        folder: absolute; made when missing.
        context: of the run.
        bundle: made with the run's whole graph.

    Raises:
        StoreError: it cannot be written.
    """
    objects = ArtifactFolder(os.path.join(folder, "objects"))
    objects.put_bytes(bundle.digest, bundle.data)
    for node in graph_in(bundle).nodes:
        for argument in node.arguments:
            for digest in _pickled(argument.source):
                objects.put(digest, object_path(context.objects, digest))
    home = os.path.join(folder, "runs", context.run)
    os.makedirs(home, exist_ok=True)
    _write(os.path.join(home, "bundle"), bundle.digest.encode())


def execute_node(folder: str, run: str, path: str, *, attempt: int = 1) -> AttemptSucceeded | AttemptFailed:
    """Execute one node and keep its report; one that has succeeded is not executed again.

    Raises:
        MissingError: there is no such run or node here.
        InvalidError: what it takes is not there yet.
        PluginError: it cannot be executed here: another graftline or Python, a damaged bundle.
    """
    home = os.path.join(folder, "runs", run)
    objects = ArtifactFolder(os.path.join(folder, "objects"))
    bundle = _bundle(home, objects, run)
    graph = graph_in(bundle)
    if path not in graph.index:
        raise MissingError(f"run {run} has no node '{path}'{nearest(path, list(graph.index))}")
    ended = _ended(home)
    if isinstance(done := ended.get(path), AttemptSucceeded):
        return done
    fact = _handed_on(graph, ended, path) or _executed(home, objects, bundle, graph, ended, run, path, attempt)
    steps = os.path.join(home, "steps", quote(path, safe=""))
    os.makedirs(steps, exist_ok=True)
    _write(os.path.join(steps, "report"), encode_report(Ended(token=f"{run}/{attempt}/{path}", fact=fact)))
    return fact


def _pickled(source: Source) -> list[str]:
    """Return the digests of the pickled constants in a source."""
    if isinstance(source, Blob):
        return [source.sha256]
    if isinstance(source, Gather | Either):
        return [digest for item in source.items for digest in _pickled(item)]
    return []


def _bundle(home: str, objects: ArtifactFolder, run: str) -> Bundle:
    try:
        with open(os.path.join(home, "bundle"), encoding="ascii") as file:
            digest = file.read()
    except FileNotFoundError:
        raise MissingError(f"there is no run {run} in {os.path.dirname(os.path.dirname(home))}") from None
    data = objects.get(digest)
    if data is None:
        raise PluginError(f"the bundle {digest[:12]} of run {run} is gone")
    return Bundle(digest=digest, data=data)


def _ended(home: str) -> dict[str, AttemptSucceeded | AttemptFailed]:
    """Return how nodes have ended, by path."""
    steps = os.path.join(home, "steps")
    found = {}
    for name in os.listdir(steps) if os.path.isdir(steps) else ():
        with open(os.path.join(steps, name, "report"), "rb") as file:
            report = decode_report(file.read())
        if isinstance(report, Ended) and isinstance(report.fact, AttemptSucceeded | AttemptFailed):
            found[unquote(name)] = report.fact
    return found


def _outputs(ended: Mapping[str, AttemptSucceeded | AttemptFailed]) -> dict[str, tuple[Output, ...]]:
    return {path: fact.outputs for path, fact in ended.items() if isinstance(fact, AttemptSucceeded)}


def _handed_on(
    graph: Graph, ended: Mapping[str, AttemptSucceeded | AttemptFailed], path: str
) -> AttemptSucceeded | None:
    """Return the end of a composite, which no attempt makes; None: the node is a step."""
    if graph.operation_of(path).call.kind is not CallKind.JOIN:
        return None
    now = time.time()
    joined = Values(Plot(graph), _outputs(ended)).join(path, now)
    return AttemptSucceeded(
        node=path,
        attempt=1,
        at=now,
        started=now,
        seconds=0.0,
        cpu_seconds=0.0,
        peak_bytes=None,
        worker="join",
        outputs=joined.outputs,
    )


def _executed(
    home: str,
    objects: ArtifactFolder,
    bundle: Bundle,
    graph: Graph,
    ended: Mapping[str, AttemptSucceeded | AttemptFailed],
    run: str,
    path: str,
    attempt: int,
) -> AttemptSucceeded | AttemptFailed:
    late = [need for need in graph.node(path).needs if not isinstance(ended.get(need), AttemptSucceeded)]
    if late:
        raise InvalidError(f"node '{path}' needs '{late[0]}', which has not succeeded", "execute that one first")
    order = Values(Plot(graph), _outputs(ended)).order(path, attempt)
    token = token_of(run, order)
    parcel = encode_parcel(Parcel(token=token, run=run, bundle=bundle.digest, order=order))
    logs = os.path.join(home, "logs")
    os.makedirs(logs, exist_ok=True)
    copies, name = LogCopies(logs), f"{quote(path, safe='')}-{attempt}"
    try:
        report = decode_report(stations.execute(parcel, objects.get, objects.put, name=name))
    finally:
        while (news := stations.finish(run, copies.seen(name))) is not None and news.logs:
            copies.take(name, news.logs)
    if isinstance(report, Ended) and isinstance(report.fact, AttemptSucceeded | AttemptFailed):
        return report.fact
    why = report.message if isinstance(report, Refused) else f"a value it takes is not in {home}"
    raise PluginError(f"node '{path}' cannot be executed by graftline {here().graftline}: {why}")


def _write(path: str, data: bytes) -> None:
    fresh = f"{path}.{os.getpid()}"
    with open(fresh, "wb") as file:
        file.write(data)
    os.replace(fresh, path)
