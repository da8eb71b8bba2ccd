"""Graphs that grow and composites, as the compiler makes them, without user code."""

from __future__ import annotations

from graftline.core.graph import (
    ON_FAILURE,
    Argument,
    Body,
    BodyKind,
    Call,
    CallKind,
    Graph,
    Guard,
    Node,
    Operation,
    Return,
)
from graftline.core.supply import Carried, Constant, Either, Index, Item, Upstream

SPLIT, WORK, REDUCE, UNTIL, JOIN, CHOOSE = range(6)
OPERATIONS = (
    Operation(call=Call(kind=CallKind.SPLIT)),
    Operation(call=Call(kind=CallKind.PYTHON, module="m", qualname="f"), returns=(Return(name="out"),)),
    Operation(call=Call(kind=CallKind.REDUCE), returns=(Return(name="out"),)),
    Operation(call=Call(kind=CallKind.UNTIL), returns=(Return(name="again"),)),
    Operation(call=Call(kind=CallKind.JOIN), returns=(Return(name="out"),)),
    Operation(call=Call(kind=CallKind.CHOOSE, branches=("yes", "no")), returns=(Return(name="branch"),)),
)
"""What the graphs of this file call, by the names above."""


def map_in_map() -> Graph:
    """`outer` maps over `load`; each item maps over what its `prep` returns."""
    inner = Body(
        kind=BodyKind.MAP,
        nodes=(
            Node(
                path="outer/[]/inner/[]/fit",
                operation=WORK,
                arguments=(
                    Argument("x", Item("outer/[]/inner/[]", None)),
                    Argument("of", Item("outer/[]", "C")),
                    Argument("prepared", Upstream("outer/[]/prep", "out")),
                    Argument("loaded", Upstream("load", "out")),
                    Argument("i", Index("outer/[]")),
                ),
                needs=("outer/[]/inner/items",),
                family="outer/*/inner/*/fit",
            ),
        ),
        exits=("outer/[]/inner/[]/fit",),
        results=(Argument("out", Upstream("outer/[]/inner/[]/fit", "out")),),
    )
    outer = Body(
        kind=BodyKind.MAP,
        nodes=(
            Node(path="outer/[]/prep", operation=WORK, needs=("outer/items",), family="outer/*/prep"),
            Node(
                path="outer/[]/inner/items",
                operation=SPLIT,
                arguments=(Argument("items", Upstream("outer/[]/prep", "out")),),
                needs=("outer/[]/prep",),
                grows=0,
                family="outer/*/inner/items",
            ),
            Node(path="outer/[]/inner", operation=REDUCE, needs=("outer/[]/inner/items",), family="outer/*/inner"),
        ),
        exits=("outer/[]/inner",),
        results=(Argument("out", Upstream("outer/[]/inner", "out")),),
    )
    nodes = (
        Node(path="load", operation=WORK),
        Node(path="outer/items", operation=SPLIT, needs=("load",), grows=1),
        Node(path="outer", operation=REDUCE, needs=("outer/items",)),
        Node(path="report", operation=WORK, needs=("outer",)),
    )
    return Graph(name="nested", nodes=nodes, operations=OPERATIONS, bodies=(inner, outer))


def loop() -> Graph:
    """`loop` counts: each iteration takes what the one before returned, the first the constant 0."""
    body = Body(
        kind=BodyKind.LOOP,
        nodes=(
            Node(
                path="loop/[]/count",
                operation=WORK,
                arguments=(
                    Argument("n", Carried("loop/[]", Constant(0, "cli"), Upstream("loop/[<]/count", "out"))),
                    Argument("i", Index("loop/[]")),
                ),
                needs=("loop/[<]",),
                environ=(("i", "loop/[]"),),
            ),
            Node(
                path="loop/[]",
                operation=UNTIL,
                arguments=(Argument("value", Upstream("loop/[]/count", "out")),),
                needs=("loop/[]/count",),
                grows=0,
            ),
        ),
        exits=("loop/[]",),
        results=(Argument("out", Upstream("loop/[]/count", "out")),),
        limit=5,
    )
    nodes = (
        Node(path="loop/0/count", operation=WORK, arguments=(Argument("n", Constant(0, "cli")),)),
        Node(path="loop/0", operation=UNTIL, needs=("loop/0/count",), grows=0),
        Node(
            path="loop",
            operation=JOIN,
            arguments=(Argument("out", Upstream("loop/0/count", "out")),),
            needs=("loop/0",),
        ),
    )
    return Graph(name="loop", nodes=nodes, operations=OPERATIONS, bodies=(body,))


def trials() -> Graph:
    """`trials` maps over `load`; each item is one step, `fit`; `report` takes the list of what they return."""
    body = Body(
        kind=BodyKind.MAP,
        nodes=(
            Node(
                path="trials/[]/fit",
                operation=WORK,
                arguments=(Argument("x", Item("trials/[]", None)),),
                needs=("trials/items",),
                family="trials/*/fit",
            ),
        ),
        exits=("trials/[]/fit",),
        results=(Argument("out", Upstream("trials/[]/fit", "out")),),
    )
    nodes = (
        Node(path="load", operation=WORK),
        Node(path="trials/items", operation=SPLIT, arguments=(_take("items", "load"),), needs=("load",), grows=0),
        Node(path="trials", operation=REDUCE, needs=("trials/items",)),
        Node(path="report", operation=WORK, arguments=(_take("out", "trials"),), needs=("trials",)),
    )
    return Graph(name="trials", nodes=nodes, operations=OPERATIONS, bodies=(body,))


def choice() -> Graph:
    """`cond` chooses by what `look` returns: `cond/yes/do` and `cond/yes/more`, or `cond/no/do`; then `after`."""
    yes, no = Guard("cond/choice", "yes"), Guard("cond/choice", "no")
    either = Either((Upstream("cond/yes/more", "out"), Upstream("cond/no/do", "out")))
    nodes = (
        Node(path="look", operation=WORK),
        Node(path="cond/choice", operation=CHOOSE, arguments=(_take("value", "look"),), needs=("look",)),
        Node(path="cond/yes/do", operation=WORK, needs=("cond/choice",), guard=yes),
        Node(
            path="cond/yes/more",
            operation=WORK,
            arguments=(_take("x", "cond/yes/do"),),
            needs=("cond/choice", "cond/yes/do"),
            guard=yes,
        ),
        Node(path="cond/no/do", operation=WORK, needs=("cond/choice",), guard=no),
        Node(
            path="cond",
            operation=JOIN,
            arguments=(Argument("out", either),),
            needs=("cond/choice", "cond/yes/more", "cond/no/do"),
        ),
        Node(path="after", operation=WORK, arguments=(_take("x", "cond"),), needs=("cond",)),
    )
    return Graph(name="choice", nodes=nodes, operations=OPERATIONS)


def parallel() -> Graph:
    """`both` has the branches `left` and `right`, one step each; `after` takes from the left one."""
    nodes = (
        Node(path="both/left/a", operation=WORK),
        Node(path="both/right/b", operation=WORK),
        Node(path="both", operation=JOIN, needs=("both/left/a", "both/right/b")),
        Node(path="after", operation=WORK, arguments=(_take("x", "both/left/a"),), needs=("both/left/a",)),
    )
    return Graph(name="parallel", nodes=nodes, operations=OPERATIONS)


def recovery() -> Graph:
    """`a`, `b`, `c` in a row; when `b` fails, `b/on_failure/mend` takes over."""
    guard = Guard("b", ON_FAILURE)
    nodes = (
        Node(path="a", operation=WORK),
        Node(path="b", operation=WORK, arguments=(_take("x", "a"),), needs=("a",)),
        Node(path="b/on_failure/mend", operation=WORK, needs=("b",), guard=guard),
        Node(path="b/on_failure", operation=JOIN, needs=("b/on_failure/mend",), guard=guard),
        Node(path="c", operation=WORK, arguments=(_take("x", "b"),), needs=("b",)),
    )
    return Graph(name="recovery", nodes=nodes, operations=OPERATIONS)


def _take(name: str, node: str) -> Argument:
    return Argument(name, Upstream(node, "out"))
