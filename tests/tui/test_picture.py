"""Pictures of a run's graph: labels, sizes, places, and what they cost."""

from __future__ import annotations

import time

import pytest
from graphs import graph_of, graphs, layered
from hypothesis import given, settings
from hypothesis import strategies as st

from graftline.core.graph import Graph
from graftline.core.layout.label import cells
from graftline.core.scoping import Scoping
from graftline.core.states import Status
from graftline.tui.glyphs import ASCII, UNICODE, Glyphs
from graftline.tui.picture import View, Zoom, picture


@settings(max_examples=60, deadline=None)
@given(graphs(max_steps=12), st.sampled_from(Zoom), st.sampled_from([UNICODE, ASCII]), st.sampled_from(Status))
def test_every_node_stands_where_its_place_says(graph: Graph, zoom: Zoom, glyph_set: Glyphs, status: Status) -> None:
    states = dict.fromkeys(graph.index, status)

    found = picture(Scoping(graph, is_folded=True), states, View(zoom=zoom), glyph_set)

    assert set(found.drawing.hits) == set(graph.index)
    for name, hit in found.drawing.hits.items():
        row = cells(found.drawing.rows[hit.row + hit.height // 2])
        shown = "".join(row[hit.column : hit.column + hit.width])
        assert glyph_set.sign(status) in shown
        assert zoom is Zoom.HEAT or name in shown


def test_a_rank_of_many_takes_several_columns() -> None:
    graph = graph_of({f"s{at}": [] for at in range(2000)})

    found = picture(Scoping(graph, is_folded=True), {}, View(zoom=Zoom.HEAT), UNICODE)

    assert found.drawing.height == 16
    assert found.drawing.width == 125


@pytest.mark.parametrize(("width", "is_down"), [(400, False), (30, True)])
def test_it_flows_down_where_only_that_fits(width: int, is_down: bool) -> None:
    graph = graph_of({"extract": [], "transform": ["extract"], "load": ["transform"]})

    found = picture(Scoping(graph, is_folded=True), {}, View(width=width), UNICODE)

    assert found.is_down is is_down


def test_a_graph_of_five_thousand_steps_is_drawn_in_the_time_of_one_frame_or_two() -> None:
    scoping = Scoping(layered(100, 50), is_folded=True)
    begun = time.process_time()

    found = picture(scoping, {"s25x50": Status.FAILURE}, View(), UNICODE)

    # 20 ms when nothing else runs; the bound is for machines that do much else.
    assert time.process_time() - begun < 0.5
    assert found.scope.focus == "s25x50"
    assert found.scope.total == 5000
