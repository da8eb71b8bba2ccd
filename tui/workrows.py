"""What the screen of workers lists: workers of the store with what they have, other live runs, and what waits."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Sequence
from contextlib import suppress

from ..core.errors import GraftError
from ..core.ports import RunQuery
from ..core.queue import Submission, Worker
from ..core.records import dataclass, field
from ..core.runs import Run, StepRun
from ..core.states import Status
from ..core.workspace import Workspace
from .processes import Usage, usages

SHOWN = 100
"""Live runs, running steps of each, and submissions that are listed."""
LARGE = 5000
"""Steps of a run above which those that run are not looked for: reading 10,000 takes 0.1 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One row: a worker, a live run's host, below it a step that runs, or a submission that waits."""

    worker: Worker | None = None
    run: Run | None = None
    step: StepRun | None = None
    waiting: Submission | None = None
    """Of `run`, which waits for a worker."""
    usage: Usage | None = None
    """Of a run's host; None: it is on another machine."""
    depth: int = 0
    """1: below its worker."""
    unserved: tuple[str, ...] = ()
    """Labels it waits for that nobody serves."""

    @property
    def id(self) -> tuple[str, str]:
        """Return what names the row for good."""
        if self.worker is not None:
            return f"worker {self.worker.number}", ""
        assert self.run is not None
        return self.run.id, "" if self.step is None else self.step.path


@dataclass(frozen=True, slots=True, kw_only=True)
class Working:
    """Everything that works and waits."""

    rows: Sequence[Work] = ()
    labels: dict[str, int] = field(default_factory=dict)
    """Labels that are served -> by how many workers; the pool of this machine counts as one."""

    def count(self, *, workers: bool = False, steps: bool = False, waiting: bool = False) -> int:
        """Return how many rows of a kind there are; of live runs when no kind is named."""
        if workers:
            return sum(each.worker is not None for each in self.rows)
        if waiting:
            return sum(each.waiting is not None for each in self.rows)
        if steps:
            return sum(each.step is not None for each in self.rows)
        return sum(each.run is not None and each.step is None and each.waiting is None for each in self.rows)


def read(space: Workspace) -> Working:
    """Read who works at what."""
    runs = space.runs(RunQuery(states=(Status.STARTED,), with_children=True, limit=SHOWN))
    here = socket.gethostname()
    held = usages([run.pid for run in runs if run.pid is not None and run.host == here])
    workers: Sequence[Worker] = ()
    waiting: Sequence[Submission] = ()
    labels: dict[str, int] = {}
    with suppress(GraftError):  # a workspace without a queue, or a store that cannot be read now: the runs tell that
        workers, waiting = space.submissions.workers(), space.submissions.queue.waiting()[:SHOWN]
        labels = space.submissions.labels()
    rows: list[Work] = []
    taken: set[str] = set()
    for worker in workers:
        its = [run for run in runs if run.id in worker.runs]
        taken.update(run.id for run in its)
        rows += [Work(worker=worker), *_of_runs(space, its, held, depth=1)]
    rows += _of_runs(space, [run for run in runs if run.id not in taken], held, depth=0)
    rows += _waiting(space, waiting, labels)
    return Working(rows=rows, labels=labels)


def _of_runs(space: Workspace, runs: Iterable[Run], held: dict[int, Usage], *, depth: int) -> list[Work]:
    found: list[Work] = []
    for run in runs:
        found.append(Work(run=run, usage=held.get(run.pid) if run.pid is not None else None, depth=depth))
        if sum(run.counts.values()) <= LARGE:
            steps = [step for step in _steps(space, run) if step.state is Status.STARTED]
            found += [Work(run=run, step=step, depth=depth) for step in steps[:SHOWN]]
    return found


def _steps(space: Workspace, run: Run) -> Sequence[StepRun]:
    try:
        return space.steps(run.id)
    except GraftError:
        return ()


def _waiting(space: Workspace, waiting: Iterable[Submission], labels: dict[str, int]) -> list[Work]:
    found = []
    for each in waiting:
        with suppress(GraftError):  # deleted meanwhile
            run = space.show(each.run)
            unserved = tuple(label for label in each.labels if label not in labels)
            found.append(Work(run=run, waiting=each, unserved=unserved))
    return found
