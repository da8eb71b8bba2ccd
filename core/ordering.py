"""Which steps wait for which, beyond the data: fences, the declared chain, and cycles.

Steps are positions in the list. A fence compiles to edges from only those steps since the last fence that nothing
else waits for, so the number of edges stays linear (naively 6,000 alternating steps make 9 million).
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from heapq import heappop, heappush

from .named import NamedTuple
from .pipeline import OrderRule


class Entry(NamedTuple):
    """A node a step starts with: it needs nothing else of that step. A task is one; a composite may have several."""

    needs: Set[int]
    """Positions of the steps it waits for as a whole."""
    inside: Set[int]
    """Positions of the composites of which it waits for a node inside."""


def order_edges(
    entries: Sequence[Sequence[Entry]], is_fence: Sequence[bool], recovers: Sequence[bool], rule: OrderRule
) -> list[list[Set[int]]]:
    """Return for each step and each of its entries the positions it waits for under a rule, beyond its own needs.

    Args:
        entries: For each step its entries.
        is_fence: For each step whether it is a fence; looked at by the rule `LISTED` alone.
        recovers: For each step whether an `on_failure` path takes over when it fails: all after it then wait for it, as
            none of them may run if it does. As for `is_fence`.
        rule: How the list orders its steps.
    """
    if rule is OrderRule.DATA:
        return [[_NONE for _ in each] for each in entries]
    if rule is OrderRule.DECLARED:
        return [
            [{position - 1} - entry.needs if position else set() for entry in each]
            for position, each in enumerate(entries)
        ]
    return _fenced(entries, is_fence, recovers)


def _fenced(
    entries: Sequence[Sequence[Entry]], is_fence: Sequence[bool], recovers: Sequence[bool]
) -> list[list[Set[int]]]:
    found: list[list[Set[int]]] = []
    fence = -1  # position of the last fence; -1 before the first one
    gate = -1  # of the last step that all after it wait for: a fence, or one that may be recovered
    awaited: set[int] = set()  # steps that some step since the last fence waits for as a whole
    for position, own in enumerate(entries):
        before: list[int] = []
        if is_fence[position]:
            before = [each for each in range(fence + 1, position) if each not in awaited]
            awaited.clear()
        edges: list[Set[int]] = []
        for needs, inside in own:
            more = _NONE
            if before:
                more = frozenset([each for each in before if each not in needs])
            # A need after the gate waits for the gate itself, so the edge would say nothing new.
            elif gate >= 0 and gate not in needs and not _has_later(needs, inside, gate):
                more = frozenset((gate,))
            edges.append(more)
            awaited |= needs
            awaited |= more
        if is_fence[position]:
            fence = position
        if is_fence[position] or recovers[position]:
            gate = position
        found.append(edges)
    return found


_NONE: frozenset[int] = frozenset()


def _has_later(needs: Set[int], inside: Set[int], position: int) -> bool:
    return any(each > position for each in needs) or any(each > position for each in inside)


def topological(needs: Sequence[set[int]]) -> list[int] | None:
    """Return the positions so that each comes after its needs, else in the order listed; None when there is a cycle."""
    if all(not waits or max(waits) < position for position, waits in enumerate(needs)):
        return list(range(len(needs)))
    dependants: list[list[int]] = [[] for _ in needs]
    for position, waits in enumerate(needs):
        for each in waits:
            dependants[each].append(position)
    missing = [len(waits) for waits in needs]
    ready = [position for position, count in enumerate(missing) if count == 0]
    order: list[int] = []
    while ready:
        position = heappop(ready)
        order.append(position)
        for dependant in dependants[position]:
            missing[dependant] -= 1
            if missing[dependant] == 0:
                heappush(ready, dependant)
    return order if len(order) == len(needs) else None


def cycle(needs: Sequence[set[int]]) -> list[int]:
    """Return the positions of one cycle, each before the step that waits for it; empty when there is none."""
    remaining = {position: set(waits) for position, waits in enumerate(needs)}
    free = [position for position, waits in remaining.items() if not waits]
    dependants: dict[int, list[int]] = {position: [] for position in remaining}
    for position, waits in remaining.items():
        for each in waits:
            dependants[each].append(position)
    while free:
        done = free.pop()
        del remaining[done]
        for dependant in dependants[done]:
            remaining[dependant].discard(done)
            if not remaining[dependant]:
                free.append(dependant)
    if not remaining:
        return []
    # Whoever is left waits for someone who is left: following the needs must come back to a step already seen.
    path: dict[int, int] = {}
    position = min(remaining)
    while position not in path:
        path[position] = len(path)
        position = min(remaining[position])
    return list(path)[path[position] :][::-1]
