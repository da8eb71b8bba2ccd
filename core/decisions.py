"""What the starts and ends of composites have decided, read from the outputs of their attempts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NoReturn

from .artifacts import Output
from .errors import PluginError
from .graph import BodyKind, CallKind, Graph, Json, Node

BRANCH = "branch"
"""Output of a choice: the word of the branch."""
SIZE = "size"
"""Last output of a split: how many items there are."""
AGAIN = "again"
"""Output of the end of an iteration: whether the loop goes on."""

DECIDING = frozenset({CallKind.CHOOSE, CallKind.SPLIT, CallKind.UNTIL})
"""Calls whose outputs the scheduler reads."""


def branch(path: str, outputs: Sequence[Output]) -> str:
    """Return the word of the branch that a choice took.

    Raises:
        PluginError: the outputs do not say.
    """
    word = _read(path, outputs, BRANCH)
    return word if isinstance(word, str) else _refuse(path, BRANCH)


def size_to_grow(graph: Graph, node: Node, outputs: Sequence[Output]) -> int | None:
    """Return by how much the graph grows now that a node has succeeded; None: it does not.

    Args:
        graph: as compiled.
        node: it has a body.
        outputs: of its attempt; none for a join.

    Raises:
        PluginError: the outputs do not say.
    """
    assert node.grows is not None
    body = graph.bodies[node.grows]
    if body.kind is BodyKind.MAP:
        size = _read(node.path, outputs, SIZE)
        return size if isinstance(size, int) and size >= 0 else _refuse(node.path, SIZE)
    if body.limit is not None and int(node.name) + 1 >= body.limit:
        return None
    if graph.operations[node.operation].call.kind is CallKind.UNTIL and not _read(node.path, outputs, AGAIN):
        return None
    return 1


def _read(path: str, outputs: Sequence[Output], name: str) -> Json:
    # From the end: a split has one output for each item before its size.
    for output in reversed(outputs):
        if output.name == name and output.ref.inline is not None:
            value: Json = json.loads(output.ref.inline)
            return value
    return _refuse(path, name)


def _refuse(path: str, name: str) -> NoReturn:
    raise PluginError(
        f"'{path}' succeeded, but does not say its '{name}'",
        "its runner or the mock standing for it must return what the step itself would",
    )
