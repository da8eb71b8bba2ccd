"""Graphs and facts come back from JSON exactly, and one graph has one text."""

from __future__ import annotations

import json
import math
import pickle
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from graftline.core.artifacts import ArtifactRef, MetricPoint, Output
from graftline.core.canonical import canonical
from graftline.core.codec import (
    error_from_json,
    error_to_json,
    fact_from_json,
    facts_to_json,
    output_from_json,
    output_to_json,
)
from graftline.core.events import (
    AttemptCancelled,
    AttemptDispatched,
    AttemptFailed,
    AttemptSucceeded,
    CancelRequested,
    Fact,
    RetryScheduled,
    RunFinished,
    RunStarted,
    StepProgressed,
    StepReset,
    StepReused,
    StepSettled,
    StepYielded,
)
from graftline.core.graph import Argument, Call, CallKind, Graph, Node, Operation, Policy, Return
from graftline.core.graphcodec import graph_from_json, graph_to_json
from graftline.core.graphrows import packed_graph
from graftline.core.graphtext import graph_from_text, graph_text
from graftline.core.ids import RunId
from graftline.core.runs import Frame, StepError
from graftline.core.supply import Blob, Constant, Gather, Stored, Upstream

TEXT = st.text(max_size=8)
SHA = st.text("0123456789abcdef", min_size=64, max_size=64)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
VALUE = st.floats(allow_nan=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | VALUE | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT | st.just("$float"), inner, max_size=3),
    max_leaves=6,
)
SOURCE = st.recursive(
    st.builds(Upstream, TEXT, TEXT)
    | st.builds(Constant, JSON, TEXT)
    | st.builds(Blob, SHA, TEXT)
    | st.builds(Stored, st.builds(ArtifactRef, SHA, st.integers(0), TEXT, st.none() | st.binary(max_size=8)), TEXT),
    lambda inner: st.builds(Gather, st.lists(inner, max_size=3).map(tuple)),
    max_leaves=4,
)
TEXTS = st.lists(TEXT, max_size=2).map(tuple)
NODE = st.builds(
    Node,
    path=TEXT,
    operation=st.integers(0, 9),
    arguments=st.lists(st.builds(Argument, TEXT, SOURCE), max_size=3).map(tuple),
    needs=TEXTS,
)
OPERATION = st.builds(
    Operation,
    call=st.builds(Call, args=TEXTS, labels=st.lists(st.tuples(TEXT, TEXT), max_size=2).map(tuple)),
    returns=st.lists(st.builds(Return), max_size=2).map(tuple),
    policy=st.builds(
        Policy,
        backoff_s=NUMBER,
        timeout_s=st.none() | NUMBER,
        resources=st.dictionaries(TEXT, NUMBER, max_size=2),
        labels=TEXTS,
        secrets=TEXTS,
        reads=TEXTS,
        env=TEXTS,
        put=TEXTS,
        get=TEXTS,
    ),
)
GRAPH = st.builds(
    Graph,
    name=TEXT,
    nodes=st.lists(NODE, max_size=4).map(tuple),
    operations=st.lists(OPERATION, max_size=2).map(tuple),
    mode=st.sampled_from(["job", "train"]),
)
OUTPUT = st.builds(
    Output,
    TEXT,
    st.sampled_from(["value", "file"]),
    st.builds(ArtifactRef, SHA, st.integers(0), TEXT, st.none() | st.binary()),
)
METRIC = st.builds(MetricPoint, TEXT, VALUE | TEXT | st.booleans() | st.none(), st.none() | st.integers(), NUMBER)
FRAME = st.builds(Frame)
ERROR = st.builds(
    StepError,
    frames=st.lists(FRAME, max_size=2).map(tuple),
    inputs=st.dictionaries(TEXT, TEXT, max_size=2),
    pickled=st.none() | st.binary(),
)
OUTPUTS, METRICS = st.lists(OUTPUT, max_size=2).map(tuple), st.lists(METRIC, max_size=2).map(tuple)
FACT: st.SearchStrategy[Fact] = st.one_of(
    st.builds(RunStarted, at=NUMBER),
    st.builds(StepReset, at=NUMBER),
    st.builds(AttemptDispatched, at=NUMBER),
    st.builds(
        AttemptSucceeded,
        at=NUMBER,
        started=NUMBER,
        seconds=NUMBER,
        cpu_seconds=NUMBER,
        outputs=OUTPUTS,
        metrics=METRICS,
        reads=st.lists(TEXT, max_size=2).map(tuple),
    ),
    st.builds(
        AttemptFailed,
        at=NUMBER,
        started=st.none() | NUMBER,
        seconds=st.none() | NUMBER,
        cpu_seconds=st.none() | NUMBER,
        error=ERROR,
        metrics=METRICS,
        outputs=OUTPUTS,
    ),
    st.builds(StepYielded, node=TEXT, attempt=st.integers(1), at=NUMBER, value=JSON),
    st.builds(StepProgressed, node=TEXT, attempt=st.integers(1), at=NUMBER, done=NUMBER, total=st.none() | NUMBER),
    st.builds(AttemptCancelled, at=NUMBER, started=st.none() | NUMBER, seconds=st.none() | NUMBER),
    st.builds(RetryScheduled, at=NUMBER, not_before=NUMBER),
    st.builds(StepSettled, at=NUMBER),
    st.builds(StepReused, at=NUMBER, outputs=OUTPUTS, metrics=METRICS),
    st.builds(CancelRequested, at=NUMBER, spared=st.tuples(TEXT)),
    st.builds(RunFinished, at=NUMBER),
)


def through_text(value: Any) -> Any:
    return json.loads(canonical(value))


@given(graph=GRAPH)
def test_a_graph_comes_back_exactly(graph: Graph) -> None:
    assert graph_from_json(through_text(graph_to_json(graph))) == graph


@given(graph=GRAPH)
def test_one_graph_has_one_text(graph: Graph) -> None:
    text = canonical(graph_to_json(graph))

    assert canonical(graph_to_json(graph_from_json(json.loads(text)))) == text
    assert graph_text(graph) == text
    assert graph_from_text(text) == graph


@given(graph=GRAPH)
def test_a_graph_crosses_from_the_loader_as_columns_and_is_the_same(graph: Graph) -> None:
    read_back, columns = packed_graph(graph)

    assert read_back(*pickle.loads(pickle.dumps(columns, protocol=5))) == graph
    assert graph_text(pickle.loads(pickle.dumps(graph, protocol=5))) == graph_text(graph)


@given(fact=FACT)
def test_a_fact_comes_back_exactly(fact: Fact) -> None:
    (document,) = facts_to_json([fact])

    assert document["kind"] == type(fact).__name__
    back = fact_from_json(through_text(document))
    assert back == fact
    assert type(back) is type(fact)


@given(fact=FACT)
def test_a_fact_without_bytes_has_none(fact: Fact) -> None:
    (document,) = facts_to_json([fact], with_bytes=False)

    assert "pickled" not in document.get("error", {})
    assert all("inline" not in output for output in document.get("outputs", ()))
    assert type(fact_from_json(document)) is type(fact)


@given(output=OUTPUT, error=ERROR)
def test_outputs_and_errors_come_back_exactly(output: Output, error: StepError) -> None:
    assert output_from_json(through_text(output_to_json(output))) == output
    assert error_from_json(through_text(error_to_json(error))) == error


def test_nan_is_strict_json_and_comes_back() -> None:
    point = MetricPoint("loss", math.nan, 3, 1.0)
    fact = StepReused(node="fit", at=1.0, from_run=RunId("a" * 16), outputs=(), metrics=(point,))

    back = fact_from_json(through_text(facts_to_json([fact])[0]))

    assert isinstance(back, StepReused)
    value = back.metrics[0].value
    assert isinstance(value, float)
    assert math.isnan(value)


def test_keys_of_a_later_version_are_ignored() -> None:
    document = {"kind": "RunStarted", "at": 1.0, "colour": "green"}

    assert fact_from_json(document) == RunStarted(at=1.0)
    graph = graph_from_json(
        {
            "name": "g",
            "nodes": [{"path": "a", "operation": 0, "new": 1}],
            "operations": [{"call": {"kind": "stub", "new": 2}, "policy": {"new": 3}, "new": 4}],
        }
    )
    assert graph.node("a").name == "a"


def test_what_has_its_default_is_left_out() -> None:
    graph = Graph(
        name="g", nodes=(Node(path="a", operation=0),), operations=(Operation(call=Call(kind=CallKind.STUB)),)
    )

    assert graph_to_json(graph) == {
        "name": "g",
        "operations": [{"call": {"kind": "stub"}}],
        "nodes": [{"path": "a", "operation": 0}],
    }
