"""A large array from one step to the next in another process: what moving values costs."""

from work import Work


def expected(size_mb: int) -> float:
    """Return the sum of 0, 1, 2 ... as floats; exact, as every partial sum is an integer below 2**53."""
    count = size_mb * 1_000_000 // 8
    return float(count * (count - 1) // 2)


WORK = Work(
    name="big-array",
    title="{size} MB numpy array to a step in another process",
    function="big_array",
    sizes=(100, 8),
    expected=expected,
    figure=lambda seconds, size: f"{seconds:.3f} s",
    target="<= 0.20 s, <= 1.5x raw",
)
