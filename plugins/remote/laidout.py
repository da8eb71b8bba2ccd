"""Runs laid out in a directory that every machine sees, for places where no engine says what comes next.

    objects/AB/CDEF...                  values, bundles among them, by digest
    given/BUNDLE/PATH                   report of a node that nobody executes (a loaded state), `/` in its path as `%2F`
    runs/RUN/bundle                     digest of the run's bundle, which holds the whole graph
    runs/RUN/steps/PATH/report          of a node that has ended
    runs/RUN/steps/PATH/attempts        how often it was begun
    runs/RUN/logs/*.log                 what steps printed

One bundle may be that of many runs: a workflow that is submitted again is another run of it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from urllib.parse import quote, unquote

from ...core.artifacts import Output
from ...core.errors import InvalidError, MissingError, PluginError, StoreError
from ...core.events import AttemptFailed, AttemptSucceeded
from ...core.graph import Graph, Node
from ...core.orders import RunContext
from ...core.supply import Blob, Either, Gather, Source, Stored
from ...worker.blobs import object_path
from ...worker.bundles import Bundle, graph_in
from ...worker.parcels import Ended, decode_report, encode_report
from .artifacts import ArtifactFolder
from .places import at_home

End = AttemptSucceeded | AttemptFailed
_NOTHING: Mapping[str, tuple[Output, ...]] = {}


def lay_out(folder: str, context: RunContext, bundle: Bundle) -> None:
    """Put a run into a directory, so that its nodes can be executed from there.

    Args:
        folder: absolute; made when missing.
        context: of the run.
        bundle: made with the run's whole graph.

    Raises:
        StoreError: it cannot be written.
    """
    lay_out_bundle(folder, context, bundle)
    LaidOutRun(folder, context.run).begin(bundle.digest)


def lay_out_bundle(
    folder: str, context: RunContext, bundle: Bundle, given: Mapping[str, tuple[Output, ...]] = _NOTHING
) -> None:
    """Put a bundle into a directory, for runs that are yet to come.

    Args:
        folder: as for `lay_out`.
        context: whose objects hold what the bundle does not.
        bundle: made with the whole graph.
        given: by path, outputs of nodes that nobody executes.

    Raises:
        StoreError: it cannot be written.
    """
    objects = ArtifactFolder(os.path.join(folder, "objects"))
    objects.put_bytes(bundle.digest, bundle.data)
    graph = graph_in(bundle)
    wanted = {digest for node in _nodes(graph) for each in node.arguments for digest in _needed(each.source)}
    wanted |= {each.ref.sha256 for outputs in given.values() for each in outputs if each.ref.inline is None}
    for digest in sorted(wanted):
        objects.put(digest, object_path(context.objects, digest))
    for path, outputs in given.items():
        fact = ended_at_once(path, outputs, worker="given")
        place = os.path.join(folder, "given", bundle.digest, _name_of(path))
        _write(place, encode_report(Ended(token=f"given/1/{path}", fact=fact)))


def ended_at_once(path: str, outputs: tuple[Output, ...], *, worker: str) -> AttemptSucceeded:
    """Return the end of a node that took no attempt."""
    now = time.time()
    return AttemptSucceeded(
        node=path,
        attempt=1,
        at=now,
        started=now,
        seconds=0.0,
        cpu_seconds=0.0,
        peak_bytes=None,
        worker=worker,
        outputs=outputs,
    )


class LaidOutRun:
    """What is known of one run in a directory. Every node is written by one process at a time; reports are whole.

    Args:
        folder: absolute.
        run: its id.
    """

    def __init__(self, folder: str, run: str) -> None:
        if run in ("", ".", "..") or "/" in run:
            raise InvalidError(f"{run!r} is no id of a run")
        self.run = run
        self.folder = folder
        self.objects = ArtifactFolder(os.path.join(folder, "objects"))
        self.home = os.path.join(folder, "runs", run)
        self.logs = os.path.join(self.home, "logs")
        self._known: dict[str, End | None] = {}
        self._bundle = ""

    def begin(self, digest: str) -> None:
        """Say which bundle the run is of.

        Raises:
            InvalidError: it is of another one.
            StoreError: it cannot be written.
        """
        known = self._told()
        if known is None:
            _write(os.path.join(self.home, "bundle"), digest.encode())
        elif known != digest:
            raise InvalidError(f"run {self.run} is of bundle {known[:12]}, not {digest[:12]}", "give it another id")

    def bundle(self) -> Bundle:
        """Return the bundle of the run.

        Raises:
            MissingError: there is no such run here.
            PluginError: its bundle is gone.
        """
        digest = self._told()
        if digest is None:
            raise MissingError(f"there is no run {self.run} in {self.folder}")
        data = self.objects.get(digest)
        if data is None:
            raise PluginError(f"the bundle {digest[:12]} of run {self.run} is gone")
        self._bundle = digest
        return Bundle(digest=digest, data=data)

    def end(self, path: str) -> End | None:
        """Return how a node has ended, by the first look; None: it has not, or nobody executed it."""
        if path not in self._known:
            given = os.path.join(self.folder, "given", self._bundle, _name_of(path))
            self._known[path] = _read(os.path.join(self._steps(path), "report")) or _read(given)
        return self._known[path]

    def ends(self) -> dict[str, End]:
        """Return how nodes have ended, by path, as all reports of the run say."""
        given, steps = os.path.join(self.folder, "given", self._told() or ""), os.path.join(self.home, "steps")
        places = {name: os.path.join(given, name) for name in _listed(given)}
        places |= {name: os.path.join(steps, name, "report") for name in _listed(steps)}
        return {unquote(name): end for name, place in places.items() if (end := _read(place)) is not None}

    def outputs(self, path: str) -> tuple[Output, ...] | None:
        """Return what a node made; None: it has not succeeded."""
        found = self.end(path)
        return found.outputs if isinstance(found, AttemptSucceeded) else None

    def has_failed(self, path: str) -> bool:
        """Tell whether the last attempt of a node failed."""
        return isinstance(self.end(path), AttemptFailed)

    def next_attempt(self, path: str) -> int:
        """Count an attempt of a node and return its number; one that was lost without a word counts as well."""
        place = os.path.join(self._steps(path), "attempts")
        number = 1
        with suppress(OSError, ValueError), open(place, encoding="ascii") as file:
            number = int(file.read()) + 1
        _write(place, str(number).encode())
        return number

    def keep(self, fact: End) -> None:
        """Write the report of a node."""
        token = f"{self.run}/{fact.attempt}/{fact.node}"
        _write(os.path.join(self._steps(fact.node), "report"), encode_report(Ended(token=token, fact=fact)))
        self._known[fact.node] = fact

    def _steps(self, path: str) -> str:
        return os.path.join(self.home, "steps", _name_of(path))

    def _told(self) -> str | None:
        try:
            with open(os.path.join(self.home, "bundle"), encoding="ascii") as file:
                return file.read()
        except FileNotFoundError:
            return None


def _nodes(graph: Graph) -> Iterator[Node]:
    yield from graph.nodes
    for body in graph.bodies:
        yield from body.nodes


def _needed(source: Source) -> list[str]:
    """Return the digests of the pickled constants and stored values in a source."""
    if isinstance(source, Blob):
        return [source.sha256]
    if isinstance(source, Stored):
        return [] if source.ref.inline is not None else [source.ref.sha256]
    if isinstance(source, Gather | Either):
        return [digest for item in source.items for digest in _needed(item)]
    return []


def _listed(directory: str) -> list[str]:
    return os.listdir(directory) if os.path.isdir(directory) else []


def _name_of(path: str) -> str:
    return quote(path, safe="")


def _read(place: str) -> End | None:
    try:
        with open(place, "rb") as file:
            report = decode_report(file.read())
    except FileNotFoundError:
        return None
    fact = report.fact if isinstance(report, Ended) else None
    if isinstance(fact, AttemptFailed):
        return at_home(fact, None)  # whose project it is, and where that lies, is not told there
    return fact if isinstance(fact, AttemptSucceeded) else None


def _write(place: str, data: bytes) -> None:
    fresh = f"{place}.{os.getpid()}-{os.urandom(4).hex()}"
    try:
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(fresh, "wb") as file:
            file.write(data)
        os.replace(fresh, place)
    except OSError as problem:
        raise StoreError(f"it cannot be written: {problem.strerror}", file=place) from problem
