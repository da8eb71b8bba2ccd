"""Graphs as JSON and back, exactly; as text, which is what the store holds: `core/graphtext.py`.

As in `core/codec.py`: what has its default is left out, and one graph has one text, so that its digest names it. What
a graph grew into while it ran is no part of it: the store keeps the growth beside it.
"""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64  # `base64` takes 0.6 ms more
from collections.abc import Mapping
from typing import Any

from .artifacts import ArtifactRef
from .canonical import plain, rich
from .codec import Document
from .graph import (
    Argument,
    Body,
    BodyKind,
    Call,
    CallKind,
    Graph,
    Guard,
    Node,
    Operation,
    Policy,
    Return,
    ReturnKind,
    Terminate,
)
from .records import defaults_of, names_of
from .supply import Blob, Carried, Constant, Either, Gather, Index, Item, Source, Stored, Upstream


def graph_to_json(graph: Graph) -> Document:
    """Return the graph, as it was compiled, as a JSON object."""
    graph = graph.origin or graph
    known: dict[int, Document] = {}
    document: Document = {
        "name": graph.name,
        "operations": [_operation_to_json(operation, known) for operation in graph.operations],
        "nodes": [node_to_json(node) for node in graph.nodes],
    }
    if graph.mode != "job":
        document["mode"] = graph.mode
    if graph.bodies:
        document["bodies"] = [body_to_json(body) for body in graph.bodies]
    return document


def graph_from_json(document: Mapping[str, Any]) -> Graph:
    """Return the graph that `graph_to_json` wrote.

    Raises:
        KeyError, TypeError, ValueError: the object is not one of ours.
    """
    return Graph(
        name=document["name"],
        nodes=tuple(node_from_json(node) for node in document["nodes"]),
        operations=tuple(_operation_from_json(operation) for operation in document["operations"]),
        mode=document.get("mode", "job"),
        bodies=tuple(body_from_json(body) for body in document.get("bodies", ())),
    )


def node_to_json(node: Node) -> Document:
    """Return a node as a JSON object."""
    document: Document = {"path": node.path, "operation": node.operation}
    if node.arguments:
        document["arguments"] = [argument_to_json(argument) for argument in node.arguments]
    if node.needs:
        document["needs"] = list(node.needs)
    if node.files:
        document["files"] = list(node.files)
    if node.guard is not None:
        document["guard"] = list(node.guard)
    if node.grows is not None:
        document["grows"] = node.grows
    if node.family is not None:
        document["family"] = node.family
    if node.environ:
        document["environ"] = [list(variable) for variable in node.environ]
    return document


def node_from_json(document: Document) -> Node:
    """Return the node `node_to_json` wrote."""
    guard = document.get("guard")
    return Node(
        path=document["path"],
        operation=document["operation"],
        arguments=tuple(argument_from_json(argument) for argument in document.get("arguments", ())),
        needs=tuple(document.get("needs", ())),
        files=tuple(document.get("files", ())),
        guard=None if guard is None else Guard(*guard),
        grows=document.get("grows"),
        family=document.get("family"),
        environ=tuple((name, text) for name, text in document.get("environ", ())),
    )


def body_to_json(body: Body) -> Document:
    """Return a body as a JSON object."""
    document: Document = {
        "kind": body.kind.value,
        "nodes": [node_to_json(node) for node in body.nodes],
        "exits": list(body.exits),
    }
    if body.results:
        document["results"] = [argument_to_json(result) for result in body.results]
    if body.files:
        document["files"] = list(body.files)
    if body.limit is not None:
        document["limit"] = body.limit
    return document


def body_from_json(document: Document) -> Body:
    """Return the body `body_to_json` wrote."""
    return Body(
        kind=BodyKind(document["kind"]),
        nodes=tuple(node_from_json(node) for node in document["nodes"]),
        exits=tuple(document["exits"]),
        results=tuple(argument_from_json(result) for result in document.get("results", ())),
        files=tuple(document.get("files", ())),
        limit=document.get("limit"),
    )


def argument_to_json(argument: Argument) -> list[Any]:
    """Return an argument as a JSON array."""
    written = [argument.name, _source_to_json(argument.source)]
    return [*written, True] if argument.is_optional else written


def argument_from_json(written: list[Any]) -> Argument:
    """Return the argument `argument_to_json` wrote."""
    return Argument(written[0], _source_from_json(written[1]), is_optional=len(written) > 2)


def _source_to_json(source: Source) -> Document:
    match source:
        case Upstream(node, output):
            return {"node": node, "output": output}
        case Constant(value, origin):
            return {"value": plain(value), "origin": origin}
        case Blob(sha256, origin):
            return {"blob": sha256, "origin": origin}
        case Stored(ref, origin):
            inline = None if ref.inline is None else b2a_base64(ref.inline, newline=False).decode()
            return {"stored": [ref.sha256, ref.size, ref.serializer, inline], "origin": origin}
        case Gather(items):
            return {"items": [_source_to_json(item) for item in items]}
        case Either(items):
            return {"either": [_source_to_json(item) for item in items]}
        case Item(scope, key):
            return {"item": scope} if key is None else {"item": scope, "key": key}
        case Index(scope):
            return {"index": scope}
        case Carried(scope, first, later):
            before = None if first is None else _source_to_json(first)
            return {"carried": scope, "first": before, "later": _source_to_json(later)}


def _source_from_json(document: Document) -> Source:
    match document:
        case {"node": node, "output": output}:
            return Upstream(node, output)
        case {"value": value, "origin": origin}:
            return Constant(rich(value), origin)
        case {"blob": sha256, "origin": origin}:
            return Blob(sha256, origin)
        case {"stored": [sha256, size, serializer, inline], "origin": origin}:
            data = None if inline is None else a2b_base64(inline)
            return Stored(ArtifactRef(sha256, size, serializer, data), origin)
        case {"items": items}:
            return Gather(tuple(_source_from_json(item) for item in items))
        case {"either": items}:
            return Either(tuple(_source_from_json(item) for item in items))
        case {"item": scope}:
            return Item(scope, document.get("key"))
        case {"index": scope}:
            return Index(scope)
        case {"carried": scope, "first": first, "later": later}:
            return Carried(scope, None if first is None else _source_from_json(first), _source_from_json(later))
    raise ValueError(f"no source of an argument: {document!r}")


def _operation_to_json(operation: Operation, known: dict[int, Document]) -> Document:
    document: Document = {"call": _shared(operation.call, known)}
    if operation.returns:
        document["returns"] = [record_to_json(each) for each in operation.returns]
    if policy := _shared(operation.policy, known):
        document["policy"] = policy
    return document


def _shared(record: Call | Policy, known: dict[int, Document]) -> Document:
    """Return the record's fields; thousands of operations have one call and one policy, known by identity."""
    found = known.get(id(record))
    if found is None:
        found = known[id(record)] = record_to_json(record)
    return found


def _operation_from_json(document: Document) -> Operation:
    return Operation(
        call=call_from_json(document["call"]),
        returns=tuple([return_from_json(each) for each in document.get("returns", ())]),
        policy=policy_from_json(document.get("policy", {})),
    )


def call_from_json(document: Document) -> Call:
    """Return the call `record_to_json` wrote."""
    call = _tuples(Call, document)
    if "labels" in call:
        call["labels"] = tuple((column, name) for column, name in call["labels"])
    return Call(**{**call, "kind": CallKind(call["kind"])})


def return_from_json(document: Document) -> Return:
    """Return the return `record_to_json` wrote."""
    if len(document) == 1:
        return Return(name=document["name"])
    found = _tuples(Return, document)
    return Return(**{**found, "kind": ReturnKind(found.get("kind", ReturnKind.AUTO))})


def policy_from_json(document: Document) -> Policy:
    """Return the policy `record_to_json` wrote."""
    policy = _tuples(Policy, document)
    if "terminate" in policy:
        policy["terminate"] = Terminate(policy["terminate"])
    return Policy(**policy)


_NONE = object()
_DEFAULTS: dict[type, dict[str, object]] = {
    kind: dict.fromkeys(names_of(kind), _NONE) | defaults_of(kind) for kind in (Call, Return, Policy)
}
"""By field, `_NONE` where it must be said; worked out once, for 10,000 operations."""


def record_to_json(record: Call | Return | Policy) -> Document:
    """Return the fields that do not have their default."""
    found: Document = {}
    for name, default in _DEFAULTS[type(record)].items():
        value = getattr(record, name)
        if value != default:
            found[name] = list(value) if isinstance(value, tuple) else value
    return found


def _tuples(kind: type[Call] | type[Return] | type[Policy], document: Document) -> Document:
    """Return the known keys of an object, its lists as tuples."""
    known = _DEFAULTS[kind]
    return {key: tuple(value) if isinstance(value, list) else value for key, value in document.items() if key in known}
