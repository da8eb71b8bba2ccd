"""Whole processes from nothing: what a person waits for at the prompt."""

from work import Work


def _work(name: str, title: str, target: str) -> Work:
    return Work(
        name=name,
        title=title,
        function=name.replace("-", "_"),
        # How many starts the figure is the median of.
        sizes=(7, 2),
        expected=lambda size: 0,
        figure=lambda seconds, size: f"{seconds:.3f} s",
        target=target,
    )


WORKS = (
    _work("cold-help", "`--help`, cold", "<= 0.15 s"),
    _work("cold-list", "list (`graft ls`), cold", "<= 0.25 s"),
    _work("cold-hello", "3 steps end to end, cold", "<= 0.6 s"),
)
