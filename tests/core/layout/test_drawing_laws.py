"""Laws of every drawing: edges can be read back, boxes stay apart, the same graph draws the same."""

import random
from time import process_time

import pytest
from cell_tracer import covered, trace
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import examples

from graftline.core.layout.drawing import Drawing, NodeStyle, Orientation, draw
from graftline.core.layout.label import cells

Graph = tuple[list[str], list[tuple[str, str]]]

ORIENTATIONS = st.sampled_from(Orientation)
STYLES = st.sampled_from(NodeStyle)


@st.composite
def graphs(maker: st.DrawFn) -> Graph:
    """Any acyclic graph of up to 60 nodes, sparse or dense, layered or not."""
    size = maker(st.integers(0, 60))
    dice = random.Random(maker(st.integers(0, 10**9)))
    names = [f"step_{number}" for number in range(size)]
    reach = maker(st.sampled_from([3, 8, 60]))
    wanted = int(size * maker(st.sampled_from([0.5, 1.0, 1.5, 2.5])))
    edges: list[tuple[str, str]] = []
    for _ in range(wanted if size > 1 else 0):
        source = dice.randrange(size - 1)
        target = min(size - 1, source + dice.randint(1, reach))
        edges.append((names[source], names[target]))
    shuffled = names[:]
    dice.shuffle(shuffled)
    return shuffled, edges


@settings(max_examples=examples(400), deadline=None)
@given(graphs(), ORIENTATIONS, STYLES)
def test_the_edges_read_from_the_cells_are_the_edges_of_the_graph(
    graph: Graph, orientation: Orientation, style: NodeStyle
) -> None:
    nodes, edges = graph

    drawing = draw(nodes, edges, {}, orientation=orientation, style=style)

    assert trace(drawing, orientation) == set(edges)


@settings(max_examples=examples(150), deadline=None)
@given(st.integers(2, 9), st.integers(2, 9), st.integers(0, 10**9), ORIENTATIONS)
def test_dense_layers_never_show_a_false_edge(left: int, right: int, seed: int, orientation: Orientation) -> None:
    dice = random.Random(seed)
    sources, targets = [f"s{i}" for i in range(left)], [f"t{i}" for i in range(right)]
    edges = [(s, t) for s in sources for t in targets if dice.random() < 0.6]

    drawing = draw(sources + targets, edges, {}, orientation=orientation)

    assert trace(drawing, orientation) == set(edges)


@settings(max_examples=examples(100), deadline=None)
@given(graphs(), ORIENTATIONS, STYLES)
def test_nodes_never_overlap_and_show_their_labels_at_their_hits(
    graph: Graph, orientation: Orientation, style: NodeStyle
) -> None:
    nodes, edges = graph
    labels = {node: f"● 標{node}" for node in nodes[::2]}

    drawing = draw(nodes, edges, labels, orientation=orientation, style=style)

    used = [cell for hit in drawing.hits.values() for cell in covered(hit)]
    assert len(used) == len(set(used))
    assert set(drawing.hits) == set(nodes)
    for node in nodes:
        assert labels.get(node, node) in text_at(drawing, node)


@settings(max_examples=examples(40), deadline=None)
@given(graphs(), ORIENTATIONS, STYLES)
def test_the_same_graph_always_draws_the_same(graph: Graph, orientation: Orientation, style: NodeStyle) -> None:
    nodes, edges = graph

    first = draw(nodes, edges, {}, orientation=orientation, style=style)
    second = draw(list(nodes), list(edges), {}, orientation=orientation, style=style)

    assert first == second


@pytest.mark.parametrize("orientation", Orientation)
def test_a_screenful_of_nodes_is_drawn_in_a_blink(orientation: Orientation) -> None:
    dice = random.Random(7)
    nodes = [f"step_{number}" for number in range(60)]
    edges = [(nodes[at], nodes[min(59, at + dice.randint(1, 9))]) for at in range(59) for _ in range(2)]

    start = process_time()
    draw(nodes, edges, {}, orientation=orientation)

    assert process_time() - start < 0.2


def text_at(drawing: Drawing, node: str) -> str:
    """Return the text inside the rectangle of a node."""
    hit = drawing.hits[node]
    lines = (cells(drawing.rows[row]) for row in range(hit.row, hit.row + hit.height))
    return "\n".join("".join(line[hit.column : hit.column + hit.width]) for line in lines)
