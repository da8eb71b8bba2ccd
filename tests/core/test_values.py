"""Arguments resolved from what steps have produced."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from run_specs import chain, value

from graftline.core.artifacts import ArtifactRef, Output
from graftline.core.errors import InvalidError
from graftline.core.graph import (
    Argument,
    Blob,
    Call,
    CallKind,
    Constant,
    Gather,
    Graph,
    Node,
    Operation,
    Policy,
    Upstream,
)
from graftline.core.growth import Plot
from graftline.core.values import Values


def plot(*arguments: Argument, files: Sequence[str] = ("a", "b"), get: tuple[str, ...] = ()) -> Plot:
    """Return a graph whose last step `end` takes these arguments, and may ask for catalog files of these steps."""
    plain = Operation(call=Call(kind=CallKind.STUB))
    last = Operation(call=Call(kind=CallKind.STUB), policy=Policy(get=get))
    nodes = [Node(path=path, operation=0) for path in ("a", "b")]
    end = Node(path="end", operation=1, arguments=arguments, needs=("a", "b"), files=tuple(files))
    return Plot(Graph(name="test", nodes=(*nodes, end), operations=(plain, last)))


def file(name: str, data: bytes) -> Output:
    return Output(name, "file", value(data).ref)


def test_an_order_names_the_attempt_and_its_operation() -> None:
    order = Values(Plot(chain("a")), {}).order("a", 3)

    assert (order.node, order.attempt, order.operation) == ("a", 3, 0)
    assert order.arguments == (("c", Constant(0, "fixed")),)


def test_constants_and_blobs_pass_as_they_are_and_lists_keep_their_order() -> None:
    blob = Blob("ab" * 32, "call")
    gathered = Gather((Upstream("b", "value"), Constant(1, "cli"), Gather((Upstream("a", "value"),))))
    values = Values(plot(Argument("f", blob), Argument("parts", gathered)), {})
    values.add("a", (value(b"1"),))
    values.add("b", (value(b"2"),))

    arguments = dict(values.order("end", 1).arguments)

    assert arguments["f"] is blob
    assert arguments["parts"] == [value(b"2").ref, Constant(1, "cli"), [value(b"1").ref]]


def test_the_newest_output_of_a_step_counts() -> None:
    values = Values(plot(Argument("x", Upstream("a", "value"))), {"a": [value(b"recorded")]})
    values.add("a", (value(b"now"),))

    assert values.order("end", 1).arguments == (("x", value(b"now").ref),)


def test_a_value_nobody_made_is_named() -> None:
    values = Values(plot(Argument("x", Gather((Upstream("a", "value"), Upstream("b", "other"))))), {})
    values.add("b", (value(b"1"),))

    assert values.missing("end") == [Upstream("a", "value"), Upstream("b", "other")]
    with pytest.raises(InvalidError, match="'a' has no recorded output 'value'"):
        values.order("end", 1)


def test_a_catalog_file_is_no_value() -> None:
    values = Values(plot(Argument("x", Upstream("a", "x"))), {"a": [file("x", b"1")]})

    assert values.missing("end") == [Upstream("a", "x")]


def test_catalog_files_come_from_the_steps_the_node_names_and_the_later_one_wins() -> None:
    recorded = {
        "a": [file("out/m.json", b"1"), file("note.txt", b"2"), value(b"3", "out/v")],
        "b": [file("out/m.json", b"4")],
    }
    both: dict[str, ArtifactRef] = dict(Values(plot(get=("out/*",)), recorded).order("end", 1).files)
    one = dict(Values(plot(get=("out/*",), files=("a",)), recorded).order("end", 1).files)

    assert both == {"out/m.json": value(b"4").ref}
    assert one == {"out/m.json": value(b"1").ref}
    assert Values(plot(), recorded).order("end", 1).files == ()
