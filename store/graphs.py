"""Compiled graphs by their row, kept in memory: a viewer asks for the same few again and again."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import OrderedDict

from ..core.graph import Graph
from ..core.graphcodec import graph_from_json

_KEPT = 8
"""Graphs held at once; one of 10,000 nodes is some 10 MB."""


class Graphs:
    """Reads graphs; any thread may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, Graph] = OrderedDict()

    def of(self, connection: sqlite3.Connection, seq: int) -> Graph:
        """Return the graph of a row of `graph`."""
        with self._lock:
            if seq in self._kept:
                self._kept.move_to_end(seq)
                return self._kept[seq]
        (text,) = connection.execute("SELECT json FROM graph WHERE seq = ?", (seq,)).fetchone()
        graph = graph_from_json(json.loads(text))
        self.keep(seq, graph)
        return graph

    def keep(self, seq: int, graph: Graph) -> None:
        """Hold a graph that this process has just written, so that it need not be read again."""
        with self._lock:
            self._kept[seq] = graph
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
