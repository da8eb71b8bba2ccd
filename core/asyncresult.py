"""`AsyncResult`: what a submission came to, from any process, at any time."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from .artifacts import ArtifactRef, Output
from .document import root_failures
from .errors import Cancelled, FailedError, MissingError
from .ids import RunId
from .runs import Run, StepError, StepRun
from .states import Status
from .workspace import Workspace

if TYPE_CHECKING:
    from .results import RunResult

POLL_S = 0.05
"""How often `get` looks at the run log."""
ADOPT_S = 1.0
"""How often it looks whether what it waits for waits for a worker that is gone."""


class ResultStatus(StrEnum):
    """Where a submission stands."""

    PENDING = "PENDING"
    """It waits for a worker."""
    STARTED = "STARTED"
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    """It failed, was cancelled, or nobody goes on with it."""


class RemoteError(FailedError):
    """An exception of a step that cannot be raised here as it was; or the traceback of one that can, as its cause."""

    def __init__(self, type_name: str, message: str, traceback: str):
        super().__init__(f"{type_name}: {message}" if message else type_name)
        self.type = type_name
        """Qualified name of the exception."""
        self.traceback = traceback
        """As the worker formatted it."""

    def __str__(self) -> str:
        return f"{self.message}\n{self.traceback}" if self.traceback else self.message

    def __reduce__(self) -> tuple[object, ...]:
        return RemoteError, (self.type, self.message.partition(": ")[2], self.traceback)


class AsyncResult:
    """The result of a submission: of its run, or of one step of it.

    Args:
        workspace: where the run is recorded.
        run: its id.
        step: path of one of its steps; None: what the run as a whole came to.
        load: turns a stored artifact into the Python value.
        unpickle: turns the bytes of an exception into the exception.
        pause: waits for a number of seconds.
        result: returns the run with everything of it.
    """

    def __init__(
        self,
        workspace: Workspace,
        run: RunId,
        step: str | None = None,
        *,
        load: Callable[[ArtifactRef], object],
        unpickle: Callable[[bytes], object],
        pause: Callable[[float], None],
        result: Callable[[Workspace, RunId], RunResult],
    ):
        self._workspace = workspace
        self._run = run
        self._step = step
        self._load = load
        self._unpickle = unpickle
        self._pause = pause
        self._result = result

    def __repr__(self) -> str:
        return f"<AsyncResult {self.id} {self.status}>"

    @property
    def id(self) -> str:
        """What `runtime.result` finds it by, now and in years: the run, or `RUN:STEP`."""
        return self._run if self._step is None else f"{self._run}:{self._step}"

    @property
    def run(self) -> RunResult:
        """The run with everything of it: steps, metrics, logs."""
        return self._result(self._workspace, self._run)

    @property
    def status(self) -> ResultStatus:
        """Where it stands now."""
        return self._look()[0]

    @property
    def reason(self) -> str | None:
        """Why it failed, in one line; None when it did not."""
        status, run = self._look()
        if status is not ResultStatus.FAILURE:
            return None
        error = self._error()
        if error is not None:
            return f"{error.type}: {error.message}"
        submission = self._workspace.submissions.submission(self._run)
        if submission is not None and submission.state == "GIVEN_UP":
            return f"{submission.claims} workers were lost with it"
        return run.reason or f"the run is {run.state}"

    @property
    def is_ready(self) -> bool:
        """Tell whether it has ended, well or not."""
        return self.status in (ResultStatus.SUCCESS, ResultStatus.FAILURE)

    def wait(self, timeout: float | None = None) -> AsyncResult:
        """Wait until it has ended, well or not.

        Raises:
            TimeoutError: it has not after `timeout` seconds.
        """
        waited = looked = 0.0
        while not self.is_ready:
            if timeout is not None and waited >= timeout:
                raise TimeoutError(f"{self.id} is still {self.status} after {timeout:g} s")
            if waited - looked >= ADOPT_S:
                looked = waited
                self._workspace.submissions.adopt()
            self._pause(POLL_S)
            waited += POLL_S
        return self

    def get(self, timeout: float | None = None) -> Any:
        """Wait, and return the value.

        That is what the step (of a run its last one that returns something) made: one value, several by name, None;
        of a fit the address of the generation.

        Raises:
            TimeoutError: it has not ended after `timeout` seconds.
            Cancelled: somebody stopped it.
            Exception: what the step raised, with the worker's traceback as its cause; `RemoteError` when it cannot be
                raised here.
        """
        self.wait(timeout)
        if self.status is ResultStatus.FAILURE:
            raise self._exception()
        return self._value()

    def ref(self) -> ArtifactRef:
        """Return the stored value itself, for another submission that takes it.

        Raises:
            FailedError: it has not ended well.
            MissingError: it has no value, or several.
        """
        if self.status is not ResultStatus.SUCCESS:
            raise FailedError(f"{self.id} is {self.status} and has no value", "get() waits for it")
        outputs = self._outputs()
        if len(outputs) != 1:
            raise MissingError(f"{self.id} has {len(outputs) or 'no'} values", "run.value(name) returns one")
        return outputs[0].ref

    # -- looking ---------------------------------------------------------------------------------------------------

    def _look(self) -> tuple[ResultStatus, Run]:
        run = self._workspace.show(self._run)
        if run.state is Status.STARTED:
            return self._of_step(run) if self._step is not None else ResultStatus.STARTED, run
        if run.state is Status.SUCCESS:
            return self._of_step(run) if self._step is not None else ResultStatus.SUCCESS, run
        submission = self._workspace.submissions.submission(self._run)
        is_open = submission is not None and submission.state in ("WAITING", "TAKEN")
        if run.state is Status.PENDING:
            is_lost = submission is not None and submission.state == "GIVEN_UP"
            return ResultStatus.FAILURE if is_lost else ResultStatus.PENDING, run
        if run.state is Status.INTERRUPTED:
            return ResultStatus.STARTED if is_open else ResultStatus.FAILURE, run
        if run.state is Status.FAILURE and run.counts.get(Status.PENDING):
            return ResultStatus.PENDING, run  # it was put back, and whoever goes on with it has not begun
        return self._of_step(run) if self._step is not None else ResultStatus.FAILURE, run

    def _of_step(self, run: Run) -> ResultStatus:
        step = self._found()
        if step.state.is_good and not _makes_generation(step):
            return ResultStatus.SUCCESS
        if step.state.is_good:  # the generation is there when the whole run is
            known = {Status.STARTED: ResultStatus.STARTED, Status.SUCCESS: ResultStatus.SUCCESS}
            return known.get(run.state, ResultStatus.FAILURE)
        if step.state in (Status.PENDING, Status.STARTED) and run.state is Status.STARTED:
            return ResultStatus(step.state)
        return ResultStatus.FAILURE

    def _found(self) -> StepRun:
        for step in self._workspace.steps(self._run):
            if step.path == self._step:
                return step
        raise MissingError(f"run {self._run} has no step '{self._step}'")

    # -- what came of it -------------------------------------------------------------------------------------------

    def _outputs(self) -> list[Output]:
        steps = self._workspace.making_steps(self._run) if self._step is None else [self._found()]
        made = [[each for each in step.outputs if each.role in ("value", "state")] for step in steps]
        return next((outputs for outputs in reversed(made) if outputs), [])

    def _value(self) -> Any:
        outputs = self._outputs()
        if outputs and all(each.role == "state" for each in outputs):
            run, lifecycle = self._workspace.show(self._run), self._workspace.spec(self._run).lifecycle
            if lifecycle is not None and run.generation is not None:
                return f"{lifecycle.project}/{run.lineage}/{run.generation}"
        if len(outputs) == 1:
            return self._load(outputs[0].ref)
        return {each.name: self._load(each.ref) for each in outputs} or None

    def _error(self) -> StepError | None:
        steps = self._workspace.steps(self._run)
        own = [step for step in steps if step.path == self._step and step.error is not None]
        return next((step.error for step in own or root_failures(steps) if step.error is not None), None)

    def _exception(self) -> BaseException:
        error, run = self._error(), self._workspace.show(self._run)
        if error is None:
            if run.state is Status.CANCELLED:
                return Cancelled(f"run {self._run} was cancelled", f"graft retry {self._run[:6]} continues it")
            return FailedError(f"{self.id} failed: {self.reason}", f"graft show {self._run[:6]}")
        told = RemoteError(error.type, error.message, error.traceback)
        if error.pickled is None:
            return told
        try:
            original = self._unpickle(error.pickled)
        except Exception:  # noqa: BLE001  its class is not here, or not what it was
            return told
        if not isinstance(original, BaseException):
            return told
        original.__cause__ = told
        return original


def _makes_generation(step: StepRun) -> bool:
    made = [each for each in step.outputs if each.role in ("value", "state")]
    return bool(made) and all(each.role == "state" for each in made)
