"""What is different between two compiles of one target, and which steps that concerns."""

from __future__ import annotations

from dataclasses import replace

from watched import compiled

from graftline.core.concern import compare
from graftline.core.graph import Argument, Body, BodyKind, Call, CallKind, Graph, Node, Operation, Policy
from graftline.core.ports import Loaded
from graftline.core.prints import Print
from graftline.core.supply import Upstream


def test_what_stands_on_another_line_is_no_difference() -> None:
    found = compare(compiled({"a": "1", "b": "1"}), compiled({"a": "1", "b": "1"}, line=40))

    assert not found.is_any
    assert found.obsolete == frozenset()


def test_changed_code_concerns_its_step_and_those_behind_it() -> None:
    needs = {"a": [], "b": ["a"], "c": ["b"], "other": []}
    old = compiled({"a": "1", "b": "1", "c": "1", "other": "1"}, needs=needs)
    new = compiled({"a": "1", "b": "2", "c": "1", "other": "1"}, needs=needs)

    found = compare(old, new)

    assert [(each.path, each.why) for each in found.changed] == [("b", ("code.py:b changed",))]
    assert found.followers == ("c",)
    assert found.obsolete == {"b", "c"}


def test_a_parameter_is_told_with_its_old_and_new_value() -> None:
    found = compare(compiled({"a": "1"}, params={"a": 0.1}), compiled({"a": "1"}, params={"a": 1}))

    assert found.changed[0].why == ("x 0.1 -> 1",)


def test_true_is_another_value_than_one() -> None:
    assert compare(compiled({"a": "1"}, params={"a": True}), compiled({"a": "1"}, params={"a": 1})).is_any


def test_new_and_removed_steps_are_told() -> None:
    found = compare(compiled({"a": "1", "b": "1"}), compiled({"a": "1", "new": "1"}))

    assert [(each.path, each.why) for each in found.changed] == [("new", ("new",))]
    assert found.removed == ("b",)
    assert found.obsolete == {"b"}


def test_how_often_a_step_is_tried_makes_it_no_other_step_but_what_it_reads_does() -> None:
    old = compiled({"a": "1"})

    assert not compare(old, compiled({"a": "1"}, policies={"a": Policy(retries=3, timeout_s=9.0)})).is_any
    assert compare(old, compiled({"a": "1"}, policies={"a": Policy(reads=("x.csv",))})).is_any


def test_where_code_is_not_known_every_changed_file_concerns_the_step() -> None:
    old = compiled({"a": "1"}, unknown="exec in code.py:3")
    new = compiled({"a": "1"}, unknown="exec in code.py:3", line=2)

    assert compare(old, new).changed[0].why == ("code.py changed",)


def test_another_version_of_a_package_is_told() -> None:
    old, new = (
        replace(compiled({"a": "1"}), prints={0: Print(parts={"code.py:a": "1"}, packages={"numpy": version})})
        for version in ("1.26", "2.0")
    )

    assert compare(old, new).changed[0].why == ("numpy 1.26 -> 2.0",)


def mapped(text: str) -> Loaded:
    """Return a map with a split, a body of one step, and an end."""
    body = Body(
        kind=BodyKind.MAP,
        nodes=(Node(path="trials/[]/fit", operation=1, needs=("trials/items",)),),
        exits=("trials/[]/fit",),
    )
    nodes = (
        Node(path="trials/items", operation=0, grows=0),
        Node(
            path="trials",
            operation=2,
            arguments=(Argument("x", Upstream("trials/items", "0")),),
            needs=("trials/items",),
        ),
        Node(path="after", operation=3, needs=("trials",)),
    )
    calls = (CallKind.SPLIT, CallKind.PYTHON, CallKind.REDUCE, CallKind.STUB)
    operations = tuple(Operation(call=Call(kind=kind)) for kind in calls)
    graph = Graph(name="test", nodes=nodes, operations=operations, bodies=(body,))
    return replace(compiled({"x": "1"}), graph=graph, prints={1: Print(parts={"code.py:fit": text})})


def test_what_a_map_repeats_makes_its_items_obsolete_and_what_follows() -> None:
    old = mapped("1")

    found = compare(old, mapped("2"))

    assert found.changed[0].why == ("what it repeats changed",)
    assert found.concerns("trials/3/fit", old.graph)
    assert found.concerns("after", old.graph)


def test_items_of_a_map_that_stayed_are_not_obsolete() -> None:
    old = mapped("1")
    new = replace(old, prints={**old.prints, 3: Print(parts={"code.py:after": "2"})})

    found = compare(old, new)

    assert found.concerns("after", old.graph) is False  # a stub: no fingerprint was there before
    assert not found.concerns("trials/3/fit", old.graph)
