"""The body of a `@pipeline` while it runs: the steps its calls have made so far, in the order of the calls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from .futures import Future, Futures
from .steps import Step
from .tasks import Task


class Body:
    """Collects steps. One for each run of a body."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._names: set[str] = set()
        self._counts: dict[str, int] = {}
        """Name as wanted -> the last number given to it: ten thousand calls of one task must not count from 1 each."""

    def add(self, step: Step) -> None:
        """Take a step that a call has made."""
        self.steps.append(step)
        self._names.add(step.name)

    def free_name(self, wanted: str) -> str:
        """Return the name itself, or `NAME-2`, `NAME-3`, ... when earlier steps have it."""
        name, count = wanted, self._counts.get(wanted, 1)
        while name in self._names:
            count += 1
            name = f"{wanted}-{count}"
        self._counts[wanted] = count
        return name

    def results(self, step: Task) -> Future | Futures:
        """Return what the caller of a task gets: what its function would return, as futures."""
        if step.returns is None:
            return Future(self, step, step.name)
        direct = [each.name for each in step.returns if each.file is None and each.pattern is None]
        if len(direct) > 1:
            return Futures(Future(self, step, name) for name in direct)
        return Future(self, step, direct[0] if direct else None)

    def outputs_of(self, step: Step) -> Sequence[str]:
        """Return the names of all that a step returns."""
        returns = step.returns if isinstance(step, Task) else ()
        return [step.name] if returns is None else [each.name for each in returns]


_current: ContextVar[Body | None] = ContextVar("body", default=None)


def current_body() -> Body | None:
    """Return the body that runs now; None outside of one, where a task is a plain function."""
    return _current.get()


@contextmanager
def recording(body: Body) -> Iterator[None]:
    """Have tasks that are called make steps of a body."""
    token = _current.set(body)
    try:
        yield
    finally:
        _current.reset(token)
