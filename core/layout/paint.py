"""Cells: lines as arms in four directions, text over them, and the glyphs that show both.

A joint of four arms is `┼`; where two lines only cross, the vertical one passes over the other
(`─│─`), so the eye never has to guess whether they meet.
"""

from enum import Enum

from graftline.core.layout.label import cells
from graftline.core.records import dataclass

Cell = tuple[int, int]
"""Row, column."""


# The directions in which a line leaves a cell. Plain numbers: an IntFlag doubles the time of a drawing.
_NORTH, _SOUTH, _EAST, _WEST = 1, 2, 4, 8
_CROSSING = _NORTH | _SOUTH | _EAST | _WEST


@dataclass(frozen=True, slots=True, kw_only=True)
class _Glyphs:
    lines: str
    """The glyph of each set of arms, 0 to 15."""
    over: str
    """The line that passes over another one."""
    right: str
    down: str


class GlyphSet(Enum):
    """What lines are made of."""

    UNICODE = _Glyphs(lines=" │││─╰╭├─╯╮┤─┴┬┼", over="│", right="▶", down="▼")
    ASCII = _Glyphs(lines=" |||-+++-+++-+++", over="|", right=">", down="v")


class Canvas:
    """A grid of cells, as large as what is drawn on it."""

    def __init__(self, glyphs: GlyphSet) -> None:
        self._glyphs = glyphs.value
        self._arms: dict[Cell, int] = {}
        self._joints: set[Cell] = set()
        self._text: dict[Cell, str] = {}
        self.width = 0
        """Columns in use, known after `rows`."""
        self.crossings = 0
        """Cells in which two lines cross, known after `rows`."""

    def horizontal(self, row: int, first: int, last: int) -> None:
        """Draw a line over the columns `first` to `last`, both included."""
        self._draw([(row, column) for column in range(first, last + 1)], _EAST, _WEST)

    def vertical(self, column: int, first: int, last: int) -> None:
        """Draw a line over the rows `first` to `last`, both included."""
        self._draw([(row, column) for row in range(first, last + 1)], _SOUTH, _NORTH)

    def join(self, row: int, column: int) -> None:
        """Say that the lines in this cell meet, and do not merely cross."""
        self._joints.add((row, column))

    def arrow(self, row: int, column: int, *, down: bool) -> None:
        """Draw an arrowhead."""
        self._text[row, column] = self._glyphs.down if down else self._glyphs.right

    def write(self, row: int, column: int, text: str) -> None:
        """Write text, one cell for each terminal column."""
        for offset, cell in enumerate(cells(text)):
            self._text[row, column + offset] = cell

    def frame(self, row: int, column: int, height: int, width: int) -> None:
        """Draw a box; lines that already touch its border are joined to it."""
        for edge in (row, row + height - 1):
            self.horizontal(edge, column, column + width - 1)
        for edge in (column, column + width - 1):
            self.vertical(edge, row, row + height - 1)

    def rows(self) -> tuple[str, ...]:
        """Return the picture, without blanks at the line ends."""
        painted = {cell: self._glyph(cell, arms) for cell, arms in self._arms.items()} | self._text
        height = max((row for row, _ in painted), default=-1) + 1
        self.width = max((column for _, column in painted), default=-1) + 1
        grid = [[" "] * self.width for _ in range(height)]
        for (row, column), text in painted.items():
            grid[row][column] = text
        return tuple("".join(line).rstrip() for line in grid)

    def _draw(self, line: list[Cell], ahead: int, back: int) -> None:
        arms = self._arms
        for cell in line[:-1]:
            arms[cell] = arms.get(cell, 0) | ahead
        for cell in line[1:]:
            arms[cell] = arms.get(cell, 0) | back

    def _glyph(self, cell: Cell, arms: int) -> str:
        if arms == _CROSSING and cell not in self._joints:
            self.crossings += cell not in self._text
            return self._glyphs.over
        return self._glyphs.lines[arms]
