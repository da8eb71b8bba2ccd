"""`TASK.map(...)`: a call of a task for each item of a list, which is known now or when the run has come there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .bodies import Body
from .composites import Map
from .errors import nearest
from .futures import Future, futures_in, misused, source_of
from .named import NamedTuple
from .tasks import PythonTask

ITEMS = "items"
"""What the list of a map is called that no step returns."""


class Over(NamedTuple):
    """The arguments of a map."""

    lists: Mapping[str, object]
    """What it runs over, by argument; at least one."""
    rest: Mapping[str, object]
    """What each call gets as it is."""


def over_of(names: Sequence[str], arguments: Mapping[str, object], who: str) -> Over:
    """Return what a map runs over: the arguments named, else the first one.

    Raises:
        CallError: there are no arguments, or a name is none of them.
    """
    if not arguments:
        raise misused(f"{who} map() is given nothing to run over", "write TASK.map(x=[1, 2, 3])")
    for name in names:
        if name not in arguments:
            text = f"{who} map() is to run over '{name}', which is not given{nearest(str(name), list(arguments))}"
            raise misused(text, f"given are {', '.join(arguments)}")
    over = names or [next(iter(arguments))]
    rest = {name: value for name, value in arguments.items() if name not in over}
    return Over({name: arguments[name] for name in over}, rest)


def rows_of(over: Over, who: str) -> list[dict[str, Any]]:
    """Return what each call gets of lists that are here.

    Raises:
        CallError: one is no list, or they are not equally long.
    """
    columns = {name: _items(name, value, who) for name, value in over.lists.items()}
    sizes = {len(items) for items in columns.values()}
    if len(sizes) > 1:
        told = ", ".join(f"'{name}' has {len(items)}" for name, items in columns.items())
        raise misused(f"{who} map() runs over lists of one length, and {told}", None)
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def mapped_here(function: Callable[..., Any], over: Over, who: str, count: int) -> Any:
    """Call the function for each item, here and now; what it returns `count` values of is as many lists."""
    results = [function(**row, **over.rest) for row in rows_of(over, who)]
    if count < 2:
        return results
    return tuple([row[position] for row in results] for position in range(count))


def item_names(over: Over, outputs: Sequence[str]) -> dict[str, str]:
    """Return by argument what its item is called inside: the same, but nothing that the task returns."""
    found: dict[str, str] = {}
    for argument in over.lists:
        name = argument
        while name in outputs or name in found.values():
            name += "_"
        found[argument] = name
    return found


def items_of(over: Over, names: Mapping[str, str], who: str) -> object:
    """Return the list a map runs over: a future, a list of futures, or items that are known.

    Several lists become one of records, whose keys are the names of the items.

    Raises:
        CallError: several are given, and one is a future or holds one; or as `rows_of`.
    """
    if len(over.lists) == 1:
        ((name, value),) = over.lists.items()
        if isinstance(value, Future):
            return value
        items = _items(name, value, who)
        if (inside := futures_in(items)) and not all(isinstance(each, Future) for each in items):
            raise misused(f"{who} map() runs over {inside[0]!r} among other values", "call the task for each of them")
        return items
    for name, value in over.lists.items():
        if futures_in(value):
            hint = "have one task return the items as dicts, and map over that"
            raise misused(f"{who} map() runs over several lists, and '{name}' is not known yet", hint)
    return [{names[name]: value for name, value in row.items()} for row in rows_of(over, who)]


def map_step(
    inner: PythonTask, over: Over, names: Mapping[str, str], name: str, body: Body, who: str, after: Any
) -> Map:
    """Return the step that runs a task for each item.

    Args:
        inner: The step inside, whose arguments are bound already.
        over: What it runs over.
        names: By argument what its item is called inside.
        name: Of the step.
        body: The body it is called in.
        who: The task, for messages.
        after: Steps it comes after besides; None: none.

    Raises:
        CallError: the lists do not go together.
    """
    items = items_of(over, names, who)
    as_ = next(iter(names.values())) if len(names) == 1 else list(names.values())
    given: dict[str, Any] = {} if after is None else {"after": after}
    if isinstance(items, Future):
        return Map(inner, source_of(items, body), as_, name=name, **given)
    assert isinstance(items, list)
    if items and isinstance(items[0], Future):
        given["inputs"] = {ITEMS: [source_of(each, body) for each in items]}
    else:
        given["params"] = {ITEMS: items}
    return Map(inner, ITEMS, as_, name=name, **given)


def _items(name: str, value: Any, who: str) -> list[Any]:
    is_list = not isinstance(value, str | bytes | Mapping) and hasattr(value, "__iter__")
    if isinstance(value, Future) or not is_list:
        raise misused(f"{who} map() runs over lists, and '{name}' is {value!r}", None)
    return list(value)
