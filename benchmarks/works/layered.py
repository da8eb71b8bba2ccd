"""A layered graph, 20 wide, where each node needs three of the layer before: scheduling with real needs."""

from steps import MODULUS, mix, neighbours
from work import Work

WIDTH = 20


def expected(depth: int) -> int:
    """Return the sum of the last layer, computed in a plain loop."""
    layer = list(range(WIDTH))
    for _ in range(depth - 1):
        layer = [mix(*(layer[other] for other in neighbours(column, WIDTH))) for column in range(WIDTH)]
    return sum(layer) % MODULUS


WORK = Work(
    name="layered",
    title="layered graph, 20 wide, {size} deep, 3 needs each",
    function="layered",
    sizes=(50, 5),
    expected=expected,
    figure=lambda seconds, size: f"{seconds:.3f} s",
    target="<= 0.10 s",
)
