"""Graphs that learn, executed in this process as a worker would: values go through their bytes from node to node."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from graftline.core.compiler import Compiled
from graftline.core.given import Given
from graftline.core.graph import CallKind, Node, ReturnKind
from graftline.core.pipeline import Pipeline
from graftline.core.supply import Blob, Constant, Either, Gather, Source, Upstream
from graftline.worker.learning import LearnStep
from graftline.worker.pickles import load_by_value
from graftline.worker.returns import Returns
from graftline.worker.workshop import compile_in

Values = dict[str, dict[str, Any]]
"""Path -> name -> value."""


def compiled_for(pipeline: Pipeline, mode: str, *, of_generation: bool = False, **params: Any) -> Compiled:
    """Compile a pipeline of a test module."""
    given = Given(call=params)
    return compile_in("/nowhere", pipeline, given, name="demo", mode=mode, of_generation=of_generation)


def executed(compiled: Compiled, given: Mapping[str, Mapping[str, Any]]) -> Values:
    """Execute a graph; `given` has what the source and nodes that load hand on, by path."""
    made: Values = {path: dict(values) for path, values in given.items()}
    for node in compiled.graph.nodes:
        for need in node.needs:
            assert need in made, f"{node.path} comes before {need}"
        if node.path not in made:
            made[node.path] = _outputs(compiled, node, made)
    return made


def states(compiled: Compiled, made: Values) -> Values:
    """Return what a generation would hold of a run that trained."""
    found: Values = {}
    for node in compiled.graph.nodes:
        for each in compiled.graph.operations[node.operation].returns:
            if each.kind is ReturnKind.STATE:
                found.setdefault(node.path, {})[each.name] = made[node.path][each.name]
    return found


def _outputs(compiled: Compiled, node: Node, made: Values) -> dict[str, Any]:
    operation = compiled.graph.operations[node.operation]
    call = operation.call
    values = {}
    for argument in node.arguments:
        values[argument.name] = _value(compiled, argument.source, made)
    if call.kind is CallKind.JOIN:
        return values
    returns = Returns(operation.returns, "/nowhere", "/nowhere")
    if call.kind is CallKind.LEARN:
        return {each.name: value for each, value in LearnStep(call, returns).call(values)}
    assert call.kind is CallKind.PYTHON, f"{node.path} is a {call.kind}"
    function: Any = load_by_value(compiled.blobs[call.blob]) if call.blob else import_module(call.module or "")
    for name in [] if call.blob else (call.qualname or "").split("."):
        function = getattr(function, name)
    found = returns.split(function(**values))
    return {each.name: value for each, value in zip(returns.direct, found, strict=True)}


def _value(compiled: Compiled, source: Source, made: Values) -> Any:
    match source:
        case Upstream(node, output):
            return pickle.loads(pickle.dumps(made[node][output]))
        case Constant(value, _):
            return value
        case Blob(sha256, _):
            return load_by_value(compiled.blobs[sha256])
        case Gather(items):
            return [_value(compiled, each, made) for each in items]
        case Either(items):
            there = [each for each in items if isinstance(each, Upstream) and each.output in made.get(each.node, {})]
            return _value(compiled, there[0], made)
    raise AssertionError(f"{source} is of a body")
