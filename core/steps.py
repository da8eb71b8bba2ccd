"""Step: a named unit of a pipeline, with its wiring (`inputs=`, `after=`, `a >> b`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from .errors import InvalidError, nearest
from .named import NamedTuple
from .place import Place

if TYPE_CHECKING:
    from .options import Chosen
    from .pipeline import Pipeline

StepT = TypeVar("StepT", "Unit", "Sequence[Unit]")


class OutputOf(NamedTuple):
    """One output of one step: what `step["name"]` is, for `inputs=`."""

    step: Step
    name: str


class Unit:
    """What a pipeline lists: a step, or a pipeline that stands for one."""

    def as_step(self) -> Step:
        """Return the step it is.

        Raises:
            InvalidError: it is a pipeline without a name.
        """
        raise NotImplementedError  # no ABC: its metaclass would be what people read in messages about a class

    def __rshift__(self, other: StepT) -> StepT:
        """Order: `a >> b` and `a >> [b, c]` run the right side after this step; returns the right side."""
        before = self.as_step()
        for step in _steps(other, f"{before.name} >> "):
            step.flows.append(before)
        return other

    def __rrshift__(self, others: Sequence[Unit]) -> Step:
        """Order: `[a, b] >> c` runs `c` after both."""
        after = self.as_step()
        after.flows.extend(_steps(others, f"... >> {after.name}: "))
        return after


Recovery: TypeAlias = "Unit | Callable[..., object] | Sequence[Unit | Callable[..., object]]"
"""What `on_failure=` takes: a pipeline, a step, a function, or a list of these."""


class Step(Unit):
    """A named unit of a pipeline. Immutable but for `on_failure`, and `a >> b`, which notes the order on `b`."""

    def __init__(self, name: str, place: Place, chosen: Chosen):
        self.name = name
        """Unique in its pipeline."""
        self.place = place
        """Where the user wrote it."""
        self.inputs = chosen.inputs
        self.params = chosen.params
        self.after = chosen.after
        self.fence = chosen.fence
        self.modes = chosen.modes
        self.overrides: Mapping[str, str] = chosen.overrides
        self.policy = chosen.policy
        self.settled = chosen.settled
        """Fields of the policy that were written; what a composite says holds inside for the others."""
        self.on_failure: Recovery | None = chosen.on_failure
        """What takes over when it fails for good. It may be set later."""
        self.flows: list[Step] = []
        """Steps set before this one by `>>`, in the order written."""

    def as_step(self) -> Step:
        """Return the step itself."""
        return self

    def as_pipeline(self) -> Pipeline:
        """Return a pipeline of this step alone, of the same name."""
        from .pipeline import Pipeline  # a pipeline knows its steps, and imports them

        return Pipeline([self], name=self.name)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names it returns, or may return."""
        return ()

    def __getitem__(self, output: str) -> OutputOf:
        """Name one output, for `inputs={"df": clean["df"]}`.

        Raises:
            InvalidError: it returns nothing by that name.
        """
        known = self.outputs
        if output not in known:
            listed = f"it returns {', '.join(known)}" if known else "it returns nothing; see returns="
            raise self.problem(f"returns no {output!r}{nearest(str(output), known)}", listed)
        return OutputOf(self, output)

    def problem(self, message: str, hint: str | None = None) -> InvalidError:
        """Return an error that names this step and where it was written."""
        return InvalidError(f"step '{self.name}': {message}", hint, file=self.place.file, line=self.place.line)


def _steps(other: object, where: str) -> Sequence[Step]:
    steps: list[Step] = []
    for step in other if isinstance(other, list | tuple) else [other]:
        if not isinstance(step, Unit):
            hint = "wrap a function: PythonTask(function)" if callable(step) else None
            raise InvalidError(f"{where}takes steps, not {step!r}", hint)
        steps.append(step.as_step())
    return steps
