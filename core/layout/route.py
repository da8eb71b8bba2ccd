"""The way of every net through its channel, the space between two layers.

A net is a track (across the flow) with a stub for each port (along the flow). Where two stubs want the
same row, the net that leaves it must come first; a ring of such wishes is cut by a dogleg, that is, one
net takes two tracks joined by a lane. Among the orders left, the one with few crossings is chosen.

Source: Hashimoto, Stevens, "Wire routing by optimizing channel assignment within large apertures"
(1971), for tracks and vertical constraints; Deutsch, "A dogleg channel router" (1976).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from graftline.core.layout.net import Lanes, Link, Net, bundle


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
    return Channel(
        wires=(*straight, *wires), lanes=frozenset(lanes.taken), track_count=max(tracks, default=-1) + 1
    )


def _cut_rings(nets: list[Net], lanes: Lanes) -> list[set[int]]:
    """Split nets (in place) until no ring of constraints is left; return who comes before whom."""
    while True:
        before = _constraints(nets, lanes.taken)
        ring = _ring(before)
        if not ring:
            return before
        whole = [index for index in ring if not lanes.taken.intersection(nets[index].rows)]
        # Each net is split at most once: both halves of a split net cannot be in a ring again.
        index = min(whole or ring, key=lambda index: (len(nets[index].rows), index))
        net = nets[index]
        lane = lanes.take((min(net.rows) + max(net.rows)) // 2)
        nets[index] = replace(net, targets=(lane,))
        nets.append(replace(net, sources=(lane,)))


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
    price = [[_crossings(first, second) for second in nets] for first in nets]
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


def _crossings(first: Net, second: Net) -> int:
    """Count the crossings of two nets when the track of `first` comes first."""
    low, high = min(first.rows), max(first.rows)
    crossed = sum(low < row < high and row not in first.rows for row in second.sources)
    low, high = min(second.rows), max(second.rows)
    return crossed + sum(low < row < high and row not in second.rows for row in first.targets)


def _tracks(nets: Sequence[Net], sequence: Sequence[int], before: Sequence[set[int]]) -> list[int]:
    """Return the track of each net: the first one free behind all that must come earlier."""
    tracks = [0] * len(nets)
    for at, index in enumerate(sequence):
        low, high = min(nets[index].rows), max(nets[index].rows)
        for other in sequence[:at]:
            overlaps = low <= max(nets[other].rows) and min(nets[other].rows) <= high
            if overlaps or other in before[index]:
                tracks[index] = max(tracks[index], tracks[other] + 1)
    return tracks
