"""Task groups: one notebook run for each of many items, as one run; what failed is restarted alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from .asyncresult import AsyncResult, ResultStatus
from .constants import is_json
from .document import root_failures
from .errors import InvalidError
from .graph import Json
from .ids import RunId
from .records import dataclass
from .requests import CodeChoice, RetryRequest
from .runs import StepRun
from .states import Status
from .workspace import Workspace

_DONE = frozenset({Status.SUCCESS, Status.CACHED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One item of a group as it stands."""

    number: int
    """From 1, in the order of the items."""
    step: str
    params: Mapping[str, Json]
    state: Status
    attempts: int
    seconds: float | None
    error: str | None
    """Type and message of what it raised."""


class TaskGroup:
    """The items of a map.

    Args:
        workspace: where its run is recorded.
        run: its id.
        result: returns the result of a step, or of the run (None).
        begin: submits the run again.
    """

    def __init__(
        self,
        workspace: Workspace,
        run: RunId,
        *,
        result: Callable[[str | None], AsyncResult],
        begin: Callable[[], None],
    ):
        self._workspace = workspace
        self._run = run
        self._result = result
        self._begin = begin

    def __repr__(self) -> str:
        counts = ", ".join(f"{state} {count}" for state, count in self.counts.items())
        return f"<TaskGroup {self._run}: {counts}>"

    @property
    def id(self) -> str:
        """What `runtime.group` finds it by: its run."""
        return self._run

    @property
    def status(self) -> ResultStatus:
        """Where the group stands as a whole."""
        return self._result(None).status

    @property
    def tasks(self) -> list[Task]:
        """Every item as it stands."""
        return [_task(number, step) for number, step in enumerate(self._workspace.steps(self._run), 1)]

    @property
    def counts(self) -> dict[Status, int]:
        """Items by state."""
        states = [task.state for task in self.tasks]
        return {state: states.count(state) for state in dict.fromkeys(states)}

    @property
    def results(self) -> list[AsyncResult]:
        """The result of each item, in order."""
        return [self._result(step.path) for step in self._workspace.steps(self._run)]

    def table(self) -> str:
        """Return the items as a table of text: number, state, attempts, seconds, parameters, error."""
        rows = [("TASK", "STATE", "TRIES", "SECONDS", "PARAMETERS", "ERROR")]
        for task in self.tasks:
            seconds = "" if task.seconds is None else f"{task.seconds:.1f}"
            params = " ".join(f"{name}={value!r}" for name, value in task.params.items())
            rows.append((str(task.number), task.state, str(task.attempts), seconds, params, task.error or ""))
        widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
        return "\n".join(
            "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
        )

    def wait(self, timeout: float | None = None) -> TaskGroup:
        """Wait until every item has ended, well or not.

        Raises:
            TimeoutError: it has not after `timeout` seconds.
        """
        self._result(None).wait(timeout)
        return self

    def collect(self, timeout: float | None = None) -> Iterator[Any]:
        """Yield the values of the items in order, each when it is there; raises what an item raised."""
        for each in self.results:
            yield each.get(timeout)

    def getall(self, timeout: float | None = None) -> list[Any]:
        """Return the values of all items in order.

        Raises:
            TimeoutError: the group has not ended after `timeout` seconds.
            Exception: what the first item that failed raised.
        """
        self.wait(timeout)
        return list(self.collect(timeout))

    def failed(self) -> list[Task]:
        """Return the items that failed or never ran."""
        return [task for task in self.tasks if task.state not in _DONE]

    def restart(self, *, frozen: bool = False) -> TaskGroup:
        """Run the items again that failed or never ran; the others keep their results.

        Args:
            frozen: run the notebook as it was recorded. False: as it is now.

        Raises:
            InvalidError: every item succeeded.
            ConflictError: the group is still at work.
        """
        code = CodeChoice.RECORDED if frozen else CodeChoice.CURRENT
        self._workspace.begin_retry(RetryRequest(run=self._run, code=code))
        self._begin()
        return self


def group_definition(
    notebook: str, items: Sequence[Mapping[str, Any]], returns: Sequence[str], name: str | None
) -> dict[str, Json]:
    """Return a pipeline of one step for each item, as a YAML file would have it.

    Raises:
        InvalidError: there is no item, or one is no mapping of JSON values.
    """
    if not items:
        raise InvalidError("map() takes items, and there are none", "give one mapping of parameters for each run")
    width, steps = len(str(len(items))), []
    for number, item in enumerate(items, 1):
        if not isinstance(item, Mapping) or not is_json(dict(item)):
            raise InvalidError(
                f"item {number} of map() is no mapping of JSON values: {item!r}",
                "put what is more than that by name, and have the notebook read runtime.dataset(name)",
            )
        step: dict[str, Json] = {"notebook": notebook, "name": f"task-{number:0{width}}", "params": dict(item)}
        if returns:
            step["returns"] = list(returns)
        steps.append(step)
    stem = notebook.rpartition("/")[2].removesuffix(".ipynb")
    return {"name": name or stem, "order": "data", "steps": steps}


def _task(number: int, step: StepRun) -> Task:
    own = root_failures([step])
    error = own[0].error if own else None
    return Task(
        number=number,
        step=step.path,
        params=step.params,
        state=step.state,
        attempts=step.attempts,
        seconds=step.seconds,
        error=None if error is None else f"{error.type}: {error.message}",
    )
