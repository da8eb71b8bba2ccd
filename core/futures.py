"""What a call of a task gives in the body of a `@pipeline`: a value that no step has made yet.

A future can be handed on, and nothing else: whatever would need the value itself is refused at the line that tries.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from .errors import InvalidError, nearest
from .place import caller
from .steps import OutputOf, Step

if TYPE_CHECKING:
    from .bodies import Body  # a body holds steps and hands out futures, so a real import would be a circle

HINT = "call a task with it; for the items of a list use TASK.map(), to branch on it when()"


class CallError(InvalidError, TypeError):
    """A task or pipeline is called with the wrong arguments, or a future is used as the value it stands for."""


class Future:
    """One value a step will return. Its operators order steps (`a >> b`) or refuse."""

    __slots__ = ("_body", "_output", "_step")

    def __init__(self, body: Body, step: Step, output: str | None):
        """Stand for the output of a step; None for the output: the step keeps nothing, and can only be ordered."""
        self._body = body
        self._step = step
        self._output = output

    def __repr__(self) -> str:
        if self._output is None or self._output == self._step.name:
            return f"<future of {self._step.name}>"
        return f"<future {self._output} of {self._step.name}>"

    def __rshift__(self, other: Any) -> Any:
        """Order: run the steps of the right side after this one; returns the right side."""
        for step in steps_of(other):
            step.flows.append(self._step)
        return other

    def __rrshift__(self, others: Any) -> Future:
        """Order: `[a, b] >> c` runs `c` after both."""
        self._step.flows.extend(steps_of(others))
        return self

    def __getitem__(self, name: object) -> Future:
        """Return another output of the same step by name: a metric, or what the step leaves in a file.

        Raises:
            CallError: it returns nothing by that name; the items of a value are not known yet.
        """
        known = self._step.outputs
        if isinstance(name, str) and name in known:
            return Future(self._body, self._step, name)
        meant = nearest(name, known) if isinstance(name, str) else ""
        raise refusal(self, f"has no item {name!r}{meant}")

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_"):  # Python and libraries ask every object for some of these
            raise AttributeError(name)
        raise refusal(self, f"has no attribute '{name}'")

    def __hash__(self) -> int:
        return id(self)

    def __reduce__(self) -> NoReturn:
        raise refusal(self, "cannot be part of a value")

    def __format__(self, how: str) -> NoReturn:
        raise refusal(self, "cannot be part of a text")


class Futures(tuple[Future, ...]):
    """The values of a step that returns several, in order; `made["X"]` is one of them by name."""

    __slots__ = ()

    def __getitem__(self, which: Any) -> Any:
        """Return a future by position, or any output of the step by name."""
        return self[0][which] if isinstance(which, str) else super().__getitem__(which)

    def __rshift__(self, other: Any) -> Any:
        """Order: run the steps of the right side after this one; returns the right side."""
        return self[0] >> other

    def __rrshift__(self, others: Any) -> Futures:
        """Order: run this one after the steps of the left side."""
        others >> self[0]
        return self


def refusal(future: Future, says: str) -> CallError:
    """Return the error for what a future is asked to do, at the user's line."""
    place = caller()
    return CallError(f"{future!r} {says}: no step has made it yet", HINT, file=place.file, line=place.line)


def source_of(future: Future, body: Body) -> OutputOf:
    """Return which output of which step a future stands for.

    Raises:
        CallError: it is of another pipeline, or its step keeps nothing.
    """
    step, output = future._step, future._output
    if not any(future._body is each for each in body.up()):
        raise misused(f"{future!r} belongs to another pipeline, or to an earlier compile of this one", None)
    if output is None:
        hint = f"name what '{step.name}' keeps: @task(returns=[...])"
        raise misused(f"step '{step.name}' keeps nothing that could be passed on", hint)
    return OutputOf(step, output)


def steps_of(other: object) -> list[Step]:
    """Return the steps behind what stands beside `>>`, or in `after=`.

    Raises:
        CallError: something of it is neither a future nor a step.
    """
    found: list[Step] = []
    for each in other if isinstance(other, list | tuple) and not isinstance(other, Futures) else [other]:
        if isinstance(each, Futures):
            found.append(each[0]._step)
        elif isinstance(each, Future):
            found.append(each._step)
        elif isinstance(each, Step):
            found.append(each)
        else:
            raise misused(f">> takes what tasks return when they are called, not {each!r}", None)
    return found


def futures_in(value: object) -> Sequence[Future]:
    """Return the futures in a value, also those in its lists, tuples, sets and dicts."""
    if isinstance(value, Future):
        return [value]
    if isinstance(value, list | tuple | set | frozenset):
        return [each for item in value for each in futures_in(item)]
    if isinstance(value, dict):
        return [each for item in value.values() for each in futures_in(item)]
    return []


def misused(message: str, hint: str | None) -> CallError:
    """Return an error at the user's line."""
    place = caller()
    return CallError(message, hint, file=place.file, line=place.line)


_REFUSED = {
    "has no truth value": ("bool",),
    "has no length": ("len",),
    "cannot be iterated": ("iter", "next", "contains", "reversed"),
    "cannot be compared": ("eq", "ne", "lt", "le", "gt", "ge"),
    "is no number": ("int", "float", "complex", "index", "round", "neg", "pos", "abs", "invert", "divmod", "rdivmod"),
    "cannot be called": ("call",),
    "cannot be used in a `with`": ("enter", "exit"),
    "cannot be awaited": ("await", "aiter", "anext"),
    "cannot be changed": ("setitem", "delitem"),
    "cannot be calculated with": (
        "array_ufunc",  # numpy's functions
        *("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor", "lshift"),
        *("radd", "rsub", "rmul", "rtruediv", "rfloordiv", "rmod", "rpow", "rmatmul", "rand", "ror", "rxor", "rlshift"),
    ),
}
"""What Python may ask of a value, by what is said instead."""


def _refusal(says: str) -> Callable[..., NoReturn]:
    def refuse(self: Future, *operands: object) -> NoReturn:
        raise refusal(self, says)

    return refuse


for _says, _names in _REFUSED.items():
    for _name in _names:
        setattr(Future, f"__{_name}__", _refusal(_says))
