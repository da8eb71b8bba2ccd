"""One row through a trained pipeline of three steps, called as a function: what serving adds to what the steps take."""

from work import Work

FACTOR = 3
"""What training learns."""


def answer(count: int) -> float:
    """Return the sum of all predictions, computed in a plain loop."""
    return float(sum(FACTOR * (row + 1.0) / 2 for row in range(count)))


WORK = Work(
    name="one-row",
    title="one row through 3 trained steps (`graftline.pyfunc`), mean of {size:,} calls",
    function="one_row",
    sizes=(100_000, 1_000),
    expected=answer,
    figure=lambda seconds, size: f"{seconds / size * 1e6:.1f} us",
    target="<= 20 us",
)
