"""--only, --from and --to."""

from __future__ import annotations

import grown_graphs
import pytest
from authoring import graph_of as compiled_graph
from graphs import graph_of
from shaped import looped, scale, step

from graftline import InvalidError, Map, Parallel, Pipeline, Stub
from graftline.core.graph import Growth
from graftline.core.growth import grown
from graftline.core.selection import Selection, named

GRAPH = graph_of({"load": [], "clean": ["load"], "fit": ["clean"], "plot": ["clean"], "trials/1/fit": ["fit"]})


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(only=("fit",)), {"fit"}),  # an exact path wins over last names
        (Selection(only=("plot",)), {"plot"}),
        (Selection(start=("clean",)), {"clean", "fit", "plot", "trials/1/fit"}),
        (Selection(end=("clean",)), {"load", "clean"}),
        (Selection(start=("clean",), end=("plot",)), {"clean", "plot"}),
        (Selection(only=("trials/*",)), {"trials/1/fit"}),
    ],
)
def test_a_selection_means_what_it_says(selection: Selection, expected: set[str]) -> None:
    assert selection.paths(GRAPH) == expected


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        (Selection(only=("ft",)), "no step is called 'ft'; did you mean 'fit'?"),
        (Selection(only=("fit",), start=("load",)), "--only cannot be combined"),
        (Selection(start=("plot",), end=("load",)), "nothing lies between"),
    ],
)
def test_a_selection_that_fits_nothing_says_so(selection: Selection, message: str) -> None:
    with pytest.raises(InvalidError, match=message.replace("?", r"\?")):
        selection.paths(GRAPH)


NESTED = Pipeline(
    [
        step("load", returns=["xs"]),
        step("slow", returns=["C"]),
        Parallel({"left": Pipeline([step("fit", returns=["a"])]), "right": step("fit", returns=["b"])}, name="par"),
        Map(scale, "xs", "x", name="trials", collect="t"),
        step("end", {"t": "t"}, ["done"], on_failure=Stub("mend")),
    ]
)
MAP = {"trials/items", "trials"}


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(only=("par",)), {"par/left/fit", "par/right/fit", "par"}),
        (Selection(only=("par/left",)), {"par/left/fit"}),
        (Selection(only=("fit",)), {"par/left/fit", "par/right/fit"}),
        (Selection(only=("trials",)), MAP),
        (Selection(only=("trials/items",)), MAP),
        (Selection(only=("end",)), {"end", "end/on_failure/mend", "end/on_failure"}),
        (Selection(end=("trials",)), {"load", "slow", *MAP}),
        (Selection(start=("slow",)), {"slow", *MAP, "end", "end/on_failure/mend", "end/on_failure"}),
    ],
)
def test_a_composite_is_selected_as_a_whole(selection: Selection, expected: set[str]) -> None:
    assert selection.paths(compiled_graph(NESTED)) == expected


def test_what_is_inside_a_map_cannot_be_named_before_it_grew() -> None:
    graph = compiled_graph(NESTED)
    with pytest.raises(InvalidError, match="'scale' is inside 'trials', whose items are known only while it runs"):
        Selection(only=("scale",)).paths(graph)
    whole = grown(graph, [Growth("trials/items", 3)])
    assert Selection(only=("trials/1",)).paths(whole) == {"trials/1/scale"}
    assert Selection(only=("trials/2/scale",)).paths(whole) == {"trials/2/scale"}
    assert Selection(only=("scale",)).paths(whole) == {f"trials/{number}/scale" for number in range(3)}
    assert Selection(only=("trials",)).paths(whole) == {*MAP, *(f"trials/{number}/scale" for number in range(3))}


def test_a_loop_that_has_not_turned_is_selected_as_a_whole() -> None:
    graph = compiled_graph(looped())
    assert Selection(only=("count",)).paths(graph) == set(graph.index)
    whole = grown(graph, [Growth("loop/0", 1)])
    assert Selection(only=("loop/1/count",)).paths(whole) == {"loop/1/count"}


class TestNamed:
    def test_steps_inside_maps_are_named_by_their_family_and_loops_as_a_whole(self) -> None:
        assert named(grown_graphs.trials(), ["fit"]) == ("trials/*/fit",)
        assert "trials" in named(grown_graphs.trials(), ["trials"])
        assert set(named(grown_graphs.loop(), ["count"])) == {"loop/0/count", "loop"}

    def test_nothing_means_nothing(self) -> None:
        assert named(grown_graphs.trials(), []) == ()

    def test_an_unknown_name_is_an_error_with_the_nearest(self) -> None:
        with pytest.raises(InvalidError, match="no step is called 'reprot'; did you mean 'report'"):
            named(grown_graphs.trials(), ["reprot"])
