"""What a store holds, for who cleans it: runs, object files, and who refers to them.

References are read conservatively: in texts (graphs, specs, manifests) everything that looks like a digest is one.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from ..core.garbage import Holdings, Past, Piece, Use
from ..core.graph import Graph
from ..core.ids import RunId
from ..core.states import Status
from ..core.supply import Carried, Either, Gather, Source, Upstream
from .graphs import Graphs
from .layout import Layout
from .liveness import is_held

_DIGEST = re.compile("[0-9a-f]{64}")
_TAIL = re.compile("[0-9a-f]{62}")
"""Name of an object file: its digest but for the first two characters, which name the directory."""
_RUNS = (
    "SELECT seq, id, project, pipeline, hidden, state, created, finished, parent, tags,"
    " id IN (SELECT run FROM submission) OR id IN (SELECT run FROM generation WHERE run IS NOT NULL)"
    # Whoever follows the store asks for events after the last it has seen: the number of the newest is not given twice.
    " OR seq = (SELECT run FROM event ORDER BY seq DESC LIMIT 1),"
    " started, graph, code, params || spec FROM run"
)
_NEEDED = (
    "SELECT spec FROM function WHERE removed IS NULL",
    "SELECT manifest FROM lineage WHERE removed IS NULL",
    "SELECT record FROM generation",
    "SELECT command FROM submission",
    "SELECT lower(hex(sha256)) FROM state",
    "SELECT lower(hex(sha256)) FROM dataset",
)
"""Texts of what is no run and names objects."""
_SPARE_ROLE = "value"

Token = tuple[int, int]
"""Changes with every fact and every new run."""


def token(connection: sqlite3.Connection) -> Token:
    """Return what tells whether runs have written since."""
    found: Token = connection.execute(
        "SELECT coalesce((SELECT max(seq) FROM event), 0), coalesce((SELECT max(seq) FROM run), 0)"
    ).fetchone()
    return found


def live_runs(connection: sqlite3.Connection, layout: Layout) -> list[RunId]:
    """Return the runs that a process hosts; inside a write transaction none can begin meanwhile."""
    names = connection.execute("SELECT id FROM run WHERE state = 'STARTED'").fetchall()
    return [RunId(name) for (name,) in names if is_held(layout.lock(RunId(name)))]


def take_stock(
    connection: sqlite3.Connection, layout: Layout, graphs: Graphs, *, with_values: bool, with_runs: bool
) -> Holdings:
    """Return what a store holds.

    Args:
        connection: in a transaction, so that all of it is of one moment.
        layout: where its files are.
        graphs: reads graphs of runs.
        with_values: find out which values are intermediate; else none counts as such.
        with_runs: find out which runs served others.
    """
    pieces = dict(scan(layout))
    live = set(live_runs(connection, layout))
    served = _served(connection) if with_runs else {}
    rows = connection.execute(_RUNS).fetchall()
    numbers = {row[1]: row[0] for row in rows}
    runs = {
        seq: Past(
            seq=seq,
            id=RunId(name),
            family=(project, pipeline, bool(hidden)),
            state=Status(state),
            created=created,
            finished=finished,
            is_live=name in live,
            is_held=bool(is_held_) or tags != "[]",
            above=numbers.get(parent) if hidden else None,
            served=frozenset(numbers[each] for each in served.get(seq, ()) if each in numbers),
        )
        for seq, name, project, pipeline, hidden, state, created, finished, parent, tags, is_held_, *_ in rows
    }
    started = [row[11] or row[6] for row in rows if row[1] in live]
    uses: dict[str, list[Use]] = defaultdict(list)
    evicted = _given_up(connection, pieces)
    _add_texts(connection, ((row[0], row[12], row[13], row[14]) for row in rows), pieces, uses)
    _add_outputs(connection, graphs, runs, pieces, uses, with_values=with_values or bool(evicted))
    return Holdings(
        runs=runs,
        pieces=pieces,
        uses=uses,
        needed={sha256 for sql in _NEEDED for (text,) in connection.execute(sql) for sha256 in _DIGEST.findall(text)},
        evicted=evicted,
        live_since=min(started, default=None),
    )


def scan(layout: Layout) -> Iterator[tuple[str, Piece]]:
    """Yield every object file by its digest; what is half written or set aside is none."""
    for folder in os.scandir(layout.objects) if layout.objects.is_dir() else ():
        if len(folder.name) == 2 and folder.is_dir(follow_symlinks=False):
            for file in os.scandir(folder.path):
                if _TAIL.fullmatch(file.name):
                    try:
                        found = file.stat(follow_symlinks=False)
                    except FileNotFoundError:
                        continue
                    yield f"{folder.name}{file.name}", Piece(found.st_size, found.st_mtime)


def names_of(connection: sqlite3.Connection) -> set[str]:
    """Return the digests of all objects that rows name; texts may name others (functions, files of lineages)."""
    found = {row[0].hex() for row in connection.execute("SELECT DISTINCT sha256 FROM output WHERE is_file")}
    small = digests(connection, "artifact")
    found |= {each for files in snapshot_files(connection).values() for each in files if each not in small}
    return found | digests(connection, "state")


def digests(connection: sqlite3.Connection, table: str) -> set[str]:
    """Return the column `sha256` of a table; empty in a store of an earlier version, which may only be read."""
    if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (table,)).fetchone() is None:
        return set()
    return {sha256.hex() for (sha256,) in connection.execute(f"SELECT sha256 FROM {table}")}


def snapshot_files(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """Return by key the digests of the files of each code snapshot."""
    return {
        key: list(json.loads(files).values()) for key, files in connection.execute("SELECT key, files FROM snapshot")
    }


def _given_up(connection: sqlite3.Connection, pieces: Collection[str]) -> dict[str, float]:
    """Return by digest when values were given up whose files are still there, and that no result has made again."""
    rows = connection.execute("SELECT sha256, at FROM evicted").fetchall()
    found = {sha256.hex(): at for sha256, at in rows if sha256.hex() in pieces}
    if found:
        for (sha256,) in connection.execute(
            "SELECT output.sha256 FROM result JOIN output ON output.run = result.run AND output.node = result.node"
            " AND output.attempt = result.attempt WHERE is_file"
        ):
            found.pop(sha256.hex(), None)
    return found


def _served(connection: sqlite3.Connection) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    for run, source in connection.execute("SELECT DISTINCT run, cached_from FROM step WHERE cached_from IS NOT NULL"):
        found[run].append(source)
    return found


def _add_texts(
    connection: sqlite3.Connection,
    runs: Iterable[tuple[int, int, str | None, str]],
    pieces: Collection[str],
    uses: dict[str, list[Use]],
) -> None:
    """Add what graphs, specs and code snapshots name."""
    graphs = {seq: _named(text, pieces) for seq, text in connection.execute("SELECT seq, json FROM graph")}
    codes = {key: [each for each in files if each in pieces] for key, files in snapshot_files(connection).items()}
    for seq, graph, code, text in runs:
        for sha256 in {*graphs[graph], *codes.get(code or "", ()), *_named(text, pieces)}:
            uses[sha256].append(Use(seq, is_spare=False))
    if any(codes.values()):
        for seq, code in connection.execute("SELECT DISTINCT run, code FROM attempt WHERE code IS NOT NULL"):
            for sha256 in codes.get(code, ()):
                uses[sha256].append(Use(seq, is_spare=False))


def _add_outputs(
    connection: sqlite3.Connection,
    graphs: Graphs,
    runs: dict[int, Past],
    pieces: Collection[str],
    uses: dict[str, list[Use]],
    *,
    with_values: bool,
) -> None:
    """Add what attempts returned; rows come by run, so that the graph of each is asked for once."""
    compiled = dict(connection.execute("SELECT seq, graph FROM run WHERE state = 'SUCCESS' AND tags = '[]'"))
    at, taken = -1, frozenset[tuple[int, str]]()
    rows = connection.execute("SELECT run, node, name, role, sha256 FROM output WHERE is_file ORDER BY run")
    for run, node, name, role, digest in rows.fetchall():
        sha256 = digest.hex()
        if sha256 not in pieces or run not in runs:
            continue
        if run != at and with_values:
            at, taken = run, frozenset()
            if run in compiled:
                found = graphs.of(connection, run, compiled[run])
                taken = consumed(found.graph, found.index)
        uses[sha256].append(Use(run, is_spare=role == _SPARE_ROLE and (node, name) in taken))


def consumed(graph: Graph, numbers: Mapping[str, int]) -> frozenset[tuple[int, str]]:
    """Return number of the node and name of each output that another node takes."""
    return frozenset(
        (numbers[each.node], each.output)
        for node in graph.nodes
        for argument in node.arguments
        for each in _upstreams(argument.source)
    )


def _upstreams(source: Source | None) -> Iterator[Upstream]:
    if isinstance(source, Upstream):
        yield source
    elif isinstance(source, Gather | Either):
        for each in source.items:
            yield from _upstreams(each)
    elif isinstance(source, Carried):
        yield from _upstreams(source.first)
        yield from _upstreams(source.later)


def _named(text: str, pieces: Collection[str]) -> set[str]:
    return {sha256 for sha256 in _DIGEST.findall(text) if sha256 in pieces}
