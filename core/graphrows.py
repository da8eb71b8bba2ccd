"""Graphs as columns of plain values, pickled and read in a third of the time: the loader hands one to each command.

A record or a named tuple costs pickle two calls of Python on either side, and ten thousand steps are a hundred thousand
of them. A column is a list: `map` takes it apart and puts it together without a line of Python for each value.
"""

from __future__ import annotations

import copyreg
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from operator import attrgetter, itemgetter
from typing import Any, TypeAlias, TypeVar

from .graph import Argument, Graph, Node, Operation, Return
from .packing import records_of
from .supply import Upstream

Columns: TypeAlias = list[list[Any]]
"""The values of each field of many records; Any because this is the serialization edge."""
_T = TypeVar("_T")


def packed_graph(graph: Graph) -> tuple[Callable[..., Graph], tuple[Any, ...]]:
    """Return what pickle writes of a graph: the function that reads it back, and what that is called with."""
    nodes, operations = _columns(Node, graph.nodes), _columns(Operation, graph.operations)
    nodes[_ARGUMENTS], arguments = _apart(nodes[_ARGUMENTS])
    operations[_RETURNS], returns = _apart(operations[_RETURNS])
    rest = {name: getattr(graph, name) for name in _REST}
    return unpacked_graph, (nodes, _argument_columns(arguments), operations, _columns(Return, returns), rest)


def unpacked_graph(
    nodes: Columns, arguments: Columns, operations: Columns, returns: Columns, rest: dict[str, Any]
) -> Graph:
    """Return the graph these columns are of."""
    nodes[_ARGUMENTS] = _together(nodes[_ARGUMENTS], _arguments(*arguments))
    operations[_RETURNS] = _together(operations[_RETURNS], records_of(Return, returns))
    return Graph(nodes=tuple(records_of(Node, nodes)), operations=tuple(records_of(Operation, operations)), **rest)


def _columns(kind: type, records: Sequence[object]) -> Columns:
    return [list(map(attrgetter(name), records)) for name in _slots(kind)]


def _apart(lists: Sequence[Sequence[_T]]) -> tuple[list[int], list[_T]]:
    """Return how long each of many lists is, and all that is in them."""
    return list(map(len, lists)), [each for some in lists for each in some]


def _together(sizes: Sequence[int], items: Sequence[_T]) -> list[tuple[_T, ...]]:
    """Return the lists that were taken apart."""
    left = iter(items)
    return [tuple(islice(left, size)) if size else () for size in sizes]


def _argument_columns(arguments: Sequence[Argument]) -> Columns:
    """Return names, what values are of (nearly all of other steps: two texts each), and whether they are optional."""
    names, sources, optional = (list(map(itemgetter(at), arguments)) for at in range(3))
    paths = [source[0] if type(source) is Upstream else source for source in sources]
    outputs = [source[1] if type(source) is Upstream else None for source in sources]
    return [names, paths, outputs, optional]


def _arguments(names: list[Any], paths: list[Any], outputs: list[Any], optional: list[Any]) -> list[Argument]:
    sources = [
        source if output is None else _new(Upstream, (source, output))
        for source, output in zip(paths, outputs, strict=True)
    ]
    # `tuple.__new__`, as `Argument(...)` is another call of Python for each of thirty thousand.
    return list(map(partial(_new, Argument), zip(names, sources, optional, strict=True)))


def _slots(kind: type) -> Sequence[str]:
    slots: Sequence[str] = kind.__slots__  # type: ignore[attr-defined]
    return slots


_new = tuple.__new__
_ARGUMENTS = _slots(Node).index("arguments")
_RETURNS = _slots(Operation).index("returns")
_REST = ("name", "mode", "bodies", "origin", "growth")
copyreg.pickle(Graph, packed_graph)
