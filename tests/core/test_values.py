"""Arguments resolved from what steps have produced."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

import pytest
from run_specs import chain, value

from graftline.core.artifacts import ArtifactRef, Output
from graftline.core.errors import InvalidError
from graftline.core.graph import Argument, Call, CallKind, Graph, Node, Operation, Policy, Return
from graftline.core.growth import Plot
from graftline.core.supply import Blob, Carried, Constant, Either, Gather, Index, Item, Source, Upstream
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


def test_the_first_order_gets_what_the_step_was_judged_by_and_the_next_one_what_is_there_then() -> None:
    values = Values(plot(Argument("x", Upstream("a", "v"))), {})
    values.add("a", (value(b"1", "v"),))
    judged = values.judged_by("end")
    values.add("a", (value(b"2", "v"),))

    first, second = values.order("end", 1), values.order("end", 2)

    assert (first.arguments, first.files) == judged == ((("x", value(b"1", "v").ref),), ())
    assert second.arguments == (("x", value(b"2", "v").ref),)


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


def test_the_first_value_that_is_there_counts() -> None:
    either = Either((Upstream("a", "value"), Upstream("b", "value"), Constant(7, "cli")))
    values = Values(plot(Argument("x", either)), {})

    assert values.order("end", 1).arguments == (("x", Constant(7, "cli")),)
    values.add("b", (value(b"2"),))

    assert values.order("end", 1).arguments == (("x", value(b"2").ref),)
    assert values.missing("end") == []


def test_none_of_several_values_is_an_error_that_names_them_all() -> None:
    values = Values(plot(Argument("x", Either((Upstream("a", "v"), Upstream("b", "w"))))), {})

    with pytest.raises(InvalidError, match="'a' has no recorded output 'v' nor 'b' has no recorded output 'w'"):
        values.order("end", 1)


@pytest.mark.parametrize(
    "source",
    [
        Upstream("a", "v"),
        Either((Upstream("a", "v"), Upstream("b", "v"))),
        Gather((Constant(1, "cli"), Upstream("a", "v"))),
    ],
    ids=["one", "either", "list"],
)
def test_an_argument_with_a_default_is_left_out_when_its_value_is_not_there(source: Source) -> None:
    values = Values(plot(Argument("x", source, True), Argument("y", Constant(1, "fixed"))), {})

    assert values.order("end", 1).arguments == (("y", Constant(1, "fixed")),)
    assert values.missing("end") == []


@pytest.mark.parametrize("source", [Item("m/[]", None), Index("m/[]"), Carried("l/[]", None, Upstream("a", "v"))])
def test_what_only_bodies_hold_never_comes_here(source: Source) -> None:
    with pytest.raises(AssertionError, match="is not filled in"):
        Values(plot(Argument("x", source)), {}).order("end", 1)


def joining(*arguments: Argument) -> Plot:
    """Return a graph in which `c` joins `a` and `b`, and `end` takes `x` from it."""
    stub, join = Operation(call=Call(kind=CallKind.STUB)), Operation(call=Call(kind=CallKind.JOIN))
    both = ("a", "b")
    nodes = (
        *[Node(path=path, operation=0) for path in both],
        Node(path="c", operation=1, arguments=arguments, needs=both, files=both),
        Node(path="end", operation=0, arguments=(Argument("x", Upstream("c", "x")),), needs=("c",)),
    )
    return Plot(Graph(name="test", nodes=nodes, operations=(stub, join)))


def test_an_end_hands_on_references_and_files_and_leaves_out_what_is_not_there() -> None:
    arguments = (Argument("x", Upstream("a", "value")), Argument("y", Upstream("b", "gone"), True))
    values = Values(joining(*arguments), {})
    values.add("a", (value(b"1"), file("f", b"old"), file("g", b"2")))
    values.add("b", (file("f", b"new"),))

    joined = values.join("c", 5.0)

    assert (joined.node, joined.at) == ("c", 5.0)
    assert joined.outputs == (value(b"1", "x"), file("f", b"new"), file("g", b"2"))


def test_an_end_hands_on_a_constant_as_a_worker_would_have_written_it() -> None:
    joined = Values(joining(Argument("x", Constant({"a": [1, None, "\u00e9"]}, "file"))), {}).join("c", 0.0)

    [output] = joined.outputs
    assert output.ref.serializer == "json"
    assert output.ref.inline == '{"a":[1,null,"\u00e9"]}'.encode()
    assert (output.ref.sha256, output.ref.size) == value(output.ref.inline).ref[:2]
    assert json.loads(output.ref.inline) == {"a": [1, None, "\u00e9"]}


@pytest.mark.parametrize(
    "source", [Constant("x" * 5000, "cli"), Blob("ab" * 32, "call"), Gather((Constant(1, "cli"),))], ids=type
)
def test_what_is_no_reference_goes_past_the_end_to_who_takes_it(source: Source) -> None:
    values = Values(joining(Argument("x", source)), {})
    values.add("c", values.join("c", 0.0).outputs)

    assert values.join("c", 0.0).outputs == ()
    assert values.order("end", 1).arguments == (("x", list(source.items) if isinstance(source, Gather) else source),)


def test_a_typed_text_stays_one_behind_an_end_so_that_it_is_cast_where_it_goes() -> None:
    values = Values(joining(Argument("x", Constant("3", "cli"))), {})
    values.add("c", values.join("c", 0.0).outputs)

    assert values.order("end", 1).arguments == (("x", Constant("3", "cli")),)


def test_a_reused_end_gives_what_is_recorded_of_it() -> None:
    values = Values(joining(Argument("x", Upstream("a", "value"))), {"c": [value(b"9", "x")]})

    assert values.order("end", 1).arguments == (("x", value(b"9").ref),)


def test_an_item_is_found_among_very_many() -> None:
    outputs = [value(str(number).encode(), str(number)) for number in range(10_000)]
    gathered = Gather(tuple(Upstream("a", str(number)) for number in range(10_000)))
    values = Values(plot(Argument("x", gathered)), {"a": outputs})

    begun = time.process_time()
    [(_, found)] = values.order("end", 1).arguments

    assert found == [output.ref for output in outputs]
    assert time.process_time() - begun < 1.0  # looked through one by one it would be 10 s


def test_an_item_that_ended_before_it_made_the_value_counts_as_none_in_the_reduction() -> None:
    graph = Graph(
        name="g",
        nodes=(
            Node(path="m/0/a", operation=0),
            Node(path="m/1/a", operation=0),
            Node(
                path="m",
                operation=1,
                arguments=(Argument("x", Gather((Upstream("m/0/a", "x"), Upstream("m/1/a", "x")))),),
                needs=("m/0/a", "m/1/a"),
            ),
        ),
        operations=(
            Operation(call=Call(kind=CallKind.STUB), returns=(Return(name="x"),)),
            Operation(call=Call(kind=CallKind.REDUCE), returns=(Return(name="x"),)),
        ),
    )
    made = ArtifactRef("aa", 1, "json", b"1")
    values = Values(Plot(graph), {"m/0/a": [Output("x", "value", made)]})

    order = values.order("m", 1)

    assert order.arguments == (("x", [made, Constant(None, "absent")]),)
