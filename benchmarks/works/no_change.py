"""A graph whose results are all there, run once more: whole processes, every content checked.

The first layer reads files; the others need three of the layer before. After the measurement one file is changed, and
the graph is run a third time: who did not look at it gives the old result and has failed.
"""

from steps import MODULUS, mix, neighbours
from work import Work

WIDTH = 20
"""Steps of a layer, and files."""


def depth_of(size: int) -> int:
    """Return how many layers a graph of so many steps has."""
    return size // WIDTH


def first_value(column: int) -> int:
    """Return the number that the file of a column holds at first."""
    return 7 * column + 1


def changed_value() -> int:
    """Return the number that the first file holds in the end."""
    return 500


def total(depth: int, first: int) -> int:
    """Return the sum of the last layer, computed in a plain loop."""
    layer = [first, *(first_value(column) for column in range(1, WIDTH))]
    for _ in range(depth - 1):
        layer = [mix(*(layer[other] for other in neighbours(column, WIDTH))) for column in range(WIDTH)]
    return sum(layer) % MODULUS


def expected(size: int) -> tuple[int, int, int]:
    """Return how many steps the second run executes, its total, and the total after the change."""
    depth = depth_of(size)
    return 0, total(depth, first_value(0)), total(depth, changed_value())


def _work(name: str, sizes: tuple[int, int], target: str) -> Work:
    return Work(
        name=name,
        title="no-change re-run of {size:,} steps, whole process tree",
        function="no_change",
        sizes=sizes,
        expected=expected,
        figure=lambda seconds, size: f"{seconds:.2f} s CPU",
        target=target,
    )


WORKS = (
    _work("no-change", (1_000, 100), "<= 0.3 s CPU"),
    _work("no-change-large", (10_000, 200), "<= 1.5 s CPU"),
)
