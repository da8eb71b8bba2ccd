"""Nets: links of one channel drawn as one line, so bundled that the line tells no lie.

A port (the one place where lines leave or enter an item) has a single row, and every net of the port
taps that row. Lines never flow backwards, but a track can be followed both ways; so a flow could leak
from net to net along a shared row. It cannot when, on the row of each source, all nets but the last
have that source alone; on the row of each target, all nets but the first have that target alone; and
no net is both before another one at a source and after another one at a target. So each source has one
"last" slot, each target one "first" slot, and each bundled link uses one: links to slots is a forest
with at most one cycle a piece (a bicircular matroid, hence greedy is best). A link without a slot
detours through a lane, a free row of its own, where it cannot meet anything.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from enum import IntEnum

from graftline.core.records import dataclass

Link = tuple[int, int]
"""A link of the channel: the position of its source, the position of its target."""


class Stage(IntEnum):
    """When a net taps a shared row, seen along the flow."""

    SPREAD = 0
    """One source; first at every target, other nets of the source come later."""
    WHOLE = 1
    """Last at every source and first at every target."""
    GATHER = 2
    """One target; last at every source, other nets of the target came earlier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Net:
    """One line from all its sources to all its targets."""

    sources: tuple[int, ...]
    targets: tuple[int, ...]
    stage: Stage

    @property
    def rows(self) -> tuple[int, ...]:
        """All positions that the net taps."""
        return self.sources + self.targets

    @property
    def is_straight(self) -> bool:
        """Whether the net needs no track."""
        return len(set(self.rows)) == 1


class Lanes:
    """The free rows of one channel, handed out one by one."""

    def __init__(self, used: Iterable[int]) -> None:
        self._used = set(used)
        self.taken: set[int] = set()

    def take(self, near: int) -> int:
        """Return the free row nearest to `near`, never negative."""
        distance = 0
        while True:
            for row in (near + distance, near - distance):
                if row >= 0 and row not in self._used:
                    self._used.add(row)
                    self.taken.add(row)
                    return row
            distance += 1


def bundle(links: Sequence[Link], lanes: Lanes) -> list[Net]:
    """Return nets that connect exactly the pairs in `links` (and the lanes taken on the way)."""
    bicliques, rest = _bicliques(links)
    full_sources = {row for net in bicliques for row in net.sources}
    full_targets = {row for net in bicliques for row in net.targets}
    seeds = [row for row, target in rest if row == target]
    full_sources.update(seeds)
    full_targets.update(seeds)
    bent = sorted((link for link in rest if link[0] != link[1]), key=lambda link: abs(link[0] - link[1]))
    kept, spare = _within_slots(bent, full_sources, full_targets)
    spread, gather = _assign(kept, full_sources, full_targets)
    for source, target in spare:
        lane = lanes.take((source + target) // 2)
        spread[source].append(lane)
        gather[target].append(lane)
    return bicliques + _stars(seeds, spread, gather)


def _bicliques(links: Sequence[Link]) -> tuple[list[Net], list[Link]]:
    """Split off the nets in which several sources share several targets, largest first."""
    targets, sources = _neighbours(links)
    twins: dict[tuple[frozenset[int], frozenset[int]], None] = {}
    for reached in map(frozenset, targets.values()):
        like = frozenset(source for source in sources[min(reached)] if targets[source] == reached)
        twins[like, reached] = None
    for needed in map(frozenset, sources.values()):
        like = frozenset(target for target in targets[min(needed)] if sources[target] == needed)
        twins[needed, like] = None
    nets: list[Net] = []
    taken: set[Link] = set()
    full: tuple[set[int], set[int]] = (set(), set())
    straight = {row for row, target in links if row == target}
    for left, right in sorted(twins, key=lambda twin: (-len(twin[0]) * len(twin[1]), sorted(twin[0]))):
        if min(len(left), len(right)) < 2 or left & full[0] or right & full[1]:
            continue
        if straight & (left ^ right):
            # A straight link outside the net needs both slots of its row for itself.
            continue
        nets.append(Net(sources=tuple(sorted(left)), targets=tuple(sorted(right)), stage=Stage.WHOLE))
        full[0].update(left)
        full[1].update(right)
        taken.update((source, target) for source in left for target in right)
    return nets, [link for link in links if link not in taken]


def _within_slots(
    links: Sequence[Link], full_sources: set[int], full_targets: set[int]
) -> tuple[list[Link], list[Link]]:
    """Keep as many links as there are free slots; return those kept and those to spare."""
    # Sources are the ports 0, 1, 2 ...; targets are the ports -1, -2, -3 ...
    group: dict[int, int] = {}
    exhausted = full_sources | {-1 - row for row in full_targets}
    """Groups of ports in which every slot is in use."""

    def find(port: int) -> int:
        while (parent := group.setdefault(port, port)) != port:
            port = parent
        return port

    kept: list[Link] = []
    spare: list[Link] = []
    for source, target in links:
        a, b = find(source), find(-1 - target)
        if a in exhausted and b in exhausted:
            spare.append((source, target))
            continue
        if a == b or b in exhausted:
            exhausted.add(a)
        group[b] = a
        kept.append((source, target))
    return kept, spare


def _assign(
    links: Sequence[Link], full_sources: set[int], full_targets: set[int]
) -> tuple[defaultdict[int, list[int]], defaultdict[int, list[int]]]:
    """Give each link a slot: peel the ports that have a single link left, then open the cycles."""
    targets, sources = _neighbours(links)
    spread: defaultdict[int, list[int]] = defaultdict(list)
    gather: defaultdict[int, list[int]] = defaultdict(list)
    queue: deque[tuple[bool, int]] = deque()
    """Ports to look at: (is a target, row)."""
    opened: set[int] = set()
    """Targets that gave their slot to open a cycle."""

    def settle(source: int, target: int, *, by_target: bool) -> None:
        targets[source].discard(target)
        sources[target].discard(source)
        if by_target:
            spread[source].append(target)
        else:
            gather[target].append(source)
        queue.extend(((True, target), (False, source)))

    def peel() -> None:
        while queue:
            is_target, row = queue.popleft()
            if len((sources if is_target else targets)[row]) != 1:
                continue
            if is_target and row not in full_targets and row not in opened:
                settle(min(sources[row]), row, by_target=True)
            elif not is_target and row not in full_sources:
                settle(row, min(targets[row]), by_target=False)

    queue.extend((True, row) for row in sources)
    queue.extend((False, row) for row in targets)
    peel()
    for source, target in links:
        # What is left are cycles, in which every port has two links and a free slot.
        if target in targets[source]:
            opened.add(target)
            settle(source, target, by_target=True)
            peel()
    return spread, gather


def _stars(seeds: Sequence[int], spread: dict[int, list[int]], gather: dict[int, list[int]]) -> list[Net]:
    """Return the nets of the stars; a straight link joins a star of its row rather than stand alone."""
    nets: list[Net] = []
    for row in seeds:
        if row in spread:
            rows = tuple(sorted([row, *spread.pop(row)]))
            nets.append(Net(sources=(row,), targets=rows, stage=Stage.WHOLE))
        else:
            rows = tuple(sorted([row, *gather.pop(row, ())]))
            nets.append(Net(sources=rows, targets=(row,), stage=Stage.WHOLE))
    for source, reached in spread.items():
        nets.append(Net(sources=(source,), targets=tuple(sorted(reached)), stage=Stage.SPREAD))
    for target, needed in gather.items():
        nets.append(Net(sources=tuple(sorted(needed)), targets=(target,), stage=Stage.GATHER))
    return nets


def _neighbours(links: Sequence[Link]) -> tuple[dict[int, set[int]], dict[int, set[int]]]:
    targets: dict[int, set[int]] = {}
    sources: dict[int, set[int]] = {}
    for source, target in links:
        targets.setdefault(source, set()).add(target)
        sources.setdefault(target, set()).add(source)
    return targets, sources
