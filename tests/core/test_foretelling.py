"""Which steps run each time is known before any run."""

from __future__ import annotations

from graftline.core.foretelling import Foretold, Obstacle, foretell
from graftline.core.graph import Call, CallKind, Graph, Node, Operation, Policy, Return
from graftline.core.prints import Print


def told(operation: Operation, known: Print | None) -> list[Foretold]:
    graph = Graph(name="main", nodes=(Node(path="step", operation=0),), operations=(operation,))
    return list(foretell(graph, {} if known is None else {0: known}))


def step(*, returns: bool = True, **policy: object) -> Operation:
    made = (Return(name="x"),) if returns else ()
    return Operation(call=Call(kind=CallKind.PYTHON), returns=made, policy=Policy(**policy))  # type: ignore[arg-type]


def test_a_step_that_is_reused_is_not_told() -> None:
    assert told(step(), Print()) == []
    assert told(step(), None) == []


def test_each_obstacle_is_told_once_the_strongest_first() -> None:
    both = Print(source="reads files", unknown="eval() at a.py:1")

    assert told(step(), both) == [Foretold("step", Obstacle.UNKNOWN, "eval() at a.py:1")]
    assert told(step(), Print(source="reads files")) == [Foretold("step", Obstacle.SOURCE, "reads files")]
    assert told(step(returns=False), Print(source="reads files")) == [Foretold("step", Obstacle.EFFECT, None)]
    assert told(step(cache="never"), both) == [Foretold("step", Obstacle.OFF, None)]


def test_what_its_author_decided_is_no_obstacle() -> None:
    assert told(step(cache="always"), Print(source="reads files", unknown="eval()")) == []
    assert told(step(reads=("a.csv",)), Print(source="reads files")) == []
