"""Attempts in threads of this process: what an executor that starts no workers is built on.

Apart from `attempt`, which changes its process as a whole: signals, descriptors, working directory.
"""

from __future__ import annotations

import io
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..core.artifacts import ArtifactRef, Output
from ..core.events import AttemptFailed, AttemptSucceeded
from ..core.orders import Order, Resolved, RunContext
from ..core.states import Reason
from ..core.supply import Blob, Constant
from .blobs import object_path, open_object
from .call import Functions, Step, prepare
from .catalog import keep_files, refuse_unmade, restore_file, restore_object
from .codefiles import CodeFiles
from .context import WorkerContext
from .failure import describe_failure
from .logbook import Book, open_book
from .logformat import LOG_SUFFIX, encode_record
from .pickles import load_by_value
from .returns import WrongReturns, logged_output
from .scalars import CastError, text_value
from .secrets import mask
from .serializers import CannotSerialize
from .stored import value_of

_TYPED = ("cli", "env")
"""Origins of a constant that a person typed: it is cast to the annotation of whoever takes it."""


class InProcess:
    """Carries out the orders of one run in this process, each in the thread that asks.

    Steps share the process: what one changes of it, a global or an environment variable, the others see. What each
    prints and logs is kept apart. Nothing that runs can be stopped.

    Args:
        context: what all attempts of the run share.
        worker: what runs show as the worker.
    """

    def __init__(self, context: RunContext, worker: str) -> None:
        self._run = context
        self._worker = worker
        self._context = worker_context(context)
        self._functions = Functions(self._context)
        self._files = CodeFiles(context.root, context.planned_files)
        self._steps: dict[int, Step] = {}
        self._importing = threading.Lock()
        self._writing = threading.Lock()
        self._books = _Books()
        self._streams = (_Lines(sys.stdout), _Lines(sys.stderr))
        self._before = os.getcwd(), list(sys.path), sys.stdout, sys.stderr
        sys.path[:0] = [entry for entry in context.sys_path if entry not in sys.path[: len(context.sys_path)]]
        os.chdir(context.cwd)
        open_book(self._books)
        sys.stdout, sys.stderr = self._streams

    def close(self) -> None:
        """Put this process back as it was, once nothing runs any more. Safe to call twice."""
        if sys.stdout is self._streams[0]:
            cwd, sys.path[:], sys.stdout, sys.stderr = self._before
            os.chdir(cwd)
            open_book(None)

    def carry_out(self, order: Order) -> AttemptSucceeded | AttemptFailed:
        """Execute one attempt and return how it ended. It never raises what the step raises."""
        work = _Work(self._run, order)
        started, begin, cpu = time.time(), time.perf_counter(), time.thread_time()
        problem: Exception | None = None
        with self._noted(order, work):
            try:
                self._execute(order, work)
            except Exception as raised:  # noqa: BLE001  the edge of the user's code
                problem = raised
        times = {
            "at": time.time(),
            "started": started,
            "seconds": time.perf_counter() - begin,
            "cpu_seconds": time.thread_time() - cpu,
        }
        known: dict[str, Any] = {"node": order.node, "attempt": order.attempt, "worker": self._worker, **times}
        metrics = tuple(work.book.metrics)
        if problem is None:
            outputs = (*work.outputs, *work.logged)
            return AttemptSucceeded(**known, peak_bytes=None, outputs=outputs, metrics=metrics)
        return AttemptFailed(
            **known,
            peak_bytes=None,
            reason=_reason(problem, work.reason),
            error=describe_failure(problem, work.inputs, self._context.secrets),
            metrics=metrics,
            outputs=tuple(work.logged),
        )

    def _execute(self, order: Order, work: _Work) -> None:
        step, policy = self._step(order.operation), self._run.operations[order.operation].policy
        work.reason = Reason.INPUT
        refuse_unmade(policy.get, [path for path, _ in order.files])
        for path, ref in order.files:
            if ref.inline is None:
                restore_object(path, self._run.cwd, self._run.objects, ref.sha256, ref.size)
            else:
                restore_file(path, self._run.cwd, ref.inline)
        self._pass(order, policy.secrets)
        for name, value in order.arguments:
            work.inputs[name] = _bound(step, name, value, self._run.objects)
        work.reason = Reason.ERROR
        for declared, result in step.call(work.inputs):
            work.outputs.append(step.returns.keep(declared, result, work.book.metrics))
        if policy.put:
            work.outputs += keep_files(
                policy.put, self._run.cwd, self._run.objects, keep_copy=policy.store_copy, secrets=self._context.secrets
            )

    def _step(self, operation: int) -> Step:
        with self._importing:
            if operation not in self._steps:
                called = self._run.operations[operation]
                self._steps[operation] = prepare(called, self._context, self._functions, self._files)
            return self._steps[operation]

    def _pass(self, order: Order, secrets: tuple[str, ...]) -> None:
        os.environ.update(order.environ)
        for name in secrets:
            if name not in self._context.secrets:
                raise CastError(f"secret {name!r} is not set", f"graft secret set {name}, or export it")
            os.environ[name] = self._context.secrets[name]

    @contextmanager
    def _noted(self, order: Order, work: _Work) -> Iterator[None]:
        """Keep what the attempt prints as its log, and what it logs as its own."""
        self._books.of.book = work.book
        for stream in self._streams:
            stream.begin()
        try:
            yield
        finally:
            self._books.of.book = None
            for name, stream in zip(("stdout", "stderr"), self._streams, strict=True):
                if text := stream.end():
                    self._write(order, name, text.encode("utf-8", "surrogateescape"))

    def _write(self, order: Order, stream: str, data: bytes) -> None:
        record = encode_record(order.node, order.attempt, stream, time.time(), mask(data, self._context.secrets))
        with self._writing, open(os.path.join(self._run.logs, f"{self._worker}{LOG_SUFFIX}"), "ab") as file:
            file.write(record)


class _Work:
    """What one attempt gathers."""

    def __init__(self, context: RunContext, order: Order) -> None:
        self.inputs: dict[str, Any] = {}
        self.outputs: list[Output] = []
        self.logged: list[Output] = []
        self.reason = Reason.ERROR
        """What a failure now would be."""
        cwd, objects, secrets = context.cwd, context.objects, context.secrets
        self.book = Book(lambda value, name: self.logged.append(logged_output(value, name, cwd, objects, secrets)))


class _Books(Book):
    """The book of whichever attempt the thread that asks carries out."""

    def __init__(self) -> None:
        super().__init__(lambda value, name: None)
        self.of = threading.local()

    def __getattribute__(self, name: str) -> Any:
        own = object.__getattribute__(self, "__dict__").get("of")
        book = None if own is None or name == "of" else getattr(own, "book", None)
        return object.__getattribute__(self, name) if book is None else getattr(book, name)


class _Lines(io.TextIOBase):
    """A stream that keeps what each thread writes apart; threads that carry out nothing write where it went before."""

    def __init__(self, before: Any) -> None:
        self._before = before
        self._of = threading.local()

    def begin(self) -> None:
        self._of.text = io.StringIO()

    def end(self) -> str:
        text: str = self._of.text.getvalue()
        self._of.text = None
        return text

    def writable(self) -> bool:
        return True

    def write(self, text: str, /) -> int:
        kept = getattr(self._of, "text", None)
        written: int = (self._before if kept is None else kept).write(text)
        return written

    def flush(self) -> None:
        self._before.flush()


def worker_context(context: RunContext) -> WorkerContext:
    """Return what a worker of the run would hold."""
    return WorkerContext(
        run=context.run,
        root=context.root,
        cwd=context.cwd,
        sys_path=context.sys_path,
        objects=context.objects,
        planned_files=context.planned_files,
        secrets=context.secrets,
        params=context.params,
        code=context.code,
        umask=None,
        environ=None,
        guard=None,
    )


def _bound(step: Step, name: str, value: Resolved, objects: str) -> Any:
    if isinstance(value, Constant):
        is_text = value.origin in _TYPED and isinstance(value.value, str)
        if step.binder is not None:
            return step.binder.constant(name, value.value, is_text=is_text)
        return text_value(str(value.value)) if is_text else value.value
    found = _read(value, objects)
    return found if step.binder is None else step.binder.upstream(name, found)


def _read(value: Resolved, objects: str) -> Any:
    if isinstance(value, list):
        return [_read(each, objects) for each in value]
    if isinstance(value, ArtifactRef):
        return value_of(value, objects)
    if isinstance(value, Blob):
        size = os.stat(object_path(objects, value.sha256)).st_size
        return load_by_value(open_object(objects, value.sha256, size))
    return value.value


def _reason(problem: Exception, reason: Reason) -> Reason:
    if reason is Reason.ERROR and isinstance(problem, CannotSerialize):
        return Reason.UNPICKLABLE
    return Reason.RETURNS if reason is Reason.ERROR and isinstance(problem, WrongReturns) else reason
