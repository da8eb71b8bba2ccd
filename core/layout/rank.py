"""The layer of every node: longest path from the sources, then sources pulled towards their targets.

Source: Sugiyama, Tagawa, Toda, "Methods for visual understanding of hierarchical system structures"
(1981), step 1.
"""

from collections import deque
from collections.abc import Sequence

Edge = tuple[int, int]


def rank(size: int, edges: Sequence[Edge]) -> list[int]:
    """Return the layer of the nodes 0 .. `size` - 1, such that every edge goes to a later layer.

    Raises:
        ValueError: the edges hold a cycle.
    """
    targets: list[list[int]] = [[] for _ in range(size)]
    sources: list[list[int]] = [[] for _ in range(size)]
    for source, target in edges:
        targets[source].append(target)
        sources[target].append(source)
    ranks = _longest_paths(targets, sources)
    return _pull_down(ranks, targets, sources)


def _longest_paths(targets: list[list[int]], sources: list[list[int]]) -> list[int]:
    ranks = [0] * len(targets)
    missing = [len(needs) for needs in sources]
    ready = deque(node for node, count in enumerate(missing) if not count)
    done = 0
    while ready:
        node = ready.popleft()
        done += 1
        for target in targets[node]:
            ranks[target] = max(ranks[target], ranks[node] + 1)
            missing[target] -= 1
            if not missing[target]:
                ready.append(target)
    if done < len(targets):
        raise ValueError("a graph with a cycle has no layers")
    return ranks


def _pull_down(ranks: list[int], targets: list[list[int]], sources: list[list[int]]) -> list[int]:
    """Move a node next to its targets when that shortens at least as many edges as it stretches."""
    for node in sorted(range(len(ranks)), key=lambda node: (-ranks[node], node)):
        if targets[node] and len(targets[node]) >= len(sources[node]):
            ranks[node] = min(ranks[target] for target in targets[node]) - 1
    return ranks
