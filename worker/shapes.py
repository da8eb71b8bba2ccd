"""What workers do for composites, because it looks at the user's values: split, reduce, choose, go on or not.

Each is a `Step` like any other: an order comes with its arguments, values come out as outputs.
"""

from __future__ import annotations

import enum
import inspect
from collections.abc import Callable, Iterator, Mapping
from types import BuiltinFunctionType
from typing import Any

from ..core.graph import Call, Return, ReturnKind
from .bind import Binder, signature_of
from .items import ShapeError, entries_of, items_of
from .returns import Returns
from .scalars import shown
from .streams import LAZY, finished

SIZE = "size"
"""Last output of a split: how many items there are."""
BRANCH = "branch"
"""Output of a choice: the word it chose."""
AGAIN = "again"
"""Output of an iteration's end: whether there is another."""
_NO_WORDS = frozenset({"false", "no", "off", "0"})
"""Texts that are no end of a loop, as a shell step may say it."""


def _anything(**values: object) -> None:
    """Stand for a signature without annotations: what was typed is JSON if it parses, all else stays as it is."""


class Split:
    """Start of a map: the items of `items` as outputs `0`, `1`, ... or `0.KEY`, ..., and last their number."""

    __slots__ = ("_keys", "binder", "peak_bytes", "returns")

    def __init__(self, call: Call, returns: Returns) -> None:
        self._keys = call.keys
        self.binder: Binder | None = Binder(_anything)
        self.returns = returns
        self.peak_bytes: int | None = None

    def call(self, values: Mapping[str, Any]) -> Iterator[tuple[Return, object]]:
        """Yield each item as one output, so that no more than one of them is held as bytes.

        Raises:
            ShapeError: what came has no items, or one of them lacks an entry.
        """
        items = items_of(values.get("items"))
        for index, item in enumerate(items):
            if not self._keys:
                yield Return(name=str(index)), item
                continue
            for key, entry in zip(self._keys, entries_of(item, self._keys, index), strict=True):
                yield Return(name=f"{index}.{key}"), entry
        yield Return(name=SIZE, kind=ReturnKind.JSON), len(items)


class Choose:
    """Start of a conditional: the word of the branch that `value` fits."""

    __slots__ = ("_branches", "_default", "binder", "peak_bytes", "returns")

    def __init__(self, call: Call, returns: Returns) -> None:
        self._branches = call.branches
        self._default = call.default
        self.binder: Binder | None = Binder(_anything)
        self.returns = returns
        self.peak_bytes: int | None = None

    def call(self, values: Mapping[str, Any]) -> list[tuple[Return, object]]:
        """Return the word.

        Raises:
            ShapeError: it fits no branch, and there is no default.
        """
        value = values.get("value")
        word = next((word for word in _words(value) if word in self._branches), None)
        if word is None and isinstance(plain(value), bool):
            word = self._truth(str(plain(value)))
        if word is None and self._default is None:
            names = ", ".join(self._branches)
            raise ShapeError(f"{shown(plain(value))} fits none of the branches: {names}; there is no default")
        return [(Return(name=BRANCH, kind=ReturnKind.JSON), self._default if word is None else word)]

    def _truth(self, word: str) -> str | None:
        """Return the one branch that is the word but for its case (`TRUE`); None when there are several, or none."""
        found = [branch for branch in self._branches if branch.lower() == word.lower()]
        return found[0] if len(found) == 1 else None


class Until:
    """End of an iteration: it goes on unless `value` is true."""

    __slots__ = ("binder", "peak_bytes", "returns")

    def __init__(self, returns: Returns) -> None:
        self.binder: Binder | None = Binder(_anything)
        self.returns = returns
        self.peak_bytes: int | None = None

    def call(self, values: Mapping[str, Any]) -> list[tuple[Return, object]]:
        """Return whether there is another iteration.

        Raises:
            ShapeError: the value is several truths at once.
        """
        is_over = "value" in values and _truth_of(values["value"])
        return [(Return(name=AGAIN, kind=ReturnKind.JSON), not is_over)]


class Reduce:
    """End of a map: each returned name's list over all items, or what the reducer makes of it."""

    __slots__ = ("_collect", "_function", "_takes_each", "binder", "peak_bytes", "returns")

    def __init__(self, call: Call, function: Callable[..., Any] | None, returns: Returns) -> None:
        self._collect = call.collect
        self._function = function
        self._takes_each = function is not None and takes_each(function)
        self.binder: Binder | None = None
        self.returns = returns
        self.peak_bytes: int | None = None

    def call(self, values: Mapping[str, Any]) -> list[tuple[Return, object]]:
        """Return each declared return reduced; with `collect` the one return is made of one record an item.

        Raises:
            BaseException: whatever the reducer raises, with a note that names the return.
        """
        declared = self.returns.direct
        if self._collect is not None:
            kept = declared[0] if declared else Return(name=self._collect)
            return [self._reduced(kept, _records(values))]
        return [self._reduced(each, values.get(each.name, [])) for each in declared]

    def _reduced(self, declared: Return, items: list[Any]) -> tuple[Return, object]:
        if self._function is None:
            return declared, items
        try:
            result = self._function(*items) if self._takes_each else self._function(items)
            if type(result) in LAZY:
                result = finished(result, (declared,), None)
        except Exception as problem:
            if not items:
                # max() and the like refuse the empty list. A map over nothing did nothing wrong, so it has no result
                # rather than a failure: the list that it would have without a reducer.
                return declared, items
            problem.add_note(f"in the reduction of {declared.name!r} over {len(items)} items")
            raise
        return declared, result


def takes_each(function: Callable[..., Any]) -> bool:
    """Tell whether a reducer takes the items one by one (`lambda *x: max(x)`) and not as one list.

    What takes `*args` and `**kwargs` alike is a wrapper that tells nothing about what it wraps: it gets the list. So
    does a builtin: `max` of one item alone would be asked for the items of that item.
    """
    if type(function) is BuiltinFunctionType:
        return False
    kinds = {parameter.kind for parameter in signature_of(function).parameters.values()}
    return inspect.Parameter.VAR_POSITIONAL in kinds and inspect.Parameter.VAR_KEYWORD not in kinds


def plain(value: Any) -> Any:
    """Return what an enum member or a scalar of numpy (an array without axes as well) stands for; else the value."""
    while isinstance(value, enum.Enum):
        value = value.value
    is_single = type(value).__module__.partition(".")[0] == "numpy" and getattr(value, "shape", None) == ()
    return value.item() if is_single else value


def _words(value: object) -> list[str]:
    """Return the texts under which a value may name a branch, the likeliest first."""
    simple = plain(value)
    words = [str(simple)]
    if isinstance(simple, float) and simple.is_integer():
        words.append(str(int(simple)))
    if isinstance(value, enum.Enum):
        words.append(value.name)
    if isinstance(simple, bool):
        words.append(words[0].lower())
    elif simple is None:
        words.append("null")
    return words


def _truth_of(value: object) -> bool:
    simple = plain(value)
    if isinstance(simple, str):
        return simple.strip().lower() not in _NO_WORDS and bool(simple)
    try:
        return bool(simple)
    except Exception as problem:
        shape = getattr(simple, "shape", None)
        what = type(simple).__name__ if shape is None else f"{type(simple).__name__} of shape {shape}"
        raise ShapeError(f"a loop ends by one truth value, not by {what}; return one, as with .all()") from problem


def _records(values: Mapping[str, list[Any]]) -> list[dict[str, Any]]:
    sizes = {len(items) for items in values.values()}
    if len(sizes) > 1:
        told = ", ".join(f"{name} {len(items)}" for name, items in values.items())
        raise ShapeError(f"items did not all return the same names, so there are no records: {told}")
    return [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]
