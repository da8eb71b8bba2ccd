"""One attempt from its order to its report: decode, bind, call, keep. Nothing a step does gets out of here."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..core.artifacts import Output
from ..core.errors import GraftError
from ..core.graph import Operation, Policy
from ..core.runs import StepError
from ..core.states import Reason
from .arguments import Arguments, Value
from .call import Functions, Step, prepare
from .cancel import CancelSwitch, StepCancelled
from .capture import AttemptBorders
from .catalog import keep_files, refuse_unmade, restore_file, restore_object
from .channel import Message
from .codefiles import CodeFiles
from .context import WorkerContext
from .definitions import Decoder
from .failure import ReportedFailure, describe_failure
from .items import ShapeError
from .live import Voice
from .logbook import Book, open_book
from .observing import NOTHING, Observer
from .outflow import SecretKept
from .returns import WrongReturns, logged_output
from .scalars import CastError
from .secrets import mask_text
from .serializers import CannotSerialize
from .surroundings import Surroundings
from .usage import Meter

if TYPE_CHECKING:
    from .declaring import Declarations


class Attempts:
    """Executes orders one after the other; lives as long as the worker."""

    def __init__(self, context: WorkerContext, borders: AttemptBorders, say: Callable[[Message], None]) -> None:
        """Begin.

        Args:
            context: what all attempts share.
            borders: marks the output of each.
            say: takes `said` messages, while an attempt runs and from any of its threads.
        """
        self._context = context
        self._say = say
        self._borders = borders
        self._decoder = Decoder()
        self._operations: dict[int, Operation] = {}
        self._steps: dict[int, Step] = {}
        self._functions = Functions(context)
        self._arguments = Arguments(context.objects)
        self._switch = CancelSwitch()
        self._switch.install()
        self._files = CodeFiles(context.root, context.planned_files)
        self._meter = Meter()
        self._observer = Observer(context.root, context.cwd, context.objects)
        self._declarations = None if context.guard is None else _declarations(context)
        self._surroundings = Surroundings(context.cwd)
        self._pid = os.getpid()

    def expect(self) -> None:
        """Note that the next order may be taken now; call it before it is."""
        self._switch.expect()

    def execute(self, order: Sequence[Any]) -> Message:
        """Execute one order and return the report for it."""
        _, token, node, number, index, arguments, files, definition, environ = order
        if definition is not None and index not in self._operations:
            self._operations[index] = self._decoder.decode(definition)
        self._borders.begin(number, node)
        attempt = _Attempt(self._context, self._say, token)
        started, begin = time.time(), time.perf_counter()
        self._meter.start()
        problem: BaseException | None = None
        was_cancelled = False
        try:
            try:
                self._switch.arm()
                os.environ.update(environ)
                self._run(attempt, index, arguments, files)
            finally:
                # A SIGTERM takes the weapon away itself; what the step then raised is the end of a cancelled attempt.
                was_cancelled = self._switch.disarm()
        except BaseException as raised:  # noqa: BLE001  SystemExit and KeyboardInterrupt of a step end it, not us
            problem = raised
        open_book(None)
        self._observer.stop()
        if os.getpid() != self._pid:  # a child that the step forked and that came back instead of leaving
            os._exit(1)
        if self._declarations is not None:
            problem = self._guarded(attempt, index, files, environ, problem)
        try:
            if problem is not None and (was_cancelled or isinstance(problem, StepCancelled)):
                return ("cancelled", token, started, time.perf_counter() - begin, attempt.evidence())
            return self._report(attempt, problem, token, started, begin)
        finally:
            del problem  # its traceback holds this frame: a cycle that would keep the step's values until a collection

    def tidy(self) -> None:
        """Put back what the last step changed around itself; after its report went out, which does not wait for it.

        Raises:
            OSError: the working directory is gone; this worker is of no use any more.
        """
        self._surroundings.restore()

    def _run(self, attempt: _Attempt, index: int, arguments: Sequence[Any], files: Sequence[Any]) -> None:
        open_book(attempt.book)
        self._observer.begin()
        if self._declarations is not None:
            self._declarations.listen()
        step = self._steps.get(index) or self._prepare(index)
        policy = self._operations[index].policy
        attempt.reason = Reason.INPUT
        if files or policy.get:
            self._restore(policy.get, files)
        if policy.secrets:
            self._pass_secrets(policy.secrets)
        self._arguments.decode(step.binder, arguments, attempt.inputs)
        attempt.reason = Reason.ERROR
        attempt.step = step
        attempt.policy = policy
        if self._declarations is not None:
            self._declarations.settle()
        for declared, value in step.call(attempt.inputs):
            attempt.add(step.returns.keep(declared, value, attempt.book.metrics))
        observed = self._observer.end()
        if observed is not NOTHING:
            attempt.reads = observed.told()
        if policy.put:
            for output in attempt.made(policy):
                attempt.add(output)

    def _guarded(
        self,
        attempt: _Attempt,
        index: int,
        files: Sequence[Any],
        environ: Sequence[tuple[str, str]],
        problem: BaseException | None,
    ) -> BaseException | None:
        """Keep what the attempt used undeclared; return why it failed, which that may be."""
        assert self._declarations is not None
        operation = self._operations.get(index)
        if operation is None:  # it could not even be decoded
            return problem
        try:
            set_for_it = [name for name, _ in environ]
            observed = self._observer.end()
            found = self._declarations.look(operation, observed, [path for path, _ in files], set_for_it)
            if found is None:
                return problem
            attempt.log(self._declarations.output(found), None)
            return problem or self._declarations.problem(found)
        except Exception as second:  # noqa: BLE001  the guard is not what the step is about
            return problem or second

    def _prepare(self, index: int) -> Step:
        operation = self._operations[index]
        is_new = not self._functions.knows(operation.call)
        step = prepare(operation, self._context, self._functions, self._files)
        if is_new:  # module-level code may have run
            self._surroundings.keep_environ()
            self._surroundings.change_directory()
            self._files.look()  # now, and not at its end: what is saved while it runs is not what was imported
        self._steps[index] = step
        return step

    def _restore(self, patterns: Sequence[str], files: Sequence[tuple[str, Value]]) -> None:
        refuse_unmade(patterns, [path for path, _ in files])
        cwd = self._context.cwd
        for path, value in files:
            if value[0] == "f":
                restore_object(path, cwd, self._context.objects, value[2], value[3])
            else:
                restore_file(path, cwd, value[2])

    def _pass_secrets(self, names: Sequence[str]) -> None:
        for name in names:
            if name not in self._context.secrets:
                raise CastError(f"secret {name!r} is not set", f"graft secret set {name}, or export it")
            os.environ[name] = self._context.secrets[name]

    def _report(
        self,
        attempt: _Attempt,
        problem: BaseException | None,
        token: int,
        started: float,
        begin: float,
    ) -> Message:
        # What was measured is the attempt; describing a failure may run the exception's own code.
        seconds = time.perf_counter() - begin
        cpu_seconds, peak = self._meter.stop(attempt.step.peak_bytes if attempt.step else None)
        metrics = attempt.metrics(self._context.secrets)
        if problem is None:
            outputs = tuple((o.name, o.role, *_flat(o)) for o in attempt.outputs.values())
            done = ("done", token, started, seconds, cpu_seconds, peak, outputs, metrics, self._files.look())
            return (*done, attempt.reads) if attempt.reads else done
        reason, error = attempt.failure(problem, self._context.secrets)
        attempt.keep_made()
        evidence = attempt.evidence()
        return ("failed", token, started, seconds, cpu_seconds, peak, reason.value, error, metrics, evidence)


class _Attempt:
    """What one attempt gathers."""

    __slots__ = (
        "_context",
        "_logged",
        "_say",
        "_token",
        "book",
        "inputs",
        "outputs",
        "policy",
        "reads",
        "reason",
        "step",
    )

    def __init__(self, context: WorkerContext, say: Callable[[Message], None], token: int) -> None:
        self._context = context
        self._say = say
        self._token = token
        self._logged: set[str] = set()
        """Names of outputs that stay when it fails."""
        self.book = Book(self.log, self._voice)
        self.inputs: dict[str, Any] = {}
        self.outputs: dict[str, Output] = {}
        self.reason = Reason.ERROR
        """What a failure now would be."""
        self.step: Step | None = None
        """Set when the step's own code begins."""
        self.reads: tuple[str, ...] = ()
        """What it was seen to read, as `AttemptSucceeded.reads`."""
        self.policy: Policy | None = None
        """As `step`."""

    def add(self, output: Output) -> None:
        """Take an output; a file or value that was logged again replaces its earlier state.

        Raises:
            WrongReturns: an output of another role has the name.
        """
        before = self.outputs.get(output.name)
        if before is not None and before.role != output.role:
            raise WrongReturns(f"two outputs are named {output.name!r}: a {before.role} and a {output.role}")
        self.outputs[output.name] = output

    def metrics(self, secrets: Mapping[str, str]) -> tuple[tuple[Any, ...], ...]:
        """Return the points as the protocol has them, texts without secrets."""
        points = self.book.metrics
        if not secrets:
            return tuple(map(tuple, points))
        return tuple(
            (
                mask_text(p.key, secrets),
                mask_text(p.value, secrets) if isinstance(p.value, str) else p.value,
                p.step,
                p.at,
            )
            for p in points
        )

    def failure(self, problem: BaseException, secrets: Mapping[str, str]) -> tuple[Reason, StepError]:
        """Return why it failed, and the record of it."""
        reason = self.reason
        if isinstance(problem, ReportedFailure):
            return problem.reason, problem.described(self.inputs, secrets)
        if reason is Reason.ERROR and isinstance(problem, CannotSerialize):
            reason = Reason.UNPICKLABLE
        elif reason is Reason.ERROR and isinstance(problem, WrongReturns):
            reason = Reason.RETURNS
        elif reason is Reason.ERROR and isinstance(problem, ShapeError):
            reason = Reason.INPUT
        return reason, describe_failure(problem, self.inputs, secrets)

    def evidence(self) -> tuple[tuple[Any, ...], ...]:
        """Return what it logged, as the protocol has outputs: that stays when it fails, what it returns does not."""
        kept = [self.outputs[name] for name in sorted(self._logged)]
        return tuple((output.name, output.role, *_flat(output)) for output in kept)

    def log(self, path_or_value: object, name: str | None) -> None:
        """Take a logged file or value as it is now, or an output that is stored already.

        Raises:
            TypeError: a value has no name.
        """
        if isinstance(path_or_value, Output):
            output = path_or_value
        else:
            output = logged_output(path_or_value, name, self._context.cwd, self._context.objects, self._context.secrets)
        self.add(output)
        self._logged.add(output.name)

    def made(self, policy: Policy, *, are_due: bool = True) -> list[Output]:
        """Return the catalog files the step has made; `are_due` as in `keep_files`, which says what it raises."""
        return keep_files(
            policy.put,
            self._context.cwd,
            self._context.objects,
            keep_copy=policy.store_copy,
            secrets=self._context.secrets,
            are_due=are_due,
        )

    def keep_made(self) -> None:
        """Keep the catalog files that a step which failed has made so far. What goes wrong in it is not the failure."""
        if self.policy is None or not self.policy.put:
            return
        with contextlib.suppress(GraftError, OSError, SecretKept, WrongReturns):
            for output in self.made(self.policy, are_due=False):
                self.add(output)
                self._logged.add(output.name)

    def _voice(self) -> Voice:
        say, token = self._say, self._token
        return Voice(lambda kind, payload: say(("said", token, kind, payload)), self._context.secrets)


def _declarations(context: WorkerContext) -> Declarations:
    from .declaring import Declarations  # for runs with --guard alone

    return Declarations(context)


def _flat(output: Output) -> tuple[str, int, str, bytes | None]:
    ref = output.ref
    return ref.sha256, ref.size, ref.serializer, ref.inline
