"""Classes go where the data goes."""

from __future__ import annotations

from graftline.core.fingerprints.trace import CodePrint
from graftline.core.graph import Argument, Body, BodyKind, Call, CallKind, Graph, Node, Operation, Return
from graftline.core.inheriting import inherited
from graftline.core.supply import Constant, Gather, Item, Upstream
from graftline.worker.prints import parts_digest

MODEL = frozenset({("/p/model.py", "Model")})


def operation(kind: CallKind = CallKind.PYTHON) -> Operation:
    return Operation(call=Call(kind=kind), returns=(Return(name="x"),))


def taking(path: str, at: int, *sources: str, **fields: object) -> Node:
    arguments = tuple(Argument(f"a{n}", Upstream(each, "x")) for n, each in enumerate(sources))
    return Node(path=path, operation=at, arguments=arguments, needs=tuple(sources), **fields)  # type: ignore[arg-type]


def test_what_takes_a_value_takes_its_classes_and_hands_them_on() -> None:
    nodes = (taking("make", 0), taking("on", 1, "make"), taking("use", 2, "on"), taking("aside", 3))
    graph = Graph(name="g", nodes=nodes, operations=tuple(operation() for _ in nodes))

    assert inherited(graph, {0: MODEL}) == {1: MODEL, 2: MODEL}


def test_without_classes_nothing_is_looked_at() -> None:
    assert inherited(Graph(name="g", nodes=(taking("use", 0, "nowhere"),), operations=(operation(),)), {}) == {}


def test_a_constant_brings_no_class_and_a_gathered_value_does() -> None:
    gathered = Node(path="use", operation=1, arguments=(Argument("a", Gather((Upstream("make", "x"),))),))
    fixed = Node(path="fixed", operation=2, arguments=(Argument("a", Constant(1, "fixed")),))
    graph = Graph(name="g", nodes=(taking("make", 0), gathered, fixed), operations=(operation(),) * 3)

    assert inherited(graph, {0: MODEL}) == {1: MODEL}


def test_the_items_of_a_map_and_its_end_have_the_classes_of_what_is_mapped_and_made() -> None:
    body = Body(
        kind=BodyKind.MAP,
        nodes=(Node(path="map/[]/each", operation=2, arguments=(Argument("item", Item("map/[]", None)),)),),
        exits=("map/[]/each",),
    )
    nodes = (
        taking("make", 0),
        taking("map/items", 1, "make", grows=0),
        Node(path="map", operation=3, needs=("map/items",)),
        taking("use", 4, "map"),
    )
    kinds = (CallKind.PYTHON, CallKind.SPLIT, CallKind.PYTHON, CallKind.JOIN, CallKind.PYTHON)
    graph = Graph(name="g", nodes=nodes, operations=tuple(map(operation, kinds)), bodies=(body,))
    other = frozenset({("/p/other.py", "Other")})

    found = inherited(graph, {0: MODEL, 2: other})

    assert found[2] == MODEL | other
    assert found[4] == MODEL | other


def test_the_digest_is_of_what_the_classes_are_made_of() -> None:
    def trace(body: str) -> CodePrint:
        return CodePrint(parts={"model.py:Model": body}, packages=frozenset(), variables=frozenset(), dynamics=())

    assert parts_digest(MODEL, lambda file, name: trace("1")) != parts_digest(MODEL, lambda file, name: trace("2"))
