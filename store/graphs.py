"""Graphs of runs, with the numbers their nodes have in the tables; kept in memory, as a viewer asks for them again.

A run shares the graph it was compiled to with other runs; what grew while it went on (`core/growth.py`) is its own.
Growing only appends to the numbers, so that a row never has to move, while people see nodes in definition order.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TypeAlias

from ..core.graph import Graph
from ..core.graphtext import graph_from_text
from ..core.growth import Plot
from ..core.records import dataclass

_KEPT = 8
"""Graphs held at once; one of 10,000 nodes is some 10 MB."""
_GROWTH = "SELECT node, size FROM growth WHERE run = ? ORDER BY seq"

_Grown: TypeAlias = tuple[tuple[int, int], ...]
"""Rows of `growth`: number of the node that grew, and size."""


@dataclass(frozen=True)
class Numbered:
    """A graph as it stands, and the numbers of its nodes."""

    graph: Graph
    paths: Sequence[str]
    """Path of each node by its number."""

    @cached_property
    def index(self) -> Mapping[str, int]:
        """Number of each node by path."""
        return {path: number for number, path in enumerate(self.paths)}

    @property
    def originals(self) -> list[str]:
        """Return the paths of the graph as it was compiled, by their numbers."""
        return [node.path for node in (self.graph.origin or self.graph).nodes]

    def growth_rows(self) -> _Grown:
        """Return how the graph grew, as `growth` has it."""
        return tuple((self.index[node], size) for node, size in self.graph.growth)


def numbered(graph: Graph) -> Numbered:
    """Return the graph with the numbers that a store gives to its nodes."""
    return Numbered(graph, list(Plot(graph).nodes if graph.growth else graph.index))


class Graphs:
    """Reads graphs; any thread may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[int, _Grown], Numbered] = OrderedDict()

    def of(self, connection: sqlite3.Connection, run: int, seq: int) -> Numbered:
        """Return the graph of a run as it stands.

        Args:
            connection: in a transaction, when what is read next must fit the graph.
            run: seq of the run.
            seq: of its row of `graph`.
        """
        growth: _Grown = tuple(connection.execute(_GROWTH, (run,)).fetchall())
        found = self._find(seq, growth)
        if found is None:
            compiled = self._find(seq, ()) or self._read(connection, seq)
            found = _grown(compiled, growth)
            self._keep(seq, growth, found)
        return found

    def keep(self, seq: int, graph: Graph) -> None:
        """Hold a graph that this process has just written, so that it need not be read again."""
        compiled = graph.origin or graph
        self._keep(seq, (), numbered(compiled))

    def _find(self, seq: int, growth: _Grown) -> Numbered | None:
        with self._lock:
            found = self._kept.get((seq, growth))
            if found is not None:
                self._kept.move_to_end((seq, growth))
            return found

    def _read(self, connection: sqlite3.Connection, seq: int) -> Numbered:
        (text,) = connection.execute("SELECT json FROM graph WHERE seq = ?", (seq,)).fetchone()
        found = numbered(graph_from_text(text))
        self._keep(seq, (), found)
        return found

    def _keep(self, seq: int, growth: _Grown, found: Numbered) -> None:
        with self._lock:
            self._kept[seq, growth] = found
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)


def _grown(compiled: Numbered, growth: _Grown) -> Numbered:
    if not growth:
        return compiled
    plot = Plot(compiled.graph)
    paths = list(compiled.paths)
    for node, size in growth:
        paths += [each.path for each in plot.grow(paths[node], size).added]
    return Numbered(plot.graph(), paths)
