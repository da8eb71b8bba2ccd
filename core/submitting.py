"""The use-cases of the queue: submit a run, see who works, work."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from .demands import DEFAULT_LABEL
from .errors import InvalidError, PluginError, nearest
from .graph import Graph
from .ids import RunId, name_problem
from .queue import NewSubmission, Queue, Submission, Worker, WorkerState, fits
from .records import replace
from .states import Status

if TYPE_CHECKING:
    from .parts import Parts  # the bundle of ports; workspace builds Submissions, so a real import would be a circle
    from .workspace import Workspace


class Submissions:
    """The queue of a workspace's store."""

    def __init__(self, parts: Parts):
        self._parts = parts

    @property
    def queue(self) -> Queue:
        """Where submissions and workers are kept."""
        return self._parts.queue()

    def submit(self, run: RunId, labels: Sequence[str] = ()) -> None:
        """Queue a PENDING run; without a worker for it, one that needs no other label gets a process of its own.

        Args:
            run: to be hosted.
            labels: its worker must have, beside those its steps want and this machine's pool does not serve.

        Raises:
            InvalidError: a label is no name.
            PluginError: no process can be started.
        """
        wanted = self.wanted(self._parts.runs.spec(run).graph, labels)
        host = self._parts.hosts()
        self.queue.put(
            NewSubmission(
                run=run,
                labels=tuple(wanted),
                command=host.command(),
                cwd=self._parts.runs.spec(run).target.root,
                expect=self._parts.history.run(run).state,
                created=self._parts.clock(),
            )
        )
        self.warn_of(wanted)
        self.adopt()

    def resubmit(self, run: RunId) -> None:
        """Queue a run again that was put back for a retry, for the labels it had."""
        known = self.queue.submission(run)
        self.submit(run, () if known is None else [each for each in known.labels if each != DEFAULT_LABEL])

    def wanted(self, graph: Graph, labels: Iterable[str] = ()) -> list[str]:
        """Return every label a worker must have for a run; `default` when that is none.

        Raises:
            InvalidError: a label is no name.
        """
        check_labels(labels)
        own = {DEFAULT_LABEL, *self._parts.labels, *self._parts.routes.by_label}  # who hosts it sends those elsewhere
        steps = {label for operation in graph.operations for label in operation.policy.labels} - own
        return sorted({*labels, *steps}) or [DEFAULT_LABEL]

    def warn_of(self, wanted: Collection[str]) -> None:
        """Say which labels nobody serves now: a run that wants one waits for a worker that may never come."""
        served = self.labels()
        unknown = [label for label in wanted if label not in served]
        if unknown:
            named = ", ".join(f"'{label}'" for label in unknown)
            self._parts.warn(
                f"no worker serves label {named} now{nearest(unknown[0], list(served))}; the run waits for one:"
                f" graft worker {' '.join(f'--label {label}' for label in wanted)}"
            )
        elif not self._is_served(wanted):
            self._parts.warn(f"no worker serves labels {', '.join(wanted)} together now; the run waits for one")

    def adopt(self) -> list[RunId]:
        """Give submissions that no live worker could take processes of their own, where labels allow; return which.

        Raises:
            PluginError: a process cannot be started; its run waits on.
        """
        parts, adopted = self._parts, []
        for claim in self.queue.adopt(list(parts.labels)):
            try:
                parts.hosts().start(claim, parts.history.run(claim.run).state, {})
            except PluginError:
                self.queue.finish(claim, is_over=False)
                raise
            self.queue.finish(claim, is_over=True)  # from here on its lock says how it is, as for any run
            adopted.append(claim.run)
        return adopted

    def submission(self, run: RunId) -> Submission | None:
        """Return how a submission stands; None: the run never was one."""
        return self.queue.submission(run)

    def workers(self) -> list[Worker]:
        """Return the workers of the store, lost ones too."""
        return self.queue.workers()

    def labels(self) -> dict[str, int]:
        """Return the labels that are served now -> workers that do; the local pool's own count as one."""
        found: dict[str, int] = dict.fromkeys((DEFAULT_LABEL, *self._parts.labels), 1)
        for worker in self._live():
            for label in worker.labels:
                found[label] = found.get(label, 0) + 1
        return found

    def _is_served(self, wanted: Collection[str]) -> bool:
        pools: list[Sequence[str] | Mapping[str, int]] = [worker.labels for worker in self._live()]
        return any(fits(list(wanted), pool) for pool in [*pools, {DEFAULT_LABEL: 1, **self._parts.labels}])

    def _live(self) -> list[Worker]:
        return [worker for worker in self.workers() if worker.state is WorkerState.LIVE]


def check_labels(labels: Iterable[str]) -> None:
    """Refuse labels that are no names.

    Raises:
        InvalidError: one is none.
    """
    for label in labels:
        if problem := name_problem(label):
            raise InvalidError(f"label {label!r}: {problem}")


def serving(space: Workspace, labels: Mapping[str, int]) -> Workspace:
    """Return a workspace as a worker has it, which serves labels (-> slots) beside those that are configured."""
    return type(space)(replace(space.parts, labels={**labels, **space.parts.labels})) if labels else space


def takes_up(state: Status) -> bool:
    """Tell whether a worker hosts a run that is in this state."""
    return state in (Status.PENDING, Status.INTERRUPTED)
