"""The public door of the drawing: what it accepts, refuses and repairs."""

import pytest
from cell_tracer import trace

from graftline.core.layout.drawing import Drawing, Hit, NodeStyle, Orientation, draw
from graftline.core.layout.label import cells, columns, fit


def test_an_empty_graph_gives_an_empty_drawing() -> None:
    assert draw([], [], {}) == Drawing(rows=(), hits={}, width=0, height=0, crossings=0)


def test_a_cycle_is_refused() -> None:
    with pytest.raises(ValueError, match="cycle"):
        draw(["a", "b"], [("a", "b"), ("b", "a")], {})


def test_an_edge_to_an_unknown_node_is_refused() -> None:
    with pytest.raises(ValueError, match="'ghost', which is not a node"):
        draw(["a"], [("a", "ghost")], {})


def test_repeated_edges_and_edges_to_oneself_are_left_out() -> None:
    once = draw(["a", "b"], [("a", "b")], {})

    assert draw(["a", "b"], [("a", "b"), ("a", "a"), ("a", "b")], {}) == once


def test_a_chain_is_one_straight_line() -> None:
    drawing = draw(["a", "b", "c"], [("a", "b"), ("b", "c")], {"b": "bake"})

    assert drawing.rows == (" a ──▶ bake ──▶ c",)
    assert drawing.hits["b"] == Hit(row=0, column=6, height=1, width=6)


def test_a_box_joins_the_line_that_leaves_it() -> None:
    drawing = draw(["a", "b"], [("a", "b")], {}, style=NodeStyle.BOX)

    assert drawing.rows == ("╭───╮   ╭───╮", "│ a ├──▶│ b │", "╰───╯   ╰───╯")


def test_lines_that_only_cross_are_drawn_one_over_the_other() -> None:
    edges = [("a", "x"), ("a", "y"), ("b", "x"), ("b", "z"), ("c", "y"), ("c", "z")]

    drawing = draw(list("abcxyz"), edges, {})

    assert drawing.crossings > 0
    assert trace(drawing, Orientation.LR) == set(edges)


def test_single_nodes_fill_shelves_below_the_rest() -> None:
    drawing = draw(["alone", "a", "b", "also"], [("a", "b")], {})

    assert drawing.rows == (" a ──▶ b", "", " alone    also")


@pytest.mark.parametrize(
    ("label", "limit", "expected"),
    [
        ("short", 5, "short"),
        ("longer", 5, "long…"),
        ("標準化", 5, "標準…"),
        ("標準化", 4, "標…"),
        ("a\tb\nc", 9, "a b c"),
        ("\x1b[31mred", 9, "·[31mred"),
        ("e\u0301tape", 5, "e\u0301tape"),
        ("\u202eevil", 9, "·evil"),
        ("\ud800", 9, "·"),
        ("", 9, "·"),
    ],
)
def test_a_label_is_made_printable_and_cut_to_its_columns(label: str, limit: int, expected: str) -> None:
    assert fit(label, limit) == expected
    assert columns(expected) == len(cells(expected)) <= limit


def test_wide_labels_keep_the_columns_of_later_nodes() -> None:
    plain = draw(["a", "b"], [("a", "b")], {"a": "four"})
    wide = draw(["a", "b"], [("a", "b")], {"a": "標準"})

    assert wide.hits == plain.hits
    assert columns(wide.rows[0]) == columns(plain.rows[0])


def test_a_node_given_twice_is_drawn_once() -> None:
    assert draw(["a", "a", "b"], [("a", "b")], {}).rows == (" a ──▶ b",)
