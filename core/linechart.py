"""Numbers as a line of braille dots, with their scale beside it. No library: numpy alone would cost 100 ms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

Point = tuple[float, float]
_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Of the dots of a braille character by row and column. Source: The Unicode Standard, chapter 21, braille patterns."""
LABEL = 9
"""Columns of a number beside the chart."""


def thinned(points: Sequence[Point], count: int) -> list[Point]:
    """Return at most `count` points that look like all of them: first, last, and of each bucket what stands out most.

    Source: Sveinn Steinarsson, "Downsampling Time Series for Visual Representation", 2013: largest triangle three
    buckets.
    """
    if len(points) <= max(3, count):
        return list(points)
    size = (len(points) - 2) / (count - 2)
    found = [points[0]]
    for bucket in range(count - 2):
        start, end = int(bucket * size) + 1, int((bucket + 1) * size) + 1
        after = points[end : max(end + 1, int((bucket + 2) * size) + 1)] or points[-1:]
        # fsum: `sum` rounds otherwise from Python 3.12 on, and the same points would be another picture.
        x2, y2 = math.fsum(x for x, _ in after) / len(after), math.fsum(y for _, y in after) / len(after)
        x1, y1 = found[-1]
        found.append(max(points[start:end], key=lambda at: abs((x1 - x2) * (at[1] - y1) - (x1 - at[0]) * (y2 - y1))))
    return [*found, points[-1]]


def line_chart(
    points: Sequence[Point], width: int, height: int, *, is_ascii: bool = False, is_log: bool = False
) -> list[str]:
    """Return points as rows of text: a scale on the left, a line, and below it from where to where x goes.

    Args:
        points: x and y, in the order of x; what is not finite is left out and breaks nothing.
        width: columns of a row.
        height: rows, the one below included.
        is_ascii: asterisks instead of braille.
        is_log: y by its logarithm; what is not above zero is left out.
    """
    finite = [(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y) and (y > 0 or not is_log)]
    columns, rows = max(4, width - LABEL - 2), max(1, height - 1)
    if not finite:
        return ["nothing that can be drawn"]
    drawn = [(x, math.log10(y) if is_log else y) for x, y in thinned(finite, 4 * columns)]
    lows, highs = [min(axis) for axis in zip(*drawn, strict=True)], [max(axis) for axis in zip(*drawn, strict=True)]
    across, down = (1, 1) if is_ascii else (2, 4)
    dots = {_dot(point, lows, highs, columns * across, rows * down) for point in drawn}
    for one, two in pairwise(drawn):
        size = (columns * across, rows * down)
        dots.update(_between(_dot(one, lows, highs, *size), _dot(two, lows, highs, *size)))
    marks = _marks(lows[1], highs[1], rows, is_log=is_log)
    lines = [f"{marks.get(row, ''):>{LABEL}} {_row(dots, row, columns, is_ascii=is_ascii)}" for row in range(rows)]
    first, last = f"{finite[0][0]:.6g}", f"{finite[-1][0]:.6g}"
    return [*lines, f"{'':>{LABEL}} {first}{last:>{max(1 + len(last), columns - len(first))}}"]


def _dot(point: Point, lows: Sequence[float], highs: Sequence[float], width: int, height: int) -> tuple[int, int]:
    x, y = (
        (value - low) / (high - low) if high > low else 0.5 for value, low, high in zip(point, lows, highs, strict=True)
    )
    return round(x * (width - 1)), round((1 - y) * (height - 1))


def _between(one: tuple[int, int], two: tuple[int, int]) -> list[tuple[int, int]]:
    steps = max(abs(two[0] - one[0]), abs(two[1] - one[1]))
    return [
        (round(one[0] + (two[0] - one[0]) * at / steps), round(one[1] + (two[1] - one[1]) * at / steps))
        for at in range(1, steps)
    ]


def _row(dots: set[tuple[int, int]], row: int, columns: int, *, is_ascii: bool) -> str:
    if is_ascii:
        return "".join("*" if (column, row) in dots else " " for column in range(columns)).rstrip()
    cells = []
    for column in range(columns):
        bits = sum(_BITS[y][x] for y in range(4) for x in range(2) if (2 * column + x, 4 * row + y) in dots)
        cells.append(chr(0x2800 + bits) if bits else " ")
    return "".join(cells).rstrip()


def _marks(low: float, high: float, rows: int, *, is_log: bool) -> dict[int, str]:
    """Return by row the number it stands for: the top, the bottom and the middle."""
    places = {0: high, rows - 1: low} | (
        {rows // 2: high - (high - low) * (rows // 2) / (rows - 1)} if rows > 4 else {}
    )
    return {row: f"{10**value if is_log else value:.4g}"[:LABEL] for row, value in places.items()}
