"""Steps that hold pipelines. What is in them runs as steps of the same run, their paths below that of the composite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .errors import InvalidError
from .graph import ON_FAILURE
from .ids import name_problem
from .options import Options, choose
from .place import Place, told_at
from .steps import Step
from .supply import Source

if TYPE_CHECKING:
    from .pipeline import Pipeline  # it makes steps of pipelines, so a real import would be a circle

PASSED_ON = frozenset(
    (
        "retries",
        "backoff_s",
        "timeout_s",
        "resources",
        "profile",
        "overrides",
        "labels",
        "isolation",
        "secrets",
        "reads",
        "env",
        "cache",
        "watch",
    )
)
"""Fields of a composite's policy that hold for the steps inside which do not set them."""


class Composite(Step):
    """A step made of pipelines.

    `inputs=` and `params=` give values, by name, to all that is inside. Retries, timeout, resources, labels and the
    like hold for each step inside that does not set them itself; `after=`, `fence=`, `on_failure=` and terminate for
    the composite as a whole.
    """

    is_open = False
    """Whether the steps after it take values right from the steps inside, and need not wait for all of it."""

    def __init__(self, name: object, place: Place, options: Mapping[str, object], problems: list[InvalidError]):
        """Check what all composites have.

        Args:
            name: Of the step.
            place: Where the user wrote it.
            options: See `Options`.
            problems: Those found already; told together with what is found here.

        Raises:
            InvalidError: there is any problem.
        """
        kind = type(self).__name__
        found: list[InvalidError] = []
        if trouble := name_problem(name):
            found.append(InvalidError(trouble, f"give it one: {kind}(..., name='...')"))
        options = dict(options)
        if options.pop("catalog", None) is not None:
            found.append(InvalidError("catalog= is of a task", "the steps inside put and get files"))
        chosen, wrong = choose(kind, options)
        found += [*wrong, *problems]
        if found:
            shown = name if isinstance(name, str) and name else kind
            raise told_at(place, [_placed(shown, place, each) for each in found])
        super().__init__(str(name), place, chosen)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    @property
    def pipelines(self) -> Mapping[str, Pipeline]:
        """The pipelines inside, by the name of the branch; "" for the one of a composite without branches."""
        raise NotImplementedError

    @property
    def given_inside(self) -> tuple[str, ...]:
        """Names under which it gives something to the steps inside: an item, the number of an iteration."""
        return ()

    def gives(self, name: str, path: str) -> Source | None:
        """Return what it gives to the steps inside under one of these names; None under any other.

        Args:
            name: That a step inside takes.
            path: Of the pipeline inside.
        """
        return None

    @property
    def hands_on(self) -> frozenset[str] | None:
        """Names that the steps after it may take, of those that are returned inside; None: all."""
        return None

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names the steps inside return, or may return."""
        return outputs_of(*self.pipelines.values())


class Nested(Composite):
    """A pipeline as a step: what `Pipeline.with_(...)` makes, or listing a pipeline in another one."""

    is_open = True

    def __init__(self, pipeline: Pipeline, name: str | None, place: Place, options: Options | None = None):
        """Take a pipeline.

        Args:
            pipeline: What is inside.
            name: None: that of the pipeline.
            place: Where the user wrote it.
            options: See `Options`.

        Raises:
            InvalidError: there is no name, or an option is wrong.
        """
        if name is None and pipeline.name is None:
            hint = "give it one: Pipeline(..., name='...'), or pipeline.with_(name='...')"
            raise InvalidError("pipeline: it needs a name to be a step", hint, file=place.file, line=place.line)
        self.pipeline = pipeline
        super().__init__(pipeline.name if name is None else name, place, dict(options or {}), [])

    @property
    def pipelines(self) -> Mapping[str, Pipeline]:
        """The pipeline."""
        return {"": self.pipeline}


class Learning(Composite):
    """A composite of the steps of a model; one class for the compiler, which need not import what makes them."""

    is_open = True


def outputs_of(*pipelines: Pipeline) -> tuple[str, ...]:
    """Return the names the steps of pipelines return, or may return, each once."""
    return tuple(dict.fromkeys(name for each in pipelines for step in each.steps for name in step.outputs))


def branch_problem(word: object, *reserved: str) -> str | None:
    """Say what is wrong with the name of a branch; None when it is good."""
    if trouble := name_problem(word):
        return trouble
    return f"'{word}' has a meaning of its own in paths" if word in (ON_FAILURE, *reserved) else None


def _placed(shown: str, place: Place, problem: InvalidError) -> InvalidError:
    return InvalidError(f"step '{shown}': {problem.message}", problem.hint, file=place.file, line=place.line)
