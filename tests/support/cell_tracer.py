"""Reads a drawing back: follows the lines from each node to the arrowheads, from the cells alone.

The rules are those of the eye. A line never flows backwards (left when the drawing flows right, up when
it flows down). A horizontal line that runs into a vertical one without an arm towards it passes under.
"""

from collections.abc import Iterator, Mapping

from graftline.core.layout.drawing import Drawing, Hit
from graftline.core.layout.label import cells
from graftline.core.layout.sketch import Orientation

_ARMS = {
    "│": "NS",
    "─": "EW",
    "╰": "NE",
    "╯": "NW",
    "╭": "SE",
    "╮": "SW",
    "├": "NSE",
    "┤": "NSW",
    "┴": "NEW",
    "┬": "SEW",
    "┼": "NSEW",
}
_STEPS = {"N": (-1, 0), "S": (1, 0), "E": (0, 1), "W": (0, -1)}
_OPPOSITE = {"N": "S", "S": "N", "E": "W", "W": "E"}


def trace(drawing: Drawing, orientation: Orientation) -> set[tuple[str, str]]:
    """Return every (source, target) that the lines of a Unicode drawing connect."""
    forward = "E" if orientation is Orientation.LR else "S"
    grid = [cells(row) for row in drawing.rows]
    inside = {cell: name for name, hit in drawing.hits.items() for cell in covered(hit)}
    found: set[tuple[str, str]] = set()
    for name, hit in drawing.hits.items():
        for start in _exits(hit, forward):
            if start not in inside and _OPPOSITE[forward] in _ARMS.get(_at(grid, start), ""):
                found.update((name, target) for target in _flow(grid, start, inside, forward))
            elif start not in inside and _at(grid, start) in "▶▼":
                row, column = start
                ahead = (row + _STEPS[forward][0], column + _STEPS[forward][1])
                found.add((name, inside[ahead]))
    return found


def covered(hit: Hit) -> Iterator[tuple[int, int]]:
    """Return the cells of a node."""
    for row in range(hit.row, hit.row + hit.height):
        for column in range(hit.column, hit.column + hit.width):
            yield row, column


def _exits(hit: Hit, forward: str) -> Iterator[tuple[int, int]]:
    if forward == "E":
        for row in range(hit.row, hit.row + hit.height):
            yield row, hit.column + hit.width
    else:
        for column in range(hit.column, hit.column + hit.width):
            yield hit.row + hit.height, column


def _flow(
    grid: list[list[str]], start: tuple[int, int], inside: Mapping[tuple[int, int], str], forward: str
) -> set[str]:
    reached: set[str] = set()
    seen = {start}
    stack = [start]
    while stack:
        cell = stack.pop()
        for direction in _ARMS[_at(grid, cell)]:
            if direction == _OPPOSITE[forward]:
                continue
            there = _step(cell, direction)
            while direction in "EW" and _at(grid, there) == "│":
                there = _step(there, direction)
            glyph = _at(grid, there)
            if glyph in ("▶", "▼") and there not in inside:
                reached.add(inside[_step(there, forward)])
                continue
            assert there not in inside, f"a line runs into {inside[there]} at {there}"
            assert _OPPOSITE[direction] in _ARMS.get(glyph, ""), f"a line breaks off at {there}"
            if there not in seen:
                seen.add(there)
                stack.append(there)
    return reached


def _step(cell: tuple[int, int], direction: str) -> tuple[int, int]:
    row, column = _STEPS[direction]
    return cell[0] + row, cell[1] + column


def _at(grid: list[list[str]], cell: tuple[int, int]) -> str:
    row, column = cell
    if 0 <= row < len(grid) and 0 <= column < len(grid[row]):
        return grid[row][column]
    return " "
