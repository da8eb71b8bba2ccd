"""Steps one after the other, each taking the number the one before returned: the latency of one step."""

from work import Work

WORK = Work(
    name="chain",
    title="chain of {size} steps, each passes an int",
    function="chain",
    sizes=(500, 50),
    expected=lambda size: size,
    figure=lambda seconds, size: f"{1000 * seconds / size:.2f} ms a step",
    target="<= 0.25 ms a step",
)
