"""Step: a named unit of a pipeline, with its wiring (`inputs=`, `after=`, `a >> b`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from .errors import InvalidError
from .place import Place

if TYPE_CHECKING:
    from .options import Chosen
    from .pipeline import Pipeline

StepT = TypeVar("StepT", "Step", "Sequence[Step]")


class OutputOf(NamedTuple):
    """One output of one step: what `step["name"]` is, for `inputs=`."""

    step: Step
    name: str


class Step:
    """A named unit of a pipeline. Immutable but for `a >> b`, which notes the order on `b`."""

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
        self.flows: list[Step] = []
        """Steps set before this one by `>>`, in the order written."""

    def __rshift__(self, other: StepT) -> StepT:
        """Order: `a >> b` and `a >> [b, c]` run the right side after this step; returns the right side."""
        for step in _steps(other, f"{self.name} >> "):
            step.flows.append(self)
        return other

    def __rrshift__(self, others: Sequence[Step]) -> Step:
        """Order: `[a, b] >> c` runs `c` after both."""
        self.flows.extend(_steps(others, f"... >> {self.name}: "))
        return self

    def as_pipeline(self) -> Pipeline:
        """Return a pipeline of this step alone, of the same name."""
        from .pipeline import Pipeline  # a pipeline knows its steps, and imports them

        return Pipeline([self], name=self.name)

    def problem(self, message: str, hint: str | None = None) -> InvalidError:
        """Return an error that names this step and where it was written."""
        return InvalidError(f"step '{self.name}': {message}", hint, file=self.place.file, line=self.place.line)


def _steps(other: object, where: str) -> Sequence[Step]:
    steps: list[Step] = []
    for step in other if isinstance(other, list | tuple) else [other]:
        if not isinstance(step, Step):
            hint = "wrap a function: PythonTask(function)" if callable(step) else None
            raise InvalidError(f"{where}takes steps, not {step!r}", hint)
        steps.append(step)
    return steps
