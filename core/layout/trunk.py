"""Long edges as trunks: the way-points ("dummies") where an edge passes through a layer.

Edges of one source, or of one target, share their way-points, so a node read by ten later steps is
one line with ten branches. A trunk belongs to one node at one end, so no path along it is false.

Source: Sugiyama, Tagawa, Toda (1981), step 1; the sharing is ours.
"""

from collections import Counter
from collections.abc import Sequence

from graftline.core.layout.rank import Edge
from graftline.core.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Layered:
    """A graph whose edges go from one layer to the next."""

    layers: list[list[int]]
    """Items of each layer: nodes in definition order, then way-points."""
    ups: list[list[int]]
    """For each item, its neighbours in the layer before."""
    downs: list[list[int]]
    """For each item, its neighbours in the layer after."""
    node_count: int
    """Items below this number are nodes, the others are way-points."""

    def is_node(self, item: int) -> bool:
        """Tell a node from a way-point."""
        return item < self.node_count


def split_edges(ranks: Sequence[int], edges: Sequence[Edge]) -> Layered:
    """Return the layered graph in which every edge spans one layer."""
    layers: list[list[int]] = [[] for _ in range(max(ranks, default=-1) + 1)]
    for node, layer in enumerate(ranks):
        layers[layer].append(node)
    waypoints: dict[tuple[int, int], int] = {}
    links: dict[Edge, None] = {}
    for (source, target), owner in _owners(ranks, edges):
        last = source
        for layer in range(ranks[source] + 1, ranks[target]):
            item = waypoints.setdefault((owner, layer), len(ranks) + len(waypoints))
            links[last, item] = None
            last = item
        links[last, target] = None
    for (_, layer), item in waypoints.items():
        layers[layer].append(item)
    return _adjacency(layers, list(links), len(ranks))


def _owners(ranks: Sequence[int], edges: Sequence[Edge]) -> list[tuple[Edge, int]]:
    """Pair each edge with its trunk: source s is trunk s, target t is trunk -1 - t."""
    long_edges = [(source, target) for source, target in edges if ranks[target] > ranks[source] + 1]
    leaving = Counter(source for source, _ in long_edges)
    entering = Counter(target for _, target in long_edges)
    return [
        ((source, target), source if leaving[source] >= entering[target] else -1 - target) for source, target in edges
    ]


def _adjacency(layers: list[list[int]], links: list[Edge], node_count: int) -> Layered:
    size = sum(map(len, layers))
    ups: list[list[int]] = [[] for _ in range(size)]
    downs: list[list[int]] = [[] for _ in range(size)]
    for upper, lower in links:
        downs[upper].append(lower)
        ups[lower].append(upper)
    return Layered(layers=layers, ups=ups, downs=downs, node_count=node_count)
