"""What a pipeline that trains becomes when it applies: states loaded, labels and what needs them gone."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graftline.core.applying import applied
from graftline.core.errors import InvalidError
from graftline.core.graph import (
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
    ReturnKind,
)
from graftline.core.supply import Constant, Either, Item, Upstream

Kinds = ReturnKind | None


class Sketch:
    """A graph in the making, step by step."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.operations: list[Operation] = []
        self.bodies: list[Body] = []
        labels = (("churned", "y"),)
        self.add("source", CallKind.FEED, returns=["X", "y"], labels=labels)

    def add(
        self,
        path: str,
        kind: CallKind = CallKind.PYTHON,
        *,
        takes: Sequence[str] = (),
        returns: Sequence[str] = (),
        states: Sequence[str] = (),
        metrics: Sequence[str] = (),
        after: Sequence[str] = (),
        optional: Sequence[str] = (),
        guard: Guard | None = None,
        **call: object,
    ) -> Sketch:
        """Add a step; `takes` are `node:output`."""
        made = [Return(name=each) for each in returns]
        made += [Return(name=each, kind=ReturnKind.STATE) for each in states]
        made += [Return(name=each, kind=ReturnKind.METRIC) for each in metrics]
        self.operations.append(Operation(call=Call(kind=kind, **call), returns=tuple(made)))  # type: ignore[arg-type]
        taken = [Upstream(*each.split(":")) for each in takes]
        arguments = [Argument(each.output, each, each.output in optional) for each in taken]
        needs = dict.fromkeys([*(each.node for each in taken), *after])
        node = Node(
            path=path,
            operation=len(self.operations) - 1,
            arguments=tuple(arguments),
            needs=tuple(needs),
            guard=guard,
        )
        self.nodes.append(node)
        return self

    def graph(self) -> Graph:
        """Return the graph."""
        return Graph(
            name="churn", nodes=tuple(self.nodes), operations=tuple(self.operations), bodies=tuple(self.bodies)
        )


def churn() -> Sketch:
    """Return clean -> fit -> predict, with a balance that only training needs and a score that needs labels."""
    sketch = Sketch()
    sketch.add("clean", takes=["source:X"], returns=["features"])
    sketch.add("balance", takes=["clean:features"], returns=["balanced"])
    sketch.add("fit", takes=["balance:balanced", "source:y"], states=["model"], metrics=["loss"])
    sketch.add("predict", takes=["fit:model", "clean:features"], returns=["prediction"])
    sketch.add("score", takes=["predict:prediction", "source:y"], metrics=["auc"])
    return sketch


def paths(graph: Graph) -> list[str]:
    """Return the paths of a graph."""
    return [node.path for node in graph.nodes]


def test_states_are_loaded_and_what_needs_labels_is_dropped() -> None:
    made = applied(churn().graph())

    assert paths(made.graph) == ["source", "clean", "fit", "predict"]
    assert made.loaded == ("fit",)
    assert made.dropped == {
        "balance": "is needed by training alone",
        "score": "takes the label 'y'",
    }


def test_a_loaded_step_waits_for_nothing_and_gives_its_states_alone() -> None:
    graph = applied(churn().graph()).graph

    fit = graph.node("fit")
    assert (fit.needs, fit.arguments) == ((), ())
    operation = graph.operation_of("fit")
    assert operation.call.kind is CallKind.LOAD
    assert [each.name for each in operation.returns] == ["model"]
    assert graph.node("predict").needs == ("clean", "fit")


def test_with_labels_what_scores_is_kept() -> None:
    made = applied(churn().graph(), with_labels=True)

    assert paths(made.graph) == ["source", "clean", "fit", "predict", "score"]


def test_a_prediction_that_only_a_score_takes_is_what_is_asked_for() -> None:
    sketch = Sketch().add("fit", takes=["source:X", "source:y"], states=["model"])
    sketch.add("predict", takes=["fit:model", "source:X"], returns=["prediction"])
    sketch.add("score", takes=["predict:prediction", "source:y"], metrics=["auc"])

    assert paths(applied(sketch.graph()).graph) == ["source", "fit", "predict"]


def test_a_split_by_labels_and_all_it_gives_is_dropped() -> None:
    sketch = Sketch().add("split", takes=["source:X", "source:y"], returns=["X_train", "y_train"])
    sketch.add("fit", takes=["split:X_train", "split:y_train"], states=["model"])
    sketch.add("predict", takes=["fit:model", "source:X"], returns=["prediction"])

    made = applied(sketch.graph())

    assert paths(made.graph) == ["source", "fit", "predict"]
    assert made.dropped == {"split": "takes the label 'y'"}


def test_effects_are_kept_when_all_they_take_is() -> None:
    sketch = churn()
    sketch.add("publish", takes=["predict:prediction"])
    sketch.add("report", takes=["score:auc"])
    sketch.add("notify")

    made = applied(sketch.graph())

    assert paths(made.graph)[-2:] == ["publish", "notify"]
    assert made.dropped["report"] == "takes 'auc' of 'score', which is dropped"


def test_an_optional_value_that_is_not_there_is_left_out() -> None:
    sketch = Sketch().add("fit", takes=["source:X", "source:y"], states=["model"])
    sketch.add("predict", takes=["fit:model", "source:X", "source:y"], optional=["y"], returns=["prediction"])

    node = applied(sketch.graph()).graph.node("predict")

    assert [each.name for each in node.arguments] == ["model", "X"]


def test_order_goes_through_what_is_dropped() -> None:
    sketch = churn()
    sketch.add("gate", after=["predict", "score"])
    sketch.add("publish", takes=["predict:prediction"], after=["gate", "score"])

    graph = applied(sketch.graph()).graph

    assert graph.node("gate").needs == ("source", "predict")
    assert set(graph.node("publish").needs) == {"source", "predict", "gate"}


def test_a_state_beside_another_output_that_apply_needs_is_an_error() -> None:
    sketch = Sketch().add("scale", takes=["source:X"], states=["scaler"], returns=["scaled"], file="p.py", line=3)
    sketch.add("fit", takes=["scale:scaled", "source:y"], states=["model"])
    sketch.add("predict", takes=["fit:model", "scale:scaled"], returns=["prediction"])

    with pytest.raises(InvalidError, match=r"beside 'scaled', which 'predict' needs") as caught:
        applied(sketch.graph())
    assert "Model" in str(caught.value.hint)
    assert (caught.value.file, caught.value.line) == ("p.py", 3)


def test_a_state_beside_another_output_that_only_training_needs_is_fine() -> None:
    sketch = Sketch().add("embed", takes=["source:X"], states=["encoder"], returns=["codes"])
    sketch.add("fit", takes=["embed:codes", "source:y"], states=["model"])
    sketch.add("predict", takes=["embed:encoder", "fit:model", "source:X"], returns=["prediction"])

    assert paths(applied(sketch.graph()).graph) == ["source", "embed", "fit", "predict"]


def test_a_graph_of_which_nothing_is_left_is_an_error() -> None:
    sketch = Sketch().add("fit", takes=["source:X", "source:y"], states=["model"])

    with pytest.raises(InvalidError, match="nothing is left to apply"):
        applied(sketch.graph())


def test_a_state_inside_a_map_is_an_error() -> None:
    sketch = Sketch().add("folds/items", CallKind.SPLIT, takes=["source:X"], returns=["size"])
    sketch.operations.append(
        Operation(call=Call(kind=CallKind.PYTHON), returns=(Return(name="m", kind=ReturnKind.STATE),))
    )
    inner = Node(path="folds/[]/fit", operation=len(sketch.operations) - 1)
    sketch.bodies.append(Body(kind=BodyKind.MAP, nodes=(inner,), exits=("folds/[]/fit",)))
    sketch.nodes[-1] = Node(
        path="folds/items", operation=1, arguments=sketch.nodes[-1].arguments, needs=("source",), grows=0
    )
    sketch.add("predict", takes=["source:X"], returns=["prediction"])

    with pytest.raises(InvalidError, match=r"'folds/fit' returns state\(\) inside a map or loop"):
        applied(sketch.graph())


def test_a_map_whose_items_take_labels_is_dropped_whole() -> None:
    sketch = Sketch().add("trials/items", CallKind.SPLIT, takes=["source:X"], returns=["size"])
    sketch.operations.append(Operation(call=Call(kind=CallKind.PYTHON), returns=(Return(name="auc"),)))
    taken = (Argument("y", Upstream("source", "y")), Argument("x", Item("trials/[]", None)))
    inner = Node(path="trials/[]/score", operation=len(sketch.operations) - 1, arguments=taken)
    sketch.bodies.append(Body(kind=BodyKind.MAP, nodes=(inner,), exits=("trials/[]/score",)))
    sketch.nodes[-1] = Node(
        path="trials/items", operation=1, arguments=sketch.nodes[-1].arguments, needs=("source",), grows=0
    )
    sketch.add("trials", CallKind.REDUCE, takes=["trials/items:size"], returns=["auc"])
    sketch.add("predict", takes=["source:X"], returns=["prediction"])

    made = applied(sketch.graph())

    assert paths(made.graph) == ["source", "predict"]
    assert set(made.dropped) == {"trials/items", "trials"}


def test_a_composite_hands_on_what_is_left_of_it() -> None:
    sketch = Sketch()
    sketch.add("both/left/fit", takes=["source:X", "source:y"], states=["model"])
    sketch.add("both/right/check", takes=["source:y"], returns=["report"])
    sketch.add(
        "both", CallKind.JOIN, takes=["both/left/fit:model", "both/right/check:report"], returns=["model", "report"]
    )
    sketch.add("predict", takes=["both:model", "source:X"], returns=["prediction"])

    made = applied(sketch.graph())

    assert paths(made.graph) == ["source", "both/left/fit", "both", "predict"]
    assert [each.name for each in made.graph.node("both").arguments] == ["model"]


def test_the_end_of_a_composite_that_is_empty_is_dropped() -> None:
    sketch = churn()
    sketch.add("report/inner", takes=["source:y"], returns=["text"])
    sketch.add("report", CallKind.JOIN, takes=["report/inner:text"], returns=["text"])

    assert set(applied(sketch.graph()).dropped) >= {"report/inner", "report"}


def test_a_branch_of_a_choice_that_is_dropped_goes_with_it() -> None:
    sketch = churn()
    sketch.add("kind/choice", CallKind.CHOOSE, takes=["source:y"], returns=["branch"])
    guard = Guard("kind/choice", "a")
    sketch.add("kind/a/say", takes=["source:X"], returns=["said"], guard=guard)
    sketch.add("kind", CallKind.JOIN, takes=["kind/a/say:said"], returns=["said"])

    assert {"kind/choice", "kind/a/say", "kind"} <= set(applied(sketch.graph()).dropped)


def test_either_of_two_values_is_the_one_that_is_left() -> None:
    sketch = churn()
    sketch.add("use", takes=["predict:prediction"], returns=["used"])
    either = Either((Upstream("score", "auc"), Upstream("predict", "prediction")))
    last = sketch.nodes[-1]
    sketch.nodes[-1] = Node(path="use", operation=last.operation, arguments=(Argument("x", either),), needs=last.needs)

    node = applied(sketch.graph()).graph.node("use")

    assert node.arguments[0].source == Upstream("predict", "prediction")


@st.composite
def pipelines(draw: st.DrawFn) -> Graph:
    """Draw a pipeline of steps that take features, labels, states or each other's values."""
    sketch = Sketch()
    values = ["source:X", "source:y"]
    for number in range(draw(st.integers(1, 10))):
        takes = draw(st.lists(st.sampled_from(values), max_size=3, unique_by=lambda each: each.split(":")[1]))
        name = f"s{number}"
        if draw(st.booleans()) and draw(st.booleans()):
            sketch.add(name, takes=takes, states=[f"m{number}"])
            values.append(f"{name}:m{number}")
        else:
            sketch.add(name, takes=takes, returns=[f"v{number}"])
            values.append(f"{name}:v{number}")
    return sketch.graph()


@given(pipelines())
def test_what_is_left_needs_nothing_that_is_gone(graph: Graph) -> None:
    try:
        made = applied(graph)
    except InvalidError:
        return

    kept = set(paths(made.graph))
    assert kept | set(made.dropped) == set(paths(graph))
    assert not kept & set(made.dropped)
    for node in made.graph.nodes:
        assert set(node.needs) <= kept
        for argument in node.arguments:
            assert isinstance(argument.source, Upstream | Constant)
            if isinstance(argument.source, Upstream):
                assert argument.source.node in kept
                assert argument.source != Upstream("source", "y")
    assert [path for path in paths(graph) if path in kept] == paths(made.graph)


@given(pipelines())
def test_with_labels_at_least_as_much_is_left(graph: Graph) -> None:
    try:
        without = applied(graph)
    except InvalidError:
        return

    assert set(paths(without.graph)) <= set(paths(applied(graph, with_labels=True).graph))
