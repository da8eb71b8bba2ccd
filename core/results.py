"""What `execute()` and `load_run()` give back: a run with its values at hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .artifacts import ArtifactRef
from .document import root_failures, run_document
from .errors import Cancelled, FailedError, StepFailed
from .graph import Json
from .ids import RunId
from .records import dataclass
from .runs import Run, StepRun
from .states import Status
from .workspace import Workspace

POLL_S = 0.05
"""How often `wait` looks at the run log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactFile:
    """A stored file or value, on disk."""

    name: str
    path: str
    """Absolute path of the stored bytes; do not write to it."""
    sha256: str
    size: int
    """Bytes."""


class RunResult:
    """One run of the run log.

    Args:
        workspace: where the run is recorded.
        run: its id.
        load: turns a stored artifact into the Python value.
        export: gives an artifact's bytes as a file and returns the path.
        pause: waits for a number of seconds.
    """

    def __init__(
        self,
        workspace: Workspace,
        run: RunId,
        *,
        load: Callable[[ArtifactRef], object],
        export: Callable[[ArtifactRef], str],
        pause: Callable[[float], None],
    ):
        self._workspace = workspace
        self.run = run
        self._load = load
        self._export = export
        self._pause = pause

    def __repr__(self) -> str:
        return f"<RunResult {self.run} {self.state}>"

    @property
    def state(self) -> Status:
        """Where the run stands now."""
        return self._workspace.show(self.run).state

    @property
    def record(self) -> Run:
        """The run's row of the run log: times, code, counts."""
        return self._workspace.show(self.run)

    @property
    def params(self) -> Mapping[str, Json]:
        """Parameters of the run."""
        return self._workspace.show(self.run).params

    @property
    def steps(self) -> list[StepRun]:
        """Steps in definition order."""
        return self._workspace.steps(self.run)

    @property
    def metrics(self) -> Mapping[str, Json]:
        """Last value of each metric."""
        found: dict[str, Json] = self.to_dict()["metrics"]
        return found

    def value(self, name: str) -> Any:
        """Return one output as a Python value, by `name` or `step:name`.

        Raises:
            MissingError: no output, or several steps, have that name.
            StoreError: the stored bytes are missing or damaged.
        """
        return self._load(self._workspace.output(self.run, name))

    def values(self) -> dict[str, Any]:
        """Return every named output; of equal names the one of the later step."""
        return {
            output.name: self._load(output.ref)
            for step in self._workspace.making_steps(self.run)
            for output in step.outputs
            if output.role in ("value", "state") and step.state.is_good
        }

    def artifact(self, name: str) -> ArtifactFile:
        """Return a catalog file, a logged artifact or an output as a file on disk.

        Raises:
            MissingError: nothing, or several things, have that name.
        """
        ref = self._workspace.output(self.run, name)
        return ArtifactFile(name=name, path=self._export(ref), sha256=ref.sha256, size=ref.size)

    def logs(self, step: str | None = None) -> str:
        """Return captured output as text; of all steps when `step` is None."""
        path = None if step is None else self._workspace.step_path(self.run, step)
        chunks = self._workspace.logs(self.run, path)
        return b"".join(chunk.data for chunk in chunks).decode("utf-8", "backslashreplace")

    def wait(self, timeout: float | None = None) -> RunResult:
        """Wait until the run has ended.

        Raises:
            FailedError: it has not ended after `timeout` seconds.
        """
        waited = 0.0
        while not self.state.is_final:
            if timeout is not None and waited >= timeout:
                raise FailedError(f"run {self.run} is still {self.state} after {timeout:g} s")
            self._pause(POLL_S)
            waited += POLL_S
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the document of `graft --json show`."""
        space, steps = self._workspace, self.steps
        return run_document(space.show(self.run), steps, spec=space.spec(self.run), guards=space.guards(steps))

    def check(self) -> RunResult:
        """Return the result itself when the run succeeded.

        Raises:
            StepFailed: naming the first failed step and its cause.
            Cancelled: somebody stopped it.
            FailedError: it has not ended.
        """
        run = self.record
        if run.state is Status.SUCCESS:
            return self
        if not run.state.is_final:
            raise FailedError(f"run {self.run} has not ended: it is {run.state}", "wait() for it first")
        if run.state is Status.CANCELLED:
            raise Cancelled(f"run {self.run} was cancelled", f"graft retry {self.run[:6]} continues it")
        for step in root_failures(self.steps):
            cause = f"{step.error.type}: {step.error.message}" if step.error else step.reason or "no cause recorded"
            raise StepFailed(
                f"step '{step.path}' failed: {cause}",
                f"graft show {self.run[:6]}; graft logs {self.run[:6]} {step.path}",
                run=self.run,
                step=step.path,
                reason=step.reason,
            )
        why = f": {run.reason}" if run.reason else ""
        raise StepFailed(f"run {self.run} ended as {run.state}{why}", run=self.run, step=None, reason=run.reason)
