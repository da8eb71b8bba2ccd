"""Saves of a file in a watched project: how soon the step it concerns begins."""

from work import Work

WORK = Work(
    name="save",
    title="a save to the first step it concerns (numpy, pandas), median of {size}",
    function="save",
    sizes=(30, 3),
    # Waves that ran the step; one for each save and the first.
    expected=lambda size: size + 1,
    figure=lambda seconds, size: f"{seconds:.3f} s",
    target="<= 0.15 s",
)
