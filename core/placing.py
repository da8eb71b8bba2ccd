"""The place of a node in its graph, which is part of its key: its path, with maps by what their items are."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from .artifacts import Output
from .graph import CallKind
from .growth import ITEMS, Plot
from .keys import occurrences
from .values import Values


class Places:
    """Finds the places of a run's nodes.

    Args:
        plot: the graph as it stands.
        values: what its steps have produced; the splits of maps tell their items.
    """

    def __init__(self, plot: Plot, values: Values):
        self._plot = plot
        self._values = values
        self._grows = bool(plot.origin.bodies)
        self._known: dict[str, str] = {}
        self._items: dict[str, list[str]] = {}

    def of(self, path: str) -> str:
        """Return the path of a node, the numbers of map items replaced by counts of equal items; of loops they stay."""
        if not self._grows:
            return path
        known = self._known.get(path)
        if known is None:
            above, _, last = path.rpartition("/")
            known = f"{self.of(above)}/{self._named(above, last)}" if above else last
            self._known[path] = known
        return known

    def _named(self, above: str, last: str) -> str:
        if not last.isdecimal():
            return last
        items = self._items.get(above)
        if items is None:
            items = self._items[above] = self._occurrences(above)
        number = int(last)
        return items[number] if number < len(items) else last

    def _occurrences(self, above: str) -> list[str]:
        split = self._plot.nodes.get(f"{above}/{ITEMS}")
        if split is None or self._plot.origin.operations[split.operation].call.kind is not CallKind.SPLIT:
            return []
        return occurrences(_items(self._values.outputs(split.path)))


def _items(outputs: Sequence[Output]) -> list[str]:
    """Return a digest for each item of a split, from what it returned: `0`, `1`, ... or `0.depth`, `0.seed`, ..."""
    parts: dict[int, list[str]] = {}
    for output in outputs:
        number, _, entry = output.name.partition(".")
        if number.isdecimal():
            parts.setdefault(int(number), []).append(f"{entry}={output.ref.serializer}:{output.ref.sha256}")
    return [hashlib.sha256("\n".join(sorted(parts.get(at, ()))).encode()).hexdigest() for at in range(len(parts))]
