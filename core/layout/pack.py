"""Unconnected parts of a graph: found, drawn apart, and set on shelves."""

from collections.abc import Sequence

from graftline.core.layout.rank import Edge
from graftline.core.layout.sketch import NodeStyle, Orientation, Sketch

_SHELF = 100
"""Columns of a shelf when no part is wider: a terminal with some room to spare."""
_GAP = 2
"""Blank columns between two parts on one shelf."""

Part = tuple[list[int], list[Edge]]
"""Nodes of a part, and its edges between places in that list."""


def components(size: int, edges: Sequence[Edge]) -> list[Part]:
    """Split the nodes 0 .. `size` - 1 into connected parts, single nodes last."""
    around: list[list[int]] = [[] for _ in range(size)]
    for source, target in edges:
        around[source].append(target)
        around[target].append(source)
    part_of = [-1] * size
    parts: list[Part] = []
    for root in range(size):
        if part_of[root] < 0:
            parts.append((_reach(root, around, part_of, len(parts)), []))
    place = {node: at for members, _ in parts for at, node in enumerate(members)}
    for source, target in edges:
        parts[part_of[source]][1].append((place[source], place[target]))
    return sorted(parts, key=lambda part: len(part[0]) == 1)


def shelve(parts: Sequence[Sketch], orientation: Orientation, style: NodeStyle) -> list[tuple[int, int]]:
    """Return the row and column of each part.

    Parts that flow to the right stand below each other, parts that flow down beside each other; single
    nodes fill shelves like words a page, in columns of one width.
    """
    limit = max([_SHELF, *(part.width for part in parts)])
    single = max((part.width for part in parts if not part.lines), default=0)
    gap = 1 if style is NodeStyle.CHIP else 0
    spots: list[tuple[int, int]] = []
    top = column = bottom = 0
    alone = False
    for part in parts:
        ends_shelf = orientation is Orientation.LR and bool(part.lines)
        width = part.width if part.lines else single
        if column and (ends_shelf or column + width > limit or alone == bool(part.lines)):
            # Single nodes in rows need no blank row between them.
            top, column = bottom + (0 if alone and not part.lines else gap), 0
        alone = not part.lines
        spots.append((top, column))
        bottom = max(bottom, top + part.height)
        column += width + _GAP
    return spots


def _reach(root: int, around: list[list[int]], part_of: list[int], number: int) -> list[int]:
    part_of[root] = number
    found = [root]
    for node in found:
        for other in around[node]:
            if part_of[other] < 0:
                part_of[other] = number
                found.append(other)
    return sorted(found)
