"""The step that runs a registered function; the records of functions are those of `registered.py`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Unpack

from .errors import InvalidError
from .graph import Return
from .nesting import Composite
from .options import Options
from .place import caller
from .registered import FunctionVersion, parse_address
from .returns import Returns
from .steps import OutputOf, Step, Unit
from .tasks import Task


class Function(Task):
    """Run a registered function: which code that is, is looked up when the pipeline is compiled, and recorded."""

    def __init__(
        self,
        function: str,
        version: int | None = None,
        name: str | None = None,
        returns: Returns = None,
        **options: Unpack[Options],
    ):
        """Name a function.

        Args:
            function: Its name, or `name@version`.
            version: Which version; None: the newest.
            name: Name of the step; None: the function's.
            returns: What to keep; None: what the function is registered with.
            options: See `Options`; they win over those the function is registered with.

        Raises:
            InvalidError: anything in it is wrong.
        """
        place = caller()
        if not isinstance(function, str):
            raise InvalidError(
                f"Function() takes the name of a registered function, not {function!r}",
                "a function of your code is a step by itself: PythonTask(function)",
                file=place.file,
                line=place.line,
            )
        try:
            self.function, written = parse_address(function)
            if version is not None and (isinstance(version, bool) or not isinstance(version, int) or version < 1):
                raise InvalidError(f"version= takes 1, 2, 3... or None for the newest, not {version!r}")
            if None not in (version, written) and version != written:
                raise InvalidError(f"version= says {version}, and '{function}' another")
        except InvalidError as problem:
            shown = name or (function if function else "Function")
            raise InvalidError(
                f"step '{shown}': {problem.message}", problem.hint, file=place.file, line=place.line
            ) from None
        self.version = version or written
        super().__init__(self.function if name is None else name, place, returns, dict(options))
        given: Any = {key: value for key, value in options.items() if value is not None}
        self.given: Options = given
        """The options as written, for the step of its kind."""
        self.wants = returns
        self.written = self.policy
        """How it is attempted as far as the options say, without those the function is registered with."""
        self.said = self.settled
        """Fields of the policy that the options say."""
        self.found: FunctionVersion | None = None
        """Which version it is; None until it is looked up."""
        self._step: Step | None = None

    @property
    def step(self) -> Step:
        """Return what is executed: a task, or a pipeline as a step. It is there once it was looked up."""
        if self._step is None:
            raise self.problem("is not looked up yet: only a compile knows the registered functions")
        return self._step

    def resolve(self, found: FunctionVersion, step: Step) -> None:
        """Say what it stands for: the version, and the step its kind made of it."""
        self.found, self._step = found, step
        self.policy, self.settled, self.params = step.policy, step.settled, step.params
        step.on_failure = self.on_failure

    @property
    def returns(self) -> tuple[Return, ...] | None:
        """What it keeps; what its function is registered with, once that is known."""
        return self._step.returns if isinstance(self._step, Task) else self._returns

    def __getitem__(self, output: str) -> OutputOf:
        """Name one output; which ones there are is known to the compiler alone."""
        return OutputOf(self, output)


def executed(step: Step) -> Step:
    """Return what a step calls: a registered function stands for the step its kind made of it; any other for itself."""
    return step.step if isinstance(step, Function) else step


def functions_in(steps: Iterable[Step]) -> Iterator[Function]:
    """Yield every step that names a registered function, inside composites and in what takes over on failure too."""
    yield from _functions_in(steps, set())


def _functions_in(steps: Iterable[Step], seen: set[int]) -> Iterator[Function]:
    for step in steps:
        if id(step) in seen:  # a pipeline inside itself is told of when it is compiled
            continue
        seen.add(id(step))
        if isinstance(step, Function):
            yield step
        elif isinstance(step, Composite):
            for pipeline in step.pipelines.values():
                yield from _functions_in(pipeline.steps, seen)
        if step.on_failure is None:
            continue
        for item in step.on_failure if isinstance(step.on_failure, list | tuple) else [step.on_failure]:
            if isinstance(item, Unit) and (not isinstance(item, Step) or item is not step):
                yield from _functions_in(getattr(item, "steps", [item]), seen)
