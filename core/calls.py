"""Tasks that are called: `@task` around a function, which in the body of a `@pipeline` makes a step of each call."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping
from typing import Any, Generic, ParamSpec, TypeVar, Unpack, overload

from .arguments import named_arguments
from .bodies import Body, current_body, returned_names
from .callables import Wrapped, imported, plain
from .errors import InvalidError
from .flows import Flow, ItemOf, flow_of
from .futures import Future, Futures, steps_of
from .graph import Return
from .mapping import item_names, map_step, mapped_here, over_of
from .options import Options, choose
from .place import Place, caller
from .records import replace
from .returns import Returns, declare
from .steps import Step, Unit
from .tasks import PythonTask, name_of, wrong

P = ParamSpec("P")
R = TypeVar("R")


class CalledTask(PythonTask):
    """A step that one call has made; its arguments are those of the call, and none is looked up by name."""

    def __init__(self, function: Callable[..., object], name: str, returns: Returns, options: Options, infers: bool):
        super().__init__(function, name, returns, **options)
        self._infers = infers
        self.arguments: dict[str, Flow] = {}
        """By parameter, in the order of the call. A name that is no parameter goes to `**kwargs`."""

    def rename(self, output: str, name: str) -> None:
        """Give one of its outputs the name the pipeline returns it under.

        Raises:
            InvalidError: it has been given another name, or is found by its name in a file.
        """
        returns = [Return(name=self.name)] if self.returns is None else list(self.returns)
        at = next((at for at, each in enumerate(returns) if each.name == output), -1)
        if at < 0 or returns[at].file is not None or returns[at].pattern is not None:
            raise self.problem(
                f"its output '{output}' cannot be returned as '{name}'",
                "an output has one name; one that is read from a file has its own",
            )
        self._returns = (*returns[:at], replace(returns[at], name=name), *returns[at + 1 :])
        self._infers = False


class TaskFunction(Wrapped, Unit, Generic[P, R]):
    """A function that is a task: called in the body of a `@pipeline` it makes a step, anywhere else it is itself.

    Its type is that of the function, so that a body reads and checks as the plain program it would be.
    """

    __wrapped__: Callable[P, R]
    __name__: str
    __qualname__: str

    def __init__(self, function: Callable[P, R], returns: Returns, name: str | None, options: Options, infers: bool):
        functools.update_wrapper(self, function)
        self.__wrapped__ = function
        self._returns = returns
        self._name = name
        self._options = options
        self._infers = infers
        self._step: PythonTask | None = None

    def __repr__(self) -> str:
        return f"<task {self._called_name}>"

    def __reduce__(self) -> Any:
        if imported(self.__wrapped__) is not None and _holds(self):
            return self.__qualname__  # by name, as a function goes
        return TaskFunction, (self.__wrapped__, self._returns, self._name, self._options, self._infers)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function; in the body of a `@pipeline`, make a step of it and return what stands for its result.

        Raises:
            CallError: in a body, an argument is missing, unknown or no value that can be passed on.
        """
        body = current_body()
        if body is None:
            return self.__wrapped__(*args, **kwargs)
        # A future stands for the value, and refuses what it cannot do.
        return self._called(body, args, kwargs)  # type: ignore[return-value]

    def map(self, *over: str, **arguments: Any) -> list[R]:
        """Call the task for each item of a list; in a body, a step that grows as many as there are when it comes there.

        `fit.map(lr=rates, X=X)` runs over the first argument, and every call gets the others as they are;
        `fit.map("lr", "depth", lr=rates, depth=depths, X=X)` over those named, side by side.

        Args:
            over: Arguments to run over; none: the first one given. Of several, the lists are to be known already.
            arguments: Those of the task, by name; of those to run over, the lists.

        Returns:
            The list of what is returned; for a task of several returns, as many lists.

        Raises:
            CallError: the arguments do not fit the task, or the lists do not go together.
        """
        who = f"task '{self._called_name}':"
        chosen, body = over_of(over, arguments, who), current_body()
        if body is None:
            here: list[R] = mapped_here(self.__wrapped__, chosen, who, len(returned_names(self.as_step())))
            return here
        options, after = self._split_options()
        name = body.free_name(self._called_name)
        inner = CalledTask(
            self.__wrapped__, self._name or name_of(self.__wrapped__) or "", self._returns, options, self._infers
        )
        given = named_arguments(
            self.__wrapped__, (), arguments, fixed=inner.params, who=f"step '{name}'", place=caller()
        )
        names = item_names(chosen, inner.outputs)
        inner.arguments = {
            each: ItemOf(names[each]) if each in names else flow_of(value, body) for each, value in given.items()
        }
        step = map_step(inner, chosen, names, name, body, who, after)
        body.add(step)
        return body.futures(step, returned_names(inner, body.returning))  # type: ignore[return-value]  # as of a call

    def with_(
        self, *, name: str | None = None, returns: Returns = None, **options: Unpack[Options]
    ) -> TaskFunction[P, R]:
        """Return the task with other options: `fit.with_(name="deep", resources={"gpu": 1})(X)`.

        Args:
            name: Name of the step; None: as before.
            returns: What it keeps; None: as before.
            options: Those that change; an option given as None is as if it were never given.

        Raises:
            InvalidError: an option is wrong.
        """
        made = TaskFunction(
            self.__wrapped__,
            self._returns if returns is None else returns,
            self._name if name is None else name,
            {**self._options, **options},
            self._infers and returns is None,
        )
        made._check(caller())
        return made

    def as_step(self) -> PythonTask:
        """Return the step that this task is in a list of steps, bound by name; always the same one."""
        if self._step is None:
            self._step = PythonTask(self.__wrapped__, self._name, self._returns, **self._options)
            self._step._infers = self._infers
        return self._step

    @property
    def _called_name(self) -> str:
        return self._name or name_of(self.__wrapped__) or ""

    def _check(self, place: Place) -> None:
        """Find what is wrong with its options where they are written, before it is called."""
        shown = self._called_name or "task"
        if self._options.get("inputs") is not None:
            hint = "call the task with what it takes"
            raise wrong(shown, place, "inputs= is for steps that are listed; a call passes its arguments itself", hint)
        problems = [] if "after" not in self._options else _after_problems(self._options["after"])
        _, wrong_options = choose("task", {key: value for key, value in self._options.items() if key != "after"})
        try:
            declare(self._returns)
        except InvalidError as problem:
            problems.append(problem)
        problems += wrong_options
        if problems:
            raise InvalidError.all_of([wrong(shown, place, each.message, each.hint) for each in problems])

    def _called(self, body: Body, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Future | Futures:
        place = caller()
        options, after = self._split_options()
        if after is not None:
            options["after"] = after
        name = body.free_name(self._called_name)
        step = CalledTask(self.__wrapped__, name, self._returns, options, self._infers)
        given = named_arguments(self.__wrapped__, args, kwargs, fixed=step.params, who=f"step '{name}'", place=place)
        step.arguments = {each: flow_of(value, body) for each, value in given.items()}
        body.add(step)
        return body.futures(step, returned_names(step, body.returning))

    def _split_options(self) -> tuple[Options, list[Step | str] | None]:
        """Return the options without `after=`, and the steps that one means; None when it is not given."""
        options: Options = {**self._options}
        after: Any = options.pop("after", None)
        return options, None if after is None else [after] if isinstance(after, str) else _awaited(after)


@overload
def task(
    function: Callable[P, R], /, *, returns: Returns = ..., name: str | None = ..., **options: Unpack[Options]
) -> TaskFunction[P, R]: ...
@overload
def task(
    *, returns: Returns = ..., name: str | None = ..., **options: Unpack[Options]
) -> Callable[[Callable[P, R]], TaskFunction[P, R]]: ...
def task(
    function: Callable[..., Any] | None = None,
    /,
    *,
    returns: Returns = None,
    name: str | None = None,
    **options: Unpack[Options],
) -> Any:
    """Make a task of a function: `@task`, `@task(returns=["X", "y"], retries=2)`, or `load = task(module.load)`.

    Args:
        function: Stays as it is; plain, or `async def`.
        returns: What to keep, as of `PythonTask`; None: one value named after the step, if the function returns
            something. An empty list keeps nothing.
        name: Name of the step; None: the function's. A second call of it is `NAME-2`.
        options: See `Options`; `inputs=` is for listed steps only.

    Raises:
        InvalidError: anything in it is wrong.
    """
    place = caller()

    def wrap(wrapped: Callable[..., Any]) -> TaskFunction[..., Any]:
        if not callable(wrapped) or isinstance(wrapped, type):
            raise wrong(name or "task", place, f"@task takes a function, not {wrapped!r}", "put it above a `def`")
        made = TaskFunction(plain(wrapped), returns, name, options, infers=returns is None)
        if name is None and name_of(wrapped) is None:
            raise wrong("task", place, "a lambda has no name", "give it one: task(..., name='...')")
        made._check(place)
        return made

    return wrap if function is None else wrap(function)


def _awaited(after: object) -> list[Step | str]:
    items = after if isinstance(after, list | tuple) and not isinstance(after, Futures) else [after]
    return [each if isinstance(each, str) else steps_of(each)[0] for each in items]


def _after_problems(after: object) -> list[InvalidError]:
    try:
        if after is not None and not isinstance(after, str):
            _awaited(after)
    except InvalidError as problem:
        return [InvalidError(problem.message.replace(">>", "after="), problem.hint)]
    return []


def _holds(made: TaskFunction[..., Any]) -> bool:
    """Tell whether the module of the function holds this very task under the function's name."""
    found: object = sys.modules.get(made.__module__)
    for part in made.__qualname__.split("."):
        found = getattr(found, part, None)
    return found is made
