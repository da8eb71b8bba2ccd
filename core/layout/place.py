"""The position of every item across the flow, in whole cells.

Items that should lie on one straight line are joined into a bar first, so a chain or a trunk can
never bend; then bars drift towards their neighbours, and are pushed apart where they would touch.

Source: Brandes, Koepf, "Fast and simple horizontal coordinate assignment" (2001), for the bars. The
push is the projection of Dwyer, Marriott, Stuckey, "Fast node overlap removal" (2005), made cheap:
pushing all bars one way satisfies every distance, so does pushing them the other way, and the mean of
two solutions is a solution. On a single layer that is a symmetric isotonic regression.
"""

from collections.abc import Callable
from itertools import pairwise
from math import floor

from graftline.core.layout.trunk import Layered

Spacing = Callable[[int, int], int]
"""Least distance, in cells, between two neighbouring items of one layer."""

_ROUNDS = 12
_NODE_PULL = 16.0
"""A link between two nodes pulls this many times harder than one with a way-point."""

_RANKING = (0, 2, 1)
"""Which links are joined first, by how many of their ends are nodes: trunks, then chains, then mixed."""


def place(graph: Layered, layers: list[list[int]], spacing: Spacing) -> list[int]:
    """Return the position of each item, at least `spacing` apart, the first layer-wise order kept."""
    bar_of = _bars(graph, layers)
    field = _Field(graph, layers, bar_of, spacing)
    where = field.settle(_centred(layers, bar_of, spacing))
    for number in range(_ROUNDS):
        # Trunks hold still at the end: settling splits a conflict evenly, so they would push nodes aside.
        where = field.settle(field.drift(where, trunks=number < _ROUNDS // 2))
    cells = field.tuck(field.round(where))
    return [cells[bar] for bar in bar_of]


def _bars(graph: Layered, layers: list[list[int]]) -> list[int]:
    """Return for each item its bar: aligned links never cross, so bars can always be laid side by side."""
    bar_of = list(range(len(graph.ups)))
    index = {item: at for layer in layers for at, item in enumerate(layer)}
    for layer in layers:
        wanted = [
            (_RANKING[graph.is_node(upper) + graph.is_node(lower)], index[upper], index[lower], upper, lower)
            for upper in layer
            if (lower := _partner(graph, graph.downs[upper], index, upper)) is not None
            and _partner(graph, graph.ups[lower], index, lower) == upper
        ]
        kept: list[tuple[int, int]] = []
        for _, left, right, upper, lower in sorted(wanted):
            if all((left - a) * (right - b) > 0 for a, b in kept):
                kept.append((left, right))
                bar_of[lower] = bar_of[upper]
    return bar_of


def _partner(graph: Layered, around: list[int], index: dict[int, int], item: int) -> int | None:
    """Return the neighbour to be in line with: the middle one of its own kind, None if two share it."""
    kin = [other for other in around if graph.is_node(other) == graph.is_node(item)] or around
    if len(kin) % 2 == 0:
        return None
    return sorted(kin, key=index.__getitem__)[len(kin) // 2]


def _centred(layers: list[list[int]], bar_of: list[int], spacing: Spacing) -> list[float]:
    """Return a first position for each bar: the mean of its items when every layer is centred."""
    total = [0.0] * len(bar_of)
    count = [0] * len(bar_of)
    for layer in layers:
        offsets = [0.0]
        for left, right in pairwise(layer):
            offsets.append(offsets[-1] + spacing(left, right))
        for item, offset in zip(layer, offsets, strict=True):
            total[bar_of[item]] += offset - offsets[-1] / 2
            count[bar_of[item]] += 1
    return [at / max(1, number) for at, number in zip(total, count, strict=True)]


class _Field:
    """Bars, the least distances between them, and the links that pull them together."""

    def __init__(self, graph: Layered, layers: list[list[int]], bar_of: list[int], spacing: Spacing) -> None:
        self._before: list[dict[int, int]] = [{} for _ in bar_of]
        self._after: list[dict[int, int]] = [{} for _ in bar_of]
        for layer in layers:
            for left, right in pairwise(layer):
                a, b = bar_of[left], bar_of[right]
                distance = max(spacing(left, right), self._before[b].get(a, 0))
                self._before[b][a] = self._after[a][b] = distance
        self._pulls: list[list[tuple[int, float]]] = [[] for _ in bar_of]
        for upper, lowers in enumerate(graph.downs):
            for lower in lowers:
                a, b = bar_of[upper], bar_of[lower]
                if a != b:
                    pull = _NODE_PULL if graph.is_node(upper) and graph.is_node(lower) else 1.0
                    self._pulls[a].append((b, pull))
                    self._pulls[b].append((a, pull))
        self._trunks = {
            bar for bar, pulls in enumerate(self._pulls) if pulls and all(pull < _NODE_PULL for _, pull in pulls)
        }
        """Bars linked to way-points alone."""
        self._sequence = self._sort()

    def drift(self, where: list[float], *, trunks: bool) -> list[float]:
        """Return where each bar would go: half the way to the mean of its neighbours.

        Args:
            trunks: whether bars that are linked to way-points alone go, too.
        """
        wish = list(where)
        for bar, pulls in enumerate(self._pulls):
            if pulls and (trunks or bar not in self._trunks):
                total = weight = 0.0
                for other, pull in pulls:
                    total += where[other] * pull
                    weight += pull
                wish[bar] = (where[bar] + total / weight) / 2
        return wish

    def settle(self, wish: list[float]) -> list[float]:
        """Return positions near `wish` that keep every distance."""
        low, high = list(wish), list(wish)
        for bar in self._sequence:
            for other, distance in self._before[bar].items():
                low[bar] = max(low[bar], low[other] + distance)
        for bar in reversed(self._sequence):
            for other, distance in self._after[bar].items():
                high[bar] = min(high[bar], high[other] - distance)
        return [(a + b) / 2 for a, b in zip(low, high, strict=True)]

    def round(self, where: list[float]) -> list[int]:
        """Return whole cells that keep every distance, the first at 0 or later."""
        # Hide the noise of floats, or two equal halves could land in two cells.
        cells = [floor(at + 0.5 - 1e-6) for at in where]
        for bar in self._sequence:
            for other, distance in self._before[bar].items():
                cells[bar] = max(cells[bar], cells[other] + distance)
        return cells

    def tuck(self, cells: list[int]) -> list[int]:
        """Return positions in which trunks are as near to their neighbours as they get without pushing."""
        cells = list(cells)
        for _ in range(2):
            for bar in sorted(self._trunks):
                mean = sum(cells[other] for other, _ in self._pulls[bar]) // len(self._pulls[bar])
                low = [cells[other] + distance for other, distance in self._before[bar].items()]
                high = [cells[other] - distance for other, distance in self._after[bar].items()]
                cells[bar] = min([max([mean, *low]), *high])
        return cells

    def _sort(self) -> list[int]:
        missing = [len(before) for before in self._before]
        ready = [bar for bar, count in enumerate(missing) if not count]
        result: list[int] = []
        while ready:
            bar = ready.pop()
            result.append(bar)
            for other in self._after[bar]:
                missing[other] -= 1
                if not missing[other]:
                    ready.append(other)
        return result
