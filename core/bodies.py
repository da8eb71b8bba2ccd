"""The body of a `@pipeline` while it runs: the steps its calls have made so far, in the order of the calls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from .futures import Future, Futures
from .returning import Returning
from .steps import Step
from .tasks import PythonTask


class Body:
    """Collects steps. One for each run of a body; that of a pipeline called in another has that one as its parent."""

    def __init__(self, parent: Body | None = None, returning: Returning | None = None) -> None:
        self.parent = parent
        self.returning: Returning | None = returning if parent is None else parent.returning
        """Knows whether functions return something; None: whatever has no `returns=` may."""
        self.steps: list[Step] = []
        self.renamed: dict[tuple[int, str], str] = {} if parent is None else parent.renamed
        """(identity of a step, output as declared) -> the name a pipeline returns it under; shared with the parent."""
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

    def up(self) -> Iterator[Body]:
        """Yield this one and those around it, the nearest first."""
        body: Body | None = self
        while body is not None:
            yield body
            body = body.parent

    def futures(self, step: Step, names: Sequence[str]) -> Future | Futures:
        """Return what stands for these outputs of a step: several are a tuple."""
        if len(names) > 1:
            return Futures(Future(self, step, name) for name in names)
        return Future(self, step, names[0] if names else None)


def returned_names(task: PythonTask, returning: Returning | None = None) -> list[str]:
    """Return the names of what the function of a task returns itself: not what it leaves in files or prints."""
    if task.returns is None:
        return [] if returning is not None and returning.tells(task.function) is False else [task.name]
    return [each.name for each in task.returns if each.file is None and each.pattern is None]


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
