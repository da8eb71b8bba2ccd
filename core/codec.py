"""Facts as JSON and back, exactly: what the store and `events --json` hold. Graphs: `core/graphcodec.py`.

Compact (what has its default is left out), canonical (one text for one graph, so that its digest names it) and strict
JSON: numbers that JSON lacks are written `{"$float": "nan"}`, bytes as base64. Unknown keys are ignored on the way
back, so that an older version reads what a newer minor wrote.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from .artifacts import ArtifactRef, MetricPoint, Output
from .canonical import plain, rich
from .events import (
    AttemptCancelled,
    AttemptDispatched,
    AttemptFailed,
    AttemptSucceeded,
    CancelRequested,
    Fact,
    GenerationCommitted,
    GraphGrown,
    ResultKept,
    RetryScheduled,
    RunFinished,
    RunStarted,
    StepJoined,
    StepJudged,
    StepProgressed,
    StepReset,
    StepReused,
    StepSettled,
    StepYielded,
)
from .ids import RunId
from .keys import Evidence, evidence_from_json
from .records import names_of
from .reusing import Verdict
from .runs import Frame, StepError
from .states import Reason, Status

Document = dict[str, Any]
"""A JSON object; Any because this is the serialization edge."""


# Facts. Dispatch and success are written by hand: they are the two of each attempt, thousands a second.


def facts_to_json(facts: Sequence[Fact], *, with_bytes: bool = True) -> list[Document]:
    """Return facts as JSON objects, each with its class name as `kind`.

    Without `with_bytes`, inline values, pickled exceptions and evidence are left out: the store keeps them elsewhere,
    once.
    """
    return [_WRITERS[type(fact)](fact, with_bytes) for fact in facts]


def fact_from_json(document: Mapping[str, Any]) -> Fact:
    """Return the fact one object of `facts_to_json` stands for.

    Raises:
        KeyError, TypeError, ValueError: the object is not one of ours.
    """
    kind = _KINDS[document["kind"]]
    given: Document = {}
    for name, has_default in _fields(document["kind"]):
        if name in document:
            given[name] = document[name]
        elif not has_default:
            given[name] = () if name == "outputs" else None
    for name, read in _READERS.items():
        if given.get(name) is not None:
            given[name] = read(given[name])
    return kind(**given)


@cache
def _fields(kind: str) -> tuple[tuple[str, bool], ...]:
    """Return the fields of facts of a kind, and whether each has a default."""
    from dataclasses import MISSING, fields  # and `inspect`: 5 ms, where no fact is read

    return tuple((field.name, field.default is not MISSING) for field in fields(_KINDS[kind]))


def facts_from_json(documents: Sequence[Mapping[str, Any]]) -> list[Fact]:
    """Return the facts these objects stand for; kinds that only a newer version knows are passed over."""
    return [fact_from_json(document) for document in documents if document["kind"] in _KINDS]


def error_to_json(error: StepError, *, with_bytes: bool = True) -> Document:
    """Return why an attempt failed as a JSON object."""
    document: Document = {"type": error.type, "message": error.message}
    if error.traceback:
        document["traceback"] = error.traceback
    if error.frames:
        document["frames"] = [[frame.file, frame.line, frame.function, frame.code] for frame in error.frames]
    if error.inputs:
        document["inputs"] = dict(error.inputs)
    if error.pickled is not None and with_bytes:
        document["pickled"] = b64encode(error.pickled).decode("ascii")
    return document


def error_from_json(document: Mapping[str, Any]) -> StepError:
    """Return the error `error_to_json` wrote."""
    pickled = document.get("pickled")
    return StepError(
        type=document["type"],
        message=document["message"],
        traceback=document.get("traceback", ""),
        frames=tuple(
            Frame(file=file, line=line, function=function, code=code)
            for file, line, function, code in document.get("frames", ())
        ),
        inputs=document.get("inputs", {}),
        pickled=None if pickled is None else b64decode(pickled),
    )


def output_to_json(output: Output, *, with_bytes: bool = True) -> Document:
    """Return one named output as a JSON object."""
    name, role, (sha256, size, serializer, inline) = output
    document: Document = {"name": name, "sha256": sha256, "size": size, "serializer": serializer}
    if role != "value":
        document["role"] = role
    if inline is not None and with_bytes:
        document["inline"] = b64encode(inline).decode("ascii")
    return document


def output_from_json(document: Mapping[str, Any]) -> Output:
    """Return the output `output_to_json` wrote."""
    inline = document.get("inline")
    ref = ArtifactRef(
        document["sha256"], document["size"], document["serializer"], None if inline is None else b64decode(inline)
    )
    return Output(document["name"], document.get("role", "value"), ref)


def _dispatched(fact: AttemptDispatched, with_bytes: bool) -> Document:
    return {"kind": "AttemptDispatched", "node": fact.node, "attempt": fact.attempt, "at": fact.at}


def _succeeded(fact: AttemptSucceeded, with_bytes: bool) -> Document:
    document: Document = {
        "kind": "AttemptSucceeded",
        "node": fact.node,
        "attempt": fact.attempt,
        "at": fact.at,
        "started": fact.started,
        "seconds": fact.seconds,
        "cpu_seconds": fact.cpu_seconds,
        "peak_bytes": fact.peak_bytes,
        "worker": fact.worker,
        "outputs": [output_to_json(output, with_bytes=with_bytes) for output in fact.outputs],
    }
    if fact.metrics:
        document["metrics"] = [_metric_to_json(point) for point in fact.metrics]
    if fact.reason is not None:
        document["reason"] = fact.reason
    if fact.reads:
        document["reads"] = list(fact.reads)
    return document


def _other(fact: Fact, with_bytes: bool) -> Document:
    document: Document = {"kind": type(fact).__name__}
    for name in names_of(type(fact)):
        value = getattr(fact, name)
        if value is None or value == () or value is False:
            continue
        if isinstance(value, StepError):
            value = error_to_json(value, with_bytes=with_bytes)
        elif isinstance(value, Evidence):
            if not with_bytes:
                continue
            value = value.to_json()
        elif name == "seen":
            if not value:
                continue
            value = dict(value)
        elif name == "outputs":
            value = [output_to_json(output, with_bytes=with_bytes) for output in value]
        elif name == "metrics":
            value = [_metric_to_json(point) for point in value]
        document[name] = value
    return document


def _yielded(fact: StepYielded, with_bytes: bool) -> Document:
    return {
        "kind": "StepYielded",
        "node": fact.node,
        "attempt": fact.attempt,
        "at": fact.at,
        "value": plain(fact.value),
    }


def _metric_to_json(point: MetricPoint) -> list[Any]:
    return [point.key, plain(point.value), point.step, point.at]


def _metrics_from_json(points: Sequence[Sequence[Any]]) -> tuple[MetricPoint, ...]:
    return tuple(MetricPoint(key, rich(value), step, at) for key, value, step, at in points)  # type: ignore[arg-type]


_KINDS: dict[str, type[Fact]] = {
    kind.__name__: kind
    for kind in (
        RunStarted,
        StepReset,
        AttemptDispatched,
        AttemptSucceeded,
        AttemptFailed,
        AttemptCancelled,
        StepYielded,
        StepProgressed,
        RetryScheduled,
        StepSettled,
        StepReused,
        StepJudged,
        ResultKept,
        StepJoined,
        GraphGrown,
        CancelRequested,
        GenerationCommitted,
        RunFinished,
    )
}
_WRITERS: dict[Any, Callable[[Any, bool], Document]] = {
    **dict.fromkeys(_KINDS.values(), _other),
    AttemptDispatched: _dispatched,
    AttemptSucceeded: _succeeded,
    StepYielded: _yielded,
}
_READERS: dict[str, Callable[[Any], Any]] = {
    "outputs": lambda items: tuple(output_from_json(item) for item in items),
    "metrics": _metrics_from_json,
    "error": error_from_json,
    "reads": tuple,
    "spared": tuple,
    "value": rich,
    "verdict": Verdict,
    "evidence": evidence_from_json,
    "reason": Reason,
    "state": Status,
    "from_run": RunId,
}
