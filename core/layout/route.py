"""The way of every net through its channel, the space between two layers.

A net is a track (across the flow) with a stub for each port (along the flow). Where two stubs want the
same row, the net that leaves it must come first; a ring of such wishes is cut by a dogleg, that is, one
net takes two tracks joined by a lane. Among the orders left, the one with few crossings is chosen.

Source: Hashimoto, Stevens, "Wire routing by optimizing channel assignment within large apertures"
(1971), for tracks and vertical constraints; Deutsch, "A dogleg channel router" (1976).
"""

from collections import defaultdict
from collections.abc import Sequence

from graftline.core.layout.net import Lanes, Link, Net, bundle
from graftline.core.records import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """A net with its track."""

    net: Net
    track: int | None
    """0 is the track next to the sources; None for a straight line, which needs no track."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """All wires between two layers."""

    wires: tuple[Wire, ...]
    lanes: frozenset[int]
    """Rows on which one wire hands over to another; no item has a port there."""
    track_count: int


def route(links: Sequence[Link]) -> Channel:
    """Return the wires that connect exactly the pairs of positions in `links`."""
    lanes = Lanes(row for link in links for row in link)
    nets = bundle(links, lanes)
    tracked = [net for net in nets if not net.is_straight]
    straight = [Wire(net=net, track=None) for net in nets if net.is_straight]
    before = _cut_rings(tracked, lanes)
    tracks = _tracks(tracked, _sequence(tracked, before), before)
    wires = [Wire(net=net, track=track) for net, track in zip(tracked, tracks, strict=True)]
    return Channel(wires=(*straight, *wires), lanes=frozenset(lanes.taken), track_count=max(tracks, default=-1) + 1)


def _cut_rings(nets: list[Net], lanes: Lanes) -> list[set[int]]:
    """Split nets (in place) until no ring of constraints is left; return who comes before whom."""
    while True:
        before = _constraints(nets, lanes.taken)
        ring = _ring(before)
        if not ring:
            return before
        whole = [index for index in ring if not lanes.taken.issuperset(nets[index].sources)]
        index = min(
            (index for index in whole if not lanes.taken.issuperset(nets[index].targets)),
            key=lambda index: (len(nets[index].rows), index),
        )
        nets[index : index + 1] = _split(nets[index], lanes)


def _split(net: Net, lanes: Lanes) -> tuple[Net, Net]:
    """Return a net in two halves: from its sources to lanes, and from lanes to its targets.

    Halves have no ring among them, so splitting comes to an end: the first halves only wait for first
    halves, and the second ones for both kinds, in the order of the stages.
    """
    known = set(lanes.taken)
    lane = lanes.take((min(net.rows) + max(net.rows)) // 2)
    first = replace(
        net,
        sources=tuple(row for row in net.sources if row not in known),
        targets=(*(row for row in net.targets if row in known), lane),
    )
    second = replace(
        net,
        sources=(*(row for row in net.sources if row in known), lane),
        targets=tuple(row for row in net.targets if row not in known),
    )
    return first, second


def _constraints(nets: Sequence[Net], lanes: set[int]) -> list[set[int]]:
    """Return for each net the nets whose track must come before its own."""
    leaving: defaultdict[int, list[int]] = defaultdict(list)
    entering: defaultdict[int, list[int]] = defaultdict(list)
    for index, net in enumerate(nets):
        for row in net.sources:
            leaving[row].append(index)
        for row in net.targets:
            entering[row].append(index)
    before: list[set[int]] = [set() for _ in nets]
    for port in (*leaving.values(), *entering.values()):
        for first in port:
            before[first].update(other for other in port if nets[other].stage < nets[first].stage)
    for row, sources in leaving.items():
        for source in sources:
            for target in entering.get(row, ()):
                if source != target:
                    early, late = (target, source) if row in lanes else (source, target)
                    before[late].add(early)
    return before


def _ring(before: Sequence[set[int]]) -> list[int]:
    """Return the nets of one ring of constraints, empty when there is none."""
    left = set(range(len(before)))
    while free := [index for index in left if not before[index] & left]:
        left.difference_update(free)
    if not left:
        return []
    path: list[int] = []
    index = min(left)
    while index not in path:
        path.append(index)
        index = min(before[index] & left)
    return path[path.index(index) :]


def _sequence(nets: Sequence[Net], before: Sequence[set[int]]) -> list[int]:
    """Sort the nets along the flow: constraints hold, and each next net is the one that costs least."""
    price = _prices(nets)
    left = set(range(len(nets)))
    balance = [sum(price[i][j] - price[j][i] for j in left) for i in range(len(nets))]
    result: list[int] = []
    while left:
        free = [index for index in left if not before[index] & left]
        index = min(free, key=lambda index: (balance[index], min(nets[index].rows), index))
        left.discard(index)
        result.append(index)
        for other in left:
            balance[other] -= price[other][index] - price[index][other]
    return result


def _prices(nets: Sequence[Net]) -> list[list[int]]:
    """Count for each pair of nets the crossings when the track of the first comes first."""
    prices = [[0] * len(nets) for _ in nets]
    spans = [(min(net.rows), max(net.rows), frozenset(net.rows)) for net in nets]
    for i, (low, high, rows) in enumerate(spans):
        for j, (other_low, other_high, other_rows) in enumerate(spans):
            if i == j or low > other_high or other_low > high:
                continue
            for row in nets[j].sources:
                prices[i][j] += low < row < high and row not in rows
            for row in nets[i].targets:
                prices[i][j] += other_low < row < other_high and row not in other_rows
    return prices


def _tracks(nets: Sequence[Net], sequence: Sequence[int], before: Sequence[set[int]]) -> list[int]:
    """Return the track of each net: the first one free behind all that must come earlier."""
    tracks = [0] * len(nets)
    spans = [(min(net.rows), max(net.rows)) for net in nets]
    for at, index in enumerate(sequence):
        low, high = spans[index]
        for other in sequence[:at]:
            overlaps = low <= spans[other][1] and spans[other][0] <= high
            if overlaps or other in before[index]:
                tracks[index] = max(tracks[index], tracks[other] + 1)
    return tracks
