"""The one JSON text of a graph, which the store holds and its digest is of, written and read fast.

The same as `core/graphcodec.py` says, with the plain nodes of large graphs by hand: 4 us a node instead of 10 to write,
14 instead of 23 to read.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, TypeVar

from .canonical import canonical, plain
from .graph import Argument, Call, Graph, Node, Operation, Policy, Return, ReturnKind
from .graphcodec import (
    argument_from_json,
    argument_to_json,
    body_from_json,
    body_to_json,
    call_from_json,
    node_from_json,
    node_to_json,
    policy_from_json,
    record_to_json,
    return_from_json,
)
from .supply import Constant, Source, Upstream

_T = TypeVar("_T")


def graph_text(graph: Graph) -> str:
    """Return `canonical(graph_to_json(graph))`, written piece by piece.

    The whole as dicts takes 50 MB for 100,000 nodes, ten times the text.
    """
    graph = graph.origin or graph
    bodies = f'"bodies":{canonical([body_to_json(body) for body in graph.bodies])},' if graph.bodies else ""
    mode = "" if graph.mode == "job" else f'"mode":{canonical(graph.mode)},'
    nodes = ",".join([_node_text(node) for node in graph.nodes])
    known: dict[int, str] = {}
    operations = ",".join([_operation_text(operation, known) for operation in graph.operations])
    return f'{{{bodies}{mode}"name":{canonical(graph.name)},"nodes":[{nodes}],"operations":[{operations}]}}'


def graph_from_text(text: str) -> Graph:
    """Return the graph that `graph_text` wrote.

    Raises:
        KeyError, TypeError, ValueError: the text is not one of ours.
    """
    document = json.loads(text)
    reader = _Reader()
    return Graph(
        name=document["name"],
        nodes=tuple([reader.node(node) for node in document["nodes"]]),
        operations=tuple([reader.operation(operation) for operation in document["operations"]]),
        mode=document.get("mode", "job"),
        bodies=tuple([body_from_json(body) for body in document.get("bodies", ())]),
    )


def _node_text(node: Node) -> str:
    if node.files or node.environ or node.guard is not None or node.grows is not None or node.family is not None:
        return canonical(node_to_json(node))
    arguments = ",".join(
        [
            f'[{quoted(name)},{{"node":{quoted(source[0])},"output":{quoted(source[1])}}}]'
            if type(source) is Upstream and not is_optional
            else _argument_text(name, source, is_optional=is_optional)
            for name, source, is_optional in node.arguments
        ]
    )
    arguments = arguments and f'"arguments":[{arguments}],'
    needs = f'"needs":[{",".join(map(quoted, node.needs))}],' if node.needs else ""
    return f'{{{arguments}{needs}"operation":{node.operation},"path":{quoted(node.path)}}}'


def _argument_text(name: str, source: Source, *, is_optional: bool) -> str:
    if not is_optional and isinstance(source, Constant):
        value = canonical(plain(source.value))
        return f'[{quoted(name)},{{"origin":{quoted(source.origin)},"value":{value}}}]'
    return canonical(argument_to_json(Argument(name, source, is_optional)))


def _operation_text(operation: Operation, known: dict[int, str]) -> str:
    """Return an operation; thousands have one call and one policy, known by identity."""
    policy = _record_text(operation.policy, known)
    returns = f',"returns":[{",".join(map(_return_text, operation.returns))}]' if operation.returns else ""
    policy = "" if policy == "{}" else f',"policy":{policy}'
    return f'{{"call":{_record_text(operation.call, known)}{policy}{returns}}}'


def _record_text(each: Call | Policy, known: dict[int, str]) -> str:
    text = known.get(id(each))
    if text is None:
        text = known[id(each)] = canonical(record_to_json(each))
    return text


def _return_text(each: Return) -> str:
    if each.file is None and each.pattern is None and each.kind is ReturnKind.AUTO:
        return f'{{"name":{quoted(each.name)}}}'
    return canonical(record_to_json(each))


class _Reader:
    """Reads nodes and operations; what many have in common is one object again, as it was when it was compiled."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        """Paths and names: each stands in the text as often as it is needed."""
        self._records: dict[str, Any] = {}
        """Calls and policies by how they are written."""

    def node(self, document: dict[str, Any]) -> Node:
        arguments, needs = document.get("arguments", ()), document.get("needs", ())
        if len(document) > 2 + bool(arguments) + bool(needs):
            return node_from_json(document)
        once = self._texts.setdefault
        path = document["path"]
        return Node(
            path=once(path, path),
            operation=document["operation"],
            arguments=tuple([self._argument(each) for each in arguments]),
            needs=tuple([once(need, need) for need in needs]),
        )

    def _argument(self, written: list[Any]) -> Argument:
        source = written[1]
        if "output" not in source or len(written) > 2:
            return argument_from_json(written)
        once = self._texts.setdefault
        name, node = written[0], source["node"]
        return Argument(once(name, name), Upstream(once(node, node), source["output"]))

    def operation(self, document: dict[str, Any]) -> Operation:
        policy = document.get("policy")
        return Operation(
            call=self._once(call_from_json, document["call"]),
            returns=tuple([return_from_json(each) for each in document.get("returns", ())]),
            policy=_USUAL if policy is None else self._once(policy_from_json, policy),
        )

    def _once(self, read: Callable[[dict[str, Any]], _T], document: dict[str, Any]) -> _T:
        written = repr(document)
        found: _T | None = self._records.get(written)
        if found is None:
            found = self._records[written] = read(document)
        return found


_USUAL = Policy()
