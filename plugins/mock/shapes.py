"""Starts and ends of composites in a mock run: they are not work, so they do what they do, as far as mocks let them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ...core.graph import Call, CallKind, Return
from ...worker.call import StubStep
from ...worker.returns import Returns
from ...worker.shapes import AGAIN, BRANCH, Choose, Reduce, Split, Until

Values = Mapping[str, object]
Pairs = Iterable[tuple[Return, object]]


def _split(call: Call, values: Values, returns: Returns) -> Pairs:
    """Run over no items where a mocked step has returned None for the list."""
    items = [] if values.get("items") is None else values["items"]
    return Split(call, returns).call({"items": items})


def _choose(call: Call, values: Values, returns: Returns) -> Pairs:
    """Take the default for None, and the first branch where there is none."""
    if values.get("value") is None and "null" not in call.branches and "None" not in call.branches:
        return [(Return(name=BRANCH), call.default or call.branches[0])]
    return Choose(call, returns).call(values)


def _until(call: Call, values: Values, returns: Returns) -> Pairs:
    """End the loop for None: nobody would ever say that it is over."""
    return [(Return(name=AGAIN), False)] if values.get("value") is None else Until(returns).call(values)


def _reduce(call: Call, values: Values, returns: Returns) -> Pairs:
    """Hand on the lists; a reducer is the user's code, and returns None as steps do."""
    if call.blob is not None or call.module is not None:
        return StubStep(returns).call({})
    return Reduce(call, None, returns).call(values)


SHAPES: Mapping[CallKind, Callable[[Call, Values, Returns], Pairs]] = {
    CallKind.SPLIT: _split,
    CallKind.CHOOSE: _choose,
    CallKind.UNTIL: _until,
    CallKind.REDUCE: _reduce,
}
"""What an attempt of each kind leaves; it takes the call, its arguments by name, and its declared returns."""
