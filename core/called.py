"""Pipelines that are written by calls: `@pipeline` around a body, which is run once for each compile."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from inspect import Parameter
from typing import Any, Generic, ParamSpec, TypeVar, overload

from .arguments import named_arguments
from .bodies import Body, current_body, recording
from .callables import Wrapped, origin
from .constants import Constants
from .errors import InvalidError, nearest
from .formfields import ASKED, FormField, field_of, merged
from .futures import CallError, Future, futures_in, source_of
from .given import Given
from .graph import Json
from .handing import handed, rename, settle
from .ids import name_problem
from .nesting import Nested
from .pipeline import OrderRule, Pipeline
from .place import caller, told_at
from .ports import Workshop
from .provenance import shown
from .records import dataclass, replace
from .returning import Returning
from .steps import Step
from .supply import Constant
from .takes import Take

P = ParamSpec("P")
R = TypeVar("R")


class CalledPipeline(Pipeline, Wrapped, Generic[P, R]):
    """A pipeline whose steps are the calls its body makes. The body's arguments are the pipeline's parameters."""

    __wrapped__: Callable[P, R]

    def __init__(self, function: Callable[P, R], name: str | None, order: str, description: str | None):
        self.__wrapped__ = function
        self.__doc__ = function.__doc__
        self.place = origin(function) or caller()
        self.name = name
        self.params = {}
        self.description = description
        problems = [*self._header_problems(order), *self._body_problems(function)]
        if problems:
            raise told_at(self.place, problems)
        self.order = OrderRule(order)
        self._nested: Nested | None = None
        self._listed: tuple[Step, ...] | None = None

    def __repr__(self) -> str:
        return f"<pipeline {self.name}>"

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the body as the plain function it is: its tasks run here and now, and nothing is recorded.

        In the body of another pipeline, make a step of it, whose steps are those its body makes.

        Raises:
            CallError: in a body, an argument is missing or unknown.
        """
        body = current_body()
        if body is None:
            return self.__wrapped__(*args, **kwargs)
        place = caller()
        named_arguments(self.__wrapped__, args, kwargs, fixed={}, who=f"pipeline '{self.name}'", place=place)
        inner = Body(body)
        with recording(inner):
            outcome = self.__wrapped__(*args, **kwargs)
        if not inner.steps:  # for these arguments it calls no task, and what it returns is there
            return outcome
        step = Nested(self._of(inner), body.free_name(str(self.name)), place)
        body.add(step)
        made: R = handed(body, inner, step, outcome)
        return made

    @property
    def steps(self) -> tuple[Step, ...]:  # type: ignore[override]  # others are given theirs
        """Its steps with the defaults of all parameters: what it is as a step of a list.

        Raises:
            InvalidError: a parameter has no default.
        """
        if self._listed is None:
            for each in inspect.signature(self.__wrapped__).parameters.values():
                if each.default is each.empty and each.kind is not each.VAR_KEYWORD:
                    hint = "give it one, or call it in the body of a @pipeline"
                    text = f"listed as a step, it has the defaults of its parameters, and '{each.name}' has none"
                    raise self._wrong(text, hint)
            body = Body()
            with recording(body):
                outcome = self.__wrapped__()  # type: ignore[call-arg]  # all have defaults
            _name_outputs(self, body, outcome)
            self._listed = tuple(body.steps)
        return self._listed

    def _of(self, body: Body) -> Pipeline:
        made = Pipeline(body.steps, self.name, order=self.order, description=self.description)
        made.place = self.place
        return made

    def _body_problems(self, function: Callable[..., object]) -> list[InvalidError]:
        problems: list[InvalidError] = []
        if not inspect.isfunction(function):
            return [self._wrong(f"@pipeline takes a function, not {function!r}", "put it above a `def`")]
        if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
            problems.append(self._wrong("its body is a plain `def`", "its tasks may be `async def`"))
        for each in inspect.signature(function).parameters.values():
            if each.kind in (each.VAR_POSITIONAL, each.POSITIONAL_ONLY):
                text = f"its argument '{each}' has no name that a parameter could be given by"
                problems.append(self._wrong(text))
        return problems


@dataclass(frozen=True, slots=True)
class Written:
    """A pipeline as its steps, and what is left of the parameters for them."""

    pipeline: Pipeline
    given: Given
    params: Mapping[str, Json]
    """Parameters of the body that a person gave, cast, by name."""


@overload
def pipeline(function: Callable[P, R], /) -> CalledPipeline[P, R]: ...
@overload
def pipeline(
    *, name: str | None = ..., order: str = ..., description: str | None = ...
) -> Callable[[Callable[P, R]], CalledPipeline[P, R]]: ...
def pipeline(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    order: str = "listed",
    description: str | None = None,
) -> Any:
    """Make a pipeline of a function that calls tasks: `@pipeline`, or `@pipeline(name="iris")`.

    Args:
        function: Its arguments are the pipeline's parameters; it is run once for each compile, with their real values.
        name: None: that of the function.
        order: As of `Pipeline`; calls are listed in the order they are made.
        description: None: the first line of the function's docstring.

    Raises:
        InvalidError: anything in it is wrong.
    """

    def wrap(body: Callable[..., Any]) -> CalledPipeline[..., Any]:
        first = (inspect.getdoc(body) or "").partition("\n")[0] or None
        named = getattr(body, "__name__", None) if name is None else name
        return CalledPipeline(body, named, order, first if description is None else description)

    return wrap if function is None else wrap(function)


def body_form(made: Pipeline, workshop: Workshop, given: Given) -> tuple[FormField, ...] | None:
    """Return the parameters that the body of a pipeline written by calls takes; None for any other pipeline."""
    if not isinstance(made, CalledPipeline):
        return None
    fields = []
    for each in workshop.signature(made.__wrapped__).parameters.values():
        if each.kind is each.VAR_KEYWORD:
            continue
        found = given.find("", each.name)
        source = None if found is None else Constant(_plain(found.value), found.origin)
        if found is None and each.default is each.empty:
            source = Constant(None, ASKED)
        take = Take(each.name, each.default is each.empty, each.annotation, each.default)
        fields.append(field_of(take, each.name, source, given))
    return merged(each for each in fields if each is not None)


def _plain(value: object) -> Json:
    return value if isinstance(value, bool | int | float | str) or value is None else shown(value)


def written(made: Pipeline, workshop: Workshop, given: Given) -> Written:
    """Return a pipeline with its steps: for one that is written by calls, run its body with the parameters given.

    Raises:
        InvalidError: a parameter is missing, unknown or does not cast; or whatever the body raises, at its line.
    """
    if not isinstance(made, CalledPipeline):
        return Written(made, given, {})
    values, params = _parameters(made, workshop, given)
    body = Body(returning=Returning(workshop.read))
    with recording(body):
        outcome = workshop.call(made.__wrapped__, values)
    _name_outputs(made, body, outcome)
    if not body.steps:
        raise made._wrong("its body calls no task", "a step is a call of a function that @task is above")
    # A parameter reaches a step through the body alone; what is named for one step is still the step's.
    return Written(made._of(body), _for_steps(given), params)


def _parameters(
    made: CalledPipeline[..., Any], workshop: Workshop, given: Given
) -> tuple[dict[str, object], dict[str, Json]]:
    values: dict[str, object] = {}
    params: dict[str, Json] = {}
    problems: list[InvalidError] = []
    constants = Constants(workshop)
    signature = workshop.signature(made.__wrapped__)
    for name, annotation, is_required in _wanted(signature, given):
        found = given.find("", name)
        if found is None:
            if is_required:
                hint = f"give it: -p {name}=..., params=, or a default"
                problems.append(made._wrong(f"it needs the parameter '{name}', and nothing gives it", hint))
            continue
        try:
            values[name] = workshop.cast(found.value, annotation, is_text=found.is_text)
            constant = constants.given(found, annotation)
        except InvalidError as problem:
            problems.append(made._wrong(f"parameter '{name}': {problem.message}", problem.hint))
            continue
        if isinstance(constant, Constant):
            params[name] = constant.value
    problems += _unknown(made, signature, given)
    if problems:
        raise InvalidError.all_of(problems)
    return values, params


def _wanted(signature: inspect.Signature, given: Given) -> list[tuple[str, object, bool]]:
    """Return (name, annotation, whether it is required) of the body's arguments; `**kwargs` takes all that is given."""
    wanted: list[tuple[str, object, bool]] = []
    for each in signature.parameters.values():
        if each.kind is not each.VAR_KEYWORD:
            wanted.append((each.name, each.annotation, each.default is each.empty))
            continue
        rest = [name for name in given.names_for("") if name not in signature.parameters]
        wanted += [(name, each.annotation, False) for name in rest]
    return wanted


def _unknown(made: CalledPipeline[..., Any], signature: inspect.Signature, given: Given) -> list[InvalidError]:
    if any(each.kind is Parameter.VAR_KEYWORD for each in signature.parameters.values()):
        return []
    known = list(signature.parameters)
    hint = f"it takes {', '.join(known)}" if known else "its body takes no arguments"
    return [
        made._wrong(f"it takes no parameter '{name}'{nearest(name, known)}", hint)
        for name in given.demanded()
        if ":" not in name and name not in known
    ]


def _for_steps(given: Given) -> Given:
    def own(values: Mapping[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in values.items() if ":" in key}

    return replace(given, typed=own(given.typed), call=own(given.call), environ={}, file=own(given.file))


def _name_outputs(made: CalledPipeline[..., Any], body: Body, outcome: object) -> None:
    """Give what the body returns in a dict the names it has there."""
    if outcome is not None and not futures_in(outcome):
        raise made._wrong(f"its body returns {outcome!r}", "return what a task returned, several of them, or a dict")
    for name, future in outcome.items() if isinstance(outcome, dict) else ():
        if not isinstance(future, Future):
            raise made._wrong(f"its body returns {future!r} as '{name}'", "return what tasks returned")
        if (trouble := name_problem(name)) is not None:
            raise made._wrong(f"its body returns {name!r}, which is no name: {trouble}")
        try:
            step, output = source_of(future, body)
        except CallError as problem:
            raise made._wrong(f"its body returns '{name}': {problem.message}", problem.hint) from problem
        rename(body, step, output, name)
    settle(body)
