"""The pyfunc runner: what the entry point `graftline.runners: pyfunc` names."""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any, ClassVar

from ...core.artifacts import MetricPoint, Output
from ...core.errors import Cancelled
from ...core.events import (
    AttemptDispatched,
    AttemptFailed,
    AttemptSucceeded,
    Fact,
    RunFinished,
    StepJoined,
    StepSettled,
)
from ...core.graph import CallKind, Graph, Node
from ...core.growth import Plot
from ...core.runner import Runner
from ...core.session import Session
from ...core.states import Reason, Status
from ...core.values import Values
from ...worker.context import WorkerContext
from ...worker.failure import describe_failure
from ...worker.inprocess import worker_context
from ...worker.logbook import Book, open_book
from ...worker.logformat import LOG_SUFFIX, encode_record
from ...worker.returns import logged_output
from .units import Unit, Units

WORKER = "pyfunc"


class PyfuncRunner(Runner):
    """Calls the functions of a graph in this process, one after the other: no workers, nothing between the steps.

    What steps return is kept as any runner keeps it. Limits, retries and resources of steps are not. Maps, loops, shell
    commands and notebooks it does not do.
    """

    takes_resources: ClassVar[bool] = False

    @classmethod
    def run(cls, symbols: Graph, *, events: Session, **kwargs: Any) -> None:
        """Call what has not run yet, and report each step as it ends.

        Raises:
            InvalidError: a step is no function.
            Cancelled: somebody asked to stop.
        """
        context = worker_context(events.context)
        with placed(context):
            known = {path: outputs for path, outputs in events.recorded.items() if _is_done(events, path)}
            _Calls(symbols, context, events, known).make()


class _Calls:
    def __init__(
        self, graph: Graph, context: WorkerContext, events: Session, known: Mapping[str, tuple[Output, ...]]
    ) -> None:
        self._graph = graph
        self._context = context
        self._events = events
        self._refs = Values(Plot(graph), known)
        units = Units(graph, context, known)
        self._units = {unit.node.path: unit for unit in units.units}
        self._values = units.values()

    def make(self) -> None:
        """Make all calls; stop at the first that fails, as nothing waits beside it."""
        for node in self._graph.nodes:
            if _is_done(self._events, node.path):
                continue
            if self._events.requests.take() or self._events.log.requests():
                raise Cancelled("stopped")
            unit = self._units.get(node.path)
            if self._graph.operations[node.operation].call.kind is CallKind.JOIN:
                self._join(node)
            elif unit is None or not unit.is_taken(self._values):
                settled = StepSettled(node=node.path, state=Status.SKIPPED, reason=Reason.BRANCH, at=self._now())
                self._events.report([settled])
            elif not self._call(unit):
                return
        self._events.report([RunFinished(state=Status.SUCCESS, reason=None, at=self._now())])

    def _join(self, node: Node) -> None:
        joined: StepJoined = self._refs.join(node.path, self._now())
        self._refs.add(node.path, joined.outputs)
        self._events.report([joined])

    def _call(self, unit: Unit) -> bool:
        """Call one step and report its end; return whether it succeeded."""
        path = unit.node.path
        past = self._events.past.get(path)
        attempt = 1 if past is None else past.attempts + 1
        self._events.report([AttemptDispatched(node=path, attempt=attempt, at=self._now())])
        logged: list[Output] = []
        book = Book(lambda value, name: logged.append(self._logged(value, name)))
        started, begin, cpu = time.time(), time.perf_counter(), time.process_time()
        end: Fact
        try:
            with _captured(self._events.context.logs, path, attempt):
                open_book(book)
                try:
                    pairs = unit.call(self._values)
                finally:
                    open_book(None)
                kept = [unit.step.returns.keep(declared, value, book.metrics) for declared, value in pairs]
        except Exception as problem:  # noqa: BLE001  the edge of the user's code
            end = self._failed(unit, attempt, problem, started, time.perf_counter() - begin, book.metrics)
            self._events.report([end])
            return False
        end = AttemptSucceeded(
            node=path,
            attempt=attempt,
            at=self._now(),
            started=started,
            seconds=time.perf_counter() - begin,
            cpu_seconds=time.process_time() - cpu,
            peak_bytes=None,
            worker=WORKER,
            outputs=(*kept, *logged),
            metrics=tuple(book.metrics),
        )
        self._refs.add(path, end.outputs)
        self._events.report([end])
        return True

    def _failed(
        self, unit: Unit, attempt: int, problem: Exception, started: float, seconds: float, metrics: list[MetricPoint]
    ) -> AttemptFailed:
        return AttemptFailed(
            node=unit.node.path,
            attempt=attempt,
            at=self._now(),
            started=started,
            seconds=seconds,
            cpu_seconds=None,
            peak_bytes=None,
            worker=WORKER,
            reason=Reason.ERROR,
            error=describe_failure(problem, {}, self._context.secrets),
            metrics=tuple(metrics),
        )

    def _logged(self, value: object, name: str | None) -> Output:
        return logged_output(value, name, self._context.cwd, self._context.objects)

    def _now(self) -> float:
        return self._events.clock()


@contextmanager
def placed(context: WorkerContext) -> Iterator[None]:
    """Have this process import the project's modules, and work in its directory meanwhile."""
    before, path = os.getcwd(), list(sys.path)
    sys.path[:0] = [entry for entry in context.sys_path if entry not in sys.path[: len(context.sys_path)]]
    os.chdir(context.cwd)
    try:
        yield
    finally:
        os.chdir(before)
        sys.path[:] = path


def _is_done(events: Session, path: str) -> bool:
    past = events.past.get(path)
    return past is not None and past.state.is_final


@contextmanager
def _captured(logs: str, path: str, attempt: int) -> Iterator[None]:
    """Keep what a step prints as its log; what C code writes goes where this process writes."""
    out, err = io.StringIO(), io.StringIO()
    try:
        with redirect_stdout(out), redirect_stderr(err):
            yield
    finally:
        for stream, text in (("stdout", out.getvalue()), ("stderr", err.getvalue())):
            if text:
                record = encode_record(path, attempt, stream, time.time(), text.encode("utf-8", "surrogateescape"))
                with open(os.path.join(logs, f"{WORKER}{LOG_SUFFIX}"), "ab") as file:
                    file.write(record)
