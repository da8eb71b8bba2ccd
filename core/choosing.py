"""`when(...)`: one of several branches of a body, by a value that is known now or when the run has come there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from .bodies import Body, current_body, recording
from .calls import CalledTask
from .composites import Conditional
from .flows import flow_of
from .futures import CallError, Future, Futures, misused, source_of
from .handing import rename
from .pipeline import Pipeline
from .place import Place, caller
from .tasks import Stub

Branch: TypeAlias = Callable[[], Any]
"""A branch as a body writes it: a function without arguments that calls tasks, and returns what they return."""


def when(
    value: object, then: Branch | Mapping[Any, Branch], otherwise: Branch | None = None, *, name: str = "when"
) -> Any:
    """Take one of several branches: `model = when(is_large, lambda: forest(X), lambda: tree(X))`.

    A value that is there decides now, in a body as elsewhere, and the branch is just called. A future decides when
    the run has come there: every branch is written, one runs, and the others are skipped.

    Args:
        value: True or False; with a dict of branches any text, number, truth or None.
        then: What is done for True; or a dict: value -> branch.
        otherwise: What is done else; None: nothing, or with a dict, that is an error.
        name: Of the step.

    Returns:
        What the branch returns. Of a future, all branches return as many values; a branch that only does something
        returns None.

    Raises:
        CallError: no branch fits, a branch is no function, or they return different numbers of values.
    """
    place = caller()
    branches = dict(then) if isinstance(then, Mapping) else {True: then}
    for each in (*branches.values(), *([] if otherwise is None else [otherwise])):
        if isinstance(each, Future | Futures) or not callable(each):
            hint = "write it as a function: when(flag, lambda: fit(X))"
            raise _wrong(place, f"when() takes branches to call, not {each!r}", hint)
    body = current_body()
    if body is None or not isinstance(value, Future):
        return _taken(value, branches, otherwise, place, is_flag=not isinstance(then, Mapping))
    return _chosen(body, value, branches, otherwise, name, place, is_flag=not isinstance(then, Mapping))


def same(value: object) -> object:
    """Return the value: the step of a branch that hands on what was there before it."""
    return value


def _taken(
    value: object, branches: Mapping[Any, Branch], otherwise: Branch | None, place: Place, *, is_flag: bool
) -> Any:
    if isinstance(value, Future):
        raise misused(f"{value!r} is used outside of its pipeline", None)
    by_text = {True: branches[True]} if is_flag else {str(key): each for key, each in branches.items()}
    chosen = by_text.get(bool(value) if is_flag else str(value), otherwise)  # type: ignore[arg-type]  # alike keys
    if chosen is not None:
        return chosen()
    if is_flag:
        return None
    raise _wrong(place, f"when() has no branch for {value!r}", f"it has {', '.join(map(str, branches))}")


def _chosen(
    body: Body,
    value: Future,
    branches: Mapping[Any, Branch],
    otherwise: Branch | None,
    name: str,
    place: Place,
    *,
    is_flag: bool,
) -> Future | Futures:
    inner = {key: _Written(body, each, place) for key, each in branches.items()}
    default = _Written(body, otherwise, place) if otherwise is not None else None
    if default is None and is_flag:
        default = _Written(body, lambda: None, place)
    written = [*inner.values(), *([] if default is None else [default])]
    count = max(each.count for each in written)
    names = next((each.names for each in written if each.count == count and all(each.names)), None)
    for each in written:
        each.hand_out(count, names, name)
    step = Conditional(
        source_of(value, body),
        {key: each.pipeline() for key, each in inner.items()},
        None if default is None else default.pipeline(),
        name=body.free_name(name),
    )
    step.place = place
    body.add(step)
    return body.futures(step, names or _plain_names(count, name))


class _Written:
    """One branch, with what it returns."""

    def __init__(self, outer: Body, branch: Branch, place: Place):
        self._body = Body(outer)
        self._place = place
        with recording(self._body):
            outcome = branch()
        several = isinstance(outcome, tuple)
        self._values: list[Any] = list(outcome) if several else [] if outcome is None else [outcome]

    @property
    def count(self) -> int:
        """How many values it returns."""
        return 0 if self._keeps_nothing() else len(self._values)

    @property
    def names(self) -> list[str]:
        """Names of the values, those of steps inside; "" for one that was there before."""
        return [each._output or "" if self._is_inside(each) else "" for each in self._values]

    def hand_out(self, count: int, names: Sequence[str] | None, wanted: str) -> None:
        """Give the values these names, as all branches do.

        Raises:
            CallError: it returns another number of values.
        """
        if count and not self._values:
            self._values = [None] * count
        if count and len(self._values) != count:
            text = f"when() has branches that return {count} values, and one that returns {len(self._values)}"
            raise _wrong(self._place, text, "let each return as many")
        for position, name in enumerate(names or _plain_names(count, wanted)):
            value = self._values[position]
            if self._is_inside(value) and value._output is not None:
                rename(self._body, value._step, value._output, name)
            else:
                self._keep(value, name)

    def pipeline(self) -> Pipeline:
        """Return it as a pipeline; one that does nothing has a step that does nothing."""
        return Pipeline(self._body.steps or [Stub("nothing")])

    def _keep(self, value: object, name: str) -> None:
        step = CalledTask(same, self._body.free_name("same"), [name], {}, infers=False)
        step.place = self._place
        step.arguments = {"value": flow_of(value, self._body)}
        self._body.add(step)

    def _is_inside(self, value: object) -> bool:
        return isinstance(value, Future) and value._body is self._body

    def _keeps_nothing(self) -> bool:
        only = self._values[0] if len(self._values) == 1 else None
        return isinstance(only, Future) and only._output is None


def _plain_names(count: int, wanted: str) -> list[str]:
    return [wanted] if count == 1 else [f"{wanted}.{position}" for position in range(count)]


def _wrong(place: Place, message: str, hint: str) -> CallError:
    return CallError(message, hint, file=place.file, line=place.line)
