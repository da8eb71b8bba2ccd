"""The order inside each layer: sweeps by barycentre and median, and swaps of neighbours.

The budget counts comparisons, never time, so the same graph always draws the same picture.

Source: Sugiyama, Tagawa, Toda (1981), step 2 (barycentre); Gansner, Koutsofios, North, Vo, "A technique
for drawing directed graphs" (1993), section 3 (median and transposition).
"""

from bisect import bisect_left, bisect_right, insort

from graftline.core.layout.trunk import Layered

Layers = list[list[int]]

_SWEEPS = 24
_PATIENCE = 6
"""Sweeps without progress before a start is given up."""
_WORK = 8_000
"""Steps allowed for each start, some 20 ms of CPU; only graphs of several hundred nodes get there."""


def order(graph: Layered) -> Layers:
    """Return the layers with few crossings; among equals, the one nearest the definition order."""
    best, fewest = graph.layers, count_crossings(graph, graph.layers)
    for start in (graph.layers, _depth_first(graph)):
        if not fewest:
            break
        layers, crossings = _improve(graph, start)
        if crossings < fewest:
            best, fewest = layers, crossings
    return best


def count_crossings(graph: Layered, layers: Layers) -> int:
    """Count the pairs of links that cross, layer by layer.

    Source: Barth, Juenger, Mutzel, "Simple and efficient bilayer cross counting" (2002).
    """
    total = 0
    place = _positions(layers)
    for layer in layers:
        seen: list[int] = []
        for item in layer:
            ends = [place[target] for target in graph.downs[item]]
            total += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return total


def _depth_first(graph: Layered) -> Layers:
    """Return the layers filled in the order of a walk, which keeps each branch together."""
    level = {item: index for index, layer in enumerate(graph.layers) for item in layer}
    result: Layers = [[] for _ in graph.layers]
    seen: set[int] = set()
    for root in (item for layer in graph.layers for item in layer if not graph.ups[item]):
        stack = [root]
        while stack:
            item = stack.pop()
            if item not in seen:
                seen.add(item)
                result[level[item]].append(item)
                stack.extend(reversed(graph.downs[item]))
    return result


def _improve(graph: Layered, start: Layers) -> tuple[Layers, int]:
    layers = [list(layer) for layer in start]
    place = _positions(layers)
    best, fewest = [list(layer) for layer in layers], count_crossings(graph, layers)
    stale = work = 0
    for sweep in range(_SWEEPS):
        if not fewest or stale == _PATIENCE or work > _WORK:
            break
        forward = sweep % 2 == 0
        for index in range(1, len(layers)) if forward else range(len(layers) - 2, -1, -1):
            neighbours = graph.ups if forward else graph.downs
            _sort(layers[index], neighbours, place, by_median=sweep % 4 > 1, turn_ties=sweep % 3 == 0)
            work += _swap_neighbours(graph, layers[index], place)
        crossings = count_crossings(graph, layers)
        stale += 1
        if crossings < fewest:
            best, fewest, stale = [list(layer) for layer in layers], crossings, 0
    return best, fewest


def _sort(layer: list[int], neighbours: list[list[int]], place: list[int], *, by_median: bool, turn_ties: bool) -> None:
    """Sort a layer by the middle of each item's neighbours; an item without any stays where it is."""
    keys: dict[int, tuple[float, int]] = {}
    for item in layer:
        around = sorted(place[other] for other in neighbours[item])
        tie = -place[item] if turn_ties else place[item]
        if not around:
            keys[item] = (place[item], tie)
        elif by_median:
            middle = len(around) // 2
            keys[item] = ((around[middle] + around[~middle]) / 2, tie)
        else:
            keys[item] = (sum(around) / len(around), tie)
    layer.sort(key=keys.__getitem__)
    for index, item in enumerate(layer):
        place[item] = index


def _swap_neighbours(graph: Layered, layer: list[int], place: list[int]) -> int:
    """Swap adjacent items while that removes crossings on both sides; return the work done."""
    around = {
        item: (
            sorted(place[other] for other in graph.ups[item]),
            sorted(place[other] for other in graph.downs[item]),
        )
        for item in layer
    }
    work = 0
    for _ in range(4):
        swapped = False
        for index in range(len(layer) - 1):
            first, second = layer[index], layer[index + 1]
            work += 1 + len(graph.ups[first]) + len(graph.downs[first])
            if _crossed(around[second], around[first]) < _crossed(around[first], around[second]):
                layer[index], layer[index + 1] = second, first
                swapped = True
        if not swapped:
            break
    for index, item in enumerate(layer):
        place[item] = index
    return work


def _crossed(left: tuple[list[int], list[int]], right: tuple[list[int], list[int]]) -> int:
    """Count the crossings between the links of two items, `left` standing first."""
    total = 0
    for side in (0, 1):
        if other := right[side]:
            for end in left[side]:
                total += bisect_left(other, end)
    return total


def _positions(layers: Layers) -> list[int]:
    place = [0] * sum(map(len, layers))
    for layer in layers:
        for index, item in enumerate(layer):
            place[item] = index
    return place
